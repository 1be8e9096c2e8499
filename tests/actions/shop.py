"""A shop with money in it, for tests of actions: what it is told to do it does, and counts; faults on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from frontdesk import (
    Change,
    Customer,
    Done,
    Frontdesk,
    Money,
    Preview,
    ToolNotFound,
    ToolRefused,
    ToolUnavailable,
    rule,
    tool,
)
from frontdesk.actions import Actions
from frontdesk.bootstrap import assemble
from frontdesk.database import Database
from frontdesk.domain import Principal
from frontdesk.models import ModelChain
from frontdesk.models.scripted import ScriptedModel
from frontdesk.settings import Settings
from frontdesk.support import Support
from frontdesk.tools.money import money

ANNA, BEN = Principal("customer", "u1"), Principal("customer", "u2")
SECRET = "a secret of the tests that is long enough"


@dataclass
class Shop:
    """Orders and what was done to them. ``effects``: effect id → how often it really happened."""

    orders: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {
            "456": {
                "id": "456",
                "owner": "u1",
                "status": "processing",
                "paid": "80.00",
                "street": "1 Old Road",
            },
            "789": {
                "id": "789",
                "owner": "u1",
                "status": "shipped",
                "paid": "700.00",
                "street": "1 Old Road",
            },
            "321": {
                "id": "321",
                "owner": "u2",
                "status": "processing",
                "paid": "50.00",
                "street": "canary-u2",
            },
        }
    )
    effects: dict[str, int] = field(default_factory=dict[str, int])
    seconds: float = 0.0
    fault: str = ""  # before, after: the answer is lost; refuse
    reading: str = ""  # unavailable
    planted: dict[str, str] = field(default_factory=dict[str, str])  # what an attacker has written, by place

    async def order(self, order_id: str, owner: str) -> dict[str, Any]:
        if self.reading:
            raise ToolUnavailable
        order = self.orders.get(order_id)
        if order is None or order["owner"] != owner:
            raise ToolNotFound
        return dict(order)

    async def do(self, effect_id: str, work: Callable[[], Any]) -> Any:
        """As a backend that knows Idempotency-Key does: once for each."""
        await asyncio.sleep(self.seconds)
        if self.fault == "refuse":
            raise ToolRefused("The shop says no.")
        if self.fault == "before":
            raise ConnectionResetError
        if effect_id not in self.effects:
            self.effects[effect_id] = 0
            work()
            self.effects[effect_id] += 1
        if self.fault == "after":
            raise ConnectionResetError
        return {"effect": effect_id}


def make_desk(shop: Shop, **more: Any) -> Frontdesk:
    """``more`` is declared beside refund_order in the place of what stands here."""

    async def own_order(order_id: str, customer: Customer) -> dict[str, Any]:
        return await shop.order(order_id, customer.id)

    def preview_refund(order: dict[str, Any], arguments: dict[str, Any]) -> Preview:
        amount = money(arguments["amount"]) if arguments["amount"] else money(f"{order['paid']} EUR")
        if amount.amount > money(f"{order['paid']} EUR").amount:
            raise ToolRefused("That is more than was paid.")
        return Preview(
            f"Refund {amount} for order {order['id']}.",
            (Change("Refunded", "0.00 EUR", str(amount)),),
            amount,
            f"order {order['id']}",
            f"Refund order {order['id']}",
        )

    declared: dict[str, Any] = {
        "permission": "orders:refund",
        "confirm": True,
        "subject": own_order,
        "preview": preview_refund,
        "amount": "amount",
        "limit": ["3/day", "1000 EUR/day"],
        "approve_above": "100 EUR",
        "approve_twice_above": "500 EUR",
        "reconcile": "repeat",
        "says": "Refunded {amount} for order {order_id}.",
        **more,
    }

    @tool(**declared)
    async def refund_order(
        order_id: str, customer: Customer, effect_id: str, amount: Money | None = None, reason: str = ""
    ) -> dict[str, Any]:
        """Refund an order."""
        given = str(amount or f"{shop.orders[order_id]['paid']} EUR")
        done = await shop.do(effect_id, lambda: None)
        return {**done, "amount": given, "order_id": order_id}

    async def put_back(done: Done, customer: Customer, effect_id: str) -> None:
        street = done.remembered["street"]
        await shop.do(effect_id, lambda: shop.orders[done.arguments["order_id"]].update(street=street))

    async def moved(order_id: str, street: str, customer: Customer) -> dict[str, Any] | None:
        order = await shop.order(order_id, customer.id)
        return {"order_id": order_id, "street": street} if order["street"] == street else None

    @tool(
        permission="orders:address",
        confirm=True,
        subject=own_order,
        requires=[
            rule("This order has left the warehouse.", lambda order, _: order["status"] == "processing")
        ],
        preview=lambda order, arguments: Preview(
            f"Send order {order['id']} to {arguments['street']}.",
            (Change("Street", order["street"], arguments["street"]),),
            object=f"order {order['id']}",
            remember={"street": order["street"]},
        ),
        undo=put_back,
        reconcile=moved,
        says="Order {order_id} goes to {street} now.",
    )
    async def change_address(
        order_id: str, street: str, customer: Customer, effect_id: str
    ) -> dict[str, Any]:
        """Change where an order goes."""
        await shop.do(effect_id, lambda: shop.orders[order_id].update(street=street))
        return {"order_id": order_id, "street": street}

    @tool(permission="notes:write", changes=True, confirm=False, subject=own_order, limit="2 per order_id")
    async def add_note(order_id: str, note: str, customer: Customer, effect_id: str) -> dict[str, Any]:
        """Leave a note at an order."""
        return await shop.do(effect_id, lambda: shop.orders[order_id].update(note=note))

    @tool(permission="orders:read")
    async def get_order(order_id: str, customer: Customer) -> dict[str, Any]:
        """Look an order up."""
        return await shop.order(order_id, customer.id)

    return Frontdesk("Testshop", tools=[refund_order, change_address, add_note, get_order])


def calls(*wanted: tuple[str, dict[str, Any]]) -> AIMessage:
    return AIMessage(
        "",
        tool_calls=[
            {"name": name, "args": args, "id": f"c{n}", "type": "tool_call"}
            for n, (name, args) in enumerate(wanted)
        ],
    )


def obey(messages: list[BaseMessage]) -> AIMessage:
    """A model that makes the calls a customer writes as JSON, and then repeats what it reads."""
    last = messages[-1]
    if isinstance(last, HumanMessage) and last.text.startswith("["):
        return calls(*[(name, args) for name, args in orjson.loads(str(last.text))])
    if isinstance(last, ToolMessage):
        return AIMessage("Please have a look.")
    return AIMessage(f"You said: {last.text}")


def wish(*wanted: tuple[str, dict[str, Any]]) -> str:
    return orjson.dumps([list(one) for one in wanted]).decode()


@dataclass
class Process:
    """One Frontdesk process."""

    support: Support
    actions: Actions
    shop: Shop

    async def say(self, message: str, principal: Principal = ANNA, **more: Any) -> dict[str, Any]:
        accepted = await self.support.receive(principal, message, **more)
        response = await self.support.wait(principal, accepted.turn_id, 20)
        assert response is not None, "the turn was not answered"
        return response

    async def propose(self, tool_name: str, principal: Principal = ANNA, **arguments: Any) -> dict[str, Any]:
        """The action that comes of one call."""
        answer = await self.say(wish((tool_name, arguments)), principal)
        assert len(answer["actions"]) == 1, answer
        [action] = answer["actions"]
        return action

    async def confirm(self, action: dict[str, Any], principal: Principal = ANNA) -> Any:
        return await self.actions.confirm(principal, UUID(action["id"]), action["confirm_token"])


@asynccontextmanager
async def process(
    database: Database,
    shop: Shop | None = None,
    model: Any = None,
    desk: Frontdesk | None = None,
    **changes: Any,
) -> AsyncGenerator[Process]:
    shop = shop or Shop()
    settings = Settings(**{"lease_seconds": 1.0, "tool_timeout": 2.0, "secret": SECRET, **changes})
    chain = ModelChain([("scripted", model or ScriptedModel(obey))], 10)
    support, actions = assemble(desk or make_desk(shop), database, chain, settings)
    await actions.start()
    await support.start()
    try:
        yield Process(support, actions, shop)
    finally:
        await support.stop(1.0)
        await actions.stop(1.0)


__all__ = ["ANNA", "BEN", "Process", "Shop", "calls", "make_desk", "obey", "process", "wish"]
