"""Files that customers attach: pictures and PDF, checked by their first bytes, for their owner and staff alone."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from frontdesk.database.deadline import deadline
from frontdesk.errors import InvalidBody, NotAttachable
from frontdesk.store import customers as store
from frontdesk.store.customers import Attachment
from frontdesk.web.auth import refuse_tokens_in_url
from frontdesk.web.body import ConversationRequest, read_json, read_raw, takes
from frontdesk.web.parts import Auth, Desk, json_answer, uuid_of

__all__ = ["TYPES", "download", "router"]

router = APIRouter(tags=["support"])
SECONDS = 60.0  # for all of a file
TYPES = {
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/gif": re.compile(rb"GIF8[79]a"),
    "image/webp": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
    "application/pdf": re.compile(rb"%PDF-"),
}
UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs", "Co"})


FILE = {
    "requestBody": {
        "required": True,
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in TYPES},
    }
}


@router.post("/support/conversations/{conversation_id}/attachments", status_code=201, openapi_extra=FILE)
async def attach(request: Request, conversation_id: str, desk: Desk, auth: Auth, name: str = "") -> Response:
    """Keep the body, a file, with a conversation; send its id with the next message. 201."""
    auth.knock(request)
    with deadline():
        principal = await auth.admit(request, request.query_params.get("user_id"))
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type not in TYPES:
            raise NotAttachable
        identity = uuid_of(conversation_id)
        await store.handoff_row(desk.database, principal, identity)  # NotFound before a byte is read
    with request.app.state.uploads.take(principal.key):
        content = await _content(request, desk.settings.attachment_bytes)
        if not TYPES[media_type].match(content):
            raise NotAttachable
        kept = await store.attach(
            desk.database,
            principal,
            identity,
            name=_name(name) or "file",
            media_type=media_type,
            content=content,
        )
    return json_answer(kept, 201)


@router.delete(
    "/support/conversations/{conversation_id}/attachments/{attachment_id}",
    status_code=204,
    openapi_extra=takes(ConversationRequest, required=False),
)
async def detach(
    request: Request, conversation_id: str, attachment_id: str, desk: Desk, auth: Auth
) -> Response:
    """Forget a file that was not sent with a message yet. 204."""
    auth.knock(request)
    body = await read_json(request, ConversationRequest, required=False)
    with deadline():
        principal = await auth.admit(request, body.user_id)
        await store.detach(desk.database, principal, uuid_of(conversation_id), uuid_of(attachment_id))
    return Response(status_code=204, headers={"cache-control": "no-store"})


@router.get("/support/attachments/{attachment_id}")
async def read(request: Request, attachment_id: str, desk: Desk, auth: Auth) -> Response:
    """A file, for its owner."""
    refuse_tokens_in_url(request)
    with deadline():
        principal = await auth.authenticate(request, request.query_params.get("user_id"))
        return download(*await store.attachment(desk.database, uuid_of(attachment_id), principal=principal))


def download(file: Attachment, content: bytes) -> Response:
    """A file as a browser saves it and never runs it."""
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(file.name)}",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'; sandbox",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "private, no-store",
    }
    return Response(content, headers=headers, media_type=file.media_type)


def _name(text: str) -> str:
    """A file's name without its folders and without what nobody sees."""
    bare = re.split(r"[/\\]", text)[-1]
    return "".join(c for c in bare if unicodedata.category(c) not in UNSEEN).strip()[:120]


async def _content(request: Request, most: int) -> bytes:
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise NotAttachable
    content = await read_raw(request, most=most, seconds=SECONDS)
    if not content:
        raise InvalidBody("The file is empty.")
    return content
