"""What the shop tells about its customers, orders, payments and products."""

import httpx
import pytest


async def test_user_has_contact_data_and_addresses(still_shop: httpx.AsyncClient) -> None:
    user = (await still_shop.get("/users/u123")).json()
    assert user["name"] == "Anna Visser"
    assert user["customer_since"] == "2021-05-17"
    assert [address["default"] for address in user["addresses"]] == [True, False]


@pytest.mark.parametrize(
    "path",
    [
        "/users/u9",
        "/users/u9/orders",
        "/users/u9/payments",
        "/users/u9/refunds",
        "/users/u9/returns",
        "/orders/9",
        "/orders/9/payments",
        "/orders/9/refunds",
        "/orders/9/returns",
        "/payments/PM9",
        "/returns/RT9",
        "/products/p9",
        "/tickets/TK9",
        "/nowhere",
    ],
)
async def test_unknown_things_are_not_found(still_shop: httpx.AsyncClient, path: str) -> None:
    reply = await still_shop.get(path)
    assert reply.status_code == 404
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json().keys() == {"type", "title", "status", "detail", "code"}
    assert reply.json()["code"] == "not_found"


async def test_orders_are_listed_newest_first_and_in_pages(still_shop: httpx.AsyncClient) -> None:
    everything = (await still_shop.get("/users/u123/orders", params={"limit": 100})).json()
    assert [order["id"] for order in everything["orders"]] == [
        "456",
        "789",
        "123",
        "2210",
        "2187",
        "1954",
        "1502",
    ]
    assert everything["total"] == 7
    page = (await still_shop.get("/users/u123/orders", params={"limit": 2, "offset": 1})).json()
    assert page == {"orders": everything["orders"][1:3], "total": 7}
    assert everything["orders"][0]["summary"] == "Arc desk lamp and 1 more"


async def test_shipped_order_tells_carrier_and_dates(still_shop: httpx.AsyncClient) -> None:
    order = (await still_shop.get("/orders/123")).json()
    assert order["status"] == "shipped"
    assert order["shipped_on"] == "2025-01-10"
    assert order["expected_delivery"] == "2025-01-15"
    assert order["delivered_on"] is None
    (parcel,) = order["shipments"]
    assert parcel["carrier"] == "DHL"
    assert parcel["line_ids"] == ["123-1", "123-2"]
    assert (order["total"], order["shipping_fee"]) == ("146.95", "0.00")


async def test_fixed_orders_are_in_their_states(still_shop: httpx.AsyncClient) -> None:
    states = {
        "123": "shipped",
        "456": "processing",
        "789": "out_for_delivery",
        "321": "delayed",
        "654": "delivered",
    }
    for order_id, status in states.items():
        assert (await still_shop.get(f"/orders/{order_id}")).json()["status"] == status
    delivered = (await still_shop.get("/orders/654")).json()
    assert (delivered["delivered_on"], delivered["return_until"]) == ("2025-01-08", "2025-02-07")
    assert [line["returnable"] for line in delivered["lines"]] == [True, False]
    assert delivered["status_text"] == "has been delivered"
    assert delivered["expected_delivery"] is None


async def test_a_line_says_what_of_it_can_be_refunded_and_why_it_cannot_be_returned(
    still_shop: httpx.AsyncClient,
) -> None:
    fleece, knife = (await still_shop.get("/orders/654")).json()["lines"]
    assert (fleece["refundable"], fleece["return_refusal"]) == ("64.50", None)
    assert "personalised" in knife["return_refusal"].lower()
    (refund,) = (await still_shop.get("/orders/2187/refunds")).json()["refunds"]
    gone = {line["id"]: line["refundable"] for line in (await still_shop.get("/orders/2187")).json()["lines"]}
    assert {gone[line] for line in refund["line_ids"]} == {"0.00"}


@pytest.mark.parametrize(("what", "order_id"), [("refunds", "2187"), ("returns", "2210")])
async def test_a_customers_list_can_be_asked_for_by_one_of_their_orders(
    still_shop: httpx.AsyncClient, what: str, order_id: str
) -> None:
    whole = (await still_shop.get(f"/users/u123/{what}")).json()
    of_one = (await still_shop.get(f"/users/u123/{what}", params={"order_id": order_id})).json()
    assert (whole["order_id"], of_one["order_id"]) == (None, order_id)
    assert of_one[what] == (await still_shop.get(f"/orders/{order_id}/{what}")).json()[what]
    assert of_one[what]
    for nobodys in ("654", "9"):  # another customer's, and none
        answer = await still_shop.get(f"/users/u123/{what}", params={"order_id": nobodys})
        assert answer.status_code == 404


async def test_payments_are_found_by_order_by_user_and_by_id(still_shop: httpx.AsyncClient) -> None:
    (payment,) = (await still_shop.get("/orders/123/payments")).json()["payments"]
    assert (payment["method"], payment["status"], payment["amount"]) == ("ideal", "paid", "146.95")
    assert payment in (await still_shop.get("/users/u123/payments")).json()["payments"]
    assert (await still_shop.get(f"/payments/{payment['id']}")).json() == payment


async def test_refund_and_return_under_way_are_listed(still_shop: httpx.AsyncClient) -> None:
    (refund,) = (await still_shop.get("/users/u123/refunds")).json()["refunds"]
    assert (refund["order_id"], refund["status"], refund["expected_by"]) == ("2187", "approved", "2025-01-20")
    assert (await still_shop.get("/orders/2187/refunds")).json()["refunds"] == [refund]
    returns = (await still_shop.get("/users/u123/returns")).json()["returns"]
    assert [(back["order_id"], back["status"]) for back in returns] == [
        ("2210", "in_transit"),
        ("2187", "received"),
    ]
    assert returns[1]["refund_id"] == refund["id"]
    assert (await still_shop.get("/orders/2210/returns")).json()["returns"] == returns[:1]
    assert (await still_shop.get(f"/returns/{returns[0]['id']}")).json() == returns[0]


async def test_products_are_searched_by_every_word(still_shop: httpx.AsyncClient) -> None:
    found = (await still_shop.get("/products", params={"query": "rain JACKET"})).json()
    assert {product["name"] for product in found["products"]} == {
        "Fjell rain jacket",
        "Last season rain jacket",
    }
    product = found["products"][0]
    assert (await still_shop.get(f"/products/{product['id']}")).json() == product
    assert (await still_shop.get("/products", params={"query": "100%_"})).json() == {
        "products": [],
        "total": 0,
    }
    assert (await still_shop.get("/products")).json()["total"] >= 60


async def test_page_size_out_of_range_is_invalid(still_shop: httpx.AsyncClient) -> None:
    reply = await still_shop.get("/users/u123/orders", params={"limit": 0})
    assert reply.status_code == 422
    assert reply.json()["errors"][0]["field"] == "limit"


async def test_text_that_cannot_be_stored_is_invalid(still_shop: httpx.AsyncClient) -> None:
    assert (await still_shop.get("/orders/1%00")).status_code == 422
    for text in ("\\u0000", "\\ud800"):
        body = f'{{"subject": "a{text}b", "body": "c"}}'
        reply = await still_shop.post("/tickets", content=body, headers={"Content-Type": "application/json"})
        assert (reply.status_code, reply.json()["code"]) == (422, "invalid_request")
