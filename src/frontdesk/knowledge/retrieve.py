"""Search in the knowledge base: meaning and words together, in one round trip to PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote

from frontdesk.database import Database
from frontdesk.domain import Json, Passage, Visibility
from frontdesk.knowledge.embed import Embedder
from frontdesk.knowledge.rank import WEIGHTS, Evidence, Row, named, ranked, rarities
from frontdesk.knowledge.sync import vector_text
from frontdesk.knowledge.wording import plain, suspects
from frontdesk.store import knowledge_search as store

MAX_QUERY = 2000  # characters of a message that are searched with


class Passages(list[Passage]):
    """Passages, best first, and what they show of the question as a whole.

    ``strength`` and ``margin`` are those of rank.Ranking. ``terms`` gives, for each lexeme of the query, the
    number of passages it occurs in (0: in none).
    """

    def __init__(
        self,
        passages: Iterable[Passage] = (),
        strength: float = 0.0,
        margin: float = 0.0,
        terms: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__(passages)
        self.strength = strength
        self.margin = margin
        self.terms = terms or {}


class Retriever(Protocol):
    """Whatever finds passages."""

    async def search(
        self, query: str, *, visibility: Sequence[Visibility], locale: str | None = None, limit: int = 5
    ) -> list[Passage]:
        """Passages the caller may see, best first. Never raises on odd text."""
        ...


@dataclass(frozen=True, slots=True)
class PostgresRetriever:
    """Hybrid search on pgvector and full text; see rank.py for how the candidates are weighed.

    The question is searched in plain words (wording.py). ``cosine`` is that of a passage's best sentence.
    """

    database: Database
    embedder: Embedder = field(default_factory=Embedder.default)
    weights: Evidence = WEIGHTS

    async def search(
        self, query: str, *, visibility: Sequence[Visibility], locale: str | None = None, limit: int = 5
    ) -> Passages:
        """Up to ``limit`` passages whose visibility is among ``visibility``, best first.

        An empty query, or no visibility, finds nothing. Raises DatabaseUnavailable only.
        """
        text = _clean(query)
        if not text or not visibility or limit < 1:
            return Passages()
        rows = await self.candidates(text, visibility, locale, limit)
        if not rows:
            return Passages()
        terms = rows[0]["terms"] or {}
        rarity = rarities(terms, rows[0]["total"])
        called = named(text, rarity, rows[0]["total"])
        found = ranked(rows, rarity, called, self.weights)
        passages = [_passage(row, score) for score, row in found.scored[:limit]]
        return Passages(passages, found.strength, found.margin, terms)

    async def candidates(
        self, text: str, visibility: Sequence[Visibility], locale: str | None = None, limit: int = 5
    ) -> list[Json]:
        """What is ranked for ``text``: rows as store/knowledge_search.py gives them."""
        if locale is None or locale.startswith("en"):
            text = await self._in_plain_words(text, visibility, locale)
        vector = (await self.embedder.aencode([text]))[0]
        async with self.database.transaction() as connection:
            return await store.candidates(
                connection,
                query=text,
                embedding=vector_text(vector.tolist()),
                model=self.embedder.name,
                visibility=visibility,
                locale=locale,
                limit=limit,
            )

    async def _in_plain_words(self, text: str, visibility: Sequence[Visibility], locale: str | None) -> str:
        doubtful = suspects(text)
        if not doubtful:
            return plain(text)
        async with self.database.transaction() as connection:
            used = await store.used(connection, doubtful, visibility=visibility, locale=locale)
        return plain(text, used)


def _clean(query: str) -> str:
    """What PostgreSQL can take: no NUL, no half of a surrogate pair."""
    text = query[:MAX_QUERY].replace("\x00", " ").encode("utf-8", "ignore").decode()
    return " ".join(text.split())


def _passage(row: Row, score: float) -> Passage:
    anchor = f"#{quote(row['anchor'])}" if row["anchor"] and row["url"] else ""
    return Passage(
        chunk_id=row["chunk_id"],
        article_id=row["article_id"],
        title=row["title"],
        heading=row["heading"],
        url=row["url"] + anchor,
        text=row["text"],
        score=min(max(score, 0.0), 1.0),
        cosine=min(float(row["cosine"]), 1.0),
        updated=row["updated"],
        locale=row["locale"],
        sentences=tuple(zip(row["sentences"] or (), row["cosines"] or (), strict=True)),
    )
