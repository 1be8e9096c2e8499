import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.domain import Passage
from frontdesk.policies.grounding import cite, clean, sites, unsupported, without_foreign_links

EVIDENCE = [
    '{"order_id":"789","total":"1234.50","shipped_on":"2025-01-10","url":"https://t.example/x1"}',
    "30 days",
    '{"ids":[4561,7892,8903]}',
    '{"orders":["123","456"],"mail":"help@shop.example"}',
    "https://t.example/a_b_c",
]


@pytest.mark.parametrize(
    "reply",
    [
        "Order 789 was shipped on 10 January 2025.",
        "It was shipped on January 10th, 2025 and cost 1,234.50 EUR.",
        "It cost EUR 1234.5 and left on 10 Jan.",
        "You have 2 parcels and 30 days. Follow it: https://t.example/x1.",
        "1. First\n2. Second",
        "**Follow it**: https://t.example/a_b_c and **https://t.example/a_b_c**.",
        "It left on 10.01.2025, we answer 24/7.",
        "Your orders are 4561, 7892 and 8903.",
        "Orders 123, 456: [write](mailto:help@shop.example).",
        "That is order 789, and you have 12 orders.",
    ],
)
def test_what_a_tool_or_a_passage_says_may_be_said(reply: str) -> None:
    assert unsupported(reply, EVIDENCE) == []


@pytest.mark.parametrize(
    ("reply", "made_up"),
    [
        ("Order 788 was shipped.", "788"),
        ("It cost 1,234.51 EUR.", "1234.51"),
        ("It was shipped on 11 January 2025.", "2025-01-11"),
        ("It was shipped on 10 January 2026.", "2026-01-10"),
        ("You have 14 days.", "14 days"),
        ("It cost 34.50 EUR.", "34.5"),
        ("It cost 234 EUR.", "234"),
        ("Half of it is 50 percent.", "50"),
        ("Follow it: https://evil.example/x1", "https://evil.example/x1"),
        ("Follow it: https://t.example/x", "https://t.example/x"),
        ("Go to www.evil.example/pay", "www.evil.example/pay"),
        ("[Write](mailto:thief@evil.example)", "mailto:thief@evil.example"),
    ],
)
def test_what_nothing_supports_is_named(reply: str, made_up: str) -> None:
    assert made_up in unsupported(reply, EVIDENCE)


@given(st.text(), st.text())
def test_any_text_is_its_own_evidence(reply: str, more: str) -> None:
    cleaned = clean(reply)
    assert unsupported(cleaned, [cleaned, more]) == []


@given(st.text())
def test_cleaning_twice_changes_nothing_and_leaves_no_markup(reply: str) -> None:
    once = clean(reply)
    assert clean(once) == once
    assert "![" not in once or "](" not in once


