"""What a reply may say: what was shown, however it is written."""

import pytest

from frontdesk.evaluation.faithful import made_up

SHOWN = [
    '{"order_id":"456","total":"1234.50","expected":"2025-01-20","ids":["789","321"],"email":"ann@shop.example"}',
    "Orders of 50 EUR and more are sent free. We answer within 2 days.",
    "where is 10293",
]


@pytest.mark.parametrize(
    "reply",
    [
        "Order 456 comes to 1,234.50 EUR.",
        "Bestellung 456 kostet 1.234,50 €.",
        "It arrives on 20 January 2025, or by January 20th.",
        "Sie kommt am 20. Januar 2025.",
        "Llega el 20 de enero de 2025.",
        "It arrives on 2025-01-20, which is 20/01/2025.",
        "Your orders are 456,789 and 321.",
        "From €50 on it is free; there are 2 parcels and 3 steps.",
        "We wrote to Ann@shop.example about 10293.",
        "",
    ],
)
def test_what_was_shown_may_be_said(reply: str) -> None:
    assert made_up(reply, SHOWN) == []


@pytest.mark.parametrize(
    ("reply", "missing"),
    [
        ("Order 457 is on its way.", ["457"]),
        ("It comes to 1,234.60 EUR.", ["1,234.60"]),
        ("We take 7 EUR for it.", ["7"]),
        ("You get 15 % off.", ["15"]),
        ("It arrives on 21 January.", ["21 January"]),
        ("It arrives on 2025-02-20.", ["2025-02-20"]),
        ("Am 21. März ist es da.", ["21. März"]),
        ("Write to bob@shop.example.", ["bob@shop.example"]),
    ],
)
def test_what_was_not_is_made_up(reply: str, missing: list[str]) -> None:
    assert made_up(reply, SHOWN) == missing
