import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontdesk.redaction import Placeholders, find


def kinds(text: str, *known: str) -> list[tuple[str, str]]:
    return [(found.kind, text[found.start : found.end]) for found in find(text, known)]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("write to anna.k+shop@mail.example, please", "email", "anna.k+shop@mail.example"),
        ("my card 4111 1111 1111 1111 was charged", "card", "4111 1111 1111 1111"),
        ("card: 378282246310005.", "card", "378282246310005"),
        ("IBAN DE89 3704 0044 0532 0130 00 please", "iban", "DE89 3704 0044 0532 0130 00"),
        ("gb82west12345698765432", "iban", "gb82west12345698765432"),
        ("call +49 151 23456789", "phone", "+49 151 23456789"),
        ("Phone: 467 3395", "phone", "467 3395"),
        ("Fax: 259.735.7502x459", "phone", "259.735.7502x459"),
        ("reach me, (212) 555-0187", "phone", "(212) 555-0187"),
        ("I live at 12 High Street, London SW1A 1AA.", "address", "12 High Street, London SW1A 1AA"),
        ("Hauptstraße 5, 10115 Berlin", "address", "Hauptstraße 5"),
        ("to 5 rue de la Paix", "address", "5 rue de la Paix"),
        ("She lives on Rue Dielhère 130 now", "address", "Rue Dielhère 130"),
        (
            "the flat is at 62573 103 Cassidy Street Suite 653",
            "address",
            "62573 103 Cassidy Street Suite 653",
        ),
        ("meet at the corner of Kuusiku 7 and Alexander Flat", "address", "Kuusiku 7 and Alexander Flat"),
        ("USNS Bergman\nFPO AP 93757", "address", "USNS Bergman\nFPO AP 93757"),
        ("> 83854 Strickstrasse 61\n> Suite 292", "address", "83854 Strickstrasse 61\n> Suite 292"),
        ("I live on Elm Avenue", "address", "Elm Avenue"),
        ("you get me,212-555-0187", "phone", "212-555-0187"),
        ("467 3395 as ever", "phone", "467 3395"),
        ("Phone number? It's 46733951", "phone", "46733951"),
        ("46733951 is my new number", "phone", "46733951"),
        ("in case you need me 0393114413", "phone", "0393114413"),
    ],
)
def test_each_kind_is_found(text: str, kind: str, value: str) -> None:
    assert any(k == kind and value in found for k, found in kinds(text)), kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        "Where is order 1234567890?",
        "order number: 4111-1111 and invoice 2024 555 0187",
        "I paid 1.234.567,89 EUR, or 24.95",
        "It came on 2026-11-28, at 10:30 - 12:45, not 28.11.2026",
        "4111 1111 1111 1112 is no card's number",
        "DE89 3704 0044 0532 0130 02 is no account",
        "open 9.00 - 18.30, 20 % off, 100 days, 3 of 5 stars",
        "turn 019acb2c-1234-7123-8123-123456789012 took 1234.5 ms",
        "version 10.4.1, ticket T-1042, SKU 884-221-903",
        "2 tents on the road to Rome in 14 days",
        "It cost $ 467 3395, or 72 128 827 EUR",
        "the avenue and the corner of the tent are torn; case 46733951",
    ],
)
def test_numbers_of_orders_amounts_dates_and_ids_stay(text: str) -> None:
    assert kinds(text) == []


def test_what_is_known_of_a_customer_is_found_as_they_say_it() -> None:
    assert kinds("Anna Kovač here, ask anna, or Kovač", "Anna Kovač") == [
        ("name", "Anna Kovač"),
        ("name", "Kovač"),
    ]
    assert kinds("I will pay", "Will Smith") == []


def test_an_address_ends_where_another_line_speaks_of_something_else() -> None:
    assert kinds("12 High Street\nOrder 45678 please") == [("address", "12 High Street")]


def test_a_value_keeps_its_placeholder_and_comes_back() -> None:
    places = Placeholders(["Anna"])
    hidden = places.hide("Anna: a@b.example, then c@d.example, again a@b.example")
    assert hidden == "[name-1]: [email-1], then [email-2], again [email-1]"
    assert places.show("[email-2] [email-1] [email-9]") == "c@d.example a@b.example [email-9]"
    for other in ("email-1", "EMAIL-1", "[EMAIL-1]", "[email-01]", "[email-1", "email-1]"):
        assert places.show(other) == other
    assert places.show_in({"to": ["[email-1]"], "n": 1}) == {"to": ["a@b.example"], "n": 1}


def test_what_somebody_wrote_like_a_placeholder_is_given_to_no_value() -> None:
    places = Placeholders()
    places.said_in(["is [email-1] yours?", {"a": "[email-3]"}])
    assert places.hide("[email-1] a@b.example c@d.example") == "[email-1] [email-2] [email-4]"
    assert places.show("[email-1] [email-2]") == "[email-1] a@b.example"


PIECES = [
    "order 456 ",
    "a@b.example",
    " 24.95 EUR ",
    "+49 151 2345678",
    "4111111111111111",
    "\n",
    "[x]",
    "[email-1]",
    "é",
    "12 ",
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES)).map("".join) | st.text(max_size=80))
def test_what_is_hidden_comes_back_as_it_was(text: str) -> None:
    places = Placeholders()
    places.said_in(text)
    assert places.show(places.hide(text)) == text


def test_what_overlaps_is_found_once_and_all_of_it_stands_in_order() -> None:
    found = find("b@x.example lives at Hauptstraße 5, a@x.example, Hauptstraße", ["Hauptstraße"])
    assert [(each.kind, each.start) for each in found] == [
        ("email", 0),
        ("address", 21),
        ("email", 36),
        ("name", 49),
    ]
