"""What was not answered becomes a gap, is counted with its like, drafted, approved, and then answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from psycopg import AsyncConnection

from frontdesk.database import Database
from frontdesk.knowledge import gaps
from frontdesk.knowledge.embed import Embedder
from frontdesk.store import gaps as store
from tests.gaps import RENT, REPLY, Chat, asked, asking, handed_over, help_center, owner_of, searched, step

EMBEDDER = Embedder.default()


@pytest.fixture
async def owner(database: Database) -> AsyncGenerator[AsyncConnection[Any]]:
    async with await owner_of(database) as connection:
        yield connection


# ------------------------------------------------------------------ which turns are gaps
async def test_only_a_question_that_was_searched_for_and_not_answered_is_a_gap(
    database: Database, owner: AsyncConnection[Any]
) -> None:
    chat = Chat(owner)
    await chat.turn("Do you rent out tents?")
    await chat.turn("hello there, how are you?", steps=[])
    await chat.turn("Where is my order?", "answered")
    await chat.turn("Do you sell drones?", steps=[searched("drones", ok=False)])
    await chat.turn("I want a person", "handed_off", [handed_over("customer_wish")])
    report = await gaps.sweep(database)
    assert (report.turns, report.questions, report.opened) == (1, 1, 1)
    assert [gap.question for gap in await gaps.gaps(database)] == ["Do you rent out tents?"]


async def test_a_handover_for_want_of_an_answer_names_the_question_before_it(
    database: Database, owner: AsyncConnection[Any]
) -> None:
    other, chat = Chat(owner, "u2"), Chat(owner)
    await other.turn("Do you rent out tents?", "handed_off", [searched(), handed_over()])
    await chat.turn("Is your packaging recyclable?")
    await chat.turn("yes please", "handed_off", [handed_over()])
    assert (await gaps.sweep(database)).questions == 2
    found = [gap.question for gap in await gaps.gaps(database)]
    assert sorted(found) == ["Do you rent out tents?", "Is your packaging recyclable?"]


async def test_each_turn_counts_once_however_often_and_by_how_many_it_is_swept(
    database: Database, owner: AsyncConnection[Any]
) -> None:
    await asked(owner, *RENT, "Do you sell gift cards for kayaks?")
    reports = await asyncio.gather(*(gaps.sweep(database) for _ in range(4)))
    assert sum(report.questions for report in reports) == 4
    assert (await gaps.sweep(database)).turns == 0
    assert sum(gap.questions for gap in await gaps.gaps(database)) == 4


async def test_a_turn_that_is_committed_late_is_not_passed_over(
    database: Database, owner: AsyncConnection[Any]
) -> None:
    await Chat(owner, "u1").turn("Do you rent out tents?")
    await gaps.sweep(database)
    await Chat(owner, "u2").turn("Is your packaging recyclable?", ago="5 min")
    assert (await gaps.sweep(database)).questions == 1


async def test_the_application_reads_no_message_but_those_of_gaps(
    database: Database, owner: AsyncConnection[Any]
) -> None:
    chat = Chat(owner)
    await chat.turn("My secret is zebra", "answered", [step("get_order")])
    await chat.reply("zebra noted")
    await chat.turn("Do you rent out tents?")
    rows = await database.rows("unanswered_turns", "-infinity", 100)
    assert "zebra" not in str(rows)
    assert await database.rows("staff_replies", 1) == []


# ------------------------------------------------------------------ what is kept of a question
@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("Hi there! Do you rent out tents? Many thanks", "Do you rent out tents?"),
        ("hello, my name is Anna Berg. do you ship to Malta", "my name is [name]. do you ship to Malta"),
        ("Mail me at anna@berg.example about rentals", "Mail me at [e-mail] about rentals"),
        ("My card 4111 1111 1111 1111 was refused, why?", "My card [number] was refused, why?"),
        ("IBAN DE89 3704 0044 0532 0130 00 for refunds ok?", "IBAN [number] for refunds ok?"),
        ("Call +49 171 2345678 about tents", "Call [number] about tents"),
        ("Can order #1042 and ORD-2024-7781 go together?", "Can order [number] and [number] go together?"),
        ("Is it late for Kim, number 456?", "Is it late for [name], number [number]?"),
        (
            "Free from 100 EUR until 31.12.2026, 9:00-17:30?",
            "Free from 100 EUR until 31.12.2026, 9:00-17:30?",
        ),
        ("Hi Tom, do you rent out tents? Thanks, Anna", "do you rent out tents?"),
        ("I'm Jane Doe, born 3 May 1980. Do you rent?", "I'm [name], born [date]. Do you rent?"),
        ("Do you deliver to 12 high street, Leeds?", "Do you deliver to [address], Leeds?"),
        ("hello!", ""),
        ("4111 1111 1111 1111", ""),
    ],
)
def test_a_question_is_kept_without_greetings_and_personal_data(message: str, kept: str) -> None:
    assert gaps.asked(message, "", ["Kim", "456"]) == kept


def test_a_question_that_follows_another_is_kept_as_it_was_searched_for() -> None:
    assert gaps.asked("and for Norway?", "shipping cost to Norway") == "shipping cost to Norway"
    assert (
        gaps.asked("Do you rent out tents?", "tent rental prices and conditions") == "Do you rent out tents?"
    )


def test_of_a_long_story_only_the_question_is_kept() -> None:
    story = "We are going to the mountains in May with two children. " * 3 + "Do you rent out tents?"
    assert gaps.asked(story) == "Do you rent out tents?"


async def test_nothing_personal_reaches_the_table(database: Database, owner: AsyncConnection[Any]) -> None:
    chat = Chat(
        owner, facts={"name": "Zoe Quill", "email": "zoe@quill.example", "order_ids": ["QX77", "991"]}
    )
    await chat.turn("I am Zoe Quill, zoe@quill.example: can QX77 and 991 be rented out too?")
    await gaps.sweep(database)
    async with database.transaction() as connection:
        rows = await (await connection.execute("SELECT k::text FROM knowledge_gap_questions k")).fetchall()
    text = str(rows).lower()
    assert not any(word in text for word in ("zoe", "quill", "qx77", "991 "))
    assert "customer:u1" in text


async def test_an_erased_turn_takes_its_question_with_it(
    database: Database, owner: AsyncConnection[Any]
) -> None:
    chats = await asked(owner, RENT[0], RENT[1])
    await gaps.sweep(database)
    await owner.execute("DELETE FROM messages WHERE conversation_id = %s", (chats[0].id,))
    await owner.execute("DELETE FROM turns WHERE conversation_id = %s", (chats[0].id,))
    assert [(gap.questions, gap.customers) for gap in await gaps.gaps(database)] == [(1, 1)]
    await owner.execute("DELETE FROM messages")
    await owner.execute("DELETE FROM turns")
    assert await gaps.gaps(database) == []


# ------------------------------------------------------------------ like with like
async def test_questions_that_ask_the_same_are_one_gap_and_ranked_by_customers(
    database: Database, owner: AsyncConnection[Any]
) -> None:
    chat = Chat(owner, "often")
    for _ in range(4):
        await chat.turn("Is your packaging recyclable?")
    await asked(owner, *RENT)
    await Chat(owner, "other").turn("Do you have a mobile app?")
    await gaps.sweep(database)
    found = await gaps.gaps(database)
    assert [(gap.customers, gap.questions) for gap in found] == [(3, 3), (1, 4), (1, 1)]
    assert found[0].question in RENT
    assert [each.question for each in await store.questions_of(database, found[1].number)] == [
        "Is your packaging recyclable?"
    ]


async def test_a_question_of_several_asked_with_others_between_is_found_again(
    database: Database, owner: AsyncConnection[Any]
) -> None:
    for n, question in enumerate(
        (RENT[0], "Do you have a mobile app?", RENT[1], "Who is your courier?", RENT[2])
    ):
        await Chat(owner, f"u{n}").turn(question)
        await gaps.sweep(database)
    assert (await gaps.gaps(database))[0].questions == 3


# ------------------------------------------------------------------ answered by something else
async def test_a_gap_that_an_ordinary_article_answers_now_closes_itself(
    database: Database, owner: AsyncConnection[Any], tmp_path: Path
) -> None:
    await help_center(database, tmp_path)
    await asked(owner, RENT[0], "Is your packaging recyclable?")
    await gaps.sweep(database)
    assert await gaps.recheck(database, asking(database)) == []
    await help_center(database, tmp_path, rental=f"# Renting tents\n\n{REPLY}")
    assert await gaps.recheck(database, asking(database)) == [1]
    closed = await gaps.gap(database, 1)
    assert (closed.state, closed.reason) == ("resolved", "answered by Renting tents")
    assert [gap.number for gap in await gaps.gaps(database)] == [2]


async def test_what_customers_may_read_closes_no_gap_of_a_visitor(
    database: Database, owner: AsyncConnection[Any], tmp_path: Path
) -> None:
    await Chat(owner, "anon:1", kind="visitor").turn(RENT[0])
    await gaps.sweep(database)
    await help_center(
        database, tmp_path, rental=f"---\nvisibility: customers\n---\n# Renting tents\n\n{REPLY}"
    )
    assert await gaps.recheck(database, asking(database)) == []


async def test_a_question_stopped_though_an_article_was_found_stays_a_gap(
    database: Database, owner: AsyncConnection[Any], tmp_path: Path
) -> None:
    await help_center(database, tmp_path, rental=f"# Renting tents\n\n{REPLY}")
    await asked(owner, RENT[0])
    await gaps.sweep(database)
    assert await gaps.recheck(database, asking(database)) == []
