"""Whole turns through each provider's client: whatever it does, the customer gets a whole answer, and nothing twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from langchain_core.language_models.chat_models import BaseChatModel

from frontdesk import Customer, Frontdesk, tool
from frontdesk.bootstrap import assemble
from frontdesk.database import Database
from frontdesk.domain import Principal
from frontdesk.models import ModelChain
from frontdesk.models.scripted import ScriptedModel
from frontdesk.settings import Settings
from frontdesk.support import Support
from tests.desk import Backend, call
from tests.models.conformance.endpoint import Behaviour, Cut, Endpoint, Raw, Says, Status

ANNA = Principal("customer", "u1")
LOOK_UP = ("get_order_status", {"order_id": "789"})
REMIND = ("remind_me", {"order_id": "789"})
SHIPPED = "Order 789 is shipped."
Make = Callable[..., BaseChatModel]


class Desk:
    """Two tools: one reads, one has an effect at once."""

    def __init__(self) -> None:
        self.backend = Backend()
        self.effects: list[str] = []

        @tool(permission="orders:read")
        async def get_order_status(order_id: str, customer: Customer) -> dict[str, Any]:
            """Status of an order."""
            return await self.backend.order(order_id, customer.id)

        @tool(permission="orders:read", changes=True, confirm=False)
        async def remind_me(order_id: str, customer: Customer) -> dict[str, Any]:
            """Send the customer a reminder of an order."""
            self.effects.append(f"{order_id} {customer.id}")
            return {"reminded_of": order_id}

        self.desk = Frontdesk("Testshop", tools=[get_order_status, remind_me])


@asynccontextmanager
async def talking(
    database: Database, desk: Desk, models: list[tuple[str, BaseChatModel]]
) -> AsyncIterator[Support]:
    chain = ModelChain(models, 10)
    support, _ = assemble(desk.desk, database, chain, Settings(lease_seconds=1.0))
    await support.start()
    try:
        yield support
    finally:
        await support.stop(1.0)


async def say(
    support: Support, message: str = "Where is order 789?"
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the response, the record)."""
    accepted = await support.receive(ANNA, message)
    response = await support.wait(ANNA, accepted.turn_id, 20)
    assert response is not None
    stored = await support.find(ANNA, UUID(response["turn_id"]))
    return response, stored.record


async def test_a_turn_looks_up_and_answers(
    name: str, client: Make, endpoint: Endpoint, database: Database
) -> None:
    endpoint.script = [Says("", (LOOK_UP,)), Says(SHIPPED)]
    desk = Desk()
    async with talking(database, desk, [(name, client()), ("local", ScriptedModel([]))]) as support:
        response, record = await say(support)
    assert (response["reply"], response["degraded"]) == (SHIPPED, False)
    assert desk.backend.calls == [("789", "u1")]
    assert record["model"] == name
    assert (record["usage"]["model_calls"], record["usage"]["input_tokens"]) == (2, 80)


@pytest.mark.parametrize("calls", [(LOOK_UP, ("get_order_status", {"order_id": "456"}))])
async def test_two_calls_at_once_are_both_made_and_answered(
    name: str, client: Make, endpoint: Endpoint, database: Database, calls: Any
) -> None:
    endpoint.script = [Says("", calls), Says("Order 789 is shipped and order 456 is in processing.")]
    desk = Desk()
    async with talking(database, desk, [(name, client())]) as support:
        response, _ = await say(support)
    assert "456 is in processing" in response["reply"]
    assert desk.backend.calls == [("789", "u1"), ("456", "u1")]


async def test_a_tool_that_does_not_exist_is_refused_and_the_model_goes_on(
    name: str, client: Make, endpoint: Endpoint, database: Database
) -> None:
    endpoint.script = [Says("", (("drop_tables", {"order_id": "789"}),)), Says("", (LOOK_UP,)), Says(SHIPPED)]
    desk = Desk()
    async with talking(database, desk, [(name, client())]) as support:
        response, _ = await say(support)
    assert response["reply"] == SHIPPED
    assert desk.backend.calls == [("789", "u1")]


@pytest.mark.parametrize("arguments", ['{"order_id": "78', '["789"]', "789", ""])
async def test_broken_arguments_run_nothing(
    name: str, client: Make, endpoint: Endpoint, database: Database, arguments: str
) -> None:
    endpoint.script = [Says("", (("remind_me", arguments),)), Says(SHIPPED)]
    desk = Desk()
    models = [(name, client()), ("local", ScriptedModel([call(LOOK_UP[0], **LOOK_UP[1]), SHIPPED]))]
    async with talking(database, desk, models) as support:
        response, _ = await say(support)
    assert desk.effects == []
    assert response["reply"]
    assert response["outcome"] in ("answered", "unanswered")


@pytest.mark.parametrize("silence", [Says(""), Says("   \n")])
async def test_a_model_that_says_nothing_is_not_repeated_to_the_customer(
    name: str, client: Make, endpoint: Endpoint, database: Database, silence: Behaviour
) -> None:
    endpoint.script = [silence]
    async with talking(database, Desk(), [(name, client()), ("local", ScriptedModel([SHIPPED]))]) as support:
        response, _ = await say(support)
    assert response["reply"].strip()
    assert response["outcome"] in ("answered", "unanswered")


FAILURES: dict[str, Behaviour] = {
    "401": Status(401),
    "500": Status(500),
    "a reply that ends half-way": Cut(Says("Order 789 is not yet known to be"), clean=True),
    "a connection that breaks": Cut(Says("Order 789 is not yet known to be"), clean=False),
    "a web page": Raw(b"<html>502</html>", "text/html"),
    "a call that is cut off": Cut(Says("", (REMIND,)), clean=True),
}


@pytest.mark.parametrize("failure", list(FAILURES))
async def test_what_fails_after_an_effect_is_finished_by_the_next_model_without_a_second_one(
    name: str, client: Make, endpoint: Endpoint, database: Database, failure: str
) -> None:
    endpoint.script = [Says("", (REMIND,)), FAILURES[failure]]
    desk = Desk()
    # The next model does not trust what was done, and does it again.
    local = ScriptedModel([call(REMIND[0], **REMIND[1]), "I've set the reminder."])
    async with talking(database, desk, [(name, client()), ("local", local)]) as support:
        response, record = await say(support, "Remind me of order 789")
    assert (response["reply"], response["degraded"]) == ("I've set the reminder.", True)
    assert len(desk.effects) == 1
    assert record["model"] == "local"


@pytest.mark.parametrize("failure", list(FAILURES))
async def test_without_a_next_model_a_person_takes_over(
    name: str, client: Make, endpoint: Endpoint, database: Database, failure: str
) -> None:
    endpoint.script = [FAILURES[failure]]
    desk = Desk()
    async with talking(database, desk, [(name, client())]) as support:
        response, _ = await say(support)
    assert response["outcome"] == "handed_off"
    assert "passed it to a colleague" in response["reply"]
    assert "not yet known" not in response["reply"]
    assert desk.effects == []