@pytest.mark.parametrize(
    ("reply", "left"),
    [
        ("<script>alert(1)</script>hi", "alert(1)hi"),
        ("![p](https://evil.example/a.png?q=789)", "p"),
        ("[a](javascript:alert(1)) [b](http://x.example)", "[a] (javascript:alert(1)) b"),
        ("see http://x.example/a now", "see  now"),
        ("[ok](https://shop.example/a)", "[ok](https://shop.example/a)"),
        ("a\u202eb\x00c", "abc"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("Parcels <EUR 50 cost 4.90 EUR. Above is free.", "Parcels < EUR 50 cost 4.90 EUR. Above is free."),
        (
            "Write to <help@shop.example> or see <https://shop.example/a>.",
            "Write to help@shop.example or see https://shop.example/a.",
        ),
        ("<img src=x onerror=alert(1)", "< img src=x onerror=alert(1)"),
        ("<<a>script>alert(1)<<a>/script>", "alert(1)"),
        ("[Pay][x]\n\n[x]: javascript:alert(1)", "[Pay][x]"),
    ],
)
def test_only_plain_markdown_with_https_links_leaves(reply: str, left: str) -> None:
    assert clean(reply) == left


def passage(n: int) -> Passage:
    text = f"The first, second and third parcel are sent by carrier {n}, made up of 3 boxes in 14 days."
    return Passage(str(n), "a", f"Title {n}", "Part", f"https://h.example/{n}", text, 0.9, 0.9)


def test_citations_are_numbered_in_order_and_a_made_up_one_is_removed() -> None:
    text, citations = cite("First [3]. Second [1], third [3], made up [9].", [passage(n) for n in (1, 2, 3)])
    assert text == "First [1]. Second [2], third [1], made up."
    assert [(c.n, c.url) for c in citations] == [(1, "https://h.example/3"), (2, "https://h.example/1")]


@pytest.mark.parametrize(
    "piece",
    [
        "[a](",
        "![a](",
        "<a ",
        "[1]",
        "1,234",
        "10 January ",
        "https://a",
        "[[[",
        "1.1.",
        "](",
        "5 days ",
        "in a ",
        " (1)",
        "【1】",
        "[1, ",
        "[^1]",
        "two to ",
        "9:00 ",
        "on monday ",
    ],
)
def test_no_text_however_repeated_takes_long(piece: str) -> None:
    text = piece * (8000 // len(piece))
    began = time.process_time()
    unsupported(clean(text), [text, text])
    assert time.process_time() - began < 1.0  # generous: what is meant is seconds, not milliseconds


@given(st.text(), st.text())
def test_no_text_makes_the_gate_raise(reply: str, source: str) -> None:
    unsupported(clean(reply), [source, "I paid on 1 \u017fep, \u0661\u0662 and \u00b2"])


SAID = ["Promise me 500 EUR on 3 March 2031 for order 4711, see https://evil.example", "I paid 89 euros"]


def test_a_customers_words_support_a_number_and_may_be_quoted_but_prove_no_amount_date_or_link() -> None:
    assert unsupported("I could not find order 4711.", EVIDENCE, SAID) == []
    assert unsupported("You told me: “I paid 89 euros”.", EVIDENCE, SAID) == []
    assert unsupported("You get 500 EUR.", EVIDENCE, SAID) == ["500"]
    assert unsupported("You get €500.", EVIDENCE, SAID) == ["500"]
    for amount in (
        "**500** EUR",
        "500 **EUR**",
        "500,- €",
        "500  EUR",
        "EUR: 500",
        "500 US dollars",
        "500 zł",
        "5 EUR",
    ):
        assert unsupported(f"You get {amount}.", EVIDENCE, SAID), amount
    assert unsupported("Write to refunds@evil.example", EVIDENCE, SAID) == ["refunds@evil.example"]
    assert unsupported("Pay at evil-shop.com/pay", EVIDENCE, SAID) == ["evil-shop.com/pay"]
    assert unsupported("You get it on 3 March 2031.", EVIDENCE, SAID) == ["2031-03-03"]
    assert unsupported("See https://evil.example", EVIDENCE, SAID) == ["https://evil.example"]


TERMS = [
    "Refunds take 5 business days, delivery 2–3 days, the warranty 2 years. Returns within 30 days.",
    "two weeks",
]


@pytest.mark.parametrize(
    "reply",
    [
        "You get it within 5 days.",
        "Within five business days, or 2 to 3 days for delivery.",
        "You have thirty days: a 30-day window.",
        "That is 14 days, or two weeks.",
        "The warranty lasts two years (24 months).",
        "Das dauert 5 Werktage, die Garantie zwei Jahre.",
        "Sous 5 jours, garantie de deux ans.",
        "En 5 días, con dos años de garantía.",
        "We are here 24/7, that is 24 hours a day, 7 days a week.",
        "One moment, it is done in a minute in 2 steps.",
        "You will laugh about it some day.",
        "I'm sorry that you have been waiting for three weeks.",
        "You wrote that it came 9 days ago.",
    ],
)
def test_a_duration_that_is_told_may_be_said(reply: str) -> None:
    assert (
        unsupported(reply, TERMS, ["I wait for three weeks now, it came 9 days ago, give it me in 9 days"])
        == []
    )


@pytest.mark.parametrize(
    ("reply", "made_up"),
    [
        ("You get it within 4 days.", "4 days"),
        ("You get it within 5 hours.", "5 hours"),
        ("It takes two to four days.", "two to four days"),
        ("It takes two days to a week.", "a week"),
        ("You have a 10-day window.", "10-day"),
        ("You have two months.", "two months"),
        ("You get it within a month.", "a month"),
        ("It takes one hour.", "one hour"),
        ("Das dauert vier Tage.", "vier Tage"),
        ("Innerhalb einer Woche.", "einer Woche"),
        ("Sous 7 jours.", "7 jours"),
        ("Sous un mois.", "un mois"),
        ("En seis meses.", "seis meses"),
        ("You get it in 9 days.", "9 days"),
        ("Sorry, you get it within 9 days.", "9 days"),
        ("It comes **within 4** days [1].", "4 days"),
        ("Order before 3 pm.", "3 pm"),
        ("It comes on Friday.", "Friday"),
    ],
)
def test_a_deadline_that_nothing_names_is_stopped_however_small(reply: str, made_up: str) -> None:
    assert made_up in unsupported(reply, TERMS, ["I want it in 9 days"])


def test_a_tools_fields_name_durations_times_and_days_too() -> None:
    found = [
        '{"return_window_days":9,"eta":"2025-01-10T15:00:00Z","left":{"hours":"3"},"note":"Done.\\n4 weeks"}'
    ]
    assert unsupported("You have 9 days and 3 hours; it comes at 3 pm on Friday. 4 weeks.", found) == []
    assert unsupported("You have 9 weeks.", found) == ["9 weeks"]
    assert unsupported("It comes at 15:00.", ["by 15:00 on a business day, Monday to Friday"]) == []
    assert unsupported("It comes on Thursday.", ["on a business day, Monday to Friday"]) == []
    assert unsupported("It comes on Sunday.", ["on a business day, Monday to Friday"]) == ["Sunday"]


@pytest.mark.parametrize(
    ("written", "clean_form"),
    [
        ("First parcel [1][3].", "First parcel [1][2]."),
        ("First parcel [1, 3].", "First parcel [1][2]."),
        ("First parcel [1-3].", "First parcel [1][2][3]."),
        ("First parcel [^2].", "First parcel [1]."),
        ("First parcel【2】.", "First parcel[1]."),
        ("First parcel【2†help center】.", "First parcel[1]."),
        ("First parcel (2).", "First parcel [1]."),
        ("First parcel. (2)\n\nSecond parcel (3)", "First parcel. [1]\n\nSecond parcel [2]"),
        ("First parcel [source 2].", "First parcel [1]."),
        ("First parcel [[2]].", "First parcel [1]."),
        ("First parcel [2](https://h.example/2).", "First parcel [1]."),
        ("First parcel [9].", "First parcel."),
        ("First parcel [^9]【8】 [7, 8].", "First parcel."),
        ("First parcel (9).", "First parcel."),
        ("First parcel [2] [2].", "First parcel [1]."),
        ("Two (2) parcels in room (2) came.", "Two (2) parcels in room (2) came."),
        ("You have three (3).", "You have three (3)."),
    ],
)
def test_a_citation_is_read_however_models_write_it(written: str, clean_form: str) -> None:
    assert cite(written, [passage(n) for n in (1, 2, 3)])[0] == clean_form


def test_a_citation_on_a_sentence_that_shares_nothing_with_its_passage_is_removed() -> None:
    passages = [passage(1)]
    invented = "Everybody wins a free helicopter every Sunday [1]. The carrier brings the parcel [1]."
    text, citations = cite(invented, passages)
    assert text == "Everybody wins a free helicopter every Sunday. The carrier brings the parcel [1]."
    assert len(citations) == 1
    assert cite("Helicopters are free [1].", passages) == ("Helicopters are free.", [])
    assert cite("You get it in two weeks [1].", passages)[1], "14 days are two weeks"
    assert cite("Der Hubschrauber ist für alle Kunden kostenlos und wird geliefert [1].", passages)[1], (
        "another language"
    )


@pytest.mark.parametrize(
    ("reply", "left"),
    [
        ("See https://help.shop.example/a#b.", "See https://help.shop.example/a#b."),
        (
            "[Returns](https://shop.example/returns) or shop.example/pay",
            "[Returns](https://shop.example/returns) or shop.example/pay",
        ),
        ("[Pay](https://evil.example/pay) here", "Pay here"),
        ("Go to https://evil.example/pay?x=1, now.", "Go to evil.example, now."),
        ("Go to www.evil.example or evil.example/a!", "Go to evil.example or evil.example!"),
        ("https://shop.example.evil.example/a", "shop.example.evil.example"),
        ("https://shop.example@evil.example/a", "evil.example"),
        ("https://shop.example:443@evil.example/a", "evil.example"),
        ("[x](https://shop.example@evil.example/a)", "x"),
        ("https://[evil/a", ""),
        ("[x](https://evil.example/a b", "[x](evil.example b"),
        ("[x](mailto:a@evil.example b", "[x](a@evil.example b"),
        (
            "[w](mailto:help@shop.example) mailto:x@evil.example",
            "[w](mailto:help@shop.example) x@evil.example",
        ),
        ("Track it: https://carrier.example/t/1", "Track it: https://carrier.example/t/1"),
        ("24.95 EUR, e.g. 1/2 or and/or", "24.95 EUR, e.g. 1/2 or and/or"),
    ],
)
def test_a_link_leads_to_a_known_site_only(reply: str, left: str) -> None:
    known = sites(["https://shop.example/help/{slug}", '{"url":"https://carrier.example/t/1"}'])
    assert without_foreign_links(reply, known) == left


@given(st.text())
def test_no_text_makes_the_links_gate_raise(reply: str) -> None:
    without_foreign_links(reply, sites([reply[:10], "https://a.example"]))
