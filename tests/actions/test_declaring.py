"""Mistakes in a declaration fail at start, with a sentence that says what to write."""

import re
from typing import Any

import pytest

from frontdesk import Customer, Done, Money, ToolError, rule, tool
from frontdesk.bootstrap import secret_of
from frontdesk.desk import Frontdesk
from frontdesk.errors import DeclarationError, SettingsError
from frontdesk.settings import Settings
from frontdesk.tools import Tool
from frontdesk.tools.money import money


def declare(**words: Any) -> Tool:
    @tool(**{"permission": "orders:refund", "confirm": True, **words})
    async def refund(order_id: str, amount: Money, customer: Customer, effect_id: str) -> None:
        """Refund."""

    return refund


async def subject(order_id: str, customer: Customer) -> None: ...
async def asks_too_much(order_id: str, password: str) -> None: ...
async def undo(done: Done, customer: Customer, effect_id: str) -> None: ...


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"permission": "refund"}, 'write a permission such as @tool(permission="orders:read")'),
        ({"limit": "three a day"}, 'write "3/day", "100 EUR/call"'),
        ({"limit": "3"}, 'say of what: "3/day" or "3 per order_id"'),
        ({"limit": "3/call"}, "of one call only money is limited"),
        ({"limit": "100 EUR/call per shop"}, "of one call only money is limited"),
        ({"limit": "1 per ordre_id"}, "per ordre_id, which is no argument; it has amount, order_id"),
        ({"limit": "-3/day"}, "is no limit"),
        ({"limit": "3/fortnight"}, "is no limit"),
        ({"limit": "100 Euro"}, "is no limit"),
        ({"limit": ["3/day", 3]}, "is no limit"),
        ({"limit": "100 EUR/day"}, 'name the argument that holds it, amount="…"'),
        ({"amount": "sum"}, "amount='sum' names no argument; it has amount, order_id"),
        ({"amount": "amount", "approve_above": "100 EUR", "approve_twice_above": "50 EUR"}, "lies below"),
        (
            {"confirm": False, "changes": True, "amount": "amount", "approve_above": "1 EUR"},
            "needs confirm=True",
        ),
        ({"expires": "soon"}, 'write "10 minutes"'),
        ({"expires": "0 minutes"}, 'write "10 minutes"'),
        ({"undo_within": "5 minutes"}, "undo_within= needs undo="),
        ({"requires": [rule("No.", lambda *_: False)]}, "requires= needs subject="),
        ({"examples": "where is it"}, "examples= is a list of what customers say"),
        ({"examples": ["where is it", 5]}, "examples= is a list of what customers say"),
        ({"asks": {"ordre_id": "Which?"}}, "asks= names 'ordre_id'; it may ask for amount, order_id"),
        ({"step": "{order_id:>400000000}"}, "step= may name an argument as it is"),
        ({"step": "{order_id.__class__}"}, "step= may name an argument as it is"),
        ({"step": "{order_id!r}"}, "step= may name an argument as it is"),
        ({"step": "{customer}"}, "step= may name an argument as it is"),
        ({"step": "{order_id"}, "step= may name an argument as it is"),
        ({"defaults": lambda *_: {}}, "defaults= needs subject="),
        ({"subject": asks_too_much}, "subject= asks for 'password'; it may ask for amount, context"),
        ({"undo": subject}, "undo= asks for 'order_id'; it may ask for customer, done, effect_id"),
        ({"reconcile": asks_too_much}, "reconcile= asks for 'password'"),
        (
            {"confirm": None, "limit": "3/day"},
            "limit= is for a tool that changes data: write confirm=True beside it",
        ),
    ],
)
def test_a_mistake_says_what_to_write(words: dict[str, Any], sentence: str) -> None:
    with pytest.raises(DeclarationError, match=re.escape(sentence)):
        declare(**words)


@pytest.mark.parametrize("sentence", ["", " ", None])
def test_a_rule_without_a_sentence_would_always_hold(sentence: Any) -> None:
    with pytest.raises(DeclarationError, match="needs the sentence that the customer is told"):
        rule(sentence, lambda *_: False)


def test_repeat_needs_the_key_that_is_repeated() -> None:
    with pytest.raises(DeclarationError, match="needs the argument effect_id"):

        @tool(permission="a:b", confirm=True, reconcile="repeat")
        async def send(order_id: str) -> None:
            """Send."""


def test_what_is_right_is_kept_as_it_was_said() -> None:
    made = declare(
        amount="amount",
        limit=["3/day", "200 EUR/day", "5000 EUR/week per shop", "1 per order_id", "100 EUR"],
        approve_above="50 EUR",
        approve_twice_above=["80 EUR", "2/day"],
        undo=undo,
        reconcile="repeat",
    ).grant
    assert [(cap.scope, str(cap.most), cap.currency) for cap in made.limit] == [
        ("customer", "3", ""),
        ("customer", "200", "EUR"),
        ("shop", "5000", "EUR"),
        ("order_id", "1", ""),
        ("call", "100", "EUR"),
    ]
    assert made.changes
    assert made.confirm


def test_a_tool_that_changes_data_needs_a_button_unless_it_says_otherwise() -> None:
    assert declare(confirm=None, changes=True).grant.confirm
    assert not declare(confirm=False, changes=True).grant.confirm


def test_money_in_a_schema_is_an_amount_with_its_currency() -> None:
    made = declare()
    parsed, canonical = made.parse({"order_id": 456, "amount": "EUR 20"})
    assert parsed["amount"] == money("20.00 EUR")
    assert canonical == {"order_id": "456", "amount": {"amount": "20.00", "currency": "EUR"}}
    assert made.parse(canonical) == (parsed, canonical)
    with pytest.raises(ToolError):
        made.parse({"order_id": "456", "amount": "20"})


def test_a_desk_with_buttons_needs_a_secret_in_production() -> None:
    desk = Frontdesk("Shop", tools=[declare()])
    for secret in ("", "short"):
        with pytest.raises(SettingsError, match="FRONTDESK_SECRET: set 32 characters or more"):
            secret_of(desk, Settings(environment="production", secret=secret))
    assert secret_of(desk, Settings(environment="production", secret="s" * 32)) == b"s" * 32
    assert len(secret_of(Frontdesk("Shop"), Settings(environment="production"))) == 32
