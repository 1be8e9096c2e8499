"""One embedding model in the place of another, while customers go on asking."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from frontdesk.database import Database
from frontdesk.knowledge.chunk import Chunk
from frontdesk.knowledge.embed import Embeddings
from frontdesk.knowledge.library import embedded
from frontdesk.knowledge.locks import DRAFTS_LOCK, alone
from frontdesk.store import knowledge as store
from frontdesk.store import knowledge_models as models
from frontdesk.store.knowledge import ArticleRow

KNOWN_FOR = 5.0  # seconds for which a process may go on with the model that was active before


async def model_of(embeddings: Embeddings) -> models.Model:
    """Its name and dimension, asked for in a way that holds nobody up."""
    return models.Model(embeddings.name, (await embeddings.aencode(["dimension"])).shape[1])


async def reembed(
    database: Database, embeddings: Embeddings, progress: Callable[[int, int, str], None] | None = None
) -> None:
    """Make the model of ``embeddings`` the one that is searched with, once every passage has its vector.

    Until then the earlier one's vectors answer; nothing is read from any source. What an interrupted run has
    done is kept. The caller holds the sync's lock, and not that of drafts.
    """
    model = await model_of(embeddings)
    async with alone(database, DRAFTS_LOCK) as connection:
        before = await models.active(connection)
        switched = before is not None and before.name != model.name
        await models.register(connection, model, is_active=not switched)
    if before is not None and switched:
        await _switch(database, embeddings, before.name, progress)
    await _forget_others(database, model.name, switched=switched)


async def _switch(
    database: Database,
    embeddings: Embeddings,
    old: str,
    progress: Callable[[int, int, str], None] | None,
) -> None:
    """Copy until nothing is missing, and switch in the transaction that has seen so: drafts are approved meanwhile."""
    while True:
        await _copy(database, embeddings, old, progress)
        async with alone(database, DRAFTS_LOCK) as connection:
            if await models.to_embed(connection, old, embeddings.name):
                continue
            for article_id in await models.gone(connection, old, embeddings.name):
                await store.remove_by_id(connection, article_id)
            await models.activate(connection, embeddings.name)
            return


async def _copy(
    database: Database,
    embeddings: Embeddings,
    old: str,
    progress: Callable[[int, int, str], None] | None,
) -> None:
    async with database.transaction() as connection:
        waiting = await models.to_embed(connection, old, embeddings.name)
    for done, article_id in enumerate(waiting, 1):
        async with database.transaction() as connection:
            row = await models.article(connection, article_id)
        if row is None:
            continue
        chunks = [Chunk(**each | {"sentences": tuple(each["sentences"])}) for each in row.pop("chunks")]
        title, rows = await embedded(embeddings, row["title"], chunks)
        article = ArticleRow(**row, model=embeddings.name, title_embedding=title)
        async with database.transaction() as connection:
            await store.remove(connection, article.source, article.path, article.model)
            await store.add(connection, article, rows)
        if progress:
            progress(done, len(waiting), row["path"])


async def _forget_others(database: Database, name: str, *, switched: bool) -> None:
    async with database.transaction() as connection:
        left = await models.left_over(connection, [name])
    if switched or left:  # those of a run that was stopped may have been searched until then
        await asyncio.sleep(KNOWN_FOR * 1.5)  # no search is left that wants the vectors of before
    for article_id in left:
        async with database.transaction() as connection:
            await store.remove_by_id(connection, article_id)
    async with database.transaction() as connection:
        await models.forget_models(connection, [name])
