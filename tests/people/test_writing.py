"""What staff write: once, whoever sends it again and whatever happened meanwhile; and asking for a customer."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from frontdesk.domain import Principal
from frontdesk.errors import Conflict, DataRefused, IdempotencyMismatch
from frontdesk.people import summary_of
from frontdesk.people.summary import ACTIONS
from tests.people.desk import Office


def _somebody() -> Principal:
    return Principal("customer", f"c{uuid4()}")


async def test_a_reply_sent_again_takes_nothing_over(desk: Office) -> None:
    people, mara = desk.service.people, await desk.staff()
    talk = await desk.talk(_somebody())
    first = await people.reply(mara, talk, "Hello.", client_id="r1")
    await people.hand_back(mara, talk)
    again = await people.reply(mara, talk, "Hello.", client_id="r1")
    assert again == first
    assert (await people.conversation(mara, talk)).head["mode"] == "ai"
    tom = await desk.staff("Tom")
    await people.take_over(tom, talk)
    assert await people.reply(mara, talk, "Hello.", client_id="r1") == first
    with pytest.raises(Conflict, match="Tom"):
        await people.reply(mara, talk, "More.", client_id="r2")
    assert [line for line in await desk.transcript(talk) if line[0] == "staff"] == [("staff", "Hello.")]


async def test_one_client_id_is_one_text_of_one_person(desk: Office) -> None:
    people, mara, tom = desk.service.people, await desk.staff(), await desk.staff("Tom")
    talk = await desk.talk(_somebody())
    await people.reply(mara, talk, "Mara's.", client_id="same")
    with pytest.raises(IdempotencyMismatch):
        await people.reply(mara, talk, "Another.", client_id="same")
    with pytest.raises(IdempotencyMismatch):
        await people.note(mara, talk, "Mara's.", client_id="same")
    await people.hand_back(mara, talk)
    await people.reply(tom, talk, "Tom's.", client_id="same")
    staff = [body for role, body in await desk.transcript(talk) if role == "staff"]
    assert staff == ["Mara's.", "Tom's."]


async def test_twenty_copies_of_a_reply_at_once_are_one(desk: Office) -> None:
    people, mara = desk.service.people, await desk.staff()
    talk = await desk.talk(_somebody())
    made = await asyncio.gather(*(people.reply(mara, talk, "Once.", client_id="r") for _ in range(20)))
    assert len({message.key for message in made}) == 1
    assert [line for line in await desk.transcript(talk) if line[0] == "staff"] == [("staff", "Once.")]


async def test_handing_back_with_a_note_is_one_thing(desk: Office) -> None:
    people, mara = desk.service.people, await desk.staff()
    talk = await desk.talk(_somebody())
    await people.take_over(mara, talk)
    with pytest.raises(DataRefused):  # a note that cannot be stored
        await people.hand_back(mara, talk, note="\x00")
    assert (await people.conversation(mara, talk)).head["mode"] == "human"
    await people.hand_back(mara, talk, note="All is said.")
    assert (await desk.transcript(talk))[-1] == ("note", "All is said.")


async def test_staff_who_ask_for_a_customer_change_nothing_for_them(desk: Office) -> None:
    people, mara, who = desk.service.people, await desk.staff(), _somebody()
    read = await people.ask_agent(mara, who.id, "where is order 789?")
    assert read["reply"] == "Order 789 is shipped."
    await people.ask_agent(mara, who.id, "subscribe me to the newsletter")
    assert desk.acted == []
    await people.ask_agent(mara, who.id, "I want a person")
    assert not await desk.rows("SELECT 1 FROM tickets WHERE principal = %s", who.key)
    proposed = await people.ask_agent(mara, who.id, "please refund order 789")
    assert [action["status"] for action in proposed["actions"]] == ["proposed"]
    turn = await desk.send("subscribe me to the newsletter", await desk.talk(who), who)
    await desk.answer(turn, who)
    assert desk.acted == [who.id]  # the customer's own wish is carried out


async def test_actions_and_tickets_say_how_they_stand(desk: Office) -> None:
    who = _somebody()
    talk = await desk.talk(who)
    for message in ("please refund order 789", "I want a person"):
        await desk.answer(await desk.send(message, talk, who), who)
    made = summary_of(await desk.service.people.conversation(await desk.staff(), talk))
    assert made.asked == ["hello", "please refund order 789", "I want a person"]
    assert made.open[0] == "“Refund order 789” (249.00 EUR) waits for the customer's button."
    assert made.open[1].endswith("of this handover is open; resolving the conversation solves it.")
    states = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'actions_status_check'"
    [[known]] = await desk.rows(states)
    assert set(ACTIONS) - {"left"} == {each.split("'")[1] for each in known.split("ARRAY[")[1].split(", ")}
