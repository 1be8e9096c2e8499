"""Charts as SVG, drawn here: no script and no style attribute, which the console's policy forbids."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

__all__ = ["bars", "columns"]

WIDTH, HEIGHT, FOOT = 720, 150, 22


def bars(share: float | None) -> Markup:
    """A bar of 120 × 6 for a share between 0 and 1; the number stands beside it, so it says nothing aloud."""
    width = round(120 * min(1.0, max(0.0, share or 0.0)), 1)
    return Markup(
        '<svg class="bar" viewBox="0 0 120 6" width="120" height="6" aria-hidden="true">'
        '<rect class="track" width="120" height="6" rx="3"/><rect class="fill" width="{}" height="6" rx="3"/></svg>'
    ).format(width)


def columns(days: Sequence[tuple[str, Sequence[int]]], names: Sequence[str]) -> Markup:
    """Stacked columns, one for each (label, counts); ``names`` says what the counts are, from the foot up.

    A table of the same numbers stands beside the chart for those who do not see it.
    """
    most = max((sum(counts) for _, counts in days), default=0) or 1
    step = WIDTH / max(1, len(days))
    wide = min(40.0, step * 0.7)
    every = max(1, -(-len(days) // 10))
    parts: list[str] = []
    for number, (label, counts) in enumerate(days):
        left, foot = step * number + (step - wide) / 2, float(HEIGHT - FOOT)
        told = ", ".join(f"{count} {name}" for name, count in zip(names, counts, strict=True))
        parts.append(f"<g><title>{escape(label)}: {escape(told)}</title>")
        for part, count in enumerate(counts):
            high = (HEIGHT - FOOT - 8) * count / most
            foot -= high
            parts.append(
                f'<rect class="part{part}" x="{left:.1f}" y="{foot:.1f}" width="{wide:.1f}" height="{high:.1f}"/>'
            )
        parts.append("</g>")
        if number % every == 0:
            parts.append(f'<text x="{left + wide / 2:.1f}" y="{HEIGHT - 6}">{escape(label)}</text>')
    line = f'<line x1="0" x2="{WIDTH}" y1="{HEIGHT - FOOT}" y2="{HEIGHT - FOOT}"/>'
    return Markup(  # noqa: S704  (every label above is escaped)
        f'<svg class="columns" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Conversations by day">'
        + "".join(parts) + line + "</svg>"
    )  # fmt: skip
