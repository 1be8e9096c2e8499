"""The console's own files: style sheet, font, htmx and a little script. Nothing comes from elsewhere."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources

from fastapi import APIRouter
from fastapi.responses import Response

from frontdesk.errors import NotFound
from frontdesk.web.console.page import HEADERS

__all__ = ["router", "version"]

KINDS = {"css": "text/css", "js": "text/javascript", "woff2": "font/woff2", "svg": "image/svg+xml"}
router = APIRouter()


@cache
def _files() -> dict[str, bytes]:
    folder = resources.files("frontdesk.web.console") / "static"
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}


@cache
def version(name: str) -> str:
    """The first 10 hex digits of a file's SHA-256."""
    return hashlib.sha256(_files()[name]).hexdigest()[:10]


@router.get("/static/{version}/{name}")
async def static(version: str, name: str) -> Response:  # noqa: ARG001  (the address changes with the file)
    """A file of the console. Raises NotFound."""
    content = _files().get(name)
    if content is None:
        raise NotFound
    kept = {**HEADERS, "cache-control": "public, max-age=31536000, immutable"}
    return Response(content, 200, kept, KINDS[name.rpartition(".")[2]])
