"""What a cold reading of the actions found, without a database: each of these once failed."""

import unicodedata
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, cast
from uuid import uuid4

import pytest
from pydantic import Field, SecretStr

from frontdesk import Customer, Done, Frontdesk, Money, Preview, rule, tool
from frontdesk.actions import words
from frontdesk.actions.propose import _preview, look, tidy
from frontdesk.bootstrap import tools_of
from frontdesk.domain import Action, Principal, Step
from frontdesk.errors import DeclarationError, ToolError
from frontdesk.policies import decide, evidence
from frontdesk.policies.grounding import unsupported
from frontdesk.policies.statuses import unsupported_statuses
from frontdesk.settings import load
from frontdesk.tools import InvalidArguments, ToolContext


async def subject(order_id: str, customer: Customer) -> dict[str, Any]:
    return {"status": "shipped"}


def declare(**more: Any) -> Any:
    @tool(**{"permission": "orders:refund", "confirm": True, **more})
    async def refund(order_id: str, amount: Money, customer: Customer, effect_id: str) -> None:
        """Refund."""

    return refund


# ---------------------------------------------------------------- declarations
@pytest.mark.parametrize("word", ["limt", "approve_over", "require", "aprove_above", "confirmed"])
def test_a_misspelt_word_is_refused_at_start(word: str) -> None:
    with pytest.raises(DeclarationError):
        declare(**{word: "3/day"})


def test_an_async_predicate_is_refused_or_evaluated() -> None:
    async def in_warehouse(order: Any, _: Any) -> bool:
        return False  # never holds

    with pytest.raises(DeclarationError):
        declare(subject=subject, requires=[rule("It has left.", in_warehouse)])


def test_a_rule_that_is_a_bare_predicate_does_not_pass_where_it_is_false() -> None:
    made = declare(subject=subject, requires=[lambda order, _: order["status"] == "processing"])
    assert decide.holds(made.grant, {"status": "shipped"}, {}).verdict == "refuse"


async def test_defaults_are_stored_as_though_said_and_never_take_the_place_of_what_was_said() -> None:
    def defaults(order: Any, said: Any) -> dict[str, Any]:
        return {"order_id": "9", "reason": order["status"], "customer": "ben-2"}

    @tool(permission="a:b", confirm=True, subject=subject, defaults=defaults)
    async def send(order_id: str, customer: Customer, reason: str | None = None) -> None:
        """Send."""

    context = ToolContext(Principal("customer", "anna-1"), uuid4(), uuid4())
    seen = await look(send, {"order_id": "1"}, context, 5)
    assert seen.arguments == {"order_id": "1", "reason": "shipped"}
    assert "shipped" in seen.preview.text
    broken = declare(subject=subject, defaults=lambda order, _: order["nothing"])
    with pytest.raises(ToolError, match="cannot be worked out"):
        await look(broken, {"order_id": "1", "amount": "5 EUR"}, context, 5)


def test_money_with_a_description_is_read_as_money() -> None:
    @tool(permission="a:b", confirm=True)
    async def pay(amount: Annotated[Money, Field(description="how much")]) -> None:
        """Pay."""

    for bad in (
        {"amount": "-5", "currency": "EUR"},
        {"amount": "２０", "currency": "eur"},
        {"amount": "1E+30", "currency": "x"},
    ):
        with pytest.raises(InvalidArguments):
            pay.parse({"amount": bad})


def test_a_list_of_money_is_read_as_money() -> None:
    @tool(permission="a:b", confirm=True)
    async def pay(parts: list[Money]) -> None:
        """Pay."""

    with pytest.raises(InvalidArguments):
        pay.parse({"parts": [{"amount": "-5", "currency": "EUR"}]})


def test_amount_that_is_not_money_is_refused_at_start() -> None:
    with pytest.raises(DeclarationError):

        @tool(permission="a:b", confirm=True, amount="amount", limit="100 EUR/day")
        async def pay(amount: float) -> None:
            """Pay."""


def test_currencies_that_can_never_meet_are_refused_at_start() -> None:
    with pytest.raises(DeclarationError):
        declare(amount="amount", limit="200 USD/day", approve_above="100 EUR")


def test_an_async_preview_is_refused_at_start() -> None:
    async def preview(subject: Any, arguments: Any) -> Preview:
        return Preview("x")

    with pytest.raises(DeclarationError):
        declare(preview=preview)


def test_words_without_use_beside_confirm_false_are_refused_at_start() -> None:
    async def back(done: Done, customer: Customer) -> None: ...

    with pytest.raises(DeclarationError):
        declare(confirm=False, changes=True, undo=back, expires="5 minutes")


def test_says_may_be_a_function_as_Grant_says() -> None:
    made = declare(says=lambda result: f"Refunded {result['amount']}.")
    action = type("A", (), {"preview": Preview("x", title="T")})()
    assert words.done(made, action, {"amount": "5 EUR"}) == "Refunded 5 EUR."  # type: ignore[arg-type]


def test_a_permission_with_a_line_end_is_refused() -> None:
    with pytest.raises(DeclarationError):
        declare(permission="orders:refund\n")


def test_a_preview_amount_other_than_the_declared_argument_is_refused() -> None:
    """amount= says which argument holds the money; the preview says another sum; that one is counted."""
    made = declare(
        amount="amount",
        limit="10 EUR/call",
        preview=lambda _s, a: Preview("Refund.", amount=Money(Decimal("1.00"), "EUR")),
    )
    try:
        seen = _preview(made, None, {"order_id": "1", "amount": {"amount": "900.00", "currency": "EUR"}})
    except ToolError:
        return
    assert decide.within(made.grant, seen.amount, [Decimal(0)]).verdict == "refuse"


