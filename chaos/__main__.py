"""``python -m chaos [R1 R2 …] [--count N] [--seed S] [--fresh]``: each promise at its full figure, or at ``--count``.

What is done is kept in chaos/work; run again, an interrupted run goes on behind it (``--fresh``: begins anew). A run
at the full figure writes its line into docs/chaos.md. Ends with 1 where a promise is broken.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys

import structlog

from chaos import document
from chaos.journal import WORK, Experiment, Journal, Progress, Tally, run


def experiments() -> dict[str, Experiment]:
    """All of them, by name."""
    from chaos import (
        audited,
        bodies,
        cluster,
        erasure,
        faults,
        forged,
        hangups,
        hostile,
        kills,
        overload,
        races,
        repeats,
        strangers,
    )

    listed = [
        kills.EXPERIMENT,
        races.MESSAGES,
        races.CLICKS,
        repeats.EXPERIMENT,
        hangups.EXPERIMENT,
        overload.EXPERIMENT,
        faults.EXPERIMENT,
        strangers.EXPERIMENT,
        hostile.ADVERSARY,
        hostile.INJECTIONS,
        forged.EXPERIMENT,
        bodies.EXPERIMENT,
        erasure.EXPERIMENT,
        audited.EXPERIMENT,
        cluster.EXPERIMENT,
    ]
    return {experiment.name: experiment for experiment in listed}


def main() -> int:
    """Run what was asked for."""
    known = experiments()
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    parser.add_argument("--count", type=int, default=0, help="instead of the full figure")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fresh", action="store_true", help="forget what an earlier run has done")
    given = parser.parse_args()
    if unknown := set(given.names) - set(known):
        parser.error(f"there is no {', '.join(sorted(unknown))}: choose from {', '.join(known)}")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    return max([_one(known[name], given) for name in given.names or known])


def _one(experiment: Experiment, given: argparse.Namespace) -> int:
    count = given.count or experiment.full
    journal, shown = Journal(WORK / "done.jsonl"), Progress()
    if given.fresh:
        journal.forget(experiment.name, count, given.seed)
    tally, seconds = asyncio.run(run(experiment, count, given.seed, journal, shown))
    shown.over()
    _say(experiment, count, tally, seconds)
    if count >= experiment.full:
        document.write(experiment, count, tally, seconds)
    return int(bool(tally.problems))


def _say(experiment: Experiment, count: int, tally: Tally, seconds: float) -> None:
    verdict = "BROKEN" if tally.problems else "holds"
    print(
        f"{experiment.name} {verdict}: {count} {experiment.unit} in {seconds:.0f} s: {tally.words()}",
        flush=True,
    )
    for problem in tally.problems[:20]:
        print(f"  {problem}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
