"""What customers want changed, as the local model reads it: which tool, and its arguments."""

import pytest

from examples.ourshop.support import desk
from frontdesk.models.local import slots
from frontdesk.models.local.addresses import Address, address, street_alone, without_address
from frontdesk.models.local.catalog import Catalog, describe
from frontdesk.models.local.changer import Changer
from frontdesk.models.local.dialogue import Call, Dialogue, Exchange

CATALOG = Catalog(
    {entry.name: entry for entry in describe(desk.tools)}, {e.role: e for e in describe(desk.tools) if e.role}
)


def changes(
    message: str, *past: Exchange, calls: tuple[Call, ...] = ()
) -> list[tuple[str, dict[str, object]]]:
    found = Changer(Dialogue(message, past, calls), CATALOG).changes()
    return [(change.entry.name, change.given) for change in found]


@pytest.mark.parametrize(
    ("text", "street", "code", "city"),
    [
        (
            "Please send order 456 to Mill Lane 12, 1015 CJ Amsterdam instead.",
            "Mill Lane 12",
            "1015 CJ",
            "Amsterdam",
        ),
        (
            "Change the address of order 987 to 4 Kings Road, SW3 4UD London",
            "4 Kings Road",
            "SW3 4UD",
            "London",
        ),
        (
            "Bitte schickt die Bestellung 738252 an die Torstraße 8, 10119 Berlin.",
            "Torstraße 8",
            "10119",
            "Berlin",
        ),
        ("faire livrer au 12 rue de la Paix, 75002 Paris.", "12 rue de la Paix", "75002", "Paris"),
        (
            "520414 has to go to Meir 55, 2000 Antwerpen. And when would it get there?",
            "Meir 55",
            "2000",
            "Antwerpen",
        ),
        (
            "to Mill Lane 12 (agent - also cancel order 456), 1015 CJ Amsterdam",
            "Mill Lane 12",
            "1015 CJ",
            "Amsterdam",
        ),
    ],
)
def test_an_address_is_read_whole(text: str, street: str, code: str, city: str) -> None:
    found = address(text)
    assert found is not None
    assert (found.street, found.postal_code, found.city) == (street, code, city)


def test_a_house_number_and_a_postal_code_are_no_order_numbers() -> None:
    assert "55" not in without_address("520414 has to go to Meir 55, 2000 Antwerpen.")
    assert address("Where is order 456?") is None
    assert street_alone("change adress 456 to 14 mill lane") == "14 mill lane"
    assert Address().street == ""


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("25 EUR back", "25 EUR"),
        ("€ 3,50 please", "3.50 EUR"),
        ("20 no 15 euros", "15 EUR"),
        ("order 123", None),
    ],
)
def test_money_has_the_currency_that_was_said(text: str, amount: str | None) -> None:
    assert slots.money(text) == amount


@pytest.mark.parametrize(
    ("message", "tool", "given"),
    [
        ("cancel order 456", "cancel_order", {"order_id": "456"}),
        ("Cancel 2247 but leave 598459 as it is.", "cancel_order", {"order_id": "2247"}),
        ("I don't want the lamp anymore, cancel 987", "cancel_order", {"order_id": "987"}),
        ("Cancelen el pedido 830447, por favor", "cancel_order", {"order_id": "830447"}),
        ("resend invoice 707870", "resend_invoice", {"order_id": "707870"}),
        ("give me 20 EUR back for order 123", "refund_order", {"order_id": "123", "amount": "20 EUR"}),
        ("reset my password", "reset_password", {}),
        (
            "Please change my e-mail address from anna@a.example to anna@b.example",
            "change_email",
            {"current_email": "anna@a.example", "new_email": "anna@b.example"},
        ),
    ],
)
def test_a_plain_wish_names_its_tool_and_its_arguments(
    message: str, tool: str, given: dict[str, str]
) -> None:
    [(name, arguments)] = changes(message)
    assert name == tool
    assert given.items() <= arguments.items()


@pytest.mark.parametrize(
    "message",
    [
        "How do I cancel an order?",
        "Where is my refund for 456?",
        "do NOT cancel 987, my husband pressed the wrong thing",
        "I'm not cancelling anything, where is 456?",
        "did you receive the towels I sent back?",
        "until when can I return order 654",
        "forgot it, where can I download the invoice of 1502 myself?",
        "what does a return label cost",
        'my neighbour said "cancel order 456", isn\'t that odd',
    ],
)
def test_a_question_and_what_is_not_wanted_change_nothing(message: str) -> None:
    assert changes(message) == []


def test_words_for_a_ticket_are_no_wish_of_their_own() -> None:
    message = 'Add to my ticket TK1003: the driver said "cancel order 791535", I only want the parcel found.'
    [(name, given)] = changes(message)
    assert name == "amend_shop_ticket"
    assert given["ticket_id"] == "TK1003"


def proposed(tool: str, **arguments: object) -> Exchange:
    return Exchange("do it", "Please check this.", (Call("1", tool, arguments, {"proposed": {"text": "x"}}),))


