"""Zendesk (Support API v2). https://developer.zendesk.com/api-reference/ticketing/"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import httpx

from frontdesk.domain import Json
from frontdesk.errors import InvalidToken
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
    moment,
    read,
    secret,
    shared,
    signature,
    state_of,
    text,
    written,
)

STATUSES: dict[str, Status] = {
    "new": "open", "open": "open", "pending": "pending", "hold": "pending", "on-hold": "pending",
    "solved": "solved", "closed": "closed",
}  # fmt: skip
PAGE = 25  # comments of any length in an answer that is read


@dataclass(frozen=True)
class Zendesk:
    """``Zendesk("ourshop", "bot@ourshop.example", token=…, webhook_secret=…)``.

    Its triggers' webhook sends ``{"id": "{{ticket.id}}", "status": "{{ticket.status}}"}``.
    """

    subdomain: str
    email: str
    token: str
    webhook_secret: str = ""
    url: str = ""  # of another place than subdomain.zendesk.com
    name: str = "zendesk"
    settles: float = 0.0  # it keeps an idempotency key for two hours, and finds by external_id at once

    def __post_init__(self) -> None:
        """Refuse an empty token."""
        secret("Zendesk(token=…)", self.token)

    @property
    def _base(self) -> str:
        return f"{self.url or f'https://{self.subdomain}.zendesk.com'}/api/v2"

    @property
    def _auth(self) -> tuple[str, str]:
        return f"{self.email}/token", self.token

    async def create(self, client: httpx.AsyncClient, ticket: TicketCopy) -> External:
        """One ticket for each key."""
        requester = {"requester": {"name": ticket.customer, "email": ticket.email}} if ticket.email else {}
        body = {
            "subject": f"[{ticket.reference}] {ticket.subject}",
            "comment": {"body": ticket.body, "public": False},
            "priority": ticket.priority,
            "external_id": ticket.key,
            "tags": ["frontdesk"],
            **requester,
        }
        made = await call(
            client,
            "POST",
            f"{self._base}/tickets.json",
            json={"ticket": body},
            auth=self._auth,
            headers={"Idempotency-Key": ticket.key},
        )
        return self._external(made["ticket"]["id"])

    async def find(self, client: httpx.AsyncClient, ticket: TicketCopy) -> External | None:
        """By the external id."""
        found = await call(
            client, "GET", f"{self._base}/tickets.json", params={"external_id": ticket.key}, auth=self._auth
        )
        return next((self._external(each["id"]) for each in found["tickets"]), None)

    async def update(self, client: httpx.AsyncClient, identity: str, status: Status) -> None:
        """A ticket that was closed takes no change; solved is as far as another may bring it."""
        told = "solved" if status == "closed" else status
        body = {"ticket": {"status": told}}
        await call(client, "PUT", f"{self._base}/tickets/{identity}.json", json=body, auth=self._auth)

    async def append(self, client: httpx.AsyncClient, identity: str, message: MessageCopy) -> None:
        """An internal comment, as the ticket's first one is: a public one would be mailed to its own author."""
        uploads: list[str] = []
        for file in message.files:
            made = await call(
                client,
                "POST",
                f"{self._base}/uploads.json",
                params={"filename": file.name},
                content=file.content,
                headers={"content-type": file.media_type},
                auth=self._auth,
            )
            uploads.append(made["upload"]["token"])
        comment = {"body": message.body, "public": False, **({"uploads": uploads} if uploads else {})}
        url = f"{self._base}/tickets/{identity}.json"
        await call(client, "PUT", url, json={"ticket": {"comment": comment}}, auth=self._auth)

    async def appended(self, client: httpx.AsyncClient, identity: str, message: MessageCopy) -> bool:
        """Among the newest 25 comments."""
        found = await self._comments(client, identity)
        return message.written(each.get("body") for each in found["comments"])

    def changed(self, headers: Mapping[str, str], body: bytes) -> StatusChange | None:
        """base64(HMAC-SHA256(timestamp + body)), as Zendesk signs."""
        stamp = headers.get("x-zendesk-webhook-signature-timestamp", "")
        expected = base64.b64encode(signature(shared(self.webhook_secret), stamp.encode() + body).digest())
        checked(headers.get("x-zendesk-webhook-signature", ""), expected.decode())
        try:
            fresh(str(datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()))
        except ValueError:
            raise InvalidToken from None
        return state_of(read(body), STATUSES)

    async def replies(self, client: httpx.AsyncClient, identity: str) -> tuple[Reply, ...]:
        """Public comments of agents, among the newest 25."""
        found = await self._comments(client, identity)
        people = {each["id"]: each for each in found["users"]}
        return written(reversed(found["comments"]), partial(_reply, people))

    async def _comments(self, client: httpx.AsyncClient, identity: str) -> Json:
        return await call(
            client,
            "GET",
            f"{self._base}/tickets/{identity}/comments.json",
            params={"include": "users", "sort_order": "desc", "per_page": PAGE},
            auth=self._auth,
        )

    def _external(self, identity: object) -> External:
        return External(str(identity), f"{self._base.removesuffix('/api/v2')}/agent/tickets/{identity}")


def _reply(people: Mapping[object, Json], comment: Json) -> Reply | None:
    who = people.get(comment["author_id"], {})
    if not comment["public"] or who.get("role") not in ("agent", "admin"):
        return None
    return Reply(
        str(comment["id"]),
        text(comment["body"]),
        str(who.get("name") or ""),
        moment(comment.get("created_at")),
    )
