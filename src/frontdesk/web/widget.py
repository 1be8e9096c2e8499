"""/widget.js and what it loads: the built widget, for pages of any origin that may call the desk.

A page names only /widget.js, which is asked for again after five minutes; the files behind it carry a hash of their
content in their name and are kept for a year.
"""

from __future__ import annotations

import hashlib
from importlib import resources

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response

from frontdesk.errors import NotFound

__all__ = ["install"]

HEADERS = {"x-content-type-options": "nosniff", "cross-origin-resource-policy": "cross-origin"}
FOR_MINUTES = "public, max-age=300"
FOR_GOOD = "public, max-age=31536000, immutable"


def install(app: FastAPI) -> None:
    """Add the two routes. Which page may load a module across origins is OriginPolicy's to say."""
    folder = resources.files("frontdesk.web") / "static" / "widget"
    files = {file.name: file.read_bytes() for file in folder.iterdir() if file.name.endswith(".js")}
    tags = {name: f'"{hashlib.sha256(content).hexdigest()[:16]}"' for name, content in files.items()}
    newest = {name.partition(".")[0]: name for name in files}
    router = APIRouter(include_in_schema=False)

    def answer(request: Request, name: str, caching: str) -> Response:
        headers = {**HEADERS, "cache-control": caching, "etag": tags[name]}
        if request.headers.get("if-none-match") == tags[name]:
            return Response(status_code=304, headers=headers)
        return Response(files[name], headers=headers, media_type="text/javascript")

    @router.get("/widget.js")
    async def launcher(request: Request) -> Response:
        """The script that a page loads."""
        return answer(request, "widget.js", FOR_MINUTES)

    @router.get("/widget/{name}")
    async def part(request: Request, name: str) -> Response:
        """A part of it. For a name from before an upgrade, what has taken its place."""
        if name in files:
            return answer(request, name, FOR_GOOD)
        stem = name.partition(".")[0]
        if stem in newest and name.endswith(".js"):
            return answer(request, newest[stem], "no-cache")
        raise NotFound

    app.include_router(router)