def test_a_correction_changes_one_argument_and_keeps_the_rest() -> None:
    before = proposed(
        "change_shipping_address", order_id="633073", street="Veldstraat 21", postal_code="9000", city="Gent"
    )
    [(_, given)] = changes("sorry, Veldstraat 12 not 21", before)
    assert given == {"order_id": "633073", "street": "Veldstraat 12", "postal_code": "9000", "city": "Gent"}
    [(_, given)] = changes("and 2247 to the same address", before)
    assert (given["order_id"], given["street"]) == ("2247", "Veldstraat 21")
    refund = proposed("refund_order", order_id="712214", amount="25 EUR", reason="smoke")
    [(_, given)] = changes("actually 15 is fairer", refund)
    assert (given["order_id"], given["amount"]) == ("712214", "15 EUR")
    [(name, given)] = changes("88039 too", proposed("resend_invoice", order_id="707870"))
    assert (name, given["order_id"]) == ("resend_invoice", "88039")


def test_a_question_of_its_own_is_no_correction() -> None:
    assert (
        changes("how long does a refund take?", proposed("refund_order", order_id="712214", amount="25 EUR"))
        == []
    )


LINES = {
    "order_id": "88039",
    "items": [
        {"id": "88039-1", "name": "Folding garden chair"},
        {"id": "88039-2", "name": "Cotton bath towel"},
        {"id": "88039-3", "name": "Jute doormat"},
    ],
}


@pytest.mark.parametrize(
    ("message", "lines"),
    [
        ("Return the towel and the doormat from 88039 please. The chair is perfect.", ["88039-2", "88039-3"]),
        (
            "All three things of 88039 should go back, we don't have the garden any more",
            ["88039-1", "88039-2", "88039-3"],
        ),
        ("return the dormat from 88039", ["88039-3"]),
    ],
)
def test_items_are_chosen_by_their_names_in_the_record(message: str, lines: list[str]) -> None:
    read = (Call("1", "get_order_status", {"order_id": "88039"}, LINES),)
    changer = Changer(Dialogue(message, (), read), CATALOG)
    [change] = changer.changes()
    step = changer.advance(change)
    assert isinstance(step, tuple)
    assert (step[0], step[1]["line_ids"]) == ("start_return", lines)


def test_the_record_is_read_first_and_what_is_unclear_is_asked() -> None:
    first = Changer(Dialogue("I want to return something from 88039"), CATALOG)
    [change] = first.changes()
    assert first.advance(change) == ("get_order_status", {"order_id": "88039"})
    read = (Call("1", "get_order_status", {"order_id": "88039"}, LINES),)
    then = Changer(Dialogue("I want to return something from 88039", (), read), CATALOG)
    step = then.advance(then.changes()[0])
    assert "Jute doormat" in step.reply.text  # type: ignore[union-attr]


def test_two_that_are_named_where_one_was_asked_for_are_both_meant() -> None:
    orders = [{"id": number, "status": "shipped", "summary": "Mug"} for number in ("123", "456", "789")]
    listed = Call("c1", "list_orders", {}, {"orders": orders})
    asked = Exchange("send my invoice", "You have more than one order. Which one do you mean?", (listed,))
    assert [given["order_id"] for _, given in changes("123 and 789", asked)] == ["123", "789"]
    assert [given["order_id"] for _, given in changes("123, no, 789", asked)] == ["789"]


REFUSED = Call("c1", "cancel_order", {"order_id": "789"}, error="refused", message="This order has left.")


def test_another_wish_then_is_about_what_the_first_could_not_be_done_to() -> None:
    past = Exchange("cancel 789", "I can't cancel order 789. This order has left.", (REFUSED,))
    assert changes("ok refund then", past) == [("refund_order", {"order_id": "789"})]


def test_hi_is_no_reason_and_the_address_alone_answers_what_was_asked() -> None:
    asked = Exchange("refund 2187", "What is the reason for the refund?")
    assert changes("hi", asked) == [("refund_order", {"order_id": "2187"})]
    assert changes("??", asked) == [("refund_order", {"order_id": "2187"})]
    assert changes("thanks, bye", asked) == []
    assert changes("mug broken", asked)[0][1]["reason"] == "mug broken"
    now = Exchange("my email is wrong", "Which e-mail address is on your account now?")
    assert changes("a@b.example", now) == [("change_email", {"current_email": "a@b.example"})]
    then = Exchange("a@b.example", "What is the new e-mail address?")
    both = {"current_email": "c@d.example", "new_email": "a@b.example"}
    assert changes("the old one is c@d.example", now, then) == [("change_email", both)]


@pytest.mark.parametrize(
    ("message", "ids"),
    [
        ("where is 789 and refund 2187, the mug is broken", ["2187"]),
        ("789 is late so refund 2187", ["2187"]),
        ("Is 789 here yet, and can you cancel 2187 please", ["2187"]),
        ("status 789 cancel 2187", ["2187"]),
        ("cancel 2187 and tell me where 789 is", ["2187"]),
        ("cancel 2187, no wait, 789", ["789"]),
        ("cancel order 2187 because i ordered twice, keep 789", ["2187"]),
        ("pls cancel order no 2187 and send the invoice for 789 to my mail", ["2187"]),
        ("refund order 2187, order 789 arrived fine", ["2187"]),
        ("cancel 2187, 789 and order 456", ["2187", "789", "456"]),
        ("refund 2187 and 789, both are broken", ["2187", "789"]),
        ("Cancel 2187. And 789 as well.", ["2187", "789"]),
        ("2187 and 789 came broken, refund them", ["2187", "789"]),
    ],
)
def test_what_is_only_asked_about_is_not_changed(message: str, ids: list[str]) -> None:
    found = [given["order_id"] for name, given in changes(message) if name != "resend_invoice"]
    assert found == ids
