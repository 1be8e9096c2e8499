"""``python -m evals.tau_bench --agent gold|local|openai:gpt-4o --user scripted|openai:gpt-4o``: see README.md here.

Ends with 1 where an endpoint kept a trial from being graded, or the gold calls do not pass; with 2 without the data.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import structlog

from evals.tau_bench.agents import PatientChain, model_named
from evals.tau_bench.desk import desk, settings
from evals.tau_bench.gold import Gold
from evals.tau_bench.grade import pass_hat
from evals.tau_bench.llm_user import ModelUser
from evals.tau_bench.talk import trial
from evals.tau_bench.tasks import Task, tasks
from evals.tau_bench.users import ScriptedUser, User
from evals.tau_retail import data
from evals.tau_retail.data import Json
from frontdesk.errors import SettingsError


class Bench:
    """All trials of one agent with one user. ``folder`` gets a file for each trial."""

    def __init__(self, agent: str, user: str, folder: Path) -> None:
        self._agent, self._user, self._folder = agent, user, folder
        self._settings = settings()
        self._desk = desk()
        self._models = {
            name: model_named(name, self._settings) for name in {agent, user} - {"gold", "scripted"}
        }

    async def run(self, chosen: list[Task], trials: int, jobs: int, *, resume: bool) -> list[Json]:
        """The results, those of an earlier run among them where ``resume`` is set."""
        self._folder.mkdir(parents=True, exist_ok=True)
        wanted = [(task, n) for n in range(trials) for task in chosen]
        done = [kept for pair in wanted if resume and (kept := self._kept(*pair))]
        have = {(result["task"], result["trial"]) for result in done}
        left = [(task, n) for task, n in wanted if (task.number, n) not in have]
        if done:
            print(f"{len(done)} trials were done before", flush=True)
        places = asyncio.Semaphore(jobs)
        began = time.monotonic()

        async def one(task: Task, n: int) -> None:
            async with places:
                result = await self._one(task, n)
            done.append(result)
            _progress(result, done, len(wanted), time.monotonic() - began)

        # Each in a task of its own, and so in a context of its own: that is where its world stands.
        await asyncio.gather(*(one(task, n) for task, n in left))
        for model in self._models.values():
            if close := getattr(model, "aclose", None):
                await close()
        return done

    async def _one(self, task: Task, n: int) -> Json:
        model = Gold(task).model() if self._agent == "gold" else self._models[self._agent]
        chain = PatientChain(self._agent, model, self._settings.model_timeout)
        result = {"trial": n, **await trial(task, self._desk, self._settings, chain, self._customer(task))}
        if not result["error"]:
            partial = self._file(task, n).with_suffix(".part")
            partial.write_text(json.dumps(result, indent=1, ensure_ascii=False), "utf-8")
            partial.replace(self._file(task, n))
        return result

    def _customer(self, task: Task) -> User:
        if self._user == "scripted":
            return ScriptedUser(task.instruction)
        chain = PatientChain(self._user, self._models[self._user], self._settings.model_timeout)
        return ModelUser(task.instruction, chain)

    def _file(self, task: Task, n: int) -> Path:
        return self._folder / f"task-{task.number:03}-trial-{n}.json"

    def _kept(self, task: Task, n: int) -> Json | None:
        file = self._file(task, n)
        return json.loads(file.read_text("utf-8")) if file.exists() else None


def _progress(result: Json, done: list[Json], total: int, seconds: float) -> None:
    word = "error" if result["error"] else "pass" if result["passed"] else "fail"
    why = "" if result["database"] else " another end state"
    why += "".join(f" not told: {text}" for text, so in result["outputs"].items() if not so)
    passed = sum(r["passed"] for r in done if not r["error"])
    print(
        f"{len(done):>4}/{total} {seconds:>5.0f} s  task {result['task']:>3} trial {result['trial']}"
        f"  {word:<5} {passed} passed {result['error'] or why}",
        flush=True,
    )


def summary(results: list[Json], trials: int, chosen: list[Task]) -> Json:
    """The figures of a run. Trials with an error are not graded, and their tasks count in no pass^k."""
    graded = [result for result in results if not result["error"]]
    by_task = {task.number: [r["passed"] for r in graded if r["task"] == task.number] for task in chosen}
    whole = [passed for passed in by_task.values() if len(passed) == trials]
    figures: Json = {
        "tasks": len(chosen),
        "trials": len(graded),
        "errors": len(results) - len(graded),
        "passed": sum(r["passed"] for r in graded),
        "database": sum(r["database"] for r in graded),
        "outputs": sum(all(r["outputs"].values()) for r in graded),
        "idle": sum(not task.end and not task.outputs for task in chosen),
    }
    if whole:
        figures |= {f"pass^{k}": round(pass_hat(whole, k), 4) for k in range(1, trials + 1)}
    for who in ("agent", "user"):
        for what in ("model_calls", "input_tokens", "output_tokens", "cost_usd"):
            figures[f"{who} {what}"] = round(sum(r[who].get(what, 0) for r in graded), 4)
    return figures


def _show(figures: Json) -> None:
    print(
        f"\n{figures['passed']} of {figures['trials']} trials passed, {figures['errors']} could not be graded"
    )
    print(
        f"{figures['database']} with the right end state, {figures['outputs']} with all that had to be told"
    )
    print(f"{figures['idle']} of {figures['tasks']} tasks pass if nothing is done and nothing said")
    for name, value in figures.items():
        if name.startswith("pass^"):
            print(f"{name} {value:.1%}")
    for who in ("agent", "user"):
        tokens = f"{figures[f'{who} input_tokens']:,.0f} + {figures[f'{who} output_tokens']:,.0f} tokens"
        cost = figures[f"{who} cost_usd"]
        price = f"{cost:.2f} USD by list price" if cost else "no list price known, or none"
        print(f"{who}: {figures[f'{who} model_calls']:.0f} model calls, {tokens}, {price}")


def _numbers(said: str) -> range:
    first, _, last = said.partition("-")
    return range(int(first), int(last or first) + 1)


def _folder(agent: str, user: str) -> Path:
    return Path(".frontdesk/tau_bench") / re.sub(r"[^\w.-]+", "-", f"{agent}--{user}")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m evals.tau_bench", description=__doc__)
    parser.add_argument("--agent", default="local", help="gold, local, or a model's name: openai:gpt-4o")
    parser.add_argument("--user", default="scripted", help="scripted, or a model's name: openai:gpt-4o")
    parser.add_argument("--tasks", type=_numbers, default=_numbers("0-113"), help="one, or from-to")
    parser.add_argument("--trials", type=int, default=1, help="conversations for each task: the k of pass^k")
    parser.add_argument("--jobs", type=int, default=2, help="conversations at once")
    parser.add_argument("--resume", action="store_true", help="keep the trials that were done before")
    parser.add_argument("--out", type=Path, help="folder for the results; default .frontdesk/tau_bench/…")
    given = parser.parse_args(arguments)
    if not data.there():
        print(data.MISSING)
        return 2
    folder = given.out or _folder(given.agent, given.user)
    chosen = [task for task in tasks() if task.number in given.tasks]
    try:
        bench = Bench(given.agent, given.user, folder)
    except SettingsError as error:
        print(error)
        return 2
    results = asyncio.run(bench.run(chosen, given.trials, given.jobs, resume=given.resume))
    figures = summary(results, given.trials, chosen)
    (folder / "summary.json").write_text(json.dumps(figures, indent=1), "utf-8")
    _show(figures)
    print(f"each conversation, with its tool calls: {folder}")
    short = given.agent == "gold" and figures["passed"] < figures["trials"]
    return int(bool(figures["errors"]) or short)


if __name__ == "__main__":
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    sys.exit(main())
