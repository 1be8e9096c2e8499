"""The example shop's actions: proposed through Support, confirmed, and their true effect read from the shop's API."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import httpx
import pytest

from examples.ourshop.client import shop as client
from examples.ourshop.shop.faults import Faults
from examples.ourshop.support import desk as ourshop
from frontdesk import Frontdesk
from frontdesk.database import Database
from frontdesk.domain import Principal
from tests.actions.shop import Process, process, wish
from tests.shop.conftest import open_shop

U123 = Principal("customer", "u123")


@pytest.fixture
async def api(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[httpx.AsyncClient]:
    async with open_shop(database_url, faults=Faults()) as api:
        monkeypatch.setattr(client, "_client", api)
        yield api


@pytest.fixture
async def desk(database: Database, api: httpx.AsyncClient) -> AsyncGenerator[Process]:
    async with process(database, desk=Frontdesk("OurShop", tools=ourshop.tools)) as desk:
        yield desk


async def orders(api: httpx.AsyncClient, *statuses: str) -> list[dict[str, Any]]:
    """The orders of the demo's customers in these states, with their owner."""
    found = []
    for number in (654, 1344, 456, 123):
        answer = await api.get(f"/orders/{number}")
        if answer.status_code == 200 and answer.json()["status"] in statuses:
            found.append(answer.json())
    return found


async def do(desk: Process, user: str, tool_name: str, **arguments: Any) -> tuple[dict[str, Any], Any]:
    action = await desk.propose(tool_name, Principal("customer", user), **arguments)
    return action, await desk.confirm(action, Principal("customer", user))


async def refused(desk: Process, user: str, tool_name: str, **arguments: Any) -> None:
    answer = await desk.say(wish((tool_name, arguments)), Principal("customer", user))
    assert answer["actions"] == []


async def test_an_address_changes_before_shipment_and_is_put_back(
    desk: Process, api: httpx.AsyncClient
) -> None:
    before = (await api.get("/orders/456")).json()["shipping_address"]
    new = {"street": "Mill Lane 12", "postal_code": "1015 CJ", "city": "Amsterdam"}
    _, done = await do(desk, "u123", "change_shipping_address", order_id="456", **new)
    assert done.status == "executed"
    assert (await api.get("/orders/456")).json()["shipping_address"]["street"] == "Mill Lane 12"
    token = desk.actions.token(done, "undo")
    await desk.actions.undo(U123, done.id, token)
    assert (await api.get("/orders/456")).json()["shipping_address"] == before
    await refused(desk, "u123", "change_shipping_address", order_id="789", **new)
    await refused(desk, "u200", "change_shipping_address", order_id="456", **new)


async def test_a_cancelled_order_is_cancelled_once(desk: Process, api: httpx.AsyncClient) -> None:
    action, done = await do(desk, "u123", "cancel_order", order_id="456")
    assert action["title"] == "Cancel order 456"
    assert (done.status, (await api.get("/orders/456")).json()["status"]) == ("executed", "cancelled")
    assert desk.actions.reply(done).startswith("Order 456 is cancelled.")
    await refused(desk, "u123", "cancel_order", order_id="456")
    await refused(desk, "u123", "cancel_order", order_id="789")


async def test_refunds_whole_in_part_and_per_line(desk: Process, api: httpx.AsyncClient) -> None:
    order = (await api.get("/orders/654")).json()  # 128.45 EUR, delivered
    user, number = order["user_id"], order["id"]
    await refused(desk, user, "refund_order", order_id=number, reason="x", amount="9999 EUR")
    await refused(desk, "u999", "refund_order", order_id=number, reason="x")
    await refused(desk, "u123", "refund_order", order_id="456", reason="not delivered")
    _, part = await do(desk, user, "refund_order", order_id=number, reason="scratched", amount="1.50 EUR")
    assert part.result["amount"] == "1.50"
    _, rest = await do(desk, user, "refund_order", order_id=number, reason="never mind")
    if rest.status == "confirmed":  # more than 100 EUR: a colleague approves
        rest = await desk.actions.approve("kim", rest.id)
    assert rest.status == "executed"
    listed = (await api.get(f"/orders/{number}/refunds")).json()["refunds"]
    active = sum(float(one["amount"]) for one in listed if one["status"] != "rejected")
    assert active == pytest.approx(float(order["total"]), abs=0.01)
    await refused(desk, user, "refund_order", order_id=number, reason="more")


