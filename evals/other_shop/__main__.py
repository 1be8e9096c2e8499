"""``python -m evals.other_shop [GLOB …]``: a hotel that the local model was not made for, and 81 conversations with its guests.

Prints for each kind how many have the right tools, arguments, outcome and end state, and in how many all of it is
right, the facts and sources of the replies as well. ``seen`` is the half (by the hash of the name) whose failures were
read while the model was worked on; of ``kept`` only the totals were. Failures are shown for ``seen``.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from frontdesk.evaluation.backend import suite_of
from frontdesk.evaluation.happened import Result
from frontdesk.evaluation.run import prepare, run
from frontdesk.settings import load
from frontdesk.telemetry import configure

__all__ = ["results", "right_tools"]

SCENARIOS = Path(__file__).parent / "scenarios"
WORDS = ("reply", "cites")  # what is checked of a reply's words; everything else is what was done


def results(data: Path, only: Sequence[str] = (), *, jobs: int = 0) -> list[Result]:
    """One result for each scenario. ``data`` is a folder for databases and files."""
    settings = load(model="local", data_dir=data)
    with prepare(SCENARIOS, suite_of(SCENARIOS), settings, only=tuple(only), jobs=jobs) as prepared:
        return sorted(run(prepared), key=lambda result: result.name)


def right_tools(result: Result) -> bool:
    """Whether the tools, arguments, outcome and end state were right, whatever the replies said."""
    return not result.error and all(finding.check.startswith(WORDS) for finding in result.findings)


def half(name: str) -> str:
    """``seen`` or ``kept``."""
    return ("seen", "kept")[hashlib.sha256(name.encode()).digest()[0] % 2]


def main(only: Sequence[str]) -> int:
    """Print the table, and the failures of the half that may be read; exit code 0."""
    configure("error")
    with tempfile.TemporaryDirectory(prefix="frontdesk-", ignore_cleanup_errors=True) as data:
        found = results(Path(data), only)
    rows: dict[str, list[Result]] = defaultdict(list)
    for result in found:
        for row in ("all", half(result.name), "hard" if result.hard else "plain", result.kind):
            rows[row].append(result)
    for result in found:
        for finding in result.findings if half(result.name) == "seen" else ():
            print(f"{result.name} · turn {finding.turn} · {finding.check}: {finding.expected[:160]}")
            print(f"    {' '.join(finding.got.split())[:160]}")
    print(f"{'':14}{'tools right':>14}{'all right':>12}")
    for name, of in rows.items():
        tools, whole = sum(map(right_tools, of)), sum(result.passed for result in of)
        print(f"{name:14}{f'{tools}/{len(of)}':>14}{f'{whole}/{len(of)}':>12}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
