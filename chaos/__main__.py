"""``python -m chaos [R1 R2 …] [--count N] [--seed S] [--fresh]``: each promise at its full figure, or at ``--count``.

What has been finished is kept in chaos/work/done.jsonl; run again, an interrupted run goes on behind it. Ends with 1
where a promise is broken.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any

import structlog

from chaos.kills import kill_loop
from chaos.races import clicks_at_once, hang_ups, messages_at_once, repeats
from frontdesk.testing import temporary_database
from tests.actions.hostile import adversary, injections, obeying

DONE = Path(__file__).parent / "work" / "done.jsonl"
FULL = {"R1": 1000, "R2": 100, "R3": 1000, "R4": 10_000, "R5": 500, "S2": 100_000, "S3": 747}
INJECTIONS = Path(os.environ.get("DATA_DIR", "../shared/data")) / "injections" / "injections.jsonl"
last_shown = 0.0


def show(text: str) -> None:
    """Progress: one line on a terminal, a line every five seconds elsewhere."""
    global last_shown
    now = time.monotonic()
    if sys.stderr.isatty():
        print(f"\r{text}   ", end="", file=sys.stderr)
    elif now - last_shown > 5:
        last_shown = now
        print(text, file=sys.stderr)


async def run(name: str, count: int, seed: int) -> tuple[dict[str, Any], list[str]]:
    """One promise: (what was counted, what is broken)."""
    match name:
        case "R1":
            return await kill_loop(count, seed, show)
        case "R2":
            return await messages_at_once(count, 10, show)
        case "R3":
            return await clicks_at_once(count, 10, show)
        case "R4":
            return await repeats(count, show)
        case "R5":
            return await hang_ups(count, show)
        case "S2":
            async with temporary_database() as database:
                found = await adversary(
                    database, count, seed, lambda f: show(f"S1, S2: {f.calls} of {count} calls")
                )
        case _:
            known = [json.loads(line)["text"] for line in INJECTIONS.open()] if INJECTIONS.exists() else []
            async with temporary_database() as database:
                found = await obeying(
                    database, injections(known)[:count], lambda f: show(f"S3: {f.turns} turns")
                )
    counts = {
        "calls": found.calls,
        "turns": found.turns,
        "proposals": found.proposals,
        "confirmed": found.confirmed,
    }
    return counts, found.problems


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=", ".join(FULL))
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fresh", action="store_true")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    DONE.parent.mkdir(exist_ok=True)
    kept = DONE.read_text().splitlines() if DONE.exists() and not given.fresh else []
    done = {(row["name"], row["count"], row["seed"]): row for row in map(json.loads, kept)}
    broken = 0
    for name in given.names or FULL:
        count = given.count or FULL[name]
        row = done.get((name, count, given.seed))
        if row is None:
            began = time.monotonic()
            counts, problems = asyncio.run(run(name, count, given.seed))
            seconds = round(time.monotonic() - began)
            row = {
                "name": name,
                "count": count,
                "seed": given.seed,
                "seconds": seconds,
                **counts,
                "problems": problems[:20],
            }
            with DONE.open("a") as file:
                file.write(json.dumps(row) + "\n")
        broken += bool(row["problems"])
        print(("BROKEN " if row["problems"] else "holds  ") + json.dumps(row), flush=True)
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
