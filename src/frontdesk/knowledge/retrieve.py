"""Search in the knowledge base: meaning and words together, in one round trip to PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote

from frontdesk.database import Database
from frontdesk.domain import Json, Passage, Visibility
from frontdesk.knowledge.embed import Embedder
from frontdesk.knowledge.sync import vector_text
from frontdesk.store import knowledge as store

MAX_QUERY = 2000  # characters of a message that are searched with


class Passages(list[Passage]):
    """Passages, best first, and how common the query's words are among all that were searched.

    ``terms`` gives, for each lexeme of the query, the number of passages it occurs in (0: in none);
    ``found`` the lexemes that stand in a passage, by its chunk_id; ``total`` is the number of passages.
    """

    def __init__(
        self,
        passages: Iterable[Passage] = (),
        terms: Mapping[str, int] | None = None,
        found: Mapping[str, frozenset[str]] | None = None,
        total: int = 0,
    ) -> None:
        super().__init__(passages)
        self.terms = terms or {}
        self.found = found or {}
        self.total = total


class Retriever(Protocol):
    """Whatever finds passages."""

    async def search(
        self, query: str, *, visibility: Sequence[Visibility], locale: str | None = None, limit: int = 5
    ) -> list[Passage]:
        """Passages the caller may see, best first. Never raises on odd text."""
        ...


@dataclass(frozen=True, slots=True)
class PostgresRetriever:
    """Hybrid search on pgvector and full text: score = 0.8 · cosine + 0.2 · rank / best rank.

    ``cosine`` is that of the passage's best sentence; the rank of a word weighs by its rarity.
    """

    database: Database
    embedder: Embedder = field(default_factory=Embedder.default)

    async def search(
        self, query: str, *, visibility: Sequence[Visibility], locale: str | None = None, limit: int = 5
    ) -> Passages:
        """Up to ``limit`` passages whose visibility is among ``visibility``, best first.

        An empty query, or no visibility, finds nothing. Raises DatabaseUnavailable only.
        """
        text = _clean(query)
        if not text or not visibility or limit < 1:
            return Passages()
        vector = (await self.embedder.aencode([text]))[0]
        async with self.database.transaction() as connection:
            rows = await store.search(
                connection,
                query=text,
                embedding=vector_text(vector.tolist()),
                model=self.embedder.name,
                visibility=visibility,
                locale=locale,
                limit=limit,
            )
        if not rows:
            return Passages()
        found = {row["chunk_id"]: frozenset(row["found"]) for row in rows}
        return Passages(map(_passage, rows), rows[0]["terms"], found, rows[0]["total"])


def _clean(query: str) -> str:
    """What PostgreSQL can take: no NUL, no half of a surrogate pair."""
    text = query[:MAX_QUERY].replace("\x00", " ").encode("utf-8", "ignore").decode()
    return " ".join(text.split())


def _passage(row: Json) -> Passage:
    anchor = f"#{quote(row['anchor'])}" if row["anchor"] and row["url"] else ""
    return Passage(
        chunk_id=row["chunk_id"],
        article_id=row["article_id"],
        title=row["title"],
        heading=row["heading"],
        url=row["url"] + anchor,
        text=row["text"],
        score=min(float(row["score"]), 1.0),
        cosine=min(float(row["cosine"]), 1.0),
        updated=row["updated"],
        locale=row["locale"],
        sentences=tuple((text, float(cosine)) for text, cosine in row["sentences"] or ()),
    )
