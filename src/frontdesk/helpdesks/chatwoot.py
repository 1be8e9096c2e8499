"""Chatwoot (application API). https://developers.chatwoot.com/api-reference/"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
    fresh,
    inner,
    parts,
    read,
    secret,
    shared,
    signature,
)

STATES: dict[Status, str] = {"open": "open", "pending": "pending", "solved": "resolved", "closed": "resolved"}
STATUSES: dict[str, Status] = {
    "open": "open",
    "pending": "pending",
    "snoozed": "pending",
    "resolved": "solved",
}


@dataclass(frozen=True)
class Chatwoot:
    """``Chatwoot("https://chat.ourshop.example", account=1, inbox=3, token=…, webhook_secret=…)``: a conversation a ticket.

    The inbox is one of type API. A customer is one contact, by ``identifier``; a lost call's conversation is found
    among that contact's, by its custom attribute.
    """

    url: str
    account: int
    inbox: int
    token: str
    webhook_secret: str = ""
    name: str = "chatwoot"
    settles: float = 60.0  # a call that was given up here may end a little later there

    def __post_init__(self) -> None:
        """Refuse an empty token."""
        secret("Chatwoot(token=…)", self.token)

    async def create(self, client: httpx.AsyncClient, ticket: TicketCopy) -> External:
        """The contact, made if there is none, then the conversation with the ticket as its first message."""
        contact = await self._contact(client, ticket.customer)
        if contact is None:
            # Without the address: it proves nobody, and Chatwoot refuses one that another contact has.
            body: dict[str, Any] = {
                "inbox_id": self.inbox,
                "name": ticket.customer,
                "identifier": ticket.customer,
            }
            made = await self._call(client, "POST", "contacts", json=body)
            contact = made["payload"]["contact"]["id"]
        body = {
            "inbox_id": self.inbox,
            "contact_id": contact,
            "source_id": ticket.key,
            "status": "open",
            "custom_attributes": {"frontdesk_key": ticket.key, "email": ticket.email or ""},
            "message": {"content": f"[{ticket.reference}] {ticket.subject}\n\n{ticket.body}"},
        }
        made = await self._call(client, "POST", "conversations", json=body)
        return self._external(made["id"])

    async def find(self, client: httpx.AsyncClient, ticket: TicketCopy) -> External | None:
        """Among the contact's newest twenty conversations, which is what Chatwoot lists."""
        contact = await self._contact(client, ticket.customer)
        if contact is None:
            return None
        found = await self._call(client, "GET", f"contacts/{contact}/conversations")
        for each in found["payload"]:
            if (each.get("custom_attributes") or {}).get("frontdesk_key") == ticket.key:
                return self._external(each["id"])
        return None

    async def update(self, client: httpx.AsyncClient, identity: str, status: Status) -> None:
        """Its three states."""
        await self._call(
            client, "POST", f"conversations/{identity}/toggle_status", json={"status": STATES[status]}
        )

    async def append(self, client: httpx.AsyncClient, identity: str, message: MessageCopy) -> None:
        """A message that comes in, as the contact's own."""
        body = {"content": message.body, "message_type": "incoming"}
        given: dict[str, Any] = (
            {"data": body, "files": parts(message.files)} if message.files else {"json": body}
        )
        await self._call(client, "POST", f"conversations/{identity}/messages", **given)

    async def appended(self, client: httpx.AsyncClient, identity: str, message: MessageCopy) -> bool:
        """Among the newest messages, which is what Chatwoot lists."""
        found = await self._call(client, "GET", f"conversations/{identity}/messages")
        return message.written(each.get("content") for each in found["payload"])

    def changed(self, headers: Mapping[str, str], body: bytes) -> StatusChange | None:
        """sha256=HMAC-SHA256(timestamp.body), as Chatwoot signs."""
        stamp = headers.get("x-chatwoot-timestamp", "")
        expected = signature(shared(self.webhook_secret), stamp.encode() + b"." + body).hexdigest()
        checked(headers.get("x-chatwoot-signature", ""), f"sha256={expected}")
        fresh(stamp)
        told = read(body)
        if told.get("event") == "message_created":
            return _written(told)
        status = STATUSES.get(str(told.get("status", "")))
        if told.get("event") != "conversation_status_changed" or status is None:
            return None
        return StatusChange(str(told.get("id", "")), status)

    async def replies(self, client: httpx.AsyncClient, identity: str) -> tuple[Reply, ...]:  # noqa: ARG002  (the contract's)
        """Nothing to ask: each comes with its own message."""
        return ()

    async def _contact(self, client: httpx.AsyncClient, customer: str) -> object | None:
        # Search answers with whatever contains the text, fifteen a page; the filter with this identifier alone.
        wanted = {"attribute_key": "identifier", "filter_operator": "equal_to", "values": [customer]}
        body = {"payload": [{**wanted, "query_operator": None}]}
        found = await self._call(client, "POST", "contacts/filter", json=body)
        return next((each["id"] for each in found["payload"] if each.get("identifier") == customer), None)

    async def _call(self, client: httpx.AsyncClient, method: str, path: str, **given: Any) -> Any:
        url = f"{self.url}/api/v1/accounts/{self.account}/{path}"
        return await call(client, method, url, headers={"api_access_token": self.token}, **given)

    def _external(self, identity: object) -> External:
        return External(str(identity), f"{self.url}/app/accounts/{self.account}/conversations/{identity}")


def _written(told: Json) -> StatusChange | None:
    """A message of an agent that the customer may read."""
    sender, text = inner(told, "sender"), told.get("content")
    if (
        told.get("message_type") != "outgoing"
        or told.get("private")
        or sender.get("type") != "user"
        or not text
    ):
        return None
    reply = Reply(str(told.get("id", "")), str(text), str(sender.get("name") or ""))
    return StatusChange(str(inner(told, "conversation").get("id", "")), None, (reply,))
