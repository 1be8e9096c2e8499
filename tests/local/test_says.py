import pytest

from frontdesk.models.local.says import TemplateError, render

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
