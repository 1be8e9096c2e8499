"""Tickets reach a helpdesk once, whatever happens on the way. The helpdesk here is a dictionary; the protocols are next door."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from frontdesk.database import Database, migrate
from frontdesk.domain import Principal
from frontdesk.helpdesks import External, MessageCopy, Reply, StatusChange, TicketCopy
from frontdesk.helpdesks.base import Status
from frontdesk.people.courier import Courier
from frontdesk.store import customers, deliveries
from frontdesk.store.conversations import begin
from frontdesk.store.heard import heard, replied
from frontdesk.testing import temporary_url


class Memory:
    """A helpdesk with no idempotency of its own. ``fail``: what the next calls do after they took effect, or before."""

    name = "memory"

    def __init__(self, settles: float = 0.0) -> None:
        self.settles = settles
        self.tickets: list[TicketCopy] = []
        self.states: dict[str, Status] = {}
        self.fail: list[str] = []
        self.said: list[tuple[str, MessageCopy]] = []

    async def create(self, client: httpx.AsyncClient, ticket: TicketCopy) -> External:
        how = self.fail.pop(0) if self.fail else ""
        if how == "before":
            raise httpx.ConnectError("no")
        if how == "refused":
            raise httpx.HTTPStatusError(
                "no", request=httpx.Request("POST", "http://x"), response=httpx.Response(422)
            )
        self.tickets.append(ticket)
        if how == "after":
            raise httpx.ReadTimeout("lost")
        if how == "killed":
            raise asyncio.CancelledError
        return External(str(len(self.tickets)))

    async def find(self, client: httpx.AsyncClient, ticket: TicketCopy) -> External | None:
        for n, each in enumerate(self.tickets, start=1):
            if each.key == ticket.key:
                return External(str(n))
        return None

    async def update(self, client: httpx.AsyncClient, identity: str, status: Status) -> None:
        self.states[identity] = status

    async def append(self, client: httpx.AsyncClient, identity: str, message: MessageCopy) -> None:
        how = self.fail.pop(0) if self.fail else ""
        if how == "before":
            raise httpx.ConnectError("no")
        if how == "odd":
            raise IndexError
        if how == "no files" and message.files:
            self.fail.insert(0, how)
            raise httpx.HTTPStatusError(
                "no", request=httpx.Request("POST", "http://x"), response=httpx.Response(413)
            )
        self.said.append((identity, message))
        if how == "after":
            raise httpx.ReadTimeout("lost")
        if how == "killed":
            raise asyncio.CancelledError

    async def appended(self, client: httpx.AsyncClient, identity: str, message: MessageCopy) -> bool:
        return message.written(known.body for there, known in self.said if there == identity)

    async def replies(self, client: httpx.AsyncClient, identity: str) -> tuple[Reply, ...]:
        return ()

    def changed(self, headers: Mapping[str, str], body: bytes) -> StatusChange | None:
        return None


async def _ticket(database: Database, customer: str = "") -> None:
    principal = Principal("customer", customer or f"c{uuid4().hex[:8]}")
    await customers.call_person(database, principal, await begin(database, principal, "api"))


async def _talk(database: Database, *files: str) -> UUID:
    """A conversation with one message and its files, and the handover's ticket that it opened."""
    who, conversation = f"customer:c{uuid4().hex[:8]}", uuid4()
    async with database.transaction(who) as connection:
        await connection.execute(
            "INSERT INTO conversations (id, principal, channel) VALUES (%s, %s, 'api')", (conversation, who)
        )
    await _write(database, conversation, 1, "My tent tore.", *files)
    await _open(database, conversation, 1, handover=True)
    return conversation


async def _open(database: Database, conversation: UUID, seq: int, *, handover: bool) -> None:
    """A ticket that turn ``seq`` opened."""
    async with database.transaction(staff="test") as connection:
        await connection.execute(
            "INSERT INTO tickets (id, principal, conversation_id, turn_id, subject, body, reason, handover)"
            " SELECT gen_random_uuid(), principal, conversation_id, id, 's', 'b', 'customer_wish', %s"
            " FROM turns WHERE conversation_id = %s AND seq = %s",
            (handover, conversation, seq),
        )


