"""What may come back, until when, and what it pays."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from examples.ourshop.shop.clock import frozen_clock

from .conftest import open_shop


async def _return(
    shop: httpx.AsyncClient, order_id: str, *lines: str, reason: str = "wrong_size", key: str | None = "k1"
) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    wish: dict[str, Any] = {"line_ids": list(lines), "reason": reason}
    return await shop.post(f"/orders/{order_id}/returns", json=wish, headers=headers)


async def test_return_gets_a_label_whose_cost_is_taken_off(shop: httpx.AsyncClient) -> None:
    reply = await _return(shop, "654", "654-1")
    assert reply.status_code == 201
    back = reply.json()
    assert (back["status"], back["line_ids"], back["label"]["cost"]) == ("label_sent", ["654-1"], "3.95")
    assert back["refund_amount"] == "60.55"  # 64.50 less the label
    assert (await shop.get(f"/returns/{back['id']}")).json() == back


async def test_faulty_item_returns_free_of_charge_with_the_shipping_fee(shop: httpx.AsyncClient) -> None:
    back = (await _return(shop, "654", "654-1", reason="faulty")).json()
    assert (back["label"]["cost"], back["refund_amount"]) == ("0.00", "79.45")  # 64.50 and 14.95


@pytest.mark.parametrize(
    ("order_id", "line", "status", "code"),
    [
        ("654", "654-2", 409, "not_returnable"),
        ("1954", "1954-1", 409, "return_window_closed"),
        ("123", "123-1", 409, "not_delivered"),
        ("2210", "2210-1", 409, "already_returned"),
        ("654", "123-1", 422, "unknown_line"),
        ("9", "9-1", 404, "not_found"),
    ],
)
async def test_return_is_refused(
    still_shop: httpx.AsyncClient, order_id: str, line: str, status: int, code: str
) -> None:
    reply = await _return(still_shop, order_id, line)
    assert (reply.status_code, reply.json()["code"]) == (status, code)


@pytest.mark.parametrize(("day", "status"), [(7, 201), (8, 409)])
async def test_window_closes_after_the_thirtieth_day(database_url: str, day: int, status: int) -> None:
    async with open_shop(database_url, clock=frozen_clock(datetime(2025, 2, day, 12, tzinfo=UTC))) as shop:
        assert (await _return(shop, "654", "654-1")).status_code == status


async def test_return_needs_a_key(still_shop: httpx.AsyncClient) -> None:
    assert (await _return(still_shop, "654", "654-1", key=None)).status_code == 400


async def test_twenty_equal_requests_at_once_register_one_return(shop: httpx.AsyncClient) -> None:
    replies = await asyncio.gather(*(_return(shop, "654", "654-1") for _ in range(20)))
    assert {reply.status_code for reply in replies} == {201}
    assert len((await shop.get("/orders/654/returns")).json()["returns"]) == 1


async def test_line_is_returned_once_whatever_the_key(shop: httpx.AsyncClient) -> None:
    replies = await asyncio.gather(*(_return(shop, "654", "654-1", key=f"k{n}") for n in range(10)))
    assert sorted(reply.status_code for reply in replies) == [201] + [409] * 9


@pytest.mark.parametrize(
    ("order_id", "refusals"),
    [
        ("654", [None, "Gift cards, personalised and final-sale items cannot be returned."]),
        ("1502", ["The return window closed on 2024-07-07."] * 2),
        ("2210", ["This item is already in a return.", None]),
    ],
)
async def test_what_can_be_returned_is_told_before_it_is_tried(
    still_shop: httpx.AsyncClient, order_id: str, refusals: list[str | None]
) -> None:
    lines = (await still_shop.get(f"/orders/{order_id}/returnable")).json()["lines"]
    assert [line["refusal"] for line in lines] == refusals
    for line, refusal in zip(lines, refusals, strict=True):
        if refusal:  # the same sentence as the return itself is refused with
            assert (await _return(still_shop, order_id, line["id"])).json()["detail"] == refusal
    assert (await still_shop.get("/orders/9/returnable")).status_code == 404
