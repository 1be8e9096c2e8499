"""S7: personal values in every place there is, and then their customers erased: nothing of them is found again.

Looked for, in their spelling and without blanks: in the log of the whole life, written at level debug; and afterwards
in a dump of all tables and in every file that the installation has, PostgreSQL's own with its indexes and its
write-ahead log included.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from chaos.journal import Experiment, Portion, Shown, Tally
from chaos.planted import EACH, invent, left_of


@asynccontextmanager
async def opened(seed: int, shown: Shown) -> AsyncGenerator[Portion]:
    """Each portion is an installation of its own."""

    async def portion(first: int, many: int) -> Tally:
        folder = Path(tempfile.mkdtemp(prefix="frontdesk-erasure-"))
        try:
            return await asyncio.to_thread(_live, folder, seed, first, many)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            shown(f"S7: {first + many} values")

    yield portion


def _live(folder: Path, seed: int, first: int, many: int) -> Tally:
    tally = Tally()
    log = folder.with_suffix(".log")
    with log.open("wb") as written:
        done = subprocess.run(
            [sys.executable, "-m", "chaos.planted", str(folder), str(seed), str(first), str(many)],
            stdout=subprocess.PIPE,
            stderr=written,
            check=False,
        )
    said = log.read_bytes()
    log.unlink()
    if done.returncode:
        tally.problems.append(f"the installation failed: {said[-500:].decode(errors='replace')}")
        return tally
    told = json.loads(done.stdout.splitlines()[-1])
    tally.counts["values planted"] += told["planted"]
    tally.expect(told["planted"] == many, f"{many} values were to be planted, {told['planted']} were stored")
    tally.expect(not told["unlisted"], f"nothing was planted in {', '.join(sorted(set(told['unlisted'])))}")
    everybody = [invent(seed, n) for n in range(first, first + many // EACH)]
    tally.counts["bytes of log"] += len(said)
    tally.problems += [f"in the log: {value}" for each in everybody for value in left_of(each, said)]
    tally.problems += [f"in the dump: {value}" for value in told["left"]]
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.is_symlink():
            content = file.read_bytes()
            tally.counts["files"] += 1
            tally.problems += [
                f"in {file.relative_to(folder)}: {value}"
                for each in everybody
                for value in left_of(each, content)
            ]
    return tally


EXPERIMENT = Experiment(
    "S7",
    "200 planted personal values: none in logs; after erasure none in a database dump, index or file",
    "planted values",
    200,
    200,
    opened,
)
