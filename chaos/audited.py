"""S8: an audit log of many rows, and one thing done to it at a time: edited, deleted, reordered, cut off, rewritten.

Chains as a desk writes them, some of erased customers among them. After each attack ``verify`` must say no, with the
anchor taken before; after it is undone, yes again. Attacks that rewrite a chain together with its head are the anchor's
to find, and are told apart in the figures.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row

from chaos.journal import Experiment, Portion, Shown, Tally
from frontdesk.database import SCHEMA, as_owner
from frontdesk.domain import Json
from frontdesk.store.audit import anchor, verify
from frontdesk.store.erase import erase
from frontdesk.testing import temporary_url

KEY = b"k" * 32
LENGTH = 20  # rows of a chain
ROWS_PER_ATTACK = 100  # at least one of each kind

Owner = psycopg.Connection[dict[str, Any]]
Attack = Callable[[Owner, UUID, int, random.Random], None]


def _edit(owner: Owner, talk: UUID, n: int, rng: random.Random) -> None:
    column = rng.choice(["data", "kind", "at", "hash"])
    change = {
        "data": "data = data || ' '",
        "kind": "kind = kind || 's'",
        "at": "at = at + interval '1 millisecond'",
        "hash": "hash = sha256(hash)",
    }[column]
    owner.execute(f"UPDATE audit SET {change} WHERE conversation_id = %s AND n = %s".encode(), (talk, n))


def _empty(owner: Owner, talk: UUID, n: int, _: random.Random) -> None:
    """Blank as an erasure leaves it; of a row that is blank already, its kind is changed."""
    of = (talk, n)
    if not owner.execute(
        "UPDATE audit SET data = '' WHERE conversation_id = %s AND n = %s AND data <> ''", of
    ).rowcount:
        owner.execute("UPDATE audit SET kind = kind || 's' WHERE conversation_id = %s AND n = %s", of)


def _delete(owner: Owner, talk: UUID, n: int, _: random.Random) -> None:
    owner.execute("DELETE FROM audit WHERE conversation_id = %s AND n = %s", (talk, n))


def _swap(owner: Owner, talk: UUID, n: int, _: random.Random) -> None:
    other = n + 1 if n == 1 else n - 1
    for now, then in ((n, -1), (other, n), (-1, other)):
        owner.execute("UPDATE audit SET n = %s WHERE conversation_id = %s AND n = %s", (then, talk, now))


def _cut(owner: Owner, talk: UUID, n: int, _: random.Random) -> None:
    owner.execute("DELETE FROM audit WHERE conversation_id = %s AND n >= %s", (talk, n))


def _insert(owner: Owner, talk: UUID, n: int, _: random.Random) -> None:
    owner.execute("UPDATE audit SET n = -n - 1 WHERE conversation_id = %s AND n > %s", (talk, n))
    owner.execute("UPDATE audit SET n = -n WHERE conversation_id = %s AND n < 0", (talk,))
    owner.execute(
        "INSERT INTO audit SELECT conversation_id, n + 1, at, kind, data, hash FROM audit"
        " WHERE conversation_id = %s AND n = %s",
        (talk, n),
    )


def _remove(owner: Owner, talk: UUID, _n: int, _: random.Random) -> None:
    owner.execute("DELETE FROM audit WHERE conversation_id = %s", (talk,))
    owner.execute("DELETE FROM conversations WHERE id = %s", (talk,))


def _rewrite(owner: Owner, talk: UUID, n: int, _: random.Random) -> None:
    """Cut the chain at a row and write it anew, so that every hash is right, and the head too."""
    kept = owner.execute(
        "DELETE FROM audit WHERE conversation_id = %s AND n >= %s RETURNING n, kind, data", (talk, n)
    ).fetchall()
    owner.execute(
        "UPDATE conversations c SET audit_n = %s, audit_head = coalesce((SELECT hash FROM audit a"
        " WHERE a.conversation_id = c.id AND a.n = %s), '\\x') WHERE c.id = %s",
        (n - 1, n - 1, talk),
    )
    for row in sorted(kept, key=lambda row: row["n"]):
        owner.execute("SELECT audit_append(%s, %s, %s)", (talk, row["kind"], row["data"] or "{}"))


def _head(owner: Owner, talk: UUID, n: int, rng: random.Random) -> None:
    """Cut off, and the head set to what is left."""
    _cut(owner, talk, n, rng)
    owner.execute(
        "UPDATE conversations c SET audit_n = %s, audit_head = coalesce((SELECT hash FROM audit a"
        " WHERE a.conversation_id = c.id AND a.n = %s), '\\x') WHERE c.id = %s",
        (n - 1, n - 1, talk),
    )


KINDS: dict[str, Attack] = {
    "edited": _edit,
    "emptied": _empty,
    "deleted": _delete,
    "reordered": _swap,
    "cut off": _cut,
    "inserted": _insert,
    "cut off with its head": _head,
    "rewritten with its head": _rewrite,
    "removed whole": _remove,
}


@asynccontextmanager
async def opened(seed: int, shown: Shown) -> AsyncGenerator[Portion]:
    """A database of its own."""
    url = temporary_url()

    async def portion(_first: int, many: int) -> Tally:
        return await asyncio.to_thread(_attacked, url, seed, many, shown)

    yield portion


def _attacked(url: str, seed: int, many: int, shown: Shown) -> Tally:
    tally, rng = Tally(), random.Random(f"S8 {seed}")
    talks = _write(url, many, rng)
    taken = anchor(url)
    with as_owner(url) as owner:
        found = owner.execute("SELECT conversation_id, n FROM audit").fetchall()
    tally.counts["rows"] += len(found)
    tally.counts["chains"] += len(talks)
    untouched = verify(url, taken, [KEY])
    tally.expect(untouched.holds, f"untouched, it does not verify: {untouched.problems[:1]}")
    kinds = list(KINDS)
    attacks = max(len(kinds), many // ROWS_PER_ATTACK)
    for turn in range(attacks):
        kind = kinds[turn % len(kinds)]
        row = rng.choice(found)
        what = f"row {row['n']} of {row['conversation_id']} {kind}"
        tally.expect(not _verified(url, taken, kind, row, rng), f"{what}: nobody noticed")
        tally.counts[kind] += 1
        shown(f"S8: {turn + 1} of {attacks} attacks")
    tally.expect(verify(url, taken, [KEY]).holds, "undone, it does not verify")
    return tally


def _verified(url: str, taken: Json, kind: str, row: dict[str, Any], rng: random.Random) -> bool:
    """Whether the log still verifies after an attack, which is undone: the same tables are put back as they were."""
    tables = ("audit", "conversations")
    with as_owner(url) as owner:
        for table in tables:
            owner.execute(f"CREATE TABLE kept_{table} AS SELECT * FROM {table}".encode())
        KINDS[kind](owner, row["conversation_id"], row["n"], rng)
    holds = verify(url, taken, [KEY]).holds
    with as_owner(url) as owner:
        for table in tables:
            owner.execute(f"DELETE FROM {table}".encode())
            owner.execute(f"INSERT INTO {table} SELECT * FROM kept_{table}".encode())
            owner.execute(f"DROP TABLE kept_{table}".encode())
    return holds


def _write(url: str, many: int, rng: random.Random) -> list[UUID]:
    """Chains of ``LENGTH`` rows; one in ten is of a customer who was erased."""
    with psycopg.Connection[dict[str, Any]].connect(
        url, options=f"-c search_path={SCHEMA},public", row_factory=dict_row
    ) as owner:
        rows = owner.execute(
            "INSERT INTO conversations (id, principal, channel)"
            " SELECT gen_random_uuid(), 'customer:a' || g, 'api' FROM generate_series(1, %s) g RETURNING id",
            (max(1, many // LENGTH),),
        ).fetchall()
        talks = [row["id"] for row in rows]
        owner.execute(
            "SELECT audit_append(c.id, CASE WHEN g %% 5 = 0 THEN 'action' ELSE 'turn' END,"
            " json_build_object('turn', gen_random_uuid(), 'outcome', 'answered')::text)"
            " FROM conversations c, generate_series(1, %s) g",
            (LENGTH,),
        )
        erase(owner, rng.sample(talks, len(talks) // 10), "", KEY, datetime.now(UTC))
    return talks


EXPERIMENT = Experiment(
    "S8",
    "any edit, deletion, reordering or truncation in 10,000 audit rows is found",
    "audit rows",
    10_000,
    10_000,
    opened,
)
