"""How much goes back, and that it goes back once."""

import asyncio
from typing import Any

import httpx
import psycopg
import pytest


async def _refund(
    shop: httpx.AsyncClient, order_id: str, key: str | None = "k1", **wish: Any
) -> httpx.Response:
    headers = {} if key is None else {"Idempotency-Key": key}
    return await shop.post(f"/orders/{order_id}/refunds", json={"reason": "damaged", **wish}, headers=headers)


async def test_partial_refund_is_approved_to_the_original_method(shop: httpx.AsyncClient) -> None:
    reply = await _refund(shop, "654", amount="10.00")
    assert reply.status_code == 201
    refund = reply.json()
    assert (refund["amount"], refund["method"], refund["status"]) == ("10.00", "paypal", "approved")
    assert (refund["requested_on"], refund["expected_by"]) == ("2025-01-15", "2025-01-22")
    order = (await shop.get("/orders/654")).json()
    assert (order["status"], order["refunded_total"]) == ("partly_refunded", "10.00")


async def test_refund_without_amount_returns_all_that_is_left(shop: httpx.AsyncClient) -> None:
    await _refund(shop, "654", "k1", amount="10.00")
    order = (await shop.get("/orders/654")).json()
    rest = (await _refund(shop, "654", "k2")).json()
    assert float(rest["amount"]) == pytest.approx(float(order["total"]) - 10)
    done = (await shop.get("/orders/654")).json()
    assert (done["status"], done["status_note"]) == ("delivered", "Refunded in full.")
    assert done["refunded_total"] == done["total"]


async def test_refund_of_lines_is_their_price_and_only_once(shop: httpx.AsyncClient) -> None:
    refund = (await _refund(shop, "654", "k1", line_ids=["654-1"])).json()
    assert (refund["amount"], refund["line_ids"]) == ("64.50", ["654-1"])
    again = await _refund(shop, "654", "k2", line_ids=["654-1"])
    assert (again.status_code, again.json()["code"]) == (409, "already_refunded")


@pytest.mark.parametrize(
    ("order_id", "wish", "status", "code"),
    [
        ("654", {"amount": "1000.00"}, 409, "exceeds_paid"),
        ("654", {"amount": "64.51", "line_ids": ["654-1"]}, 409, "exceeds_lines"),
        ("654", {"line_ids": ["123-1"]}, 422, "unknown_line"),
        ("654", {"line_ids": []}, 422, "invalid_request"),
        ("654", {"amount": "0"}, 422, "invalid_request"),
        ("654", {"amount": "-5"}, 422, "invalid_request"),
        ("654", {"amount": "1.005"}, 422, "invalid_request"),
        ("654", {"amount": "NaN"}, 422, "invalid_request"),
        ("654", {"amount": "1", "currency": "USD"}, 422, "invalid_request"),
        ("654", {"reason": " "}, 422, "invalid_request"),
        ("9", {"amount": "1"}, 404, "not_found"),
    ],
)
async def test_refund_is_refused(
    still_shop: httpx.AsyncClient, order_id: str, wish: dict[str, Any], status: int, code: str
) -> None:
    reply = await _refund(still_shop, order_id, **wish)
    assert (reply.status_code, reply.json()["code"]) == (status, code)


async def test_refund_needs_a_key(still_shop: httpx.AsyncClient) -> None:
    reply = await _refund(still_shop, "654", None, amount="1.00")
    assert (reply.status_code, reply.json()["code"]) == (400, "idempotency_key_required")


async def test_same_key_repeats_the_answer_and_refuses_another_request(shop: httpx.AsyncClient) -> None:
    first = await _refund(shop, "654", "k1", amount="10.00")
    again = await _refund(shop, "654", "k1", amount="10")
    assert (again.status_code, again.json()) == (201, first.json())
    for other in (_refund(shop, "654", "k1", amount="11.00"), _refund(shop, "123", "k1", amount="10.00")):
        reply = await other
        assert (reply.status_code, reply.json()["code"]) == (422, "idempotency_key_reused")
    assert len((await shop.get("/orders/654/refunds")).json()["refunds"]) == 1


async def test_key_of_a_refused_refund_can_be_used_again(shop: httpx.AsyncClient) -> None:
    assert (await _refund(shop, "654", "k1", amount="1000.00")).status_code == 409
    assert (await _refund(shop, "654", "k1", amount="1.00")).status_code == 201


async def test_order_that_was_not_paid_is_not_refunded(still_shop: httpx.AsyncClient, still_url: str) -> None:
    with psycopg.connect(still_url) as conn:
        row = conn.execute("SELECT order_id FROM payments WHERE status = 'pending' LIMIT 1").fetchone()
    assert row is not None
    reply = await _refund(still_shop, row[0], amount="1.00")
    assert (reply.status_code, reply.json()["code"]) == (409, "exceeds_paid")


async def test_fifty_equal_requests_at_once_refund_once(shop: httpx.AsyncClient) -> None:
    replies = await asyncio.gather(*(_refund(shop, "654", "storm", amount="20.00") for _ in range(50)))
    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.json()["id"] for reply in replies}) == 1
    assert len((await shop.get("/orders/654/refunds")).json()["refunds"]) == 1


async def test_fifty_different_requests_at_once_never_exceed_what_was_paid(shop: httpx.AsyncClient) -> None:
    total = float((await shop.get("/orders/654")).json()["total"])
    replies = await asyncio.gather(*(_refund(shop, "654", f"k{n}", amount="20.00") for n in range(50)))
    paid = [reply for reply in replies if reply.status_code == 201]
    assert len(paid) == int(total // 20)
    assert {reply.json()["code"] for reply in replies if reply.status_code != 201} == {"exceeds_paid"}