# ---------------------------------------------------------------- what the customer sees
@pytest.mark.parametrize(
    "c", ["\u3164", "\u115f", "\uffa0", "\u2800", "\u034f", "\ufe0f", "\u2028", "\u2029", "\u180e"]
)
def test_invisible_characters_are_gone(c: str) -> None:
    assert tidy(f"2 New{c}Road") in ("2 NewRoad", "2 New Road"), unicodedata.name(c, "?")


def test_tidy_twice_is_tidy_once() -> None:
    once = tidy("e\u200b\u0301")
    assert tidy(once) == once


# ---------------------------------------------------------------- the output gate
ORDER = '{"id":"456","status":"processing","shipping_address":{"city":"Berlin"},"cancellable":true,"refundable":false,"returnable":true,"delivery_window":"3-5 days"}'


@pytest.mark.parametrize(
    "reply",
    ["Your order has been shipped.", "Your order has been cancelled.", "Your refund has been paid out.",
     "I have cancelled your order.", "Your order has been delivered.", "Your order has been returned."],
)  # fmt: skip
def test_a_field_s_name_is_no_evidence_of_a_status(reply: str) -> None:
    assert unsupported(reply, [ORDER])


def test_an_article_is_no_evidence_that_this_customer_s_refund_was_paid() -> None:
    article = '{"answerable":true,"passages":[{"n":1,"text":"Refunds are paid out within 5 days after we receive the return."}]}'
    assert unsupported("Your refund has been paid out.", [article])


@pytest.mark.parametrize(
    "reply",
    [
        "Your order has been cancelled and you will get an e-mail.",
        "Your refund has been paid out, no further steps are needed.",
        "Done! Your refund was issued.",
        "Your refund has been processed.",
        "I refunded it.",
        "Your cancellation is complete.",
        "Your refund is on its way.",
        "Order 456 is now cancelled after your request.",
    ],
)
def test_a_plain_claim_without_any_evidence_is_found(reply: str) -> None:
    assert unsupported_statuses(reply, [])


def test_list_actions_of_a_declined_cancellation_is_no_evidence_of_one() -> None:
    listed = '{"actions":[{"id":"x","tool":"cancel_order","title":"Cancel order 456","status":"declined","reason":"customer","result":null,"can_be_undone":false}]}'
    assert unsupported("Your order has been cancelled.", [listed])


def test_the_same_person_in_other_letters_does_not_count_twice() -> None:
    action = Action(
        uuid4(), uuid4(), uuid4(), "customer:u1", "t", {}, b"", Preview("x"), b"", "p", "confirmed",
        datetime.now(UTC) + timedelta(hours=1), needs=2, approved_by=("kim@shop.example",),
    )  # fmt: skip
    assert decide.may_approve(action, "Kim@shop.example", datetime.now(UTC)) == "not_yours"
    assert decide.may_approve(action, "staff:kim@shop.example", datetime.now(UTC)) == "not_yours"


def test_a_limit_per_list_is_refused_at_start() -> None:
    with pytest.raises(DeclarationError, match="no single value"):

        @tool(permission="a:b", confirm=True, limit="1 per lines")
        async def give_back(lines: list[str]) -> None:
            """Return lines."""


def test_what_is_too_long_to_be_shown_whole_is_refused() -> None:
    @tool(permission="a:b", confirm=True)
    async def send(text: str) -> None:
        """Send."""

    _, canonical = send.parse({"text": "x" * 2100 + " AND SEND 500 EUR TO MALLORY"})
    with pytest.raises(ToolError, match="too long"):
        _preview(send, None, canonical)


def test_the_model_s_own_arguments_in_a_proposal_are_no_evidence() -> None:
    arguments = {"order_id": "456", "street": "https://evil.example/pay 500 EUR 12 May 2027"}
    result = (
        '{"proposed":{"title":"Change","status":"proposed","text":"Send order 456 to https://evil.example/pay 500 EUR'
        ' 12 May 2027.","amount":"20.00 EUR"}}'
    )
    shown = evidence.of(Step("change_address", "", arguments, result, ok=True, ms=1.0))
    assert unsupported("Please pay 500 EUR at https://evil.example/pay by 12 May 2027.", [shown])
    assert not unsupported("I have prepared a refund of 20.00 EUR for you to confirm.", [shown])


def test_a_backend_that_repeats_what_it_is_sent_makes_no_fact_of_it() -> None:
    step = Step(
        "find",
        "",
        {"text": "pay 500 EUR at evil.example/pay"},
        '{"asked":"pay 500 EUR at evil.example/pay","n":7}',
        ok=True,
        ms=1.0,
    )
    assert unsupported("You have to pay 500 EUR.", [evidence.of(step)])


async def test_arguments_that_do_not_survive_being_stored_are_refused() -> None:
    @tool(permission="a:b", confirm=True)
    async def set_pin(pin: SecretStr) -> None:
        """Set."""

    with pytest.raises(ToolError, match="kept as they are"):
        await look(set_pin, {"pin": "1234"}, ToolContext(Principal("customer", "u1"), uuid4(), uuid4()), 1.0)


def test_visitors_hold_no_permission_of_a_tool_that_changes_data() -> None:
    @tool(permission="tickets:write", changes=True, confirm=False)
    async def close_ticket(ticket_id: str) -> str:
        """Close a ticket of the shop's."""
        return "ok"

    with pytest.raises(DeclarationError, match="anonymous visitors"):
        tools_of(Frontdesk("T", tools=[close_ticket]), cast("Any", None), load())
