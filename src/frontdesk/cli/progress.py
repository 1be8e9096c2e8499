"""Progress in the terminal; plain lines where it is none."""

from __future__ import annotations

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from frontdesk.cli.greeting import console
from frontdesk.cli.shown import shown
from frontdesk.knowledge.base import KnowledgeBase
from frontdesk.knowledge.sync import SyncReport


async def sync_with_progress(base: KnowledgeBase, *, only: bool = True) -> SyncReport:
    """Sync the help center with a bar, then one line of what changed and one for each page that failed."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as progress:
        task = progress.add_task("Reading the help center", total=None)
        report = await base.sync(
            lambda done, total, _: progress.update(task, completed=done, total=total), only=only
        )
    if not report.changed:
        console.print(f"Help center: {report.unchanged} articles, unchanged")
        return report
    console.print(
        f"Help center: {report.added} added, {report.updated} updated, {report.unchanged} unchanged,"
        f" {report.removed} removed, {len(report.failed)} failed"
        f" ({report.chunks} passages in {report.seconds:.1f} s)"
    )
    for path, reason in [*report.unavailable, *report.failed]:
        console.print(f"  {shown(path)}: {shown(reason)}", style="yellow")
    return report
