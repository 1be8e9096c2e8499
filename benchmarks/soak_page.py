"""A soak's result: a table in Markdown and one SVG of small charts, which needs no script and no style sheet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from benchmarks.soak_samples import ROWS, Meter, Row, Verdict

WIDE, HIGH, GAP, HEAD = 340, 110, 20, 22
SHORT = 9.5  # minutes
INK, LINE, FRAME = "#24323d", "#17506b", "#d8dfdf"


def page(meter: Meter, verdicts: Sequence[Verdict], about: Sequence[str], command: str) -> str:
    """The table, with what was done above it."""
    lines = [
        "# A soak",
        "",
        f"`{command}`, {datetime.now(UTC):%Y-%m-%d}. " + " ".join(about),
        "",
        "| | at a third | at the end | an hour would add | twice its error | |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for verdict in verdicts:
        row = verdict.row
        values = " | ".join(_number(value, row.unit) for value in (verdict.first, verdict.last))
        slope = f"{_number(verdict.growth, row.unit)} | ± {_number(verdict.noise, row.unit)}"
        lines.append(f"| {row.name} | {values} | {slope} | {'flat' if verdict.flat else '**grows**'} |")
    grows = [verdict.row.name for verdict in verdicts if not verdict.flat]
    return "\n".join(
        [
            *lines,
            "",
            *(
                ["**Too short to judge by**: caches and the write-ahead log still fill.", ""]
                * (meter.minutes[-1] < SHORT)
            ),
            f"{len(meter.minutes)} samples; slopes by least squares over the last two thirds. Flat: falls, or grows by less"
            " than twice the error of its slope, or by less than its share of itself while it was looked at.",
            "",
            f"Grows: {', '.join(grows)}." if grows else "Nothing grows.",
            "",
            "![each row over the minutes of the run](soak.svg)",
            "",
        ]
    )


def chart(meter: Meter) -> str:
    """A chart a row, two beside each other, each from zero; beside its name the last value and the highest."""
    down = -(-len(ROWS) // 2)
    height = down * (HIGH + HEAD + GAP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDE + GAP} {height}" role="img"'
        f' aria-label="What a soak looked at, by minute" font-family="sans-serif" font-size="12" fill="{INK}">',
        f'<rect width="{2 * WIDE + GAP}" height="{height}" fill="#ffffff"/>',
    ]
    for number, row in enumerate(ROWS):
        left, top = (number % 2) * (WIDE + GAP), (number // 2) * (HIGH + HEAD + GAP)
        values = [sample[number] for sample in meter.values]
        parts.append(f'<g transform="translate({left} {top})">{_panel(row, meter.minutes, values)}</g>')
    return "\n".join([*parts, "</svg>", ""])


def _panel(row: Row, minutes: Sequence[float], values: Sequence[float]) -> str:
    most = max(values) * 1.05 or 1.0
    end = minutes[-1] or 1.0
    points = " ".join(
        f"{WIDE * x / end:.1f},{HEAD + HIGH * (1 - y / most):.1f}"
        for x, y in zip(minutes, values, strict=True)
    )
    return (
        f'<text x="0" y="14">{escape(row.name)}</text>'
        f'<text x="{WIDE}" y="14" text-anchor="end">{_number(values[-1], row.unit)},'
        f" highest {_number(max(values), row.unit)}</text>"
        f'<path d="M0 {HEAD}V{HEAD + HIGH}H{WIDE}" fill="none" stroke="{FRAME}"/>'
        f'<polyline points="{points}" fill="none" stroke="{LINE}" stroke-width="1.5"/>'
    )


def _number(value: float, unit: str) -> str:
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}".rstrip()