async def _write(
    database: Database, conversation: UUID, seq: int, text: str, *files: str, ago: int = 10
) -> None:
    """A customer's message with its files, some seconds ago."""
    turn = uuid4()
    async with database.transaction(staff="test") as connection:
        row = await (
            await connection.execute("SELECT principal FROM conversations WHERE id = %s", (conversation,))
        ).fetchone()
    who = row[0] if row else ""
    async with database.transaction(who) as connection:
        await connection.execute(
            "INSERT INTO turns (id, conversation_id, principal, seq, accepted_at)"
            " VALUES (%s, %s, %s, %s, now() - make_interval(secs => %s))",
            (turn, conversation, who, seq, ago),
        )
        await connection.execute(
            "INSERT INTO messages (conversation_id, turn_seq, n, principal, role, body) VALUES (%s, %s, 0, %s, 'customer', %s)",
            (conversation, seq, who, text),
        )
        await connection.execute(
            "UPDATE conversations SET turns_accepted = %s WHERE id = %s", (seq, conversation)
        )
        for name in files:
            await connection.execute(
                "INSERT INTO attachments (id, conversation_id, principal, turn_id, name, media_type, content)"
                " VALUES (%s, %s, %s, %s, %s, 'image/png', 'x')",
                (uuid4(), conversation, who, turn, name),
            )


async def _all(database: Database, helpdesk: Memory, rounds: int = 12) -> None:
    """Work until nothing is due, time passing at once."""
    courier = Courier(database, None)
    async with httpx.AsyncClient() as client:
        for _ in range(rounds):
            await _due_now(database)
            try:
                await courier.one(helpdesk, client)
            except asyncio.CancelledError:
                continue


async def _due_now(database: Database, *, called: str = "called_at - interval '1 hour'") -> None:
    async with database.transaction(staff="test") as connection:
        await connection.execute(
            f"UPDATE deliveries SET next_at = now(), called_at = {called}, telling_at = {called.replace('called', 'telling')}"
        )


@pytest.mark.parametrize("fail", [[], ["before"], ["after"], ["killed"], ["before", "before", "after"]])
async def test_a_ticket_is_made_once_whatever_happens_to_the_call(
    database: Database, fail: list[str]
) -> None:
    helpdesk = Memory()
    await deliveries.declare(database, "memory")
    helpdesk.fail = list(fail)
    await _ticket(database)
    await _all(database, helpdesk)
    assert len(helpdesk.tickets) == 1
    assert await deliveries.deliveries(database) == []


async def test_what_may_be_there_is_not_made_again_before_it_can_be_found(database: Database) -> None:
    helpdesk = Memory(settles=600.0)
    await deliveries.declare(database, "memory")
    helpdesk.fail = ["killed"]
    await _ticket(database)
    courier = Courier(database, None)
    async with httpx.AsyncClient() as client:
        with pytest.raises(asyncio.CancelledError):
            await courier.one(helpdesk, client)
        for _ in range(3):
            await _due_now(database, called="called_at")
            assert await courier.one(helpdesk, client)
        assert [how for _, _, _, how, _ in await deliveries.deliveries(database)] == ["waiting"]
        await _due_now(database)
        await courier.one(helpdesk, client)
    assert len(helpdesk.tickets) == 1
    assert await deliveries.deliveries(database) == []


async def test_two_replicas_do_not_take_the_same_ticket(database: Database) -> None:
    await deliveries.declare(database, "memory")
    for _ in range(5):
        await _ticket(database)
    taken = await asyncio.gather(*(deliveries.take(database, "memory") for _ in range(12)))
    keys = [due.key for due in taken if due]
    assert len(keys) == len(set(keys))


async def test_what_is_refused_is_given_up_and_listed_and_tried_again_when_told_to(
    database: Database,
) -> None:
    helpdesk = Memory()
    await deliveries.declare(database, "memory")
    helpdesk.fail = ["refused"]
    await _ticket(database)
    await _all(database, helpdesk, 3)
    assert [(how, dead) for _, _, _, how, dead in await deliveries.deliveries(database)] == [
        ("HTTP 422", True)
    ]
    assert await deliveries.retry(database) == 1
    await _all(database, helpdesk, 2)
    assert len(helpdesk.tickets) == 1


async def test_an_id_with_a_colon_stays_whole(database: Database) -> None:
    helpdesk = Memory()
    await deliveries.declare(database, "memory")
    await _ticket(database, f"acme:{uuid4().hex[:6]}:1")
    await _all(database, helpdesk, 2)
    assert helpdesk.tickets[0].customer.startswith("acme:")
    assert helpdesk.tickets[0].customer.endswith(":1")


async def _brought(database: Database) -> None:
    """A ticket that is "1" over there."""
    await deliveries.declare(database, "memory")
    await _ticket(database)
    await _all(database, Memory(), 2)


async def test_a_state_is_written_before_replies_are_asked_for(database: Database) -> None:
    class Slow(Memory):
        async def replies(self, client: httpx.AsyncClient, identity: str) -> tuple[Reply, ...]:
            asked.set()
            await answers.wait()
            return (Reply("r1", "Hello."),)

    asked, answers = asyncio.Event(), asyncio.Event()
    await _brought(database)
    desk = Slow()
    courier = Courier(database, desk)
    await courier.start()
    first = asyncio.create_task(courier.hear(desk, StatusChange("1", "pending")))
    await asked.wait()
    second = asyncio.create_task(courier.hear(desk, StatusChange("1", "solved")))
    async with asyncio.timeout(20):  # it never comes where the state waits for the answers
        while await _status(database) != "solved":
            await asyncio.sleep(0.01)
    answers.set()
    await asyncio.gather(first, second)
    await courier.stop()
    assert await _status(database) == "solved"


