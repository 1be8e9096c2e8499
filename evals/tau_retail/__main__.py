"""``python -m evals.tau_retail [--attacks 1.0] [--seed 1]``: all that is allowed, all that is forbidden, and who sees what.

Ends with 1 where anything is not as it must be.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time

from evals.tau_retail import data
from evals.tau_retail.cross import cases, cross_users
from evals.tau_retail.episodes import gold, recorded
from evals.tau_retail.replay import Replay, Report, calls_of
from evals.tau_retail.work import at_work
from tests.actions.hostile import logged


async def measure(attacks: float, seed: int) -> Report:
    """Everything in full: without attacks, with them, and the cross-user cases."""
    report = Report()
    tasks, conversations = gold(), recorded()
    episodes = [*((e, "gold") for e in tasks), *((e, "recorded") for e in conversations)]
    allowed = calls_of([*tasks, *conversations])
    async with at_work() as work:
        with logged():
            for share, while_ in ((0.0, ""), (attacks, ", under attack")):
                replay = Replay(work, report, allowed=allowed, attacks=share, seed=seed)
                for episode, sort in episodes if share or not while_ else []:
                    await replay.run(episode, f"{sort}{while_}")
        await cross_users(work, report, cases())
    return report


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--attacks", type=float, default=1.0, help="share of the mutations that is tried")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if not data.there():
        print(data.MISSING)
        return 2
    began = time.monotonic()
    report = asyncio.run(measure(given.attacks, given.seed))
    for what, total in sorted(report.of.items()):
        print(f"{report.passed[what]:>6} of {total:<6} {what}")
    forbidden = [what for what in report.of if what.startswith("refused: ")]
    refused, tried = sum(report.passed[w] for w in forbidden), sum(report.of[w] for w in forbidden)
    print(f"{refused:>6} of {tried:<6} forbidden calls and presses refused in all")
    print(f"{time.monotonic() - began:.0f} s, {len(report.problems)} problems")
    for problem in report.problems[:40]:
        print(f"PROBLEM {problem}")
    return int(bool(report.problems))


if __name__ == "__main__":
    sys.exit(main())
