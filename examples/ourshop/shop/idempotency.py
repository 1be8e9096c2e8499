"""Requests that happen once, however often they are sent."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

from fastapi import Header
from psycopg.types.json import Jsonb
from pydantic import BaseModel

from examples.ourshop.shop.context import Shop
from examples.ourshop.shop.database import Connection
from examples.ourshop.shop.problems import KeyRequired, KeyReused

Answer = TypeVar("Answer", bound=BaseModel)

OptionalKey = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=255)]


def required(key: str | None) -> str:
    """The key, or the error for its absence."""
    if key is None:
        raise KeyRequired
    return key


async def once(
    shop: Shop,
    operation: str,
    key: str | None,
    request: tuple[str, BaseModel | None],
    answer_type: type[Answer],
    work: Callable[[Connection], Awaitable[Answer]],
) -> Answer:
    """Do `work` in one transaction, at most once for `key`; without a key, simply do it.

    The key's row commits together with the work, and a second request with the same key waits
    on that row: it then finds the first answer, or, when the first failed, takes its turn.
    """
    async with shop.connection() as conn:
        if key is None:
            return await work(conn)
        fingerprint = _fingerprint(request)
        claimed = await conn.execute(
            "INSERT INTO idempotency_keys (operation, key, fingerprint, created_at) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            [operation, key, fingerprint, shop.clock()],
        )
        if claimed.rowcount == 0:
            return await _earlier_answer(conn, operation, key, fingerprint, answer_type)
        answer = await work(conn)
        await conn.execute(
            "UPDATE idempotency_keys SET answer = %s WHERE operation = %s AND key = %s",
            [Jsonb(answer.model_dump(mode="json")), operation, key],
        )
        return answer


async def _earlier_answer(
    conn: Connection, operation: str, key: str, fingerprint: str, answer_type: type[Answer]
) -> Answer:
    found = await conn.execute(
        "SELECT fingerprint, answer FROM idempotency_keys WHERE operation = %s AND key = %s", [operation, key]
    )
    row = await found.fetchone()
    if row is None or row["fingerprint"] != fingerprint:
        raise KeyReused
    return answer_type.model_validate(row["answer"])


def _fingerprint(request: tuple[str, BaseModel | None]) -> str:
    target, body = request
    text = target + "\n" + ("" if body is None else body.model_dump_json())
    return hashlib.sha256(text.encode()).hexdigest()
