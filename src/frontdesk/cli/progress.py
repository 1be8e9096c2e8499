"""Progress in the terminal; plain lines where it is none."""

from __future__ import annotations

from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from frontdesk.bootstrap import sync_knowledge
from frontdesk.cli.greeting import console
from frontdesk.database import Database
from frontdesk.desk import Frontdesk
from frontdesk.knowledge.sync import SyncReport


async def sync_with_progress(desk: Frontdesk, database: Database, folder: Path | None = None) -> SyncReport:
    """Sync the help center with a bar, then one line of what changed and one for each file that failed."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as progress:
        task = progress.add_task("Reading the help center", total=None)
        report = await sync_knowledge(
            desk, database, folder, lambda done, total, _: progress.update(task, completed=done, total=total)
        )
    if not (report.added or report.updated or report.removed or report.failed):
        console.print(f"Help center: {report.unchanged} articles, unchanged")
        return report
    console.print(
        f"Help center: {report.added} added, {report.updated} updated, {report.unchanged} unchanged,"
        f" {report.removed} removed, {len(report.failed)} failed"
        f" ({report.chunks} passages in {report.seconds:.1f} s)"
    )
    for path, reason in report.failed:
        console.print(f"  {path}: {reason}", style="yellow")
    return report