async def test_erasing_and_hearing_lock_in_the_same_order(database: Database) -> None:
    await _brought(database)
    async with database.transaction(staff="test") as connection:
        await connection.execute(
            "SELECT 1 FROM conversations WHERE id = (SELECT conversation_id FROM tickets) FOR UPDATE"
        )
        hearing = asyncio.create_task(heard(database, "memory", "1", "solved"))
        writing = asyncio.create_task(replied(database, "memory", "1", [Reply("r1", "Hello.")]))
        async with asyncio.timeout(10):
            while await _waiting(database) < 2:
                await asyncio.sleep(0.01)
        await connection.execute("UPDATE tickets SET external_id = NULL")
    assert await asyncio.gather(hearing, writing) == [False, False]


async def test_replies_of_before_the_upgrade_are_not_told_again(database: Database) -> None:
    await _brought(database)
    now = datetime.now(UTC)
    old = [Reply(f"old{n}", "Answered last month.", at=now - timedelta(days=30)) for n in range(20)]
    new = [Reply("new", "Today.", at=now + timedelta(seconds=1)), Reply("undated", "Whenever.")]
    assert await replied(database, "memory", "1", old)
    assert await _written(database) == ("queued", [])
    assert await replied(database, "memory", "1", [*old, *new])
    assert await _written(database) == ("human", ["Today.", "Whenever."])


async def test_spaces_of_every_kind_stay_spaces_and_joined_signs_stay_joined(database: Database) -> None:
    await _brought(database)
    said = "It costs 14,95\u00a0€,\u202f24\u2009h.\u3000\U0001f469\u200d\U0001f4bb\u202e\x07\nBye"
    assert await replied(database, "memory", "1", [Reply("r1", said, "Ann\u00a0Agent")])
    assert (await _written(database))[1] == ["It costs 14,95 €, 24 h. \U0001f469\u200d\U0001f4bb\nBye"]


def test_a_helpdesk_that_was_declared_is_heard_from_the_upgrade_on() -> None:
    url = temporary_url(migrated=False)
    migrate(url, to=18)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("INSERT INTO frontdesk.helpdesks VALUES ('zendesk', now() - interval '1 month')")
        migrate(url)
        found = connection.execute("SELECT heard_since > now() - interval '1 day' FROM frontdesk.helpdesks")
        assert found.fetchall() == [(True,)]


@pytest.mark.parametrize("fail", [["before", "after"], ["killed"]])
async def test_what_is_written_after_the_ticket_is_told_once_and_in_order(
    database: Database, fail: list[str]
) -> None:
    helpdesk = Memory()
    await deliveries.declare(database, "memory")
    talk = await _talk(database)
    await _write(database, talk, 2, "It was the zip.", ago=20)
    await _write(database, talk, 3, "Here is a photo.", "tent.png", ago=10)
    await _write(database, talk, 4, "Just now.", ago=0)  # its files may not be known yet
    await _all(database, helpdesk, 1)
    helpdesk.fail = list(fail)
    await _all(database, helpdesk)
    assert [(m.text, [f.name for f in m.files]) for _, m in helpdesk.said] == [
        ("It was the zip.", []),
        ("Here is a photo.", ["tent.png"]),
    ]
    assert helpdesk.said[1][1].body == "[T-1001] message 3:\n\nHere is a photo.\n\nFile: tent.png"
    assert await deliveries.deliveries(database) == []


async def test_a_file_from_before_the_ticket_is_told_and_no_words_are(database: Database) -> None:
    helpdesk = Memory()
    await deliveries.declare(database, "memory")
    await _talk(database, "bill.pdf")
    await _all(database, helpdesk)
    [(_, message)] = helpdesk.said
    assert (message.text, message.body) == ("", "[T-1001] message 1:\n\nFile: bill.pdf")


async def test_files_that_are_refused_hold_nothing_back(database: Database) -> None:
    helpdesk = Memory()
    await deliveries.declare(database, "memory")
    talk = await _talk(database)
    await _all(database, helpdesk, 1)
    await _write(database, talk, 2, "Here is a photo.", "tent.png")
    await _write(database, talk, 3, "Did you see it?")
    helpdesk.fail = ["no files"]
    await _all(database, helpdesk)
    assert [m.body for _, m in helpdesk.said] == [
        "[T-1001] message 2:\n\nHere is a photo.\nFile, to be read in Frontdesk: tent.png",
        "[T-1001] message 3:\n\nDid you see it?",
    ]
    assert await deliveries.deliveries(database) == []


