"""One embedding model in the place of another, while customers go on asking."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from frontdesk.database import Database
from frontdesk.knowledge.chunk import Chunk
from frontdesk.knowledge.embed import Embeddings
from frontdesk.knowledge.library import embedded
from frontdesk.store import knowledge as store
from frontdesk.store import knowledge_models as models
from frontdesk.store.knowledge import ArticleRow

KNOWN_FOR = 5.0  # seconds for which a process may go on with the model that was active before


async def reembed(
    database: Database, embeddings: Embeddings, progress: Callable[[int, int, str], None] | None = None
) -> None:
    """Make the model of ``embeddings`` the one that is searched with, once every passage has its vector.

    Until then the earlier one's vectors answer; nothing is read from any source. What an interrupted run has
    done is kept. The caller holds the sync's lock.
    """
    model = models.Model(embeddings.name, (await embeddings.aencode(["dimension"])).shape[1])
    async with database.transaction() as connection:
        before = await models.active(connection)
        if before is None or before.name == model.name:
            await models.register(connection, model, is_active=True)
        else:
            await models.register(connection, model, is_active=False)
    if before is not None and before.name != model.name:
        await _copy(database, embeddings, before.name, progress)
        async with database.transaction() as connection:
            await models.activate(connection, model.name)
        await asyncio.sleep(KNOWN_FOR * 1.5)  # no search is left that wants the vectors of before
    await _forget_others(database, model.name)


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
        chunks = [Chunk(**each | {"sentences": tuple(each["sentences"])}) for each in row.pop("chunks")]
        title, rows = await embedded(embeddings, row["title"], chunks)
        article = ArticleRow(**row, model=embeddings.name, title_embedding=title)
        async with database.transaction() as connection:
            await store.add(connection, article, rows)
        if progress:
            progress(done, len(waiting), row["path"])


async def _forget_others(database: Database, name: str) -> None:
    async with database.transaction() as connection:
        left = await models.left_over(connection, [name])
    for article_id in left:
        async with database.transaction() as connection:
            await store.remove_by_id(connection, article_id)
    async with database.transaction() as connection:
        await models.forget_models(connection, [name])
