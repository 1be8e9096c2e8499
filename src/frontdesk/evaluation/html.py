"""A run as one HTML file that needs nothing else: the summary and every transcript, to be sent or kept."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from importlib import resources

from frontdesk.evaluation.happened import Finding, Result, ToolUse, Turn
from frontdesk.evaluation.report import money
from frontdesk.evaluation.run import Run
from frontdesk.evaluation.tables import figures, groups, models

__all__ = ["page"]

# Nothing in it runs, and nothing is loaded.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def page(run: Run) -> str:
    """The document. All that came from a model, a customer or a file is escaped."""
    style = (resources.files("frontdesk.evaluation") / "report.css").read_text(encoding="utf-8")
    passed = sum(result.passed for result in run.results)
    title = f"{passed} of {len(run.results)} passed · {run.desk}"
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="content-security-policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta name="color-scheme" content="light dark"><title>{escape(title)}</title>',
            f"<style>{style}</style></head><body><main>",
            f"<h1>{passed} of {len(run.results)} passed</h1>",
            f"<p>{escape(run.desk)} with {escape(run.model)}, {escape(run.started)}: {run.seconds:.1f} s"
            f" on {run.workers} workers. {_answered(run)}</p>",
            *(_table(run) if run.results else []),
            *_all(run),
            "</main></body></html>",
        ]
    )


def _answered(run: Run) -> str:
    turns = ", ".join(f"{escape(name)} {count}" for name, count in models(run.results).items())
    return f"Turns by model: {turns}." if turns else ""


def _table(run: Run) -> Iterator[str]:
    most = len(figures(run.results).power)
    heads = ["", "scenarios", "passed", *(f"pass^{k}" for k in range(1, most + 1)), "p50", "p95", "cost"]
    yield '<div class="wide"><table><thead><tr>'
    yield "".join(f'<th scope="col">{head}</th>' for head in heads) + "</tr></thead><tbody>"
    last = ""
    for heading, name, chosen in groups(run.results):
        if heading != last:
            yield f'<tr class="by"><th colspan="{len(heads)}" scope="colgroup">{"by " * (heading != "hard by")}{heading}</th></tr>'
            last = heading
        found = figures(chosen)
        powers = [f"{share:.1%}" for share in found.power] + [""] * (most - len(found.power))
        cells = [str(found.scenarios), f"{found.passed}/{found.runs}", *powers, f"{found.p50:.0f} ms",
                 f"{found.p95:.0f} ms", money(found.cost_usd)]  # fmt: skip
        wrong = ' class="wrong"' if found.passed < found.runs else ""
        yield (
            f'<tr{wrong}><th scope="row">{escape(name)}</th>'
            + "".join(f"<td>{c}</td>" for c in cells)
            + "</tr>"
        )
    yield "</tbody></table></div>"


def _all(run: Run) -> Iterator[str]:
    """Failures first and open, then the rest."""
    done = sorted(run.results, key=lambda result: (result.passed, result.name, result.run))
    for heading, passed in (("Failed", False), ("Passed", True)):
        if chosen := [result for result in done if result.passed == passed]:
            yield f"<h2>{heading}: {len(chosen)}</h2>"
            for result in chosen:
                yield from _result(result, run.runs)


def _result(result: Result, runs: int) -> Iterator[str]:
    name = result.name + (f", run {result.run}" if runs > 1 else "")
    tags = "".join(f'<span class="tag">{escape(tag)}</span>' for tag in result.hard)
    yield f'<details class="{"passed" if result.passed else "failed"}"{"" if result.passed else " open"}>'
    yield f"<summary>{escape(name)} {tags}</summary>"
    yield f"<p>{escape(result.why) + ' · ' if result.why != '-' else ''}customer {escape(result.customer)}</p>"
    if result.error:
        yield f'<p class="finding">Could not be run: {escape(result.error)}</p>'
    for number, turn in enumerate(result.turns, 1):
        yield from _turn(number, turn, [finding for finding in result.findings if finding.turn == number])
    yield from map(_finding, [finding for finding in result.findings if not finding.turn])
    yield "</details>"


def _turn(number: int, turn: Turn, findings: list[Finding]) -> Iterator[str]:
    said = escape(turn.said) if turn.does == "say" else f"<em>{turn.does} {escape(turn.said)}</em>"
    yield f'<div class="customer"><span>{number}</span><p>{said}</p></div>'
    if turn.tools:
        yield "<details><summary>" + ", ".join(escape(use.tool) for use in turn.tools) + "</summary>"
        yield from map(_use, turn.tools)
        yield "</details>"
    about = " · ".join(filter(None, [turn.outcome, f"{turn.ms:.0f} ms", turn.model]))
    yield f'<div class="assistant"><p>{escape(turn.reply)}</p><small>{escape(about)}</small>'
    for deed in turn.proposed:
        yield f'<p class="card">{escape(deed.tool)} {escape(str(deed.arguments))}: {escape(deed.status)}</p>'
    if turn.citations:
        yield (
            "<small>"
            + ", ".join(escape(str(citation.get("title"))) for citation in turn.citations)
            + "</small>"
        )
    if turn.suggestions:
        yield "<small>offers: " + ", ".join(map(escape, turn.suggestions)) + "</small>"
    yield "</div>"
    yield from map(_finding, findings)


def _use(use: ToolUse) -> str:
    arguments = ", ".join(f"{key}={value!r}" for key, value in use.arguments.items())
    failed = "" if use.ok else f" {escape(use.error)}"
    return f"<pre>{escape(use.tool)}({escape(arguments)}){failed}\n{escape(use.result)}</pre>"


def _finding(finding: Finding) -> str:
    where = "" if finding.turn else "after the last turn, "
    return (
        f'<div class="finding"><strong>{where}{escape(finding.check)}</strong>'
        f"<p><del>expected</del> {escape(finding.expected)}</p><p><ins>got</ins> {escape(finding.got)}</p></div>"
    )