async def test_an_answer_that_nobody_expected_is_a_failure_like_any_other(database: Database) -> None:
    helpdesk = Memory()
    await deliveries.declare(database, "memory")
    talk = await _talk(database)
    await _all(database, helpdesk, 1)
    await _write(database, talk, 2, "It was the zip.")
    helpdesk.fail = ["odd"]
    await _all(database, helpdesk, 1)
    assert [(how, dead) for *_, how, dead in await deliveries.deliveries(database)] == [("IndexError", False)]
    await _all(database, helpdesk, 2)
    assert [m.text for _, m in helpdesk.said] == ["It was the zip."]


async def test_what_to_tell_next_is_found_without_reading_the_files_of_others(database: Database) -> None:
    talk = await _talk(database, "bill.pdf")
    async with database.transaction(staff="test") as connection:
        await connection.execute("SET LOCAL enable_seqscan = off")
        # While a request may still bring its files, a message waits.
        for age, due in (("5 seconds", None), ("7 seconds", 1)):
            await connection.execute(
                f"UPDATE turns SET accepted_at = now() - interval '{age}' WHERE conversation_id = %s", (talk,)
            )
            found = await connection.execute("SELECT next_told(t, 0) FROM tickets t")
            assert await found.fetchall() == [(due,)]
        read = await connection.execute(
            "SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'attachments'"
        )
        assert await read.fetchall() == [(0,)]


async def test_of_two_open_tickets_the_handovers_is_told_and_none_that_is_solved(database: Database) -> None:
    helpdesk = Memory()
    await deliveries.declare(database, "memory")
    talk = await _talk(database)
    await _open(database, talk, 1, handover=False)
    await _all(database, helpdesk, 3)
    await _write(database, talk, 2, "To the handover's.")
    await _all(database, helpdesk, 3)
    async with database.transaction(staff="test") as connection:
        await connection.execute("UPDATE tickets SET status = 'solved' WHERE handover")
    await _write(database, talk, 3, "Before it knows that it is solved.")
    await _all(database, helpdesk, 4)
    assert helpdesk.states == {"1": "solved"}
    await _write(database, talk, 4, "To the other.")
    await _all(database, helpdesk, 3)
    async with database.transaction(staff="test") as connection:
        await connection.execute("UPDATE tickets SET status = 'solved'")
    await _all(database, helpdesk, 3)
    await _write(database, talk, 5, "To nobody.")
    await _all(database, helpdesk, 3)
    assert [(to, m.text) for to, m in helpdesk.said] == [
        ("1", "To the handover's."),
        ("1", "Before it knows that it is solved."),
        ("2", "To the other."),
    ]


async def _written(database: Database) -> tuple[str, list[str]]:
    """The conversation's mode, and what staff wrote in it."""
    async with database.transaction(staff="test") as connection:
        mode = await (await connection.execute("SELECT mode FROM conversations")).fetchone()
        said = await connection.execute("SELECT body FROM messages WHERE role = 'staff' ORDER BY turn_seq, n")
        return mode[0] if mode else "", [body for (body,) in await said.fetchall()]


async def _status(database: Database) -> str:
    async with database.transaction(staff="test") as connection:
        row = await (await connection.execute("SELECT status FROM tickets")).fetchone()
    return row[0] if row else ""


async def _waiting(database: Database) -> int:
    """How many wait for a lock."""
    async with database.transaction(staff="test") as connection:
        row = await (
            await connection.execute(
                "SELECT count(*) FROM pg_stat_activity a JOIN pg_locks k USING (pid)"
                " WHERE a.datname = current_database() AND NOT k.granted"
            )
        ).fetchone()
    return row[0] if row else 0


async def test_states_go_both_ways_and_closed_stays_closed(database: Database) -> None:
    helpdesk = Memory()
    await deliveries.declare(database, "memory")
    await _ticket(database)
    await _all(database, helpdesk, 2)
    assert await heard(database, "memory", "1", "pending")
    await _all(database, helpdesk, 2)
    assert helpdesk.states == {}  # what it said itself is not told back
    async with database.transaction(staff="test") as connection:
        await connection.execute(
            "UPDATE tickets SET status = 'closed' WHERE external_id = '1' AND helpdesk = 'memory'"
        )
    await _all(database, helpdesk, 2)
    assert helpdesk.states == {"1": "closed"}
    assert await heard(database, "memory", "1", "solved")
    async with database.transaction(staff="test") as connection:
        row = await (
            await connection.execute(
                "SELECT status FROM tickets WHERE external_id = '1' AND helpdesk = 'memory'"
            )
        ).fetchone()
    assert row == ("closed",)
    assert not await heard(database, "memory", "99", "solved")
