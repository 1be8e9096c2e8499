"""``frontdesk check support:desk``: what is wrong with a desk, before a customer meets it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

import click
import orjson

from frontdesk.bootstrap import check as check_declarations
from frontdesk.bootstrap import load_desk
from frontdesk.cli.shown import plain
from frontdesk.desk import Frontdesk
from frontdesk.domain import counted
from frontdesk.errors import FrontdeskError
from frontdesk.knowledge.article import Item, Source, Unreadable
from frontdesk.knowledge.drift import Finding, drift
from frontdesk.knowledge.limit import Limit, limit
from frontdesk.knowledge.reader import Page, Reader

CLEAN, CONTRADICTED, UNCHECKED = 0, 1, 2


@dataclass
class Report:
    """What a check came to; ``without`` are tools that change data and declare no limit; ``unreadable`` are pages that could not be compared, with the reason."""

    limits: int = 0
    without: list[str] = field(default_factory=list[str])
    pages: int = 0
    findings: list[Finding] = field(default_factory=list[Finding])
    unreadable: list[Unreadable] = field(default_factory=list[Unreadable])

    def of(self, *, contradicts: bool) -> list[Finding]:
        """The contradictions, or what merely differs."""
        return [finding for finding in self.findings if finding.contradicts == contradicts]


@click.command()
@click.argument("desk", default="support:desk")
@click.option(
    "--strict", is_flag=True, help="fail for what only differs, and for pages that cannot be read, as well"
)
@click.option("--json", "as_json", is_flag=True, help="print the findings as JSON")
def check(desk: str, strict: bool, as_json: bool) -> None:
    """Check what DESK (module:name) declares, and compare its articles with the limits of its tools.

    The articles are read from their sources now: neither a sync nor a database is needed.

    Exit code 0: nothing found. 1: an article contradicts a tool. 2: could not be checked.
    """
    try:
        chosen = load_desk(desk)
        check_declarations(chosen)
        report = asyncio.run(_report(chosen))
    except FrontdeskError as error:
        click.echo(f"frontdesk: {error.detail}", err=True)
        sys.exit(UNCHECKED)
    except OSError as error:
        click.echo(f"frontdesk: {error.strerror or type(error).__name__}", err=True)
        sys.exit(UNCHECKED)
    wrong, unsure = report.of(contradicts=True), report.of(contradicts=False)
    if as_json:
        click.echo(orjson.dumps(_as_json(report)))
    else:
        _print(report, wrong, unsure)
    if report.unreadable and not report.pages:
        sys.exit(UNCHECKED)
    sys.exit(CONTRADICTED if wrong or (strict and (unsure or report.unreadable)) else CLEAN)


def limits_of(desk: Frontdesk) -> list[Limit]:
    """Every limit that the desk's tools declare."""
    return [limit(tool.name, *declared) for tool in desk.tools for declared in tool.grant.limits.items()]


async def _report(desk: Frontdesk) -> Report:
    report = Report()
    limits = limits_of(desk)
    report.limits = len(limits)
    if desk.help_center is not None:
        report.without = [tool.name for tool in desk.tools if tool.grant.changes and not tool.grant.limits]
    if limits and desk.help_center is not None:
        async with Reader() as reader:
            for source in desk.help_center.sources:
                await _compare(source, reader, limits, report)
    return report


async def _compare(source: Source, reader: Reader, limits: Sequence[Limit], report: Report) -> None:
    """Compare each page of ``source``. Raises SourceUnavailable where it cannot be listed."""
    try:
        for item in await source.items():
            page = await _page(source, reader, item)
            if isinstance(page, Unreadable):
                report.unreadable.append(page)
                continue
            report.pages += 1
            report.findings += await asyncio.to_thread(drift, limits, [(page.article, page.chunks)])
    finally:
        await source.aclose()


async def _page(source: Source, reader: Reader, item: Item) -> Page | Unreadable:
    raw = await source.read(item)
    return raw if isinstance(raw, Unreadable) else await reader.read(raw, source.url)


# ------------------------------------------------------------------ what is printed
def _print(report: Report, wrong: Sequence[Finding], unsure: Sequence[Finding]) -> None:
    for finding in wrong:
        _print_finding(finding)
    if unsure:
        click.echo("Differs, look at it (an exception may be meant; --strict fails for these):\n")
    for finding in unsure:
        _print_finding(finding)
    for page in report.unreadable:
        click.echo(plain(f"{page.path}: not compared: {page.reason}"), err=True)
    click.echo(
        f"{counted(report.limits, 'limit')} of tools compared with {counted(report.pages, 'page')}: "
        f"{len(wrong)} contradicted, {len(unsure)} to look at."
        if report.limits
        else "The declarations are in order."
    )
    if report.without and not report.limits:
        click.echo(
            plain(
                f"{', '.join(report.without)}: nothing is compared with your articles; where a rule stands in both, write it"
                ' beside the tool too, @tool(…, limits={"return window": "30 days"}).'
            )
        )


def _print_finding(finding: Finding) -> None:
    limit, article = finding.limit, finding.article
    place = f" ({article.path})" if article.url else ""
    click.echo(plain(f"{article.title} – {finding.url}{place}"))
    click.echo(plain(f"  the page says   {finding.sentence}"))
    click.echo(plain(f"  the tool allows {limit.name}: {limit.text} ({limit.tool})"))
    if finding.contradicts:
        click.echo(plain(f"  Correct the page, or limits={{{limit.name!r}: …}} of {limit.tool}."))
    click.echo()


def _as_json(report: Report) -> dict[str, object]:
    return {
        "limits": report.limits,
        "pages": report.pages,
        "contradictions": [_finding(finding) for finding in report.of(contradicts=True)],
        "differences": [_finding(finding) for finding in report.of(contradicts=False)],
        "unreadable": [{"path": page.path, "reason": page.reason} for page in report.unreadable],
    }


def _finding(finding: Finding) -> dict[str, str]:
    return {
        "tool": finding.limit.tool,
        "limit": finding.limit.name,
        "allows": finding.limit.text,
        "says": finding.found,
        "sentence": finding.sentence,
        "title": finding.article.title,
        "heading": finding.heading,
        "path": finding.article.path,
        "url": finding.url,
    }
