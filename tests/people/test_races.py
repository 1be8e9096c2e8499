"""Staff and agent at one conversation at the same moment: the row's lock decides, and the audit log tells how."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import psycopg
import pytest

from frontdesk.domain import Principal
from frontdesk.errors import Conflict
from frontdesk.people import Staff
from frontdesk.store.audit import verify
from tests.people.desk import Office


def _somebody() -> Principal:
    return Principal("customer", f"c{uuid4()}")


@asynccontextmanager
async def _locked(desk: Office, talk: UUID) -> AsyncGenerator[None]:
    """Nobody gets at the conversation's row; who waits for it comes in the order in which they came."""
    async with await psycopg.AsyncConnection.connect(desk.service.owner_url) as owner:
        await owner.execute("SELECT 1 FROM frontdesk.conversations WHERE id = %s FOR UPDATE", (talk,))
        yield


async def _waiting(desk: Office, count: int) -> None:
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with asyncio.timeout(10):
        while (await desk.rows(query))[0][0] < count:
            await asyncio.sleep(0.01)


async def _act(desk: Office, how: str, staff: Staff, talk: UUID) -> None:
    people = desk.service.people
    if how == "assign":
        await people.assign(staff, talk, await desk.staff("Tom"))
    elif how.startswith("reply"):
        await people.reply(staff, talk, "I am on it.", client_id="r1")
    else:
        await people.take_over(staff, talk)
    if how.endswith("hand_back"):
        await people.hand_back(staff, talk)
    if how.endswith("resolve"):
        await people.resolve(staff, talk)


@pytest.mark.parametrize("how", ["take_over", "assign", "reply", "take_over, hand_back", "reply, resolve"])
@pytest.mark.parametrize("first", ["the agent", "the person"])
async def test_who_comes_first_to_the_conversation_is_who_writes(desk: Office, first: str, how: str) -> None:
    mara, who = await desk.staff(), _somebody()
    talk = await desk.talk(who)
    desk.hold.clear()
    turn = await desk.send("where is order 555?", talk, who)
    async with _locked(desk, talk):
        if first == "the agent":
            desk.hold.set()
            await _waiting(desk, 1)
        act = asyncio.create_task(_act(desk, how, mara, talk))
        await _waiting(desk, 1 + (first == "the agent"))
        if first == "the person":
            desk.hold.set()
            await _waiting(desk, 2)
    await act
    answer = await desk.answer(turn, who)
    kept = [line for line in await desk.transcript(talk) if line[0] in ("assistant", "staff")][1:]
    agent, person = ("assistant", "Order 555 is processing."), ("staff", "I am on it.")
    wrote = [person] if "reply" in how else []
    assert kept == ([agent, *wrote] if first == "the agent" else wrote)
    assert bool(answer["reply"]) == (first == "the agent")
    last = (await desk.audited(talk, "turn"))[-1]
    assert last["outcome"] == ("answered" if first == "the agent" else "handed_off")
    assert verify(desk.service.owner_url).problems == []


async def test_of_two_who_press_at_once_one_holds_it_and_the_other_is_told_who(desk: Office) -> None:
    mara, tom = await desk.staff(), await desk.staff("Tom")
    for _ in range(10):
        talk = await desk.talk(_somebody())
        async with _locked(desk, talk):
            presses = [asyncio.create_task(desk.service.people.take_over(s, talk)) for s in (mara, tom)]
            await _waiting(desk, 2)
        results = await asyncio.gather(*presses, return_exceptions=True)
        [refused] = [result for result in results if result is not None]
        winner = (mara, tom)[results.index(None)]
        assert isinstance(refused, Conflict)
        assert winner.name in refused.detail
        assert (await desk.service.people.conversation(mara, talk)).head["assignee"] == winner.id
        assert [event["event"] for event in await desk.audited(talk, "staff")] == ["take_over"]


async def test_who_was_slower_gives_away_nothing_that_a_colleague_holds_by_now(desk: Office) -> None:
    mara, tom = await desk.staff(), await desk.staff("Tom")
    people, talk = desk.service.people, await desk.talk(_somebody())
    async with _locked(desk, talk):
        taken = asyncio.create_task(people.take_over(mara, talk))
        await _waiting(desk, 1)
        given = asyncio.create_task(people.assign(tom, talk, tom))
        await _waiting(desk, 2)
    await taken
    with pytest.raises(Conflict, match="Mara"):
        await given
    await people.assign(tom, talk, tom, force=True)
    assert (await people.conversation(mara, talk)).head["assignee"] == tom.id


async def test_the_path_of_a_customers_message_never_reads_as_staff(desk: Office) -> None:
    """Whatever the path writes is written down with the setting that was in force."""
    await desk.rows("CREATE TABLE seen_as (path text, staff text)")
    await desk.rows("GRANT INSERT ON seen_as TO PUBLIC")
    await desk.rows(
        "CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO frontdesk.seen_as"
        " VALUES (TG_TABLE_NAME || ' ' || TG_OP, coalesce(current_setting('frontdesk.staff', true), '')); RETURN NULL; END $$"
    )
    watched = {"messages": "INSERT", "turns": "UPDATE", "actions": "INSERT", "tickets": "INSERT"}
    for table, event in watched.items():
        await desk.rows(f"CREATE TRIGGER see AFTER {event} ON {table} FOR EACH ROW EXECUTE FUNCTION see()")
    who = _somebody()
    talk = await desk.talk(who)
    for message in ("where is order 789?", "please refund order 789", "I want a person"):
        await desk.answer(await desk.send(message, talk, who), who)
    paths = await desk.rows("SELECT path, max(staff) FROM seen_as GROUP BY path ORDER BY path")
    assert paths == [(f"{table} {event}", "") for table, event in sorted(watched.items())]
    await desk.service.people.note(await desk.staff(), talk, "a note")
    assert await desk.rows("SELECT count(*) FROM seen_as WHERE staff <> ''") == [(1,)]  # the watch can see it
    for table in watched:
        await desk.rows(f"DROP TRIGGER see ON {table}")


@pytest.mark.parametrize(
    "table", ["conversations", "messages", "tickets", "attachments", "outbox", "actions"]
)
async def test_without_a_member_of_staff_nothing_of_a_customers_is_there(desk: Office, table: str) -> None:
    await desk.talk(_somebody())
    for key in (None, "customer:nobody"):
        async with desk.service.database.transaction(key) as connection:
            assert await (await connection.execute(f"SELECT 1 FROM {table}".encode())).fetchall() == []
