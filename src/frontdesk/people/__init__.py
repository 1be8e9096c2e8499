"""People: who waits for one, who holds a conversation, and what they write in it. Every act is in the audit chain."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, LiteralString, TypeVar
from uuid import UUID

import orjson

from frontdesk.database import Database
from frontdesk.domain import Json, Principal
from frontdesk.errors import Conflict, IdempotencyMismatch, NotFound
from frontdesk.people.directory import Identity, NotAdmitted, StaffDirectory
from frontdesk.people.hub import EVERYTHING, Happened, PeopleHub
from frontdesk.people.summary import Summary, amount_beside, summary_of
from frontdesk.store import people as store
from frontdesk.store.people import InboxRow, Message, StaffConversation, TicketRow
from frontdesk.store.staff import Staff
from frontdesk.store.tickets import solve_handover
from frontdesk.support import Support

__all__ = [
    "EVERYTHING", "Counts", "Happened", "Identity", "InboxRow", "Message", "NotAdmitted", "Page", "People", "PeopleHub", "Staff",
    "StaffConversation", "StaffDirectory", "Summary", "TicketRow", "View", "amount_beside", "summary_of",
]  # fmt: skip

View = Literal["needs_reply", "mine", "all"]
Item = TypeVar("Item")
ASK_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """A page of a list; ``next`` is what ``after`` takes for the one behind it, "" at the end."""

    items: list[Item]
    next: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """What stands beside the console's places."""

    needs_reply: int
    mine: int
    approvals: int
    tickets: int


