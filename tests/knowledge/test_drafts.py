"""A draft is made of what staff replied, or by hand; approved, it is an article, and answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from psycopg import AsyncConnection

from frontdesk.database import Database
from frontdesk.errors import GapConflict, NotFound, SettingsError
from frontdesk.knowledge import approved, drafts, gaps
from frontdesk.knowledge.base import KnowledgeBase
from frontdesk.knowledge.declared import Knowledge
from frontdesk.knowledge.embed import Embedder
from frontdesk.knowledge.locks import alone
from frontdesk.knowledge.sources.folder import Folder
from frontdesk.knowledge.sync import sync
from tests.gaps import RENT, REPLY, Chat, asked, asking, base_of, help_center, owner_of

EMBEDDER = Embedder.default()


@pytest.fixture
async def owner(database: Database) -> AsyncGenerator[AsyncConnection[Any]]:
    async with await owner_of(database) as connection:
        yield connection


async def test_a_draft_is_what_staff_replied_last_without_names_and_greetings(
    database: Database, owner: AsyncConnection[Any]
) -> None:
    chats = await asked(owner, RENT[0], RENT[1], facts={"name": "Anna", "order_ids": ["456"]})
    await gaps.sweep(database)
    assert await drafts.draft_replied(database) == 0
    await chats[1].reply("Hello, we do rent out tents, but only in summer.")
    await chats[0].reply(f"Hi Anna,\n\n{REPLY} Your order 456 is unaffected.\n\nBest regards,\nTom\nOurShop")
    assert await drafts.draft_replied(database) == 1
    (gap,) = await gaps.gaps(database)
    assert gap.state == "drafted"
    assert gap.body == f"{REPLY} Your order [number] is unaffected."
    assert list(gap.others) == ["We do rent out tents, but only in summer."]
    assert gap.title.endswith("?")
    assert drafts.warnings(gap) == ["a blank where personal data was taken out"]
    assert await drafts.draft_replied(database) == 0


async def test_without_a_reply_a_draft_is_written_by_hand(
    database: Database, owner: AsyncConnection[Any]
) -> None:
    await asked(owner, RENT[0])
    await gaps.sweep(database)
    (gap,) = await gaps.gaps(database)
    with pytest.raises(GapConflict, match="nobody has replied"):
        await drafts.draft(database, gap.number)
    written = await drafts.draft(database, gap.number, title="Tent rental", body=REPLY)
    assert (written.state, written.title, written.body) == ("drafted", "Tent rental", REPLY)
    with pytest.raises(NotFound):
        await drafts.draft(database, 999, body=REPLY)


async def test_a_draft_with_personal_data_is_published_only_on_purpose(
    database: Database, owner: AsyncConnection[Any]
) -> None:
    await asked(owner, RENT[0])
    await gaps.sweep(database)
    await drafts.draft(database, 1, body=f"{REPLY} Write to rent@shop.example.")
    with pytest.raises(GapConflict, match="an e-mail address") as refused:
        await drafts.approve(base_of(database), 1)
    assert "shop.example" not in refused.value.detail
    approval = await drafts.approve(base_of(database), 1, anyway=True)
    assert approval.gap.state == "published"


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("u guys take bitcoin or eth yet??", "You guys take bitcoin or eth yet?"),
        ("We camp in May. do you rent out tents?", "Do you rent out tents?"),
        ("is <b>order</b> [number] `rm` insured?", "Is b order /b rm insured?"),
        ("rent out tents " * 20, None),
    ],
)
def test_a_title_is_one_sentence_without_chat_and_markup(question: str, title: str | None) -> None:
    made = drafts.title_of(question)
    assert len(made) <= 122
    assert title is None or made == title


# ------------------------------------------------------------------ approved, and answered
async def test_no_draft_reaches_a_customer_and_an_approved_one_does_at_once(
    database: Database, owner: AsyncConnection[Any], tmp_path: Path
) -> None:
    await help_center(database, tmp_path)
    chats = await asked(owner, *RENT)
    await gaps.sweep(database)
    await chats[0].reply(REPLY)
    await drafts.draft_replied(database)
    ask = asking(database)
    assert not (await ask(RENT[0], ("public", "customers"))).answerable
    approval = await drafts.approve(base_of(database), 1, url="https://shop.example/{slug}")
    assert (approval.answered, approval.tried, approval.missed) == (True, 3, [])
    for question in RENT:
        found = await ask(question, ("public",))
        assert found.answerable
        assert (found.passages[0].title, found.passages[0].text) == (approval.gap.title, REPLY)
        assert found.passages[0].url == f"https://shop.example/{approval.gap.path}"
    assert await gaps.gaps(database) == []
    assert [gap.state for gap in await gaps.gaps(database, everything=True)] == ["published"]


async def test_a_draft_that_does_not_answer_its_question_is_said_to(
    database: Database, owner: AsyncConnection[Any], tmp_path: Path
) -> None:
    await help_center(database, tmp_path)
    await asked(owner, RENT[0])
    await gaps.sweep(database)
    await drafts.draft(database, 1, title="Warranty", body="Boots are covered for two years.")
    approval = await drafts.approve(base_of(database), 1)
    assert (approval.answered, approval.missed) == (False, [RENT[0]])


async def test_a_draft_is_approved_once_and_not_when_it_was_changed_meanwhile(
    database: Database, owner: AsyncConnection[Any]
) -> None:
    await asked(owner, RENT[0], "Do you have a mobile app?")
    await gaps.sweep(database)
    with pytest.raises(GapConflict, match="no draft yet"):
        await drafts.approve(base_of(database), 1)
    for number in (1, 2):
        await drafts.draft(database, number, title="Our answer", body=REPLY)
    done = await asyncio.gather(
        *(drafts.approve(base_of(database), n) for n in (1, 1, 2)), return_exceptions=True
    )
    assert sum(isinstance(result, drafts.Approval) for result in done) == 2
    assert sum(isinstance(result, GapConflict) for result in done) == 1
    paths = {gap.path for gap in await gaps.gaps(database, everything=True)}
    assert paths == {"our-answer", "our-answer-2"}


@pytest.mark.parametrize("other", ["dismissed", "approved for staff"])
async def test_of_two_decisions_at_once_what_is_searched_follows_the_one_that_holds(
    database: Database, owner: AsyncConnection[Any], monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    await asked(owner, RENT[0])
    await gaps.sweep(database)
    await drafts.draft(database, 1, body=REPLY)
    path_of = drafts._path  # pyright: ignore[reportPrivateUsage]  the moment between reading a draft and writing it

    async def meanwhile(*values: Any) -> str:
        monkeypatch.undo()
        if other == "dismissed":
            await drafts.dismiss(base_of(database), 1, "no")
        else:
            await drafts.approve(base_of(database), 1, visibility="internal")
        return await path_of(*values)

    monkeypatch.setattr(drafts, "_path", meanwhile)
    with pytest.raises(GapConflict, match="meanwhile"):
        await drafts.approve(base_of(database), 1, visibility="public")
    assert (await asking(database)(RENT[0], ("public", "customers"))).passages == []


async def test_an_article_stays_as_approved_until_its_new_draft_is(
    database: Database, owner: AsyncConnection[Any]
) -> None:
    await asked(owner, RENT[0])
    await gaps.sweep(database)
    await drafts.draft(database, 1, body=REPLY)
    await drafts.approve(base_of(database), 1)
    await drafts.draft(database, 1, body="We rent out nothing any more.")
    source = approved.Drafts(database)
    (item,) = await source.items()
    assert REPLY.encode() in (await source.read(item)).data  # type: ignore[union-attr]
    report = await sync(database, EMBEDDER, source)
    assert (report.failed, report.removed) == ([], 0)
    assert (await asking(database)(RENT[0], ("public",))).passages[0].text == REPLY
    await drafts.approve(base_of(database), 1)
    assert (await asking(database)(RENT[0], ("public",))).passages[0].text == "We rent out nothing any more."


async def test_dismissing_withdraws_what_was_published_and_its_like_stays_dismissed(
    database: Database, owner: AsyncConnection[Any]
) -> None:
    await asked(owner, RENT[0])
    await gaps.sweep(database)
    await drafts.draft(database, 1, body=REPLY)
    await drafts.approve(base_of(database), 1)
    gap = await drafts.dismiss(base_of(database), 1, "we stopped renting")
    assert (gap.state, gap.reason, gap.live) == ("dismissed", "we stopped renting", False)
    assert (await asking(database)(RENT[0], ("public",))).passages == []
    with pytest.raises(GapConflict, match="dismissed already"):
        await drafts.dismiss(base_of(database), 1, "again")
    await Chat(owner, "u9").turn(RENT[1])
    await gaps.sweep(database)
    assert await gaps.gaps(database) == []
    assert (await gaps.gap(database, 1)).questions == 2


async def test_what_was_asked_before_an_approval_counts_there_and_later_it_is_a_gap_again(
    database: Database, owner: AsyncConnection[Any]
) -> None:
    await asked(owner, RENT[0])
    await gaps.sweep(database)
    await Chat(owner, "before").turn(RENT[1])
    await drafts.draft(database, 1, body=REPLY)
    await drafts.approve(base_of(database), 1)
    assert (await gaps.sweep(database)).opened == 0
    await Chat(owner, "after").turn(RENT[0])
    assert (await gaps.sweep(database)).opened == 1
    assert (await gaps.gap(database, 1)).questions == 2


async def test_an_exported_article_goes_round_through_the_shops_own_folder(
    database: Database, owner: AsyncConnection[Any], tmp_path: Path
) -> None:
    await asked(owner, RENT[0])
    await gaps.sweep(database)
    with pytest.raises(GapConflict, match="no published article"):
        await approved.export(database, 1, tmp_path)
    await drafts.draft(database, 1, title='Renting: "tents" & more', body=REPLY)
    await drafts.approve(base_of(database), 1)
    path = await approved.export(database, 1, tmp_path)
    assert path.name == "renting-tents-more.md"
    assert await approved.export(database, 1, tmp_path) == path
    await sync(database, EMBEDDER, Folder(tmp_path, name="help", url="https://shop.example/{slug}"))
    report = await sync(database, EMBEDDER, approved.Drafts(database))
    assert report.removed == 1
    found = await asking(database)(RENT[0], ("public",))
    assert found.answerable
    assert [p.url for p in found.passages] == ["https://shop.example/renting-tents-more"]


async def test_another_file_of_the_name_is_not_written_over(
    database: Database, owner: AsyncConnection[Any], tmp_path: Path
) -> None:
    await asked(owner, RENT[0])
    await gaps.sweep(database)
    await drafts.draft(database, 1, title="Tents", body=REPLY)
    await drafts.approve(base_of(database), 1)
    (tmp_path / "tents.md").write_text("# Ours\n\nAll about tents.")
    with pytest.raises(GapConflict, match="another file"):
        await approved.export(database, 1, tmp_path)
    assert (tmp_path / "tents.md").read_text() == "# Ours\n\nAll about tents."


async def test_an_article_keeps_its_readers_and_address_when_its_new_draft_is_approved(
    database: Database, owner: AsyncConnection[Any]
) -> None:
    await asked(owner, RENT[0])
    await gaps.sweep(database)
    ask = asking(database)
    await drafts.draft(database, 1, body=REPLY)
    await drafts.approve(base_of(database), 1, visibility="customers", url="https://shop.example/{slug}")
    await drafts.draft(database, 1, body="We rent out nothing any more.")
    again = await drafts.approve(base_of(database), 1)
    assert (again.gap.visibility, again.gap.url) == ("customers", f"https://shop.example/{again.gap.path}")
    assert (await ask(RENT[0], ("public",))).passages == []


async def test_an_article_under_a_title_that_stands_elsewhere_too_is_not_lost(
    database: Database, owner: AsyncConnection[Any], tmp_path: Path
) -> None:
    await help_center(database, tmp_path)
    await asked(owner, RENT[0])
    await gaps.sweep(database)
    await drafts.draft(database, 1, title="Shipping", body=REPLY)
    await drafts.approve(base_of(database), 1)
    assert len(await approved.Drafts(database).items()) == 1


async def test_a_gap_with_an_article_of_its_own_is_not_resolved_by_it(
    database: Database, owner: AsyncConnection[Any]
) -> None:
    await asked(owner, RENT[0])
    await gaps.sweep(database)
    await drafts.draft(database, 1, body=REPLY)
    await drafts.approve(base_of(database), 1)
    await drafts.draft(database, 1, body="We rent out nothing any more.")
    assert await gaps.recheck(database, asking(database)) == []
    assert (await gaps.gap(database, 1)).live


class Other:
    """Embeddings of another space, which nobody finds by their name."""

    name, dimension = "other", 8

    async def aencode(self, texts: Sequence[str], *, query: bool = False) -> Any:
        whole = np.array([[len(text), *range(7)] for text in texts], dtype=np.float32)
        return whole / np.linalg.norm(whole, axis=1, keepdims=True)


async def test_an_article_is_published_in_the_space_that_is_searched(
    database: Database, owner: AsyncConnection[Any], tmp_path: Path
) -> None:
    (tmp_path / "shipping.md").write_text("# Shipping\n\nA parcel to Norway costs 14.95 EUR.")
    other = Other()
    await sync(database, other, Folder(tmp_path, name="help"))
    await asked(owner, RENT[0])
    await gaps.sweep(database)
    await drafts.draft(database, 1, body=REPLY)
    with pytest.raises(SettingsError, match="other"):
        await drafts.approve(await drafts.knowledge_base(database), 1)
    await drafts.approve(KnowledgeBase(database, Knowledge(embeddings=other)), 1)
    async with database.transaction() as connection:
        cursor = await connection.execute(
            "SELECT DISTINCT source, model FROM knowledge_articles ORDER BY source"
        )
        assert await cursor.fetchall() == [("drafts", "other"), ("help", "other")]
    await drafts.dismiss(KnowledgeBase(database, Knowledge(embeddings=other)), 1, "on second thoughts")
    async with database.transaction() as connection:
        cursor = await connection.execute("SELECT DISTINCT source FROM knowledge_articles")
        assert await cursor.fetchall() == [("help",)]


async def test_approving_and_dismissing_wait_for_no_sync(
    database: Database, owner: AsyncConnection[Any]
) -> None:
    await asked(owner, RENT[0])
    await gaps.sweep(database)
    await drafts.draft(database, 1, body=REPLY)
    async with alone(database):
        assert (await drafts.approve(base_of(database), 1)).answered
        await drafts.dismiss(base_of(database), 1, "no more")
    assert (await asking(database)(RENT[0], ("public",))).passages == []


async def test_a_sync_takes_no_article_away_that_is_being_approved(
    database: Database, owner: AsyncConnection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    await asked(owner, RENT[0])
    await gaps.sweep(database)
    await drafts.draft(database, 1, body=REPLY)
    mark, syncing = drafts.store.mark_published, list[asyncio.Task[Any]]()

    async def during_a_sync(*values: Any, **more: Any) -> bool:
        syncing.append(asyncio.create_task(sync(database, EMBEDDER, approved.Drafts(database))))
        await asyncio.wait(syncing, timeout=1)
        return await mark(*values, **more)

    monkeypatch.setattr(drafts.store, "mark_published", during_a_sync)
    assert (await drafts.approve(base_of(database), 1)).answered
    assert (await syncing[0]).removed == 0
    assert (await asking(database)(RENT[0], ("public",))).answerable


async def test_a_draft_goes_with_the_last_of_its_questions(
    database: Database, owner: AsyncConnection[Any]
) -> None:
    chats = await asked(owner, RENT[0], RENT[1])
    await gaps.sweep(database)
    await chats[0].reply(f"{REPLY} I put the blue one aside for you.")
    await chats[1].reply(f"{REPLY} The red one is yours.")
    assert await drafts.draft_replied(database) == 1
    await erase(owner, chats[0])
    assert "one" in (await gaps.gap(database, 1)).body
    await erase(owner, chats[1])
    gap = await gaps.gap(database, 1)
    assert (gap.state, gap.title, gap.body, gap.others, gap.drafted_at) == ("open", "", "", [], None)
    assert await gaps.gaps(database, everything=True) == []


async def test_what_was_approved_stays_without_its_questions_and_without_a_later_draft(
    database: Database, owner: AsyncConnection[Any]
) -> None:
    (chat,) = await asked(owner, RENT[0])
    await gaps.sweep(database)
    await drafts.draft(database, 1, body=REPLY)
    await drafts.approve(base_of(database), 1)
    await drafts.draft(database, 1, body="I put the blue one aside for you.")
    await erase(owner, chat)
    gap = await gaps.gap(database, 1)
    assert (gap.state, gap.body, gap.live) == ("published", REPLY, True)
    assert (await asking(database)(RENT[0], ("public",))).answerable


async def erase(owner: AsyncConnection[Any], chat: Chat) -> None:
    await owner.execute("DELETE FROM messages WHERE conversation_id = %s", (chat.id,))
    await owner.execute("DELETE FROM turns WHERE conversation_id = %s", (chat.id,))
