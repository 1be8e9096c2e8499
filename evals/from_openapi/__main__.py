"""``python -m evals.from_openapi [--bare] [GLOB …]``: how many scenarios pass with tools made of the shop's OpenAPI document.

The shop's REST API runs beside each worker, the tools are made of its document (``desk.ENABLED`` says which changes are
turned on), the local model answers. ``--bare`` leaves away what the document says in x-frontdesk, and its
examples. Prints passes by kind, and of each failure what was expected and what came.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from evals.from_openapi.renamed import rename
from frontdesk.evaluation.backend import Suite
from frontdesk.evaluation.happened import Result
from frontdesk.evaluation.run import prepare, run
from frontdesk.settings import load
from frontdesk.telemetry import configure

__all__ = ["results"]

SCENARIOS = Path(__file__).parents[2] / "examples" / "ourshop" / "scenarios"
DESK = "evals.from_openapi.desk"
BACKEND = "examples.ourshop.evaluation:Backend"
LONG = 160


def results(data: Path, only: Sequence[str], *, desk: str = "desk", jobs: int = 0) -> list[Result]:
    """One result for each scenario, by name. ``data`` is a folder for databases and files."""
    rename(SCENARIOS, data / "scenarios", tuple(only))
    settings = load(model="local", data_dir=data)
    suite = Suite(f"{DESK}:{desk}", BACKEND)
    with prepare(data / "scenarios", suite, settings, jobs=jobs) as prepared:
        return sorted(run(prepared), key=lambda result: result.name)


def main(said: Sequence[str]) -> int:
    """Print the table and the failures; exit code 0."""
    only = [word for word in said if not word.startswith("-")] or ["**/*.yaml"]
    configure("error")
    with tempfile.TemporaryDirectory(prefix="frontdesk-", ignore_cleanup_errors=True) as data:
        found = results(Path(data), only, desk="bare" if "--bare" in said else "desk")
    kinds: dict[str, Counter[bool]] = defaultdict(Counter)
    for result in found:
        for kind in ("all", result.kind):
            kinds[kind][result.passed] += 1
    for result in found:
        for finding in result.findings:
            print(f"{result.name} · turn {finding.turn} · {finding.check}: {finding.expected[:LONG]}")
            print(f"    {' '.join(finding.got.split())[:LONG]}")
        if result.error:
            print(f"{result.name}: {result.error}")
    print()
    for kind, counted in kinds.items():
        print(f"{kind:16}{counted[True]:>5}/{counted.total()}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
