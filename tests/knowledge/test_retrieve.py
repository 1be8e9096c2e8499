"""Search finds the right page, shows nobody what is not theirs, and takes any text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frontdesk.database import Database
from frontdesk.domain import Visibility
from frontdesk.knowledge.embed import Embedder
from frontdesk.knowledge.retrieve import PostgresRetriever
from frontdesk.knowledge.sources.folder import Folder
from frontdesk.knowledge.sync import sync

NAUGHTY = [
    "",
    "   ",
    "the of and",
    "\x00",
    "a\x00b refund",
    "\ud800 refund",
    "💥👩‍👩‍👧",
    "' OR 1=1; --",
    "it's \\ o'neil 'x' & | ! <-> :* ( )",
    "\\'\\\\''",
    "refund " * 2000,
    "z" * 5000,
    "可以退货吗",
    "%s %(query)s {0}",
    "http://a.b/c?d=e user@example.com 1.2.3.4 /etc/passwd",
]


@pytest.mark.parametrize("query", NAUGHTY)
async def test_odd_text_is_searched_without_an_error(shop: PostgresRetriever, query: str) -> None:
    passages = await shop.search(query, visibility=["public"])
    assert all(0 <= p.score <= 1 and 0 <= p.cosine <= 1 for p in passages)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(max_size=60))
async def test_any_text_is_searched_without_an_error(shop: PostgresRetriever, query: str) -> None:
    assert len(await shop.search(query, visibility=["public"])) <= 5


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ("What is your refund policy?", "returns/refund-policy"),
        ("How much does shipping to Norway cost?", "delivery/shipping-countries-and-costs"),
        ("I forgot my password", "account/reset-password"),
        ("Can I pay with Klarna?", "payment/klarna-pay-later"),
        ("How do I cancel my order?", "orders/cancel-an-order"),
    ],
)
async def test_the_right_page_comes_first(shop: PostgresRetriever, query: str, page: str) -> None:
    passages = await shop.search(query, visibility=["public"])
    assert page in passages[0].url
    assert passages[0].score >= passages[1].score


async def test_a_question_that_is_a_title_finds_the_articles_opening(shop: PostgresRetriever) -> None:
    (first, *_) = await shop.search("What is your refund policy?", visibility=["public"])
    assert first.url == "https://ourshop.example/help/returns/refund-policy"


async def test_internal_articles_are_never_quoted_to_customers(shop: PostgresRetriever) -> None:
    staff: list[Visibility] = ["public", "customers", "internal"]
    for query in ("goodwill voucher limit", "escalation path", "fraud checks on orders", "carrier claim"):
        for_customers = await shop.search(query, visibility=["public", "customers"], limit=50)
        assert for_customers
        assert not [p for p in for_customers if "/internal/" in p.url]
        assert "/internal/" in (await shop.search(query, visibility=staff))[0].url


async def test_words_of_internal_articles_are_not_counted_for_customers(shop: PostgresRetriever) -> None:
    passages = await shop.search("goodwill", visibility=["public"])
    assert passages.terms == {"goodwil": 0}
    assert (await shop.search("goodwill", visibility=["internal"])).terms["goodwil"] > 0


async def test_no_visibility_finds_nothing(shop: PostgresRetriever) -> None:
    assert await shop.search("refund", visibility=[]) == []
    assert await shop.search("refund", visibility=["public"], limit=0) == []


async def test_a_locale_finds_its_own_articles_only(database: Database, tmp_path: Path) -> None:
    (tmp_path / "faq.en.md").write_text("# Returns\n\nReturn boots within 30 days.")
    (tmp_path / "faq.de.md").write_text("# Rückgabe\n\nStiefel können binnen 30 Tagen zurückgegeben werden.")
    await sync(database, Embedder.default(), Folder(tmp_path, name="faq"))
    retriever = PostgresRetriever(database, Embedder.default())
    assert [
        p.locale for p in await retriever.search("Stiefel zurück", visibility=["public"], locale="de")
    ] == ["de"]
    assert len(await retriever.search("boots", visibility=["public"])) == 2
    assert await retriever.search("boots", visibility=["public"], locale="fr") == []


@pytest.mark.parametrize(
    ("locale", "right", "wrong", "query"),
    [
        ("zh", "未使用的靴子可以在三十天内退货。", "我们用快递把帐篷寄到挪威。", "靴子可以退货吗"),
        (
            "ja",
            "未使用の靴は三十日以内に返品できます。",
            "テントはノルウェーまで宅配便で届きます。",
            "靴の返品はできますか",
        ),
        (
            "ko",
            "사용하지 않은 신발은 30일 안에 반품할 수 있습니다.",
            "텐트는 노르웨이까지 택배로 보냅니다.",
            "신발을 반품하고 싶어요",
        ),
        ("th", "รองเท้าที่ยังไม่ได้ใช้คืนได้ภายในสามสิบวัน", "เราส่งเต็นท์ไปนอร์เวย์ทางพัสดุ", "คืนรองเท้าได้ไหม"),
    ],
)
async def test_words_are_found_in_scripts_without_spaces(
    database: Database, tmp_path: Path, locale: str, right: str, wrong: str, query: str
) -> None:
    for name, text in (("right", right), ("wrong", wrong)):
        (tmp_path / f"{name}.{locale}.md").write_text(f"# {name}\n\n{text}", encoding="utf-8")
    await sync(database, Embedder.default(), Folder(tmp_path, name="faq"))
    passages = await PostgresRetriever(database).search(query, visibility=["public"], locale=locale)
    assert passages[0].title == "right"
    assert passages[0].text.endswith(right), "what is shown is what was written"
    assert any(count for term, count in passages.terms.items() if len(term) == 2)


async def test_many_passages_and_few_are_found_alike(
    shop: PostgresRetriever, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions = ["What is your refund policy?", "Can I pay with Klarna?", "I forgot my password", "zzz"]
    few = [await shop.search(query, visibility=["public"]) for query in questions]
    monkeypatch.setattr("frontdesk.store.knowledge_search.FEW", 0)
    many = [await shop.search(query, visibility=["public"]) for query in questions]
    assert [[p.chunk_id for p in found] for found in few] == [[p.chunk_id for p in found] for found in many]


async def test_an_empty_knowledge_base_finds_nothing(database: Database) -> None:
    assert await PostgresRetriever(database, Embedder.default()).search("refund", visibility=["public"]) == []
