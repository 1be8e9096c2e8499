"""Processes that run scenarios side by side, each with a backend and a database of its own."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import FrameType
from typing import NamedTuple, cast

from frontdesk.bootstrap import load_desk
from frontdesk.errors import FrontdeskError, SettingsError
from frontdesk.evaluation.backend import Backend, Suite, backend_of
from frontdesk.evaluation.drive import Driver, driver
from frontdesk.evaluation.happened import Result
from frontdesk.evaluation.persona import persona_model
from frontdesk.evaluation.scenario import Scenario
from frontdesk.settings import Settings
from frontdesk.telemetry import configure

__all__ = ["Job", "Order", "Workers"]

END_SECONDS = 5.0


class Job(NamedTuple):
    """One run of a scenario."""

    scenario: Scenario
    run: int


@dataclass(frozen=True, slots=True)
class Order:
    """What a worker is started with. ``folder`` is the one that all workers' backends share."""

    number: int
    suite: Suite
    settings: Settings
    persona_model: str
    folder: Path


class Workers:
    """The processes of a run, open in a ``with``: they end with it, however it ends."""

    def __init__(self, orders: Sequence[Order]) -> None:
        self._orders = orders
        self._workers: list[_Worker] = []

    def __enter__(self) -> Workers:
        """Start them all. Raises SettingsError with the reason of the first that cannot work."""
        try:
            self._workers = [_Worker(order) for order in self._orders]
            for worker in self._workers:
                worker.ready()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def unknown(self, customers: Iterable[str]) -> set[str]:
        """Those of ``customers`` whom the backend does not know."""
        return self._workers[0].ask(sorted(set(customers)))

    def run(self, jobs: Iterable[Job]) -> Generator[Result]:
        """The result of each job, as it comes. A process that dies over one is replaced."""
        left = deque(jobs)
        busy: dict[Connection, _Worker] = {}
        for worker in self._workers:
            if left:
                busy[worker.give(left.popleft())] = worker
        while busy:
            for pipe in wait(list(busy)):
                worker = busy.pop(pipe)  # pyright: ignore[reportArgumentType]
                try:
                    yield worker.take()
                except EOFError:
                    yield worker.died()
                    worker = self._replace(worker)
                if left:
                    busy[worker.give(left.popleft())] = worker

    def _replace(self, dead: _Worker) -> _Worker:
        fresh = _Worker(dead.order)
        self._workers[self._workers.index(dead)] = fresh
        fresh.ready()
        return fresh

    def _end(self) -> None:
        for worker in self._workers:
            worker.end()
        for worker in self._workers:
            worker.gone()


class _Worker:
    """One process, from the side of who gives it work."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self._job: Job | None = None
        context = multiprocessing.get_context("spawn")
        self._pipe: Connection
        self._pipe, theirs = cast("tuple[Connection, Connection]", context.Pipe())
        self._process: SpawnProcess = context.Process(target=_work, args=(theirs, order), daemon=True)
        self._process.start()
        theirs.close()

    def ready(self) -> None:
        try:
            reason = self._pipe.recv()
        except EOFError:
            reason = "a worker ended while it started; its message stands above"
        if reason:
            raise SettingsError(reason)

    def ask(self, customers: list[str]) -> set[str]:
        self._pipe.send(customers)
        return self._pipe.recv()

    def give(self, job: Job) -> Connection:
        self._job = job
        self._pipe.send(job)
        return self._pipe

    def take(self) -> Result:
        result: Result = self._pipe.recv()
        self._job = None
        return result

    def died(self) -> Result:
        assert self._job is not None  # noqa: S101  (only who has work is waited for)
        self._process.join(END_SECONDS)
        scenario, run = self._job
        return Result.of(
            scenario,
            run,
            findings=[],
            turns=[],
            seconds=0.0,
            error=f"the process that ran it ended with exit code {self._process.exitcode}",
        )

    def end(self) -> None:
        if self._job is None:
            with suppress(OSError):
                self._pipe.send(None)
        else:
            self._process.terminate()

    def gone(self) -> None:
        self._process.join(END_SECONDS)
        if self._process.is_alive():
            self._process.kill()
        self._pipe.close()


# ------------------------------------------------------------------ in the worker
def _work(pipe: Connection, order: Order) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C reaches the whole group; who started us ends us
    signal.signal(signal.SIGTERM, _stop)
    configure("error", order.settings.log_format)
    try:
        with _started(order) as backend:
            asyncio.run(_serve(pipe, order, backend))
    except FrontdeskError as error:
        pipe.send(error.detail)
    except (EOFError, BrokenPipeError):
        pass  # whoever started us is gone


def _stop(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)


@contextmanager
def _started(order: Order) -> Generator[Backend]:
    backend = backend_of(order.suite.backend)
    os.environ.update(backend.start(order.folder, order.number))
    try:
        yield backend
    finally:
        backend.stop()


async def _serve(pipe: Connection, order: Order, backend: Backend) -> None:
    persona = partial(persona_model, order.settings, order.persona_model)
    async with driver(load_desk(order.suite.desk), order.settings, backend, persona) as ready:
        pipe.send("")
        while (work := await asyncio.to_thread(pipe.recv)) is not None:
            pipe.send(await _answer(ready, backend, work))


async def _answer(ready: Driver, backend: Backend, work: Job | list[str]) -> Result | set[str]:
    if isinstance(work, Job):
        return await ready.run(*work)
    await asyncio.to_thread(backend.reset)
    return {customer for customer in work if not await asyncio.to_thread(backend.knows, customer)}
