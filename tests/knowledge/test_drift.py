"""Articles against declared limits. The cases are invented; the example shop's help center was written before."""

from dataclasses import replace
from pathlib import Path

import pytest

from frontdesk.errors import DeclarationError
from frontdesk.knowledge.article import MARKDOWN, Article
from frontdesk.knowledge.chunk import Chunk, chunk
from frontdesk.knowledge.drift import Finding, drift
from frontdesk.knowledge.formats.build import Request, build
from frontdesk.knowledge.limit import limit

SHOP = Path(__file__).parents[2] / "examples/ourshop/help-center"


def shop() -> list[tuple[Article, list[Chunk]]]:
    requests = (Request(p.name, p.read_bytes(), MARKDOWN, "", "", {}) for p in sorted(SHOP.rglob("*.md")))
    return [(article, chunk(article)) for article in map(build, requests)]


def found(name: str, text: str, body: str, title: str = "Help", locale: str = "en") -> list[Finding]:
    article = Article("help.md", "help", title, body, locale, url="https://shop.example/help/help")
    return drift([limit("return_item", name, text)], [(article, chunk(article))])


CONTRADICTIONS = [
    ("return window", "14 days", "You can return items within 30 days from delivery."),
    ("return window", "14 days", "The return window is 30 days."),
    ("return window", "14 days", "Our 30-day return window starts on the day of delivery."),
    ("return window", "14 days", "You have thirty days to return your order."),
    ("return window", "14 days", "You may send anything back within 4 weeks."),
    ("return window", "30 days", "Returns are possible for two weeks after delivery."),
    ("return window", "30 days", "If you want to return something, you have 14 days."),
    ("return window", "30 days", "You can return items for up to 14 days."),
    ("return window", "30 days", "Items can be returned within 3 months."),
    (
        "return window",
        "30 days",
        "| What | How long |\n| --- | --- |\n| Return window | 14 days |\n| Warranty | 2 years |",
    ),
    ("return window", "30 days", "Good to know:\n\n- Return window: 14 days\n- Warranty: 2 years"),
    ("returns", "30 days", "## Returns\n\nYou have 14 days from delivery."),
    (
        "refund time",
        "5 business days",
        "We pay refunds within 10 business days after we receive your return.",
    ),
    ("refund", "at most 100 EUR", "We refund up to 250 EUR without asking."),
    ("refund", "at most 100 EUR", "The maximum refund is 50 EUR."),
    ("refund", "up to €100", "Refunds are limited to €1,000."),
    ("cancellation period", "60 minutes", "You can cancel your order within 24 hours."),
    ("cancellation", "24 hours", "Orders can be cancelled within 2 hours."),
    ("warranty", "2 years", "All products have a warranty of 3 years."),
    ("warranty", "2 years", "The guarantee lasts 12 months."),
    ("goodwill voucher", "at most 25 EUR", "We give a goodwill voucher of up to 40 EUR."),
    ("goodwill vouchers", "at most 1 voucher", "A customer can receive 3 goodwill vouchers."),
    ("student discount", "10 %", "The student discount is 15 %."),
    ("student discount", "10 percent", "Students get a discount of 20%."),
    ("express shipping fee", "12.95 EUR", "The fee for express shipping is 9.95 EUR."),
    ("minimum order", "at least 20 EUR", "The minimum order is 35 EUR."),
    ("free shipping", "from 50 EUR", "Shipping is free for orders from 75 EUR."),
    ("gift card validity", "3 years", "A gift card is valid for 1 year."),
    ("password reset link", "60 minutes", "The link to reset your password is valid for 24 hours."),
    ("sign-in code", "15 minutes", "Each sign-in code expires after ten minutes and can only be used once."),
    ("claim", "20 days", "A claim expires 30 days after the date when you sent it."),
    ("return label cost", "3.95 EUR", "A return label costs 4.95 EUR, and we deduct it from your refund."),
]


@pytest.mark.parametrize(("name", "text", "body"), CONTRADICTIONS)
def test_a_number_that_contradicts_a_limit_is_found(name: str, text: str, body: str) -> None:
    assert [finding.contradicts for finding in found(name, text, body)] == [True]


@pytest.mark.parametrize(
    ("name", "text", "body"),
    [
        ("return window", "30 days", "You can return items within 30 days."),
        ("return window", "30 days", "You have 30 calendar days to return an item."),
        ("return window", "14 days", "You can return items within 2 weeks."),
        ("return window", "14 days", "You can return items within fourteen days."),
        ("return window", "30 days", "You can return items within one month."),
        ("warranty", "24 months", "The warranty lasts 2 years."),
        ("delivery time", "5 days", "Delivery takes 3 to 7 days."),
        ("delivery time", "at most 7 days", "Delivery takes 3–5 days."),
        ("refund", "at most 100 EUR", "For example, we refund 20 EUR for a scratch."),
        ("refund", "at most 100 EUR", "Refunds are paid within 5 days."),
        (
            "return window",
            "14 days",
            "You can return items. Refunds are paid within 5 days after we receive your return.",
        ),
        ("return window", "14 days", "The label for your return arrives within 10 minutes."),
        ("return window", "14 days", "We answer within 30 days."),
        ("return window", "14 days", "The warranty lasts 30 days, and returns are free."),
        (
            "sign-in code",
            "15 minutes",
            "A parcel with a sign-in code and a card of your own is sent by mail in 40 minutes.",
        ),
        ("student discount", "10 %", "The discount for new customers is 15 %."),
        ("goodwill vouchers", "at most 1 voucher", "See chapter 3 about goodwill vouchers."),
    ],
)
def test_what_fits_or_is_of_something_else_is_no_finding(name: str, text: str, body: str) -> None:
    assert not [finding for finding in found(name, text, body) if finding.contradicts]


