"""A desk that has a help center and no tool of its own: whatever is asked, the help center is asked."""

from __future__ import annotations

from typing import Any

import pytest

from frontdesk.tools import tool
from tests.local.tools import Talk, hand_over, open_ticket


@tool(permission="knowledge:read")
async def search_knowledge(query: str) -> dict[str, Any]:
    """Search the help center."""
    page = {
        "n": 1,
        "title": "Dark theme",
        "heading": "",
        "url": "",
        "text": "Press D.",
        "quote": ["Press D."],
    }
    sure = {"dark": 0.9, "theme": 0.9, "night": 0.2, "evening": 0.09}
    confidence = next((c for word, c in sure.items() if word in query.lower()), 0.02)
    return {"answerable": confidence > 0.5, "confidence": confidence, "passages": [page]}


ONLY = (search_knowledge, open_ticket, hand_over)


@pytest.mark.parametrize(
    "message",
    [
        "let editors see a draft from the cms before publishing",
        "send push notifications to people who installed my site",
        "serve images and css files from a folder",
        "cual es la diferencia entre concurrencia y paralelismo",
        "perdí mi celular y no puedo entrar",
        "备用码可以用几次",
        "忘记密码了怎么办？",
        "export everything as plain html files",
        "track who read my message",
    ],
)
def test_a_wish_is_searched_for_and_nobody_is_called(message: str) -> None:
    talk = Talk(ONLY)
    talk.say(message)
    assert {name for name, _ in talk.calls} == {"search_knowledge"}


@pytest.mark.parametrize(
    ("message", "called"),
    [
        ("can I talk to a real person please", "hand_over"),
        ("please open a ticket about the missing invoice", "open_ticket"),
        ("I will call my lawyer about this", "hand_over"),
    ],
)
def test_a_person_or_a_ticket_that_is_asked_for_comes(message: str, called: str) -> None:
    talk = Talk(ONLY)
    talk.say(message)
    assert [name for name, _ in talk.calls] == [called]


def test_what_the_nearest_page_says_is_quoted_as_no_answer() -> None:
    talk = Talk(ONLY)
    reply = talk.say("does it have a night mode?")
    assert "I couldn't find a clear answer" in reply
    assert "The page that comes closest: Dark theme [1]. It says:\n\nPress D. [1]" in reply
    assert talk.outcome == "unanswered"


def test_a_page_that_is_farther_is_named_and_nothing_of_it_is_said() -> None:
    talk = Talk(ONLY)
    reply = talk.say("does it have an evening mode?")
    assert "The page that comes closest: Dark theme [1]." in reply
    assert "Press D" not in reply
    assert talk.outcome == "unanswered"


def test_no_page_is_named_where_none_comes_near() -> None:
    talk = Talk(ONLY)
    assert talk.say("do you sell helicopters?").startswith("I couldn't find that")
    assert talk.outcome == "unanswered"


def test_idle_chat_is_not_told_of_orders() -> None:
    assert "orders" not in Talk(ONLY).say("who will win the world cup")
