"""A service of one's own: signed messages after Standard Webhooks (https://www.standardwebhooks.com/), both ways."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast, get_args
from urllib.parse import quote

import httpx
import orjson

from frontdesk.domain import Json
from frontdesk.errors import DeclarationError
from frontdesk.helpdesks.base import (
    External,
    MessageCopy,
    Reply,
    Status,
    StatusChange,
    TicketCopy,
    call,
    checked,
    fresh,
    inner,
    read,
    secret,
    signature,
)


@dataclass(frozen=True)
class Webhook:
    """``Webhook("https://ourshop.example/tickets", secret=…)``.

    It is sent ``{"type": "ticket.created", "data": {…}}``, ``ticket.message`` and ``ticket.updated``; ``webhook-id`` is the same each time a
    message is sent, so that it is acted on once. It may answer ``{"id": "…", "url": "…"}``. Back come, signed the same
    way, ``{"data": {"id": "…", "status": "solved", "reply": {"id": "…", "text": "…", "author": "Mara"}}}``, either or both.
    """

    url: str
    secret: str
    name: str = "webhook"
    settles: float = 0.0

    def __post_init__(self) -> None:
        """Refuse an empty secret, and one that begins like base64 and is none."""
        secret("Webhook(secret=…)", self.secret)
        try:
            self._key  # noqa: B018
        except ValueError:
            raise DeclarationError("Webhook(secret=…): what stands behind whsec_ is not base64") from None

    @property
    def _key(self) -> bytes:
        prefix, _, rest = self.secret.partition("_")
        return base64.b64decode(rest) if prefix == "whsec" else self.secret.encode()

    async def create(self, client: httpx.AsyncClient, ticket: TicketCopy) -> External:
        """The receiver acts once on each ``webhook-id``."""
        data: Json = {
            "key": ticket.key,
            "reference": ticket.reference,
            "subject": ticket.subject,
            "body": ticket.body,
            "priority": ticket.priority,
            "customer": ticket.customer,
            "email": ticket.email,
        }
        told = await self._send(client, ticket.key, "ticket.created", data)
        answer = cast("dict[str, Any]", told) if isinstance(told, dict) else {}
        return External(str(answer.get("id") or ticket.key), str(answer.get("url") or ""))

    async def find(self, client: httpx.AsyncClient, ticket: TicketCopy) -> External | None:  # noqa: ARG002  (the contract's)
        """Nothing to ask: sending it again is safe."""
        return None

    async def update(self, client: httpx.AsyncClient, identity: str, status: Status) -> None:
        """The newest state."""
        once = f"{identity}_{status}_{int(time.time())}"  # solved, open and solved again are three messages
        await self._send(client, once, "ticket.updated", {"id": identity, "status": status})

    async def append(self, client: httpx.AsyncClient, identity: str, message: MessageCopy) -> None:
        """The receiver acts once on each ``webhook-id``; a backend with a service key reads the files at their paths."""
        files = [
            {
                "name": file.name,
                "media_type": file.media_type,
                "bytes": len(file.content),
                "path": f"/support/attachments/{file.id}?user_id={quote(message.customer, safe='')}",
            }
            for file in message.files
        ]
        told: Json = {"key": message.key, "text": message.text, "at": message.at.isoformat(), "files": files}
        await self._send(client, message.key, "ticket.message", {"id": identity, "message": told})

    async def appended(self, client: httpx.AsyncClient, identity: str, message: MessageCopy) -> bool:  # noqa: ARG002  (the contract's)
        """Nothing to ask: sending it again is safe."""
        return False

    def changed(self, headers: Mapping[str, str], body: bytes) -> StatusChange | None:
        """One of the signatures must be ours."""
        identity, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        expected = self._signed(identity, stamp, body)
        given = headers.get("webhook-signature", "").split()
        checked(next((each for each in given if each == expected), ""), expected)
        fresh(stamp)
        data = inner(read(body), "data")
        told, status = inner(data, "reply"), data.get("status")
        once, text = str(told.get("id") or ""), told.get("text")
        replies = (Reply(once, str(text), str(told.get("author") or "")),) if once and text else ()
        if status not in get_args(Status) and not replies:
            return None
        return StatusChange(str(data.get("id", "")), status if status in get_args(Status) else None, replies)

    async def replies(self, client: httpx.AsyncClient, identity: str) -> tuple[Reply, ...]:  # noqa: ARG002  (the contract's)
        """Nothing to ask: each comes with its own message."""
        return ()

    async def _send(self, client: httpx.AsyncClient, identity: str, kind: str, data: Json) -> Any:
        body, stamp = orjson.dumps({"type": kind, "data": data}), str(int(time.time()))
        headers = {
            "content-type": "application/json",
            "webhook-id": identity,
            "webhook-timestamp": stamp,
            "webhook-signature": self._signed(identity, stamp, body),
        }
        try:
            return await call(client, "POST", self.url, content=body, headers=headers)
        except httpx.DecodingError:  # "ok" is an answer too
            return None

    def _signed(self, identity: str, stamp: str, body: bytes) -> str:
        made = signature(self._key, f"{identity}.{stamp}.".encode() + body)
        return f"v1,{base64.b64encode(made.digest()).decode()}"
