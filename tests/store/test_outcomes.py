"""What counts as what: each kind of conversation there is, in a database of its own."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from frontdesk.store.figures import figures
from frontdesk.store.outcomes import Outcomes, outcomes
from frontdesk.testing import temporary_url
from tests.outcomes import ARTICLE, NOW, READ, SEARCHED, Past, step


@pytest.fixture
def url() -> str:
    return temporary_url()


def count(url: str, days: float = 60) -> Outcomes:
    return outcomes(url, NOW - timedelta(days=days), NOW + timedelta(days=1))


def left_unanswered(url: str) -> None:
    Past(url).turn("unanswered", SEARCHED)


def thanks_after_no_answer(url: str) -> None:
    past = Past(url)
    past.turn("unanswered", SEARCHED)
    past.turn("answered")


def greeting_alone(url: str) -> None:
    Past(url).turn("answered")


def asked_back_and_left(url: str) -> None:
    Past(url).turn("asked")


def button_never_pressed(url: str) -> None:
    past, action = Past(url), uuid4()
    past.action(
        past.turn("awaiting_confirmation", step("refund_order"), actions=[str(action)]), "expired", action
    )


def button_pressed(url: str) -> None:
    past, action = Past(url), uuid4()
    past.action(
        past.turn("awaiting_confirmation", step("refund_order"), actions=[str(action)]), "executed", action
    )


def refund_that_failed(url: str) -> None:
    past, action = Past(url), uuid4()
    past.action(
        past.turn("awaiting_confirmation", step("refund_order"), actions=[str(action)]), "failed", action
    )


def answered(url: str) -> None:
    Past(url).turn("answered", READ)


def answered_at_the_second_try(url: str) -> None:
    past = Past(url)
    past.turn("unanswered", SEARCHED)
    past.turn("answered", SEARCHED, citations=[ARTICLE])


def answered_then_a_ticket(url: str) -> None:
    past = Past(url)
    past.ticket(past.turn("answered", step("open_ticket")))


def handed_off_then_answered(url: str) -> None:
    past = Past(url)
    past.turn("handed_off", step("hand_over", reason="anger"))
    past.turn("answered", READ)


def a_person_wrote(url: str) -> None:
    past = Past(url)
    past.turn("answered", READ)
    past.message("staff")


def only_a_person(url: str) -> None:
    past = Past(url, mode="human")
    past.turn("handed_off")


def taken_up_again(url: str) -> None:
    past = Past(url, days=20)
    past.turn("answered", READ)
    past.turn("answered", READ, after=100)


def taken_up_after_the_week(url: str) -> None:
    past = Past(url, days=20)
    past.turn("answered", READ)
    past.turn("answered", READ, after=24 * 8)


def young(url: str) -> None:
    Past(url, days=6.9).turn("answered", READ)


def young_without_an_answer(url: str) -> None:
    Past(url, days=2).turn("unanswered", SEARCHED)


def young_and_handed_off(url: str) -> None:
    Past(url, days=2).turn("handed_off", step("hand_over", reason="legal"))


def never_answered(url: str) -> None:
    Past(url).turn(None)


def its_last_message_never_answered(url: str) -> None:
    past = Past(url)
    past.turn("answered", READ)
    past.turn(None)


@pytest.mark.parametrize(
    ("conversation", "became"),
    [
        (answered, "resolved"),
        (answered_at_the_second_try, "resolved"),
        (button_pressed, "resolved"),
        (taken_up_after_the_week, "resolved"),
        (left_unanswered, "unanswered"),
        (thanks_after_no_answer, "unanswered"),
        (greeting_alone, "unanswered"),
        (asked_back_and_left, "unanswered"),
        (button_never_pressed, "unanswered"),
        (refund_that_failed, "unanswered"),
        (its_last_message_never_answered, "unanswered"),
        (answered_then_a_ticket, "ticket"),
        (handed_off_then_answered, "handed_off"),
        (a_person_wrote, "handed_off"),
        (young_and_handed_off, "handed_off"),
        (taken_up_again, "reopened"),
        (young, "not_yet_known"),
        (young_without_an_answer, "not_yet_known"),
        (only_a_person, "without"),
        (never_answered, "waiting"),
    ],
)
def test_what_becomes_of_a_conversation(url: str, conversation: Callable[[str], None], became: str) -> None:
    conversation(url)
    assert count(url).became == {became: 1}


def test_a_customer_who_came_back_within_a_week_was_not_served(url: str) -> None:
    Past(url, days=20).turn("answered", READ)
    Past(url, days=15).turn("answered", READ)  # and this one stands: nothing came after it
    Past(url, days=15, principal="customer:u2").turn("answered", READ)
    Past(url, days=14, principal="customer:u2")  # opened, but nothing was said in it
    assert count(url).became == {"returned": 1, "resolved": 2}


def test_tests_by_staff_and_backends_count_nowhere(url: str) -> None:
    for principal in ("staff:ann", "backend:key1"):
        past = Past(url, principal=principal)
        past.action(past.turn("answered", READ), "executed")
        past.rate("up")
    found = count(url)
    assert (found.tests, found.became, found.turns, found.tools) == (2, {}, 0, [])
    assert found.thumbs == {"up": 0, "down": 0}


def test_nothing_yet_divides_by_nothing(url: str) -> None:
    Past(url)  # opened, and not a word
    found = figures(count(url))
    assert (found.conversations, found.involvement, found.resolution, found.cost_per_resolved) == (
        0,
        None,
        None,
        None,
    )


def test_rates_are_of_those_whose_week_is_over(url: str) -> None:
    for n in range(3):
        Past(url, principal=f"customer:{n}").turn("answered", READ)
    Past(url, principal="customer:a").turn("unanswered")
    Past(url, days=3, principal="customer:b").turn("handed_off", step("hand_over", reason="anger"))
    Past(url, days=3, principal="customer:c").turn("answered", READ)
    only_a_person(url)
    found = figures(count(url))
    assert (found.conversations, found.involved, found.settled, found.not_yet_known) == (7, 6, 4, 1)
    assert found.resolution == 3 / 4
    assert found.involvement == 6 / 7
    assert found.automation == pytest.approx(6 / 7 * 3 / 4)
    assert found.at_most == 4 / 6
    young_ones = figures(count(url, days=5))
    assert (young_ones.resolution, young_ones.automation, young_ones.at_most) == (None, None, 1 / 2)


def test_handoffs_by_reason_and_who_came_in_unasked(url: str) -> None:
    for reason in ("anger", "anger", "legal"):
        Past(url).turn("handed_off", step("hand_over", reason=reason))
    failed_first = Past(url)
    failed_first.turn(
        "handed_off", step("hand_over", ok=False, reason="safety"), step("hand_over", reason="failure")
    )
    a_person_wrote(url)
    assert count(url).handoffs == {"anger": 2, "legal": 1, "failure": 1, "taken_over": 1}


def test_cost_counts_what_was_not_resolved_too(url: str) -> None:
    paid = {"model": "openai:gpt-4o-mini", "usage": {"model_calls": 2, "cost_usd": 0.01}}
    Past(url, principal="customer:1").turn("answered", READ, **paid)
    Past(url, principal="customer:2").turn("unanswered", SEARCHED, **paid)
    Past(url, principal="customer:3", days=1).turn("answered", READ, **paid)  # not in it: not yet known
    found = count(url)
    assert figures(found).cost_per_resolved == pytest.approx(0.02)
    assert not figures(found).cost_is_least
    assert found.cost == pytest.approx(0.03)
    Past(url, principal="customer:4").turn("answered", READ, model="ollama:unknown")
    assert figures(count(url)).cost_is_least


def test_only_what_the_local_model_did_alone_is_unpaid(url: str) -> None:
    past = Past(url)
    past.turn("answered", READ)
    past.turn("answered", READ, degraded=["openai:gpt-4o-mini: timeout"])
    past.turn("answered", READ, usage={"model_calls": 2, "cost_usd": 0.01})
    past.turn("answered", READ, model="openai:gpt-4o-mini")
    found = count(url)
    assert (found.turns, found.unpaid) == (4, 1)


def test_a_citation_counts_where_the_help_center_was_asked(url: str) -> None:
    past = Past(url)
    past.turn("answered", SEARCHED, citations=[ARTICLE])
    past.turn("unanswered", SEARCHED)
    past.turn("answered", READ, SEARCHED)
    past.turn("answered", READ)
    found = count(url)
    assert (found.searched, found.cited) == (3, 1)


def test_actions_by_tool(url: str) -> None:
    past = Past(url)
    turn = past.turn("awaiting_confirmation", step("refund_order"))
    for status in ("proposed", "declined", "expired", "executed", "failed", "unknown", "undone"):
        past.action(turn, status)
    past.action(turn, "executed", asked=False)
    [tool] = count(url).tools
    assert (tool.proposed, tool.confirmed, tool.declined, tool.expired) == (7, 4, 1, 2)
    assert (tool.executed, tool.failed, tool.unknown, tool.undone) == (3, 1, 1, 1)


def test_what_staff_decline_stays_confirmed_by_its_customer(url: str) -> None:
    past = Past(url)
    turn = past.turn("awaiting_confirmation", step("refund_order"))
    past.action(turn, "declined")
    past.action(turn, "declined", staff="mara")
    past.action(turn, "executed")
    [tool] = count(url).tools
    assert (tool.proposed, tool.confirmed, tool.declined, tool.refused) == (3, 2, 1, 1)


def test_thumbs_and_time_to_reply(url: str) -> None:
    for n, rating in enumerate(("up", "up", "down")):
        past = Past(url)
        past.turn("answered", READ, seconds=n + 1)
        past.rate(rating)
    found = count(url)
    assert found.thumbs == {"up": 2, "down": 1}
    assert found.seconds == (2.0, pytest.approx(2.9))
