"""Accounts, addresses, cancellations, invoices, password resets and tickets."""

from datetime import UTC, datetime

import httpx
import psycopg
import pytest

from examples.ourshop.shop.clock import frozen_clock

from .conftest import open_shop

NEW_HOME = {
    "name": "Anna Visser",
    "street": "Beukenhof 3",
    "postal_code": "3511 ZZ",
    "city": "Utrecht",
    "country": "nl",
}


async def test_email_changes_when_the_present_one_is_named(shop: httpx.AsyncClient) -> None:
    change = {"email": "anna@example.net", "current_email": "Anna.Visser@example.com"}
    assert (await shop.patch("/users/u123", json=change)).json()["email"] == "anna@example.net"
    again = await shop.patch("/users/u123", json=change)
    assert (again.status_code, again.json()["code"]) == (409, "email_mismatch")


async def test_email_of_another_account_is_taken(still_shop: httpx.AsyncClient) -> None:
    change = {"email": "BEN.okafor@example.org", "current_email": "anna.visser@example.com"}
    reply = await still_shop.patch("/users/u123", json=change)
    assert (reply.status_code, reply.json()["code"]) == (409, "email_taken")
    assert (await still_shop.get("/users/u123")).json()["email"] == "anna.visser@example.com"


@pytest.mark.parametrize("email", ["", "anna", "anna@", "a b@example.com", "anna@example"])
async def test_malformed_email_is_invalid(still_shop: httpx.AsyncClient, email: str) -> None:
    reply = await still_shop.patch(
        "/users/u123", json={"email": email, "current_email": "anna.visser@example.com"}
    )
    assert (reply.status_code, reply.json()["code"]) == (422, "invalid_request")


async def test_address_changes_while_processing(shop: httpx.AsyncClient) -> None:
    reply = await shop.put("/orders/456/shipping-address", json=NEW_HOME)
    assert reply.json()["shipping_address"] == {**NEW_HOME, "country": "NL"}
    assert (await shop.get("/orders/456")).json() == reply.json()


@pytest.mark.parametrize(
    ("order_id", "country", "status", "code"),
    [
        ("123", "NL", 409, "already_shipped"),
        ("456", "FR", 409, "shipping_zone_differs"),
        ("456", "JP", 422, "country_not_served"),
        ("456", "Netherlands", 422, "invalid_request"),
        ("9", "NL", 404, "not_found"),
    ],
)
async def test_address_change_is_refused(
    still_shop: httpx.AsyncClient, order_id: str, country: str, status: int, code: str
) -> None:
    reply = await still_shop.put(
        f"/orders/{order_id}/shipping-address", json={**NEW_HOME, "country": country}
    )
    assert (reply.status_code, reply.json()["code"]) == (status, code)


async def test_cancelled_order_is_refunded_in_full(shop: httpx.AsyncClient) -> None:
    order = (await shop.post("/orders/456/cancel")).json()
    assert (order["status"], order["cancelled_on"], order["expected_delivery"]) == (
        "cancelled",
        "2025-01-15",
        None,
    )
    assert {line["status"] for line in order["lines"]} == {"cancelled"}
    assert order["refund"]["amount"] == order["total"] == order["refunded_total"]
    (payment,) = (await shop.get("/orders/456/payments")).json()["payments"]
    assert payment["status"] == "refunded"


async def test_unpaid_order_is_cancelled_without_a_refund(shop: httpx.AsyncClient, database_url: str) -> None:
    with psycopg.connect(database_url) as conn:
        row = conn.execute("SELECT order_id FROM payments WHERE status = 'pending' LIMIT 1").fetchone()
    assert row is not None
    order = (await shop.post(f"/orders/{row[0]}/cancel")).json()
    assert (order["status"], order["refund"]) == ("cancelled", None)


async def test_cancelling_again_or_too_late_is_a_conflict(shop: httpx.AsyncClient) -> None:
    late = await shop.post("/orders/123/cancel")
    assert (late.status_code, late.json()["code"]) == (409, "already_shipped")
    await shop.post("/orders/456/cancel")
    again = await shop.post("/orders/456/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "already_cancelled")


async def test_cancelling_again_with_the_same_key_repeats_the_answer(shop: httpx.AsyncClient) -> None:
    key = {"Idempotency-Key": "cancel-1"}
    first = await shop.post("/orders/456/cancel", headers=key)
    again = await shop.post("/orders/456/cancel", headers=key)
    assert (again.status_code, again.json()) == (200, first.json())


async def test_invoice_is_sent_to_the_account(shop: httpx.AsyncClient) -> None:
    reply = await shop.post("/orders/123/invoice")
    assert reply.status_code == 202
    assert reply.json()["sent_to"] == "anna.visser@example.com"


async def test_invoice_older_than_seven_years_is_gone(database_url: str) -> None:
    async with open_shop(database_url, clock=frozen_clock(datetime(2032, 1, 20, tzinfo=UTC))) as shop:
        reply = await shop.post("/orders/123/invoice")
        assert (reply.status_code, reply.json()["code"]) == (409, "invoice_no_longer_kept")


async def test_password_reset_is_valid_for_an_hour_and_voids_earlier_ones(
    shop: httpx.AsyncClient, database_url: str
) -> None:
    reply = await shop.post("/users/u123/password-reset")
    assert (reply.status_code, reply.json()["expires_at"]) == (202, "2025-01-15T13:00:00Z")
    await shop.post("/users/u123/password-reset")
    with psycopg.connect(database_url) as conn:
        rows = conn.execute(
            "SELECT expires_at > created_at FROM password_resets WHERE user_id = 'u123' ORDER BY id"
        )
        assert [row[0] for row in rows] == [False, True]


async def test_ticket_is_opened_once_and_takes_notes(shop: httpx.AsyncClient) -> None:
    wish = {"user_id": "u123", "subject": "Lamp flickers", "body": "Since yesterday.", "reference": "c-1"}
    first = await shop.post("/tickets", json=wish, headers={"Idempotency-Key": "t1"})
    again = await shop.post("/tickets", json=wish, headers={"Idempotency-Key": "t1"})
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    noted = await shop.patch(f"/tickets/{first.json()['id']}", json={"note": "It is the switch."})
    assert [note["body"] for note in noted.json()["notes"]] == ["It is the switch."]
    assert (await shop.get(f"/tickets/{first.json()['id']}")).json() == noted.json()


async def test_visitor_may_open_a_ticket_but_an_unknown_user_may_not(shop: httpx.AsyncClient) -> None:
    wish = {"subject": "Do you ship to Malta?", "body": "Asking before I order."}
    assert (await shop.post("/tickets", json=wish)).json()["user_id"] is None
    assert (await shop.post("/tickets", json={**wish, "user_id": "u9"})).status_code == 404
