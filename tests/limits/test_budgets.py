"""Budgets of tokens and of money, through whole turns: the paid model is scripted, the local one is real."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage

from frontdesk.bootstrap import assemble
from frontdesk.database import Database, as_owner
from frontdesk.domain import Principal
from frontdesk.models import ModelChain
from frontdesk.models.local import LocalModel
from frontdesk.models.scripted import ScriptedModel
from frontdesk.settings import Settings
from frontdesk.store.spent import spent_today
from tests.desk import Backend, follow, make_desk

PAID = "openai:gpt-4o-mini"  # 1000 + 100 tokens a call, 0.15 and 0.60 dollars a million: 0.00021 dollars
ANNA, BEN = Principal("customer", "u1"), Principal("customer", "u2")
pytestmark = pytest.mark.timeout(60)
Say = Callable[..., Awaitable[dict[str, Any]]]


def paid(messages: list[BaseMessage]) -> AIMessage:
    message = follow(messages)
    message.usage_metadata = {"input_tokens": 1000, "output_tokens": 100, "total_tokens": 1100}
    return message


@asynccontextmanager
async def replica(database: Database, **budgets: object) -> AsyncGenerator[tuple[Say, ScriptedModel]]:
    model = ScriptedModel(paid)
    chain = ModelChain([(PAID, model), ("local", LocalModel())], 10)
    support, _ = assemble(make_desk(Backend()), database, chain, Settings(lease_seconds=1.0, **budgets))
    await support.start()

    async def say(principal: Principal = ANNA) -> dict[str, Any]:
        order = "789" if principal is ANNA else "321"
        accepted = await support.receive(principal, f"Where is my order {order}?")
        response = await support.wait(principal, accepted.turn_id, 15)
        assert response is not None
        return response

    try:
        yield say, model
    finally:
        await support.stop(1.0)


@pytest.mark.parametrize("budget", [{"budget_customer_tokens": 2000}, {"budget_customer_usd": 0.0004}])
async def test_over_a_customers_budget_the_local_model_answers(
    database: Database, budget: dict[str, Any]
) -> None:
    async with replica(database, **budget) as (say, model):
        first, second, other = await say(), await say(), await say(BEN)
    assert (first["degraded"], other["degraded"]) == (False, False)
    assert second["degraded"]
    assert second["degraded_steps"] == [f"{PAID}: this customer's budget of the day is used up"]
    assert "789" in second["reply"]
    assert len(model.calls) == 4  # two for Anna's first turn, two for Ben's


@pytest.mark.parametrize("budget", [{"budget_company_tokens": 2000}, {"budget_company_usd": 0.0004}])
async def test_the_companys_budget_is_one_for_all_replicas(
    database: Database, budget: dict[str, Any]
) -> None:
    async with replica(database, **budget) as (say, _), replica(database, **budget) as (elsewhere, model):
        assert not (await say())["degraded"]
        response = await elsewhere(BEN)
    assert response["degraded_steps"] == [f"{PAID}: the company's budget of the day is used up"]
    assert model.calls == []


async def test_a_turn_stops_asking_in_its_middle(database: Database) -> None:
    async with replica(database, budget_customer_tokens=1000) as (say, model):
        response = await say()
    assert response["degraded"]
    assert "789" in response["reply"]
    assert len(model.calls) == 1


async def test_without_budgets_nobody_is_asked(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("frontdesk.models.budget.spent_today", never)
    none = {"budget_customer_tokens": 0, "budget_customer_usd": 0, "budget_company_usd": 0}
    async with replica(database, **none) as (say, _):
        assert not (await say())["degraded"]


async def test_what_is_spent_is_what_the_turns_have_recorded(database: Database) -> None:
    async with replica(database) as (say, _):
        for principal in (ANNA, ANNA, BEN):
            await say(principal)
    anna = await spent_today(database, ANNA.key)
    assert (anna.customer_tokens, anna.company_tokens) == (4400, 6600)
    assert anna.customer_usd == pytest.approx(4 * 0.00021)
    assert anna.company_usd == pytest.approx(6 * 0.00021)
    with as_owner(database.conninfo) as connection:  # tomorrow is another day, and no name stands here
        rows = connection.execute("UPDATE spent SET day = day - 1 RETURNING who").fetchall()
    assert not [row for row in rows if b"u1" in row["who"]]
    assert (await spent_today(database, ANNA.key)).company_tokens == 0


async def test_a_local_turn_costs_nothing_and_writes_no_row(database: Database) -> None:
    async with replica(database, budget_company_tokens=1) as (say, _):
        await say()
        before = await spent_today(database, ANNA.key)
        assert (await say())["degraded"]
        assert await spent_today(database, ANNA.key) == before


async def test_what_is_erased_or_expires_is_not_spent_again(database: Database) -> None:
    async with replica(database) as (say, _):
        await say()
    before = await spent_today(database, ANNA.key)
    with as_owner(database.conninfo) as connection:  # as erasure and retention write their turns
        connection.execute("UPDATE turns SET status = 'done', record = record || '{\"ms\": 1}'")
    assert await spent_today(database, ANNA.key) == before
