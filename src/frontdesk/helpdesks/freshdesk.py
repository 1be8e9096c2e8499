"""Freshdesk (API v2). https://developers.freshdesk.com/api/"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import httpx

from frontdesk.domain import Json
from frontdesk.helpdesks.base import (
    External,
    MessageCopy,
    Reply,
    Status,
    StatusChange,
    TicketCopy,
    call,
    checked,
    moment,
    parts,
    read,
    secret,
    shared,
    state_of,
    text,
    written,
)

NUMBERS: dict[Status, int] = {"open": 2, "pending": 3, "solved": 4, "closed": 5}
STATUSES: dict[str, Status] = {
    "open": "open", "pending": "pending", "resolved": "solved", "closed": "closed",
    "2": "open", "3": "pending", "4": "solved", "5": "closed",
}  # fmt: skip
PRIORITIES = {"low": 1, "normal": 2, "high": 3, "urgent": 4}
PAGE, MOST_PAGES = 50, 20  # of a ticket's entries, the oldest first
PORTAL = 2  # where a ticket came from


@dataclass(frozen=True)
class Freshdesk:
    """``Freshdesk("ourshop", key=…, webhook_secret=…)``.

    It has no idempotency keys: a ticket carries its key as a tag, and whether a lost call made one is looked up by that,
    when its search index, minutes behind, is sure to know. Its webhooks are not signed: let the automation rule send
    the header ``X-Frontdesk-Secret`` and ``{"id": "{{ticket.id}}", "status": "{{ticket.status}}"}``.
    """

    domain: str
    key: str
    webhook_secret: str = ""
    url: str = ""  # of another place than domain.freshdesk.com
    name: str = "freshdesk"
    settles: float = 600.0

    def __post_init__(self) -> None:
        """Refuse an empty key."""
        secret("Freshdesk(key=…)", self.key)

    @property
    def _base(self) -> str:
        return self.url or f"https://{self.domain}.freshdesk.com"

    async def create(self, client: httpx.AsyncClient, ticket: TicketCopy) -> External:
        """A new ticket, however often: ``find`` comes first where one may be there."""
        who = (
            {"email": ticket.email}
            if ticket.email
            else {"unique_external_id": ticket.customer, "name": ticket.customer}
        )
        body = {
            "subject": f"[{ticket.reference}] {ticket.subject}",
            "description": escape(ticket.body).replace("\n", "<br>"),
            "priority": PRIORITIES.get(ticket.priority, 2),
            "status": NUMBERS["open"],
            "source": PORTAL,
            "tags": [self._tag(ticket)],
            **who,
        }
        made = await call(client, "POST", f"{self._base}/api/v2/tickets", json=body, auth=(self.key, "X"))
        return self._external(made["id"])

    async def find(self, client: httpx.AsyncClient, ticket: TicketCopy) -> External | None:
        """By the tag."""
        query = {"query": f"\"tag:'{self._tag(ticket)}'\""}
        found = await call(
            client, "GET", f"{self._base}/api/v2/search/tickets", params=query, auth=(self.key, "X")
        )
        return next((self._external(each["id"]) for each in found["results"]), None)

    async def update(self, client: httpx.AsyncClient, identity: str, status: Status) -> None:
        """Its numbers for the four states."""
        body = {"status": NUMBERS[status]}
        await call(client, "PUT", f"{self._base}/api/v2/tickets/{identity}", json=body, auth=(self.key, "X"))

    async def append(self, client: httpx.AsyncClient, identity: str, message: MessageCopy) -> None:
        """A private note that comes from outside."""
        url = f"{self._base}/api/v2/tickets/{identity}/notes"
        note = {"body": escape(message.body).replace("\n", "<br>")}
        if message.files:
            form = {**note, "private": "true", "incoming": "true"}
            given: dict[str, Any] = {"data": form, "files": parts(message.files)}
        else:
            given = {"json": {**note, "private": True, "incoming": True}}
        await call(client, "POST", url, auth=(self.key, "X"), **given)

    async def appended(self, client: httpx.AsyncClient, identity: str, message: MessageCopy) -> bool:
        """Among the newest 50 entries at least, of the first thousand."""
        return message.written(each.get("body_text") for each in await self._newest(client, identity))

    def changed(self, headers: Mapping[str, str], body: bytes) -> StatusChange | None:
        """Only whoever knows the secret is believed."""
        checked(headers.get("x-frontdesk-secret", ""), shared(self.webhook_secret))
        return state_of(read(body), STATUSES)

    async def replies(self, client: httpx.AsyncClient, identity: str) -> tuple[Reply, ...]:
        """What went out to the customer, of the newest 50 entries at least, among the first thousand. It names nobody."""
        return written(await self._newest(client, identity), _reply)

    async def _newest(self, client: httpx.AsyncClient, identity: str) -> list[Json]:
        url = f"{self._base}/api/v2/tickets/{identity}/conversations"
        page, before, entries = 1, list[Json](), await self._entries(client, url, 1)
        while len(entries) >= PAGE and page < MOST_PAGES:
            page, before = page + 1, entries
            entries = await self._entries(client, url, page)
        return [*before, *entries]

    async def _entries(self, client: httpx.AsyncClient, url: str, page: int) -> list[Json]:
        return await call(client, "GET", url, params={"per_page": PAGE, "page": page}, auth=(self.key, "X"))

    def _tag(self, ticket: TicketCopy) -> str:
        return f"fd{ticket.key.replace('-', '')[:30]}"  # a tag has at most 32 characters

    def _external(self, identity: object) -> External:
        return External(str(identity), f"{self._base}/a/tickets/{identity}")


def _reply(entry: Json) -> Reply | None:
    if entry["incoming"] or entry["private"]:
        return None
    return Reply(str(entry["id"]), text(entry["body_text"]), at=moment(entry.get("created_at")))
