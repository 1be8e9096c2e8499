"""While the agent writes, a person takes over: nobody talks over them, also when they have left again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import pytest

from frontdesk.domain import Principal
from frontdesk.people import Staff
from frontdesk.store.records import sha
from tests.people.desk import Office


@pytest.fixture
async def writing(desk: Office) -> AsyncGenerator[tuple[Principal, UUID, UUID, Staff]]:
    """(customer, conversation, turn, staff): the agent is in the middle of the turn."""
    mara = await desk.staff()
    who = Principal("customer", f"c{mara.id}")
    talk = await desk.talk(who)
    desk.hold.clear()
    turn = await desk.send("where is order 555?", talk, who)
    await _begun(desk, turn)
    yield who, talk, turn, mara
    desk.hold.set()


async def _begun(desk: Office, turn: UUID) -> None:
    """The look-up runs."""
    live = desk.service.support.live(turn)
    assert live is not None
    async with asyncio.timeout(5):
        while not any(event.type == "step" for event in live.events):
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("leave", ["stays", "hand_back", "resolve"])
async def test_a_late_reply_is_silenced_however_short_the_take_over_was(
    desk: Office, writing: tuple[Principal, UUID, UUID, Staff], leave: str
) -> None:
    who, talk, turn, mara = writing
    await desk.service.people.reply(mara, talk, "I am on it.", client_id="r1")
    if leave != "stays":
        await getattr(desk.service.people, leave)(mara, talk)
    desk.hold.set()
    answer = await desk.answer(turn, who)
    assert (answer["reply"], answer["outcome"]) == ("", "handed_off")
    assert answer["mode"] == ("human" if leave == "stays" else "ai")
    assert (await desk.transcript(talk))[2:] == [
        ("customer", "where is order 555?"),
        ("staff", "I am on it."),
    ]
    assert [(m["outcome"], m["reply"]) for m in await desk.audited(talk, "turn")][1:] == [
        ("handed_off", sha(""))
    ]
    if leave != "stays":  # what is written from here on is the agent's again
        later = await desk.answer(await desk.send("thanks", talk, who), who)
        assert later["reply"] == "You said: thanks"


async def test_messages_that_wait_behind_a_turn_are_the_persons_who_took_over_meanwhile(
    desk: Office, writing: tuple[Principal, UUID, UUID, Staff]
) -> None:
    who, talk, turn, mara = writing
    before = await desk.send("please refund order 789", talk, who)
    await desk.service.people.take_over(mara, talk)
    during = await desk.send("hello?", talk, who)
    await desk.service.people.reply(mara, talk, "Solved.", client_id="r1")
    await desk.service.people.hand_back(mara, talk, note="Solved by phone")
    desk.hold.set()
    answers = [await desk.answer(t, who) for t in (turn, before, during)]
    assert [(a["reply"], a["outcome"], a["actions"]) for a in answers] == [("", "handed_off", [])] * 3
    assert not await desk.rows("SELECT 1 FROM actions WHERE conversation_id = %s", talk)
    assert {role for role, _ in (await desk.transcript(talk))[2:]} == {"customer", "staff", "note"}


async def test_a_silenced_proposal_leaves_no_action_and_nothing_to_replay(desk: Office) -> None:
    mara, who = await desk.staff(), Principal("customer", "silent")
    talk = await desk.talk(who)
    support = desk.service.support
    turns = support._turns  # pyright: ignore[reportPrivateUsage]
    finish = turns.finish

    async def taken_first(turn: Any, result: Any) -> Any:
        await desk.service.people.reply(mara, talk, "Mine.", client_id="r1")
        await desk.service.people.resolve(mara, talk)
        result.citations = result.suggestions = result.receipt = []
        result.suggestions = ["Talk to a person"]
        return await finish(turn, result)

    turns.finish = taken_first  # type: ignore[method-assign]
    try:
        turn = await desk.send("please refund order 789", talk, who)
        answer = await desk.answer(turn, who)
    finally:
        turns.finish = finish  # type: ignore[method-assign]
    assert (answer["actions"], answer["suggestions"]) == ([], [])
    stored = await support.find(who, turn)
    assert support.response(stored) == answer
    assert not {"actions", "citations", "suggestions", "receipt"} & stored.record.keys()
    record = (await desk.audited(talk, "turn"))[-1]
    assert (record["outcome"], record["reply"], record["silenced"]) == ("handed_off", sha(""), True)


async def test_a_button_pressed_during_a_turn_is_told_in_its_answer_and_in_its_record(
    desk: Office, writing: tuple[Principal, UUID, UUID, Staff]
) -> None:
    from frontdesk.store.customers import call_person

    who, talk, turn, _ = writing
    await call_person(desk.service.database, who, talk)
    desk.hold.set()
    answer = await desk.answer(turn, who)
    assert (answer["reply"], answer["mode"]) == ("Order 555 is processing.", "queued")
    stored = await desk.service.support.find(who, turn)
    assert stored.record["mode"] == "queued"
