import pytest

from frontdesk.models.local.phrase import topics
from frontdesk.models.local.says import TemplateError, answers_only, render

ORDER = {
    "order_id": "456",
    "status": "out_for_delivery",
    "total": "84.9",
    "currency": "EUR",
    "shipped_on": "2025-01-10T08:00:00Z",
    "carrier": None,
    "items": [{"name": "Kettle"}, {"name": "Mug"}, {"name": "Lamp"}],
    "address": {"city": "Berlin"},
}


def test_values_and_filters():
    said = render(
        "{order_id}: {status|words}, {total|money:currency}, {shipped_on|date}, {address.city}", ORDER
    )
    assert said == "456: out for delivery, 84.90 EUR, 10 January 2025, Berlin"


def test_a_bracket_with_a_missing_value_is_dropped():
    said = render("Order {order_id}.[ Shipped on {shipped_on|date}[ with {carrier}].][ Late: {late}.]", ORDER)
    assert said == "Order 456. Shipped on 10 January 2025."


def test_what_was_asked_for_comes_first():
    template = "Order {order_id} is on its way.[@when  It was shipped on {shipped_on|date}.]"
    assert render(template, ORDER, ("when",)).startswith("It was shipped")
    assert render(template, ORDER).startswith("Order 456")


def test_lists_are_joined_counted_and_repeated():
    assert render("{items|join:name}", ORDER) == "Kettle, Mug and Lamp"
    assert render("{items|count} things", ORDER) == "3 things"
    assert render("You have:\n{each items}- {name}\n{/each}", ORDER) == "You have:\n- Kettle\n- Mug\n- Lamp"


def test_an_empty_list_says_what_stands_after_else():
    assert render("{each orders}{id}{else}No orders yet.{/each}", {"orders": []}) == "No orders yet."


def test_a_missing_value_outside_brackets_says_nothing():
    assert render("{missing} is here", ORDER) == ""


def test_doubled_brackets_are_characters():
    assert render("[[{order_id}]] {{x}}", ORDER) == "[456] {x}"


def test_values_are_never_read_as_templates():
    assert render("{note}", {"note": "{order_id} [x] {{"}) == "{order_id} [x] {{"


@pytest.mark.parametrize("template", ["[ {a}", "{each a}x", "{a}]", "{/each}", "{else}", "{a|shout}"])
def test_a_broken_template_is_refused(template: str):
    with pytest.raises(TemplateError):
        render(template, {"a": "b"})


ONLY = "Order {order_id} is {status|words}.[?items In order {order_id}: {items|join:name}.][?carrier Order {order_id} is with {carrier}.]"


def test_a_group_with_a_question_mark_is_said_only_when_asked_and_then_alone():
    assert render(ONLY, ORDER) == "Order 456 is out for delivery."
    assert render(ONLY, ORDER, ("items",)) == "Order 456 is out for delivery."
    assert render(ONLY, ORDER, ("?items",)) == "In order 456: Kettle, Mug and Lamp."


def test_without_its_value_or_with_another_question_the_rest_is_said_too():
    assert render(ONLY, ORDER, ("?carrier",)) == "Order 456 is out for delivery."
    whole = render(ONLY, ORDER, ("?items", "all"))
    assert whole == "In order 456: Kettle, Mug and Lamp. Order 456 is out for delivery."


def test_the_topics_that_have_an_answer_of_their_own_are_known():
    assert answers_only(ONLY) == {"items", "carrier"}


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("who is carrying 789?", "carrier"),
        ("when was 789 placed", "placed"),
        ("what is in it?", "items"),
        ("which address is it going to?", "address"),
        ("until when can i return 2210?", "return_until"),
        ("how much was it", "total"),
        ("where is 789?", "all"),
    ],
)
def test_one_field_is_recognised_in_a_question(question: str, topic: str):
    assert [t.removeprefix("?") for t in topics(question) if t[0] == "?" or t == "all"] == [topic]
