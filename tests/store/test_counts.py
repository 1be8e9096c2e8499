"""What is kept for the console is what ``frontdesk report`` counts, and leads to the conversations it was counted from."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from frontdesk.database import as_owner
from frontdesk.store.behind import behind
from frontdesk.store.counts import PERIODS, Counted, count, kept
from frontdesk.store.outcomes import outcomes
from frontdesk.testing import temporary_url
from tests.outcomes import ARTICLE, READ, SEARCHED, Past, step

PAID: Any = {"model": "openai:gpt-4o-mini", "usage": {"model_calls": 2, "cost_usd": 0.01}}


@pytest.fixture
def url() -> str:
    return temporary_url()


def counted(url: str, days: int) -> Counted:
    count(url)
    found = kept(url, days)
    assert found is not None
    return found


def mix(url: str, days: float) -> None:
    """Some conversations of each kind that began ``days`` ago."""
    who = (f"customer:{days}-{n}" for n in range(20))
    Past(url, days, next(who)).turn("answered", READ)
    Past(url, days, next(who)).turn("answered", SEARCHED, citations=[ARTICLE], **PAID)
    Past(url, days, next(who)).turn("unanswered", SEARCHED, seconds=4, **PAID)
    Past(url, days, next(who)).turn("handed_off", step("hand_over", reason="anger"))
    Past(url, days, next(who), mode="human").turn("handed_off")
    Past(url, days, next(who)).turn(None)
    Past(url, days, "staff:ann").turn("answered", READ)
    rated = Past(url, days, next(who))
    rated.ticket(rated.turn("answered", step("open_ticket")))
    rated.rate("up")
    again = Past(url, days, next(who))
    again.turn("answered", READ)
    again.turn("answered", SEARCHED, citations=[{**ARTICLE, "title": "Sizes › Shoes"}], after=30)
    refund = Past(url, days, next(who))
    action = uuid4()
    turn = refund.turn("awaiting_confirmation", step("refund_order"), actions=[str(action)])
    refund.action(turn, "executed", action)


def ids(url: str, found: Counted, kind: str, value: str = "") -> set[UUID]:
    return {row.id for row in behind(url, found.outcomes.since, kind, value)}


def test_each_period_is_what_the_report_counts(url: str) -> None:
    for days in (1, 6.5, 8, 29, 45, 89, 100):
        mix(url, days)
    for days in PERIODS:
        found = counted(url, days)
        assert found.outcomes == outcomes(url, found.outcomes.since, found.outcomes.until)
        assert sum(found.outcomes.became.values()) == sum(
            each.good + each.people + each.other for each in found.days
        )
    assert dict(found.cited) == {"Returns": 6, "Sizes": 6}
    assert kept(temporary_url(), 7) is None


def test_a_number_leads_to_as_many_conversations(url: str) -> None:
    for days in (3, 12, 40):
        mix(url, days)
    found = counted(url, 30)
    told = found.outcomes
    for became, number in told.became.items():
        assert len(ids(url, found, "became", became)) == number, became
    assert len(ids(url, found, "all")) == sum(told.became.values())
    assert len(ids(url, found, "reason", "anger")) == told.handoffs["anger"]
    assert len(ids(url, found, "rating", "up")) == told.thumbs["up"]
    assert len(ids(url, found, "cited", "Sizes")) == dict(found.cited)["Sizes"]
    assert len(ids(url, found, "searched")) == told.cited
    assert len(ids(url, found, "paid")) == 4
    assert len(ids(url, found, "action", "refund_order")) == told.tools[0].executed
    assert ids(url, found, "unpaid")


def test_what_becomes_of_an_old_conversation_later_is_counted(url: str) -> None:
    old = Past(url, days=5)
    old.turn("answered", READ)
    assert counted(url, 7).outcomes.became == {"not_yet_known": 1}
    old.turn("answered", READ, after=48)
    again = counted(url, 7)
    assert again.outcomes.became == {"reopened": 1}
    assert ids(url, again, "became", "reopened") == {old.id}
    old.message("staff")
    assert counted(url, 7).outcomes.became == {"handed_off": 1}
    assert not ids(url, again, "became", "reopened")


def test_what_is_older_than_the_longest_period_is_not_kept(url: str) -> None:
    old = Past(url, days=80)
    old.turn("answered", READ)
    count(url)
    with as_owner(url) as owner:
        owner.execute("UPDATE conversations SET created_at = now() - interval '91 days'")
    assert counted(url, 90).outcomes.became == {}
    with as_owner(url) as owner:
        assert owner.execute("SELECT FROM counted").fetchall() == []
