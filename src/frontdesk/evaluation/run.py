"""A run: prepare one copy of all there is for each worker, hand out the work, and keep what came of it."""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module, resources
from pathlib import Path
from typing import IO

import orjson

from frontdesk import __version__
from frontdesk.bootstrap import knowledge_base, load_desk, model_chain, tools_of
from frontdesk.database import Database, embedded, migrate
from frontdesk.database.copies import copy
from frontdesk.domain import Json
from frontdesk.errors import SettingsError
from frontdesk.evaluation.backend import Suite
from frontdesk.evaluation.happened import Result
from frontdesk.evaluation.persona import persona_model
from frontdesk.evaluation.scenario import VISITOR, Scenario, load
from frontdesk.evaluation.workers import Job, Order, Workers
from frontdesk.settings import Settings
from frontdesk.store.evaluation import articles
from frontdesk.tools import Tool

__all__ = ["Prepared", "Run", "prepare", "results_of", "run"]

SETTLED = {"environment": "development", "host": "127.0.0.1", "migration_url": ""}
KEEP_SECONDS = 5.0


@dataclass
class Run:
    """What a run came to so far. ``fingerprint`` is of desk, model and articles: results of another are not of these."""

    desk: str
    model: str
    fingerprint: str
    runs: int
    results: list[Result] = field(default_factory=list[Result])
    seconds: float = 0.0
    workers: int = 1
    started: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    def as_json(self) -> Json:
        """All of it, for ``--json``, ``--against`` and ``--resume``."""
        about = {key: value for key, value in vars(self).items() if key != "results"}
        done = sorted(self.results, key=lambda result: (result.name, result.run))
        return {"frontdesk": __version__, **about, "results": [result.as_json() for result in done]}

    def save(self, path: Path) -> None:
        """Write it whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        fresh.write_bytes(orjson.dumps(self.as_json(), option=orjson.OPT_INDENT_2))
        fresh.replace(path)


def results_of(path: Path) -> Run:
    """What ``save`` wrote. Raises SettingsError for a file that is none."""
    try:
        stored: Json = orjson.loads(path.read_bytes())
        stored.pop("frontdesk")
        results = [Result.read(result) for result in stored.pop("results")]
        return Run(**stored, results=results)
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise SettingsError(f"{path} holds no results: name a file that --json has written") from None


@dataclass(frozen=True)
class Prepared:
    """What is to be run, read and found in order."""

    scenarios: Sequence[Scenario]
    orders: Sequence[Order]
    run: Run

    @property
    def jobs(self) -> list[Job]:
        """What is left to do: the first run of all, then the second."""
        done = {(result.name, result.run) for result in self.run.results}
        every = [Job(scenario, run) for run in range(1, self.run.runs + 1) for scenario in self.scenarios]
        return [job for job in every if (job.scenario.name, job.run) not in done]


@contextmanager
def prepare(
    folder: Path,
    suite: Suite,
    settings: Settings,
    *,
    runs: int = 1,
    jobs: int = 0,
    only: Sequence[str] = (),
    persona: str = "",
    earlier: Run | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Generator[Prepared]:
    """Read the scenarios, sync the help center once, and copy the database for each of ``jobs`` workers (0: one a core).

    Results of ``earlier`` that are of the same desk, model, articles and scenario are not made again. Raises
    FrontdeskError where something is not in order; nothing has been run then.
    """
    home = settings.data_dir.resolve() / "evaluation"
    home.mkdir(parents=True, exist_ok=True)
    with _alone(home / "lock"):
        model_chain(settings)  # a name nobody knows is told before anything starts
        tell("Starting PostgreSQL")
        server = embedded.start(home / "postgres")
        name = f"eval_{hashlib.sha256(suite.desk.encode()).hexdigest()[:12]}"
        template = embedded.database(server, name)
        migrate(template)
        tell("Reading the help center")
        tools = asyncio.run(_ready(suite.desk, template, settings))
        scenarios = load(folder, {tool.name: tool.accepts for tool in tools}, only)
        for scenario in scenarios:
            if scenario.persona:
                persona_model(settings, persona, scenario.persona.model)
        count = max(1, min(jobs or len(os.sched_getaffinity(0)), len(scenarios) * runs))
        orders = [
            Order(
                number,
                suite,
                settings.model_copy(
                    update={**SETTLED, "database_url": copy(server.get_uri(), name, f"{name}_{number}")}
                ),
                persona,
                home,
            )
            for number in range(1, count + 1)
        ]
        fingerprint = _fingerprint(suite.desk, settings.model_name, persona, articles(template))
        run = Run(suite.desk, settings.model_name, fingerprint, runs, workers=count)
        if earlier and earlier.fingerprint == fingerprint:
            digests = {scenario.name: scenario.digest for scenario in scenarios}
            run.results = [
                result
                for result in earlier.results
                if digests.get(result.name) == result.digest and result.run <= runs and not result.error
            ]
        yield Prepared(scenarios, orders, run)


def run(prepared: Prepared, *, save_to: Path | None = None) -> Generator[Result]:
    """Each result as it comes; all are in ``prepared.run`` too, and every few seconds in the file ``save_to``.

    Raises SettingsError, which names file and line, for a customer whom the backend does not know.
    """
    if not (jobs := prepared.jobs):
        return
    began = saved = time.monotonic()
    with Workers(prepared.orders) as workers:
        _all_known(workers, prepared.scenarios)
        try:
            for result in workers.run(jobs):
                prepared.run.results.append(result)
                prepared.run.seconds = round(time.monotonic() - began, 2)
                if save_to and time.monotonic() - saved > KEEP_SECONDS:
                    prepared.run.save(save_to)
                    saved = time.monotonic()
                yield result
        finally:
            if save_to:
                prepared.run.save(save_to)


def _all_known(workers: Workers, scenarios: Sequence[Scenario]) -> None:
    asked = [scenario for scenario in scenarios if scenario.customer != VISITOR]
    unknown = workers.unknown(scenario.customer for scenario in asked)
    wrong = [
        f"{scenario.file}:{scenario.line_of_customer}: the backend knows no customer {scenario.customer!r}; for an"
        f" anonymous one write customer: {VISITOR}"
        for scenario in asked
        if scenario.customer in unknown
    ]
    if wrong:
        raise SettingsError("\n".join(wrong))


async def _ready(desk: str, url: str, settings: Settings) -> list[Tool]:
    """The help center synced into the template; returns the tools the desk has."""
    found = load_desk(desk)
    database = await Database.open(url)
    try:
        base = knowledge_base(found, database)
        if base:
            report = await base.sync()
            for path, reason in [*report.unavailable, *report.failed]:
                raise SettingsError(f"the help center cannot be read whole: {path}: {reason}")
        return tools_of(found, database, settings, base)
    finally:
        await database.close()


@contextmanager
def _alone(path: Path) -> Generator[None]:
    """One run at a time in a data folder: the copies have names."""
    with path.open("w") as lock:
        _take(lock)
        yield


def _take(lock: IO[str]) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise SettingsError(
            "another run is under way in this data folder: wait for it, or set FRONTDESK_DATA_DIR"
        ) from None


_ELSEWHERE = {".venv", "venv", "site-packages", "node_modules", "tests"}


def _fingerprint(desk: str, model: str, persona: str, known: Sequence[tuple[str, ...]]) -> str:
    """A hash over what a result depends on: the code of desk and Frontdesk, the model's name, the articles."""
    digest = hashlib.sha256(orjson.dumps([desk, model, persona, known]))
    own = Path(str(resources.files("frontdesk")))
    theirs = Path(import_module(desk.partition(":")[0]).__file__ or "").parent
    # Not what is loaded: that depends on who asks.
    code = [path for path in theirs.rglob("*.py") if not _ELSEWHERE & set(path.relative_to(theirs).parts)]
    for path in sorted({*own.rglob("*.*"), *code}):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(str(path.name).encode() + path.read_bytes())
    return digest.hexdigest()[:16]
