"""The last full results, in docs/chaos.md between two markers: one line for each promise."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from pathlib import Path

from chaos.journal import Experiment, Tally

FILE = Path(__file__).parent.parent / "docs" / "chaos.md"
BEGIN, END = "<!-- results: python -m chaos writes them -->\n", "<!-- end of results -->\n"
HEAD = "| # | full figure | what came of it | command | took | when |\n|---|---|---|---|---|---|\n"


def write(experiment: Experiment, count: int, tally: Tally, seconds: float) -> None:
    """Put a full run's line in the place of the last one's."""
    before, _, rest = FILE.read_text(encoding="utf-8").partition(BEGIN)
    table, _, after = rest.partition(END)
    lines = {line.split("|")[1].strip(): line for line in table.splitlines() if line.startswith("| ")}
    lines.pop("#", None)
    lines[experiment.name] = _line(experiment, count, tally, seconds)
    rows = "".join(f"{line}\n" for _, line in sorted(lines.items()))
    FILE.write_text(f"{before}{BEGIN}{HEAD}{rows}{END}{after}", encoding="utf-8")


def _line(experiment: Experiment, count: int, tally: Tally, seconds: float) -> str:
    verdict = (
        "holds" if not tally.problems else f"**broken**, {len(tally.problems)} times: {tally.problems[0]}"
    )
    found = f"{verdict}: {tally.words()}" if not tally.problems else verdict
    when = f"{datetime.now(UTC):%Y-%m-%d}, {_commit()}"
    figure = f"{count:,} {experiment.unit}"
    command = f"`python -m chaos {experiment.name}`"
    return f"| {experiment.name} | {figure} | {found} | {command} | {seconds:.0f} s | {when} |"


def _commit() -> str:
    """The commit that was run, as far as git tells."""
    try:
        found = subprocess.run(
            ["git", "describe", "--always", "--dirty"],
            cwd=FILE.parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return "no commit"
    return found.stdout.strip()
