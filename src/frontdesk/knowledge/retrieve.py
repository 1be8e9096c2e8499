"""Search in the knowledge base: meaning and words together, in one round trip to PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Protocol
from urllib.parse import quote

import structlog

from frontdesk.database import Database
from frontdesk.domain import Json, Passage, Visibility
from frontdesk.errors import EmbeddingsUnavailable, SettingsError
from frontdesk.knowledge.embed import Embedder, Embeddings, clean
from frontdesk.knowledge.embeddings import resolve
from frontdesk.knowledge.library import vector_text
from frontdesk.knowledge.rank import UNKNOWN, WEIGHTS, Evidence, Row, named, ranked, rarities
from frontdesk.knowledge.reembed import KNOWN_FOR
from frontdesk.knowledge.wording import plain, suspects
from frontdesk.store import knowledge_search as store
from frontdesk.store.knowledge import base
from frontdesk.store.knowledge_models import Model, active
from frontdesk.telemetry import spans

log = structlog.get_logger("frontdesk.knowledge")

MAX_QUERY = 2000  # characters of a message that are searched with


def today() -> date:
    """The day by which validity is judged, in UTC."""
    return datetime.now(UTC).date()


class Passages(list[Passage]):
    """Passages, best first, and what they show of the question as a whole.

    ``strength``, ``margin``, ``lead`` and ``best`` are those of rank.Ranking. ``terms`` gives, for each lexeme
    of the query, the number of passages it occurs in (0: in none). ``model`` embedded them.
    """

    def __init__(
        self,
        passages: Iterable[Passage] = (),
        strength: float = 0.0,
        margin: float = 0.0,
        terms: Mapping[str, int] | None = None,
        lead: float = 0.0,
        best: Evidence | None = None,
        model: str = "",
    ) -> None:
        super().__init__(passages)
        self.strength = strength
        self.margin = margin
        self.terms = terms or {}
        self.lead = lead
        self.best = best or Evidence(0, 0, 0, 0, 0, 0, 0)
        self.model = model


class Retriever(Protocol):
    """Whatever finds passages."""

    async def search(
        self,
        query: str,
        *,
        visibility: Sequence[Visibility],
        locale: str | None = None,
        products: Sequence[str] = (),
        limit: int = 5,
    ) -> list[Passage]:
        """Passages the caller may see that are valid today, best first. Never raises on odd text.

        ``locale`` None: of any language, else of its language. ``products`` empty: of any product, else of
        these or of none in particular.
        """
        ...


class PostgresRetriever:
    """Hybrid search on pgvector and full text; see rank.py for how the candidates are weighed.

    The question is searched in plain words (wording.py). ``cosine`` is that of a passage's best sentence.
    It is searched with the model that is active in the database: ``embeddings``, or while that one's vectors
    are still being made, the one before, by its name. Where no vector of the question is to be had, words
    alone find.
    """

    def __init__(
        self,
        database: Database,
        embeddings: Embeddings | None = None,
        weights: Evidence = WEIGHTS,
        today: Callable[[], date] = today,
    ) -> None:
        self.embeddings = embeddings or Embedder.default()
        self._database = database
        self._weights = weights
        self._today = today
        self._active: Model | None = None
        self._known_until = 0.0

    async def search(
        self,
        query: str,
        *,
        visibility: Sequence[Visibility],
        locale: str | None = None,
        products: Sequence[str] = (),
        limit: int = 5,
    ) -> Passages:
        """Up to ``limit`` passages whose visibility is among ``visibility``, best first.

        An empty query, or no visibility, finds nothing. Raises DatabaseUnavailable only.
        """
        text = searchable(query)
        if not text or not visibility or limit < 1:
            return Passages()
        wanted = store.Wanted(visibility, self._today(), locale, products)
        rows = await self.candidates(text, wanted, limit)
        return told(text, rows, self._active.name if self._active else "", limit, self._weights)

    async def candidates(self, text: str, wanted: store.Wanted, limit: int = 5) -> list[Json]:
        """What is ranked for ``text``: rows as store/knowledge_search.py gives them."""
        if wanted.language in {None, "en"}:
            text = await self._in_plain_words(text, wanted)
        rows = await self._found(text, wanted, limit)
        if not rows and await self._changed():
            rows = await self._found(text, wanted, limit)
        return rows

    async def _found(self, text: str, wanted: store.Wanted, limit: int) -> list[Json]:
        model = await self._model()
        if model is None:
            return []
        vector = await self._vector(text, model)
        unknown = wanted.language is not None and not understands(model.name, wanted.language)
        async with self._database.statements() as connection:
            return await store.candidates(
                connection,
                query=text,
                embedding=vector,
                model=model,
                wanted=wanted,
                limit=limit,
                dense_share=store.UNKNOWN_SHARE if unknown else store.DENSE_SHARE,
            )

    async def _vector(self, text: str, model: Model) -> str | None:
        """The question's vector of the active model; None where that model cannot be asked."""
        try:
            chosen = self.embeddings if self.embeddings.name == model.name else resolve(model.name)
            about = {"gen_ai.operation.name": "embeddings", "gen_ai.request.model": chosen.name}
            with spans.span(f"embeddings {chosen.name}", about):
                vector = (await chosen.aencode([text], query=True))[0]
            if (chosen.name, len(vector)) == (model.name, model.dimension):
                return vector_text(vector)
            reason = "no such model here"
        except (EmbeddingsUnavailable, SettingsError) as error:
            reason = type(error).__name__
        log.warning("searching with words alone", model=model.name, reason=reason)
        return None

    async def _model(self) -> Model | None:
        """The active model; asked for again when what is known has grown old."""
        if time.monotonic() >= self._known_until:
            async with self._database.statements() as connection:
                self._active = await active(connection)
            self._known_until = time.monotonic() + KNOWN_FOR
        return self._active

    async def _changed(self) -> bool:
        """Whether another model has become active since it was last asked for."""
        before, self._known_until = self._active, 0.0
        return await self._model() != before

    async def _in_plain_words(self, text: str, wanted: store.Wanted) -> str:
        doubtful = suspects(text)
        if not doubtful:
            return plain(text)
        async with self._database.statements() as connection:
            used = await store.used(connection, doubtful, visibility=wanted.visibility, locale=wanted.locale)
        return plain(text, used)


def told(text: str, rows: Sequence[Row], model: str, limit: int = 5, weights: Evidence = WEIGHTS) -> Passages:
    """The first ``limit`` of ``rows`` as they answer ``text``, and what all of them show. No rows, no passages."""
    if not rows:
        return Passages()
    terms = rows[0]["terms"] or {}
    rarity = rarities(terms, rows[0]["total"])
    called = named(text, rarity, rows[0]["total"])
    found = ranked(rows, rarity, called, lambda locale: weights if understands(model, locale) else UNKNOWN)
    passages = [_passage(row, score) for score, row in found.scored[:limit]]
    # Cosines say little of a language that the model does not know: how far the article leads, all in all, says more.
    lead = found.lead if understands(model, passages[0].locale) else found.margin
    return Passages(passages, found.strength, found.margin, terms, lead, found.best, model)


def understands(model: str, locale: str) -> bool:
    """Whether a model's vectors say much of a text in the language of ``locale``: the built-in model's are English."""
    return model != Embedder.name or base(locale) == "en"


def searchable(query: str) -> str:
    """What is searched of a message: its beginning, as every model and every store takes it."""
    return " ".join(clean(query[:MAX_QUERY]).split())


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
