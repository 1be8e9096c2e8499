"""The audit log's heads, kept outside the database: whoever rewrites the log must rewrite these too."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import orjson
import structlog

from frontdesk.domain import Json
from frontdesk.errors import SourceUnavailable
from frontdesk.settings import Settings
from frontdesk.store.audit import anchor

__all__ = ["keep_anchor"]

log = structlog.get_logger("frontdesk.privacy")
FOLDER = "audit-anchors"
KEEP = 30  # files in the data folder: one a day


async def keep_anchor(owner_url: str, settings: Settings) -> Path:
    """Write the heads as they stand into the data folder and where FRONTDESK_AUDIT_ANCHOR says; the file in the folder.

    An https URL gets them as the body of a POST. Raises SourceUnavailable where that place does not take them.
    """
    line = await asyncio.to_thread(anchor, owner_url)
    content = orjson.dumps(line)
    folder = settings.data_dir / FOLDER
    file = folder / f"{datetime.now(UTC):%Y-%m-%d}.json"
    await asyncio.to_thread(_write, file, content)
    for old in sorted(folder.glob("*.json"))[:-KEEP]:
        old.unlink()
    if settings.audit_anchor.startswith("https://"):
        await _post(settings.audit_anchor, content)
    elif settings.audit_anchor:
        try:
            await asyncio.to_thread(_write, Path(settings.audit_anchor), content)
        except OSError:
            raise SourceUnavailable from None
    log.info("audit log anchored", **_counts(line))
    return file


async def _post(url: str, content: bytes) -> None:
    headers = {"content-type": "application/json"}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as client,
            client.post(url, data=content, headers=headers) as answer,
        ):
            answer.raise_for_status()
    except (aiohttp.ClientError, TimeoutError):
        raise SourceUnavailable from None


def _counts(line: Json) -> Json:
    return {"conversations": len(line["heads"]), "digest": line["digest"]}


def _write(file: Path, content: bytes) -> None:
    """Whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(f".{file.name}.part")
    part.write_bytes(content)
    part.replace(file)