class People:
    """What staff do, on one database."""

    def __init__(self, database: Database, support: Support, asking: frozenset[str]) -> None:
        """``asking``: what staff hold when they ask for a customer."""
        self._database = database
        self._support = support
        self._asking = asking

    # ------------------------------------------------------------------ reading
    async def inbox(
        self, staff: Staff, view: View, *, query: str = "", after: str = "", limit: int = 50
    ) -> Page[InboxRow]:
        """Conversations: those that wait, longest first; one's own or all, newest first; or found by ``query``.

        A query is a customer's id, a ticket's number (T-1042), or words, which are looked for in the 1,000 newest.
        """
        at, identity = _cursor(after)
        number = re.fullmatch(r"(?:T-)?(\d{1,15})", query, re.IGNORECASE)
        values: Json = {"after_at": at, "after_id": identity, "limit": limit + 1}
        if query:
            escaped = re.sub(r"([%_\\])", r"\\\1", query)
            values |= {
                "keys": [f"customer:{query}", f"visitor:{query}", f"visitor:anon:{query}"],
                "number": int(number[1]) if number else None,
                "like": f"%{escaped}%",
            }
        rows = await store.listed(self._database, staff, "search" if query else view, **values)
        last = rows[limit - 1] if len(rows) > limit else None
        return Page(rows[:limit], _after(last.waiting_since, last.id) if last else "")

    async def counts(self, staff: Staff) -> Counts:
        """How much waits, and how much of it is one's own."""
        return Counts(*await store.counted(self._database, staff))

    async def conversation(self, staff: Staff, identity: UUID) -> StaffConversation:
        """All of a conversation, of its newest 100 turns. Raises NotFound."""
        return await store.conversation(self._database, staff, identity)

    async def tickets(
        self, staff: Staff, *, status: str = "open", after: str = "", limit: int = 50
    ) -> Page[TicketRow]:
        """Tickets in a state, "" in any; the newest first."""
        number = int(after) if after.isdecimal() and len(after) < 16 else None
        rows = await store.tickets(self._database, staff, status, after=number, limit=limit + 1)
        return Page(rows[:limit], str(rows[limit - 1].number) if len(rows) > limit else "")

    async def ticket(self, staff: Staff, identity: UUID) -> TicketRow:
        """One ticket. Raises NotFound."""
        return await store.ticket(self._database, staff, identity)

    # ------------------------------------------------------------------ who holds it
    async def take_over(self, staff: Staff, identity: UUID, *, force: bool = False) -> None:
        """Hold a conversation: the AI is silent from here on. Of two at once one wins.

        Raises NotFound, and Conflict, which names who holds it, unless ``force``.
        """
        async with self._database.transaction(staff=str(staff.id)) as connection:
            mode, name = await store.holder(connection, identity)
            await _held(connection, store.TAKE, identity, staff, name, force=force)
            await store.audit(connection, identity, staff, "take_over", was=mode)

    async def hand_back(self, staff: Staff, identity: UUID, note: str = "") -> None:
        """Let the AI answer again. Raises NotFound, Conflict."""
        await self._leave(staff, identity, resolved=False, note=note)

    async def resolve(self, staff: Staff, identity: UUID) -> None:
        """Say that it is done, and with it the ticket of the handover; the customer's next message reopens the
        conversation, with the AI. Raises NotFound, Conflict.
        """
        await self._leave(staff, identity, resolved=True)

    async def assign(self, staff: Staff, identity: UUID, to: Staff, *, force: bool = False) -> None:
        """Give a conversation to a colleague, or take it; the AI is silent then.

        Raises NotFound, and Conflict, which names who holds it, where that is not ``staff``, unless ``force``.
        """
        async with self._database.transaction(staff=str(staff.id)) as connection:
            _, name = await store.holder(connection, identity)
            if not force and await store.held_by_another(connection, identity, staff):
                raise Conflict(f"{name} holds this conversation.")
            await _held(connection, store.TAKE, identity, to, name, force=True)
            await store.audit(connection, identity, staff, "assign", to=str(to.id))

    async def _leave(self, staff: Staff, identity: UUID, *, resolved: bool, note: str = "") -> None:
        async with self._database.transaction(staff=str(staff.id)) as connection:
            _, name = await store.holder(connection, identity)
            await _held(connection, store.LEAVE, identity, staff, name, resolved=resolved)
            await store.audit(connection, identity, staff, "resolve" if resolved else "hand_back")
            if resolved:
                await solve_handover(connection, identity, staff)
            if note:
                await store.write(connection, identity, staff, "note", note, None)

    # ------------------------------------------------------------------ writing
    async def reply(self, staff: Staff, identity: UUID, text: str, *, client_id: str) -> Message:
        """Write to the customer, once per ``client_id``; takes the conversation over if nobody holds it.

        Again with the same ``client_id`` it returns what was written, whoever holds the conversation by now.
        Raises NotFound, Conflict, IdempotencyMismatch.
        """
        async with self._database.transaction(staff=str(staff.id)) as connection:
            mode, name = await store.holder(connection, identity)
            if known := await _known(connection, staff, identity, "staff", text, client_id):
                return known
            await _held(connection, store.TAKE, identity, staff, name)
            if mode != "human":
                await store.audit(connection, identity, staff, "take_over", was=mode)
            made = await store.write(connection, identity, staff, "staff", text, client_id)
            await connection.execute(
                "UPDATE conversations SET waiting_since = NULL, active_at = now() WHERE id = %s", (identity,)
            )
        return made

    async def note(self, staff: Staff, identity: UUID, text: str, *, client_id: str | None = None) -> Message:
        """Write what colleagues read, and neither the customer nor the model. Raises NotFound, IdempotencyMismatch."""
        async with self._database.transaction(staff=str(staff.id)) as connection:
            await store.holder(connection, identity)
            known = client_id and await _known(connection, staff, identity, "note", text, client_id)
            return known or await store.write(connection, identity, staff, "note", text, client_id)

    async def update_ticket(
        self, staff: Staff, identity: UUID, *, status: str, priority: str, assignee: Staff | None
    ) -> None:
        """Change a ticket. Raises NotFound."""
        found = await store.ticket(self._database, staff, identity)
        await store.update_ticket(
            self._database, staff, found, status=status, priority=priority, assignee=assignee
        )

    # ------------------------------------------------------------------ on a customer's behalf
    async def ask_agent(self, staff: Staff, customer_id: str, message: str) -> Json:
        """Ask the agent as a customer would, in a conversation of channel "staff", and note who asked.

        It reads what the customer may read, and holds nothing that lets a tool act at once. What it proposes to
        change only the customer can confirm. Raises as ``Support.receive`` does, and NotFound where the answer takes
        longer than a minute.
        """
        principal = Principal("customer", customer_id, self._asking)
        accepted = await self._support.receive(principal, message, channel="staff")
        async with self._database.transaction(staff=str(staff.id)) as connection:
            asked = {"turn": str(accepted.turn_id), "customer": customer_id}
            await store.audit(connection, accepted.conversation_id, staff, "asked_for_customer", **asked)
        answer = await self._support.wait(principal, accepted.turn_id, ASK_SECONDS)
        if answer is None:
            raise NotFound
        return answer


async def _held(
    connection: store.Connection,
    statement: LiteralString,
    identity: UUID,
    staff: Staff,
    holder: str,
    *,
    force: bool = False,
    resolved: bool = False,
) -> None:
    """Take (store.TAKE) or leave (store.LEAVE) a conversation. Raises Conflict where ``holder`` has it, unless ``force``."""
    values = {"id": identity, "by": staff.id, "name": staff.name, "force": force, "resolved": resolved}
    if await (await connection.execute(statement, values)).fetchone() is None:
        raise Conflict(f"{holder} holds this conversation.")


async def _known(
    connection: store.Connection, staff: Staff, identity: UUID, role: str, text: str, client_id: str
) -> Message | None:
    """What ``client_id`` was used for; raises IdempotencyMismatch where that was something else."""
    found = await store.written(connection, identity, staff, client_id)
    if found and (found.role, found.body) != (role, text):
        raise IdempotencyMismatch
    return found


def _after(at: datetime | None, identity: UUID) -> str:
    text = orjson.dumps([at.isoformat() if at else None, str(identity)])
    return base64.urlsafe_b64encode(text).decode()


def _cursor(after: str) -> tuple[datetime | None, UUID | None]:
    """What ``_after`` wrote; nothing where it is none of ours: the list begins at its beginning."""
    try:
        at, identity = orjson.loads(base64.urlsafe_b64decode(after))
        return datetime.fromisoformat(at) if at else None, UUID(identity)
    except (ValueError, TypeError):
        return None, None
