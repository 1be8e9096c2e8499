from datetime import date

import pytest

from frontdesk.models.local import slots, times, wishes
from frontdesk.models.local.parameters import parameters

ORDER = parameters(
    {"properties": {"order_id": {"type": "string"}}, "required": ["order_id"]}, ["Where is 123?"], {}
)[0]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("where is 456", ("456",)),
        ("#456!!", ("456",)),
        ("order no. 456", ("456",)),
        ("i paid 120 euros for 456", ("456",)),
        ("I paid €120 for 456 on 12 January", ("456",)),
        ("sorry i meant 456 not 123", ("456",)),
        ("waiting for 14 days", ()),
        ("what are 300 points worth", ()),
        ("i have 450 vouchers", ()),
        ("456 has not come", ("456",)),
        ("where are 123 and 789?", ("123", "789")),
        ("the neighbour at number 12", ()),
        ("12 * 456", ()),
        ("it was 250 cm long", ()),
        ("order 12", ("12",)),
    ],
)
def test_an_id_is_told_from_amounts_durations_and_what_is_denied(text: str, ids: tuple[str, ...]):
    assert slots.identifiers(text, ORDER) == ids


def test_an_id_is_written_as_the_tool_writes_it():
    loan = parameters({"properties": {"loan_id": {"type": "string"}}}, ["when is LN-1234 due"], {})[0]
    assert slots.identifiers("is ln-2077 overdue", loan) == ("LN-2077",)
    assert slots.identifiers("is 2077 overdue", loan) == ()


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("tomorrow please", "2025-01-09"),
        ("on 2025-02-03", "2025-02-03"),
        ("3.2.2025", "2025-02-03"),
        ("the 3rd of February", "2025-02-03"),
        ("March 4", "2025-03-04"),
        ("next Monday", "2025-01-13"),
        ("31 February", None),
        ("soon", None),
    ],
)
def test_dates(text: str, day: str | None):
    assert times.day(text, date(2025, 1, 8)) == day


def test_numbers_choices_and_addresses():
    assert slots.number("refund 20,50 euros of 456") == 20.5
    assert slots.integer("for four people") == 4
    assert slots.choice(("small", "extra small"), "Extra small please") == "extra small"
    assert slots.choice(("red", "blue"), "red or blue?") is None
    assert slots.email("write to kim@example.org.") == "kim@example.org"
    assert slots.phone("call +49 30 1234567") == "+49 30 1234567"


def test_a_string_stays_the_customers_words_and_only_a_date_becomes_one():
    fields = parameters({"properties": {"day": {"type": "string"}}, "required": ["day"]}, [], {})
    assert slots.value(fields[0], "a room for next Monday please") == "next Monday"
    dated = parameters({"properties": {"day": {"type": "string", "format": "date"}}}, [], {})
    assert slots.value(dated[0], "on 2025-02-03") == "2025-02-03"


def test_a_message_of_numbers_only_names_no_more_ids_than_a_customer_would():
    text = " ".join(map(str, range(1000, 2600)))
    assert len(slots.references(text)) == slots.MOST


def test_an_address_instead_of_another_is_a_wish_and_a_row_of_at_signs_none():
    words = next(kind.asked for kind in wishes.KINDS if kind.name == "email")
    for text in ("write to a@b.org no longer, c@d.org", "not a@b.org but c@d.org"):
        assert words.search(text)
    for text in ("a@b.org no longer", "@" * 8000, "a@b " * 2000):
        assert not words.search(text)
