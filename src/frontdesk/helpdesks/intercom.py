"""Intercom tickets (REST API 2.11). https://developers.intercom.com/docs/references/rest-api/api.intercom.io/Tickets/"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

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
    inner,
    moment,
    read,
    secret,
    shared,
    signature,
    text,
    written,
)
from frontdesk.helpdesks.plain import text_of

STATES: dict[Status, str] = {
    "open": "in_progress", "pending": "waiting_on_customer", "solved": "resolved", "closed": "resolved",
}  # fmt: skip
STATUSES: dict[str, Status] = {
    "submitted": "open", "in_progress": "open", "waiting_on_customer": "pending", "resolved": "solved",
}  # fmt: skip


@dataclass(frozen=True)
class Intercom:
    """``Intercom(token=…, ticket_type="1234", client_secret=…)``.

    It has no idempotency keys: the title begins with the ticket's key, and whether a lost call made one is looked up
    by that. ``client_secret`` is the app's, which signs the topics ``ticket.state.updated`` and ``ticket.admin.replied``.
    """

    token: str
    ticket_type: str
    client_secret: str = ""
    url: str = "https://api.intercom.io"
    name: str = "intercom"
    settles: float = 120.0

    def __post_init__(self) -> None:
        """Refuse an empty token."""
        secret("Intercom(token=…)", self.token)

    @property
    def _headers(self) -> dict[str, str]:
        return {
            "authorization": f"Bearer {self.token}",
            "intercom-version": "2.11",
            "accept": "application/json",
        }

    async def create(self, client: httpx.AsyncClient, ticket: TicketCopy) -> External:
        """A new ticket, however often: ``find`` comes first where one may be there."""
        who = {"email": ticket.email} if ticket.email else {"external_id": ticket.customer}
        body = {
            "ticket_type_id": self.ticket_type,
            "contacts": [who],
            "ticket_attributes": {
                "_default_title_": self._title(ticket),
                "_default_description_": f"{ticket.subject}\n\n{ticket.body}",
            },
        }
        made = await call(client, "POST", f"{self.url}/tickets", json=body, headers=self._headers)
        return External(str(made["id"]))

    async def find(self, client: httpx.AsyncClient, ticket: TicketCopy) -> External | None:
        """By the title."""
        query = {"query": {"field": "title", "operator": "=", "value": self._title(ticket)}}
        found = await call(client, "POST", f"{self.url}/tickets/search", json=query, headers=self._headers)
        return next((External(str(each["id"])) for each in found["tickets"]), None)

    async def update(self, client: httpx.AsyncClient, identity: str, status: Status) -> None:
        """Its three states."""
        body = {"state": STATES[status]}
        await call(client, "PUT", f"{self.url}/tickets/{identity}", json=body, headers=self._headers)

    async def append(self, client: httpx.AsyncClient, identity: str, message: MessageCopy) -> None:
        """A comment of the ticket's own contact. It takes files only from public addresses, so their names must do."""
        ticket = await self._ticket(client, identity)
        body = {
            "message_type": "comment",
            "type": "user",
            "intercom_user_id": ticket["contacts"]["contacts"][0]["id"],
            "body": message.body,
        }
        await call(client, "POST", f"{self.url}/tickets/{identity}/reply", json=body, headers=self._headers)

    async def appended(self, client: httpx.AsyncClient, identity: str, message: MessageCopy) -> bool:
        """Among the ticket's parts."""
        ticket = await self._ticket(client, identity)
        bodies = [each.get("body") or "" for each in ticket["ticket_parts"]["ticket_parts"]]
        return await asyncio.to_thread(lambda: message.written(map(text_of, bodies)))

    def changed(self, headers: Mapping[str, str], body: bytes) -> StatusChange | None:
        """HMAC-SHA1 over the body, which is what Intercom signs with."""
        expected = signature(shared(self.client_secret), body, "sha1").hexdigest()
        checked(headers.get("x-hub-signature", ""), f"sha1={expected}")
        told = read(body)
        item = inner(inner(told, "data"), "item")
        identity = str((inner(item, "ticket") or item).get("id", ""))
        if told.get("topic") == "ticket.admin.replied":
            return StatusChange(identity, None)
        if told.get("topic") != "ticket.state.updated" or not identity:
            return None
        return StatusChange(identity, STATUSES.get(str(item.get("ticket_state", ""))))

    async def replies(self, client: httpx.AsyncClient, identity: str) -> tuple[Reply, ...]:
        """Comments of admins, among the ticket's parts."""
        found = await self._ticket(client, identity)
        # Megabytes of HTML would hold everybody else up.
        return await asyncio.to_thread(written, found["ticket_parts"]["ticket_parts"], _reply)

    async def _ticket(self, client: httpx.AsyncClient, identity: str) -> Json:
        return await call(client, "GET", f"{self.url}/tickets/{identity}", headers=self._headers)

    def _title(self, ticket: TicketCopy) -> str:
        return f"{ticket.reference} {ticket.key}"


def _reply(part: Json) -> Reply | None:
    if part["part_type"] != "comment" or part["author"]["type"] != "admin" or not part["body"]:
        return None
    return Reply(
        str(part["id"]),
        text_of(text(part["body"])),
        str(part["author"].get("name") or ""),
        moment(part.get("created_at")),
    )