async def test_a_line_is_refunded_once_and_at_its_price(desk: Process, api: httpx.AsyncClient) -> None:
    order = (await api.get("/orders/1344")).json()
    line = min(order["lines"], key=lambda one: float(one["unit_price"]) * one["quantity"])
    price = float(line["unit_price"]) * line["quantity"]
    wanted = {"order_id": "1344", "reason": "broken", "line_ids": [line["id"]]}
    action = await desk.propose("refund_order", Principal("customer", order["user_id"]), **wanted)
    assert float(action["preview"]["amount"].split()[0]) == pytest.approx(price)
    done = await desk.confirm(action, Principal("customer", order["user_id"]))
    if done.status == "confirmed":
        done = await desk.actions.approve("kim", done.id)
    assert done.status == "executed"
    await refused(desk, order["user_id"], "refund_order", **wanted)
    await refused(desk, order["user_id"], "refund_order", **{**wanted, "line_ids": ["654-1"]})


async def test_an_answer_of_the_shop_that_is_lost_makes_no_second_refund(
    desk: Process, api: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = next(o for o in await orders(api, "delivered") if float(o["refunded_total"]) == 0)
    who = Principal("customer", order["user_id"])
    action = await desk.propose("refund_order", who, order_id=order["id"], reason="late", amount="1 EUR")
    plan = {"fail_rate": 1, "after_commit": True, "paths": f"/orders/{order['id']}/refunds"}
    sent = client.send

    async def losing(*arguments: Any, **more: Any) -> Any:
        """Only the write loses its answer; the look before it is answered."""
        await api.post("/_faults", json=plan)
        try:
            return await sent(*arguments, **more)
        finally:
            await api.delete("/_faults")

    monkeypatch.setattr(client, "send", losing)
    assert (await desk.confirm(action, who)).status == "unknown"
    monkeypatch.setattr(client, "send", sent)
    for _ in range(100):
        found = await desk.actions.find(who, UUID(action["id"]))
        if found.status == "executed":
            break
        await asyncio.sleep(0.05)
    assert found.status == "executed"
    assert len((await api.get(f"/orders/{order['id']}/refunds")).json()["refunds"]) == 1


async def test_a_return_gets_its_label(desk: Process, api: httpx.AsyncClient) -> None:
    done = None
    for order in await orders(api, "delivered"):
        lines = [line["id"] for line in order["lines"] if line["returnable"]][:1]
        answer = await desk.say(
            wish(("start_return", {"order_id": order["id"], "line_ids": lines, "reason": "too small"})),
            Principal("customer", order["user_id"]),
        )
        for action in answer["actions"]:
            done = await desk.confirm(action, Principal("customer", order["user_id"]))
        await refused(
            desk, order["user_id"], "start_return", order_id=order["id"], line_ids=["L0"], reason="x"
        )
    assert done is not None
    assert done.status in ("executed", "failed")  # the shop may say that the window has closed
    await refused(desk, "u123", "start_return", order_id="456", line_ids=["L1"], reason="x")
    # What the shop would refuse at the press is refused before there is a button.
    await refused(desk, "u123", "start_return", order_id="1502", line_ids=["1502-1"], reason="x")
    await refused(desk, "u123", "start_return", order_id="2210", line_ids=["2210-1"], reason="x")


async def test_an_invoice_a_password_and_an_e_mail_address(desk: Process, api: httpx.AsyncClient) -> None:
    account = (await api.get("/users/u123")).json()
    _, invoice = await do(desk, "u123", "resend_invoice", order_id="456")
    assert account["email"] in desk.actions.reply(invoice)
    _, password = await do(desk, "u123", "reset_password")
    assert password.status == "executed"
    await refused(desk, "u123", "change_email", current_email="guess@x.example", new_email="new@x.example")
    _, email = await do(
        desk, "u123", "change_email", current_email=account["email"], new_email="new@x.example"
    )
    assert (await api.get("/users/u123")).json()["email"] == "new@x.example"
    await desk.actions.undo(U123, email.id, desk.actions.token(email, "undo"))
    assert (await api.get("/users/u123")).json()["email"] == account["email"]


async def test_tickets_at_the_shop_are_opened_and_amended_by_their_owner(
    desk: Process, api: httpx.AsyncClient
) -> None:
    await desk.say(wish(("open_shop_ticket", {"subject": "Broken", "details": "The lamp."})), U123)
    ticket = "TK1000001"
    found = (await api.get(f"/tickets/{ticket}")).json()
    assert found["user_id"] == "u123"
    await desk.say(wish(("amend_shop_ticket", {"ticket_id": ticket, "note": "Both of them."})), U123)
    await desk.say(
        wish(("amend_shop_ticket", {"ticket_id": ticket, "note": "mine"})), Principal("customer", "u200")
    )
    assert [note["body"] for note in (await api.get(f"/tickets/{ticket}")).json()["notes"]] == [
        "Both of them."
    ]