@pytest.mark.parametrize(
    "body",
    [
        "Sale items can be returned within 7 days.",
        "In December you can return items until 31 January, that is within 60 days.",
        "Members can return items within 60 days.",
        "If the item was opened, you can return it within 7 days.",
        "You can return items within 30 business days.",
        "You have at least 14 days to return an item.",
        "Unless the law says otherwise, returns are possible for 14 days.",
        "You can return items within 30 days. When you return the whole order within 14 days, we refund the shipping.",
    ],
)
def test_an_exception_differs_and_does_not_contradict(body: str) -> None:
    assert [finding.contradicts for finding in found("return window", "30 days", body)] == [False]


@pytest.mark.parametrize(
    ("name", "body", "locale", "contradicts"),
    [
        ("Rückgabefrist", "Die Rückgabefrist beträgt 14 Tage.", "de", [True]),
        ("Rückgabefrist", "Die Rückgabefrist beträgt 30 Tage.", "de", []),
        ("plazo de devolución", "El plazo de devolución es de 14 días.", "es", [True]),
        ("return in person", "Vaya en persona al retorno de 14 días.", "es", []),  # "person" is no word of it
        ("Retour", "Retour in 14 Tagen mit Beleg.", "de", [False]),
    ],
)
def test_in_other_languages_only_the_limits_own_words_count(
    name: str, body: str, locale: str, contradicts: list[bool]
) -> None:
    assert [f.contradicts for f in found(name, "30 Tage", body, locale=locale)] == contradicts


def test_what_another_limit_says_rightly_is_no_difference() -> None:
    body = "Step: We check the return and pay the refund; How long it takes: within 5 business days after we receive it."
    article = Article("help.md", "help", "Refunds", body, "en")
    window, refunds = limit("x", "return window", "30 days"), limit("x", "refund time", "5 business days")
    assert [finding.contradicts for finding in drift([window], [(article, chunk(article))])] == [False]
    assert drift([window, refunds], [(article, chunk(article))]) == []
    wrong = replace(
        article, body="You can return items within 30 days. The return window is 5 business days."
    )
    assert [f.contradicts for f in drift([window, refunds], [(wrong, chunk(wrong))])] == [True]


def test_a_finding_says_where_and_what() -> None:
    filler = "Word " * 30 + "."
    body = f"{filler}\n\n## How long you have\n\nYou can return items within 30 days. {filler}"
    [finding] = found("return window", "14 days", body, title="Return policy")
    assert finding.url == "https://shop.example/help/help#how-long-you-have"
    assert finding.sentence == "You can return items within 30 days."
    assert (finding.found, finding.limit.text, finding.limit.tool) == ("30 days", "14 days", "return_item")


def test_articles_that_nobody_outside_may_read_are_compared_as_well() -> None:
    article = Article(
        "a.md", "a", "Staff", "The return window is 30 days.", visibility="internal", locale="en-GB"
    )
    pages = [(article, chunk(article)), (replace(article, visibility="customers"), chunk(article))]
    assert len(drift([limit("t", "return window", "14 days")], pages)) == 2


TRUE_OF_THE_SHOP = [
    ("return window", "30 days"),
    ("refund time", "5 business days"),
    ("return label", "3.95 EUR"),
    ("warranty", "2 years"),
    ("gift card validity", "3 years"),
    ("express delivery fee", "12.95 EUR"),
    ("invoices kept", "7 years"),
    ("password reset link", "60 minutes"),
    ("goodwill voucher", "at most 25 EUR"),
    ("damage report", "14 days"),
]


def test_the_example_shops_articles_contradict_none_of_its_rules() -> None:
    articles = shop()
    limits = [limit("shop", name, text) for name, text in TRUE_OF_THE_SHOP]
    assert [f"{f.limit.name}: {f.sentence}" for f in drift(limits, articles) if f.contradicts] == []


@pytest.mark.parametrize(
    ("name", "text", "articles"),
    [("return window", "14 days", 8), ("warranty", "3 years", 3), ("gift card validity", "2 years", 3)],
)
def test_a_rule_the_shop_does_not_have_is_contradicted_by_its_articles(
    name: str, text: str, articles: int
) -> None:
    pages = shop()
    contradicting = {f.article.path for f in drift([limit("shop", name, text)], pages) if f.contradicts}
    assert len(contradicting) >= articles


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("return window", "a while"),
        ("return window", ""),
        ("return window", 14),
        ("return window", "14 days or 100 EUR"),
        ("", "14 days"),
        ("window", "14 days"),
        ("14", "14 days"),
    ],
)
def test_a_limit_that_is_none_is_refused_with_what_to_write(name: object, text: object) -> None:
    with pytest.raises(
        DeclarationError, match=r"return_item: limits=\{.*(write one quantity|name what is limited)"
    ):
        limit("return_item", name, text)
