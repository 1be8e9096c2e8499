"""``python -m evals.tau_retail [MOST]``: the table. Ends with 1 where an allowed call is stopped or a forbidden one passes."""

from __future__ import annotations

import asyncio
import logging
import sys

import structlog

from evals.tau_retail.replay import replay
from frontdesk.testing import temporary_database


async def main() -> int:
    """Replay, and print."""
    async with temporary_database() as database:
        found = await replay(database, int(sys.argv[1]) if len(sys.argv) > 1 else None)
    print("allowed, passed:", dict(found.passed))
    print(f"end states: {found.states} of {found.tasks}")
    print("forbidden, stopped:", sum(found.stopped.values()), dict(found.stopped))
    print(f"problems: {len(found.problems)}", *found.problems[:40], sep="\n  ")
    return int(bool(found.problems))


# Refusals are what is counted here, not what is to be read.
structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
sys.exit(asyncio.run(main()))
