"""How long the people's side takes with 50,000 conversations: inbox, search, counts, a conversation, a customer's list.

    python -m benchmarks.people          # CONVERSATIONS=50000 is the default

The conversations are generated: 10,000 customers, two to six turns each, words drawn from a short list, 200 waiting
for a person, 60 held by three members of staff, 500 tickets. A time is that of the Python call, PostgreSQL on the
same machine included, HTTP and HTML left out. Each call is timed 200 times, after 20 that are not counted.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

import psycopg

from benchmarks.knowledge_figures import milliseconds, progress
from frontdesk.database import Database
from frontdesk.domain import Principal
from frontdesk.people import People, StaffDirectory
from frontdesk.store import customers
from frontdesk.store import people as store
from frontdesk.store.people import InboxRow
from frontdesk.store.staff import Staff
from frontdesk.testing import temporary_database

TIMES, WARM, PAGE = 200, 20, 50
# As the application stores them: ids that begin with the time, one customer message and one reply a turn.
FILL = """
SELECT set_config('session_replication_role', 'replica', true);
SELECT setseed(0.5);
CREATE TEMP TABLE made AS SELECT n,
  (lpad(to_hex(1700000000000 + n * 60000::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3)
   || 'a' || substr(md5(n::text), 4, 15))::uuid AS id,
  'customer:u' || (n % 10000) AS who, 2 + n % 5 AS turns,
  to_timestamp(1700000000 + n * 60) AS at FROM generate_series(1, {count}) n;
INSERT INTO conversations (id, principal, channel, mode, queue_reason, queued_at, waiting_since, assignee, assignee_name,
    turns_accepted, turns_done, created_at, active_at)
  SELECT id, who, 'api', CASE WHEN n % {each} = 0 THEN 'queued' WHEN n % {each} < 4 AND n < 20 * {each} THEN 'human' ELSE 'ai' END,
    CASE WHEN n % {each} = 0 THEN 'asked' ELSE '' END, CASE WHEN n % {each} = 0 THEN at END,
    CASE WHEN n % {each} = 0 THEN at END,
    CASE WHEN n % {each} BETWEEN 1 AND 3 AND n < 20 * {each} THEN (SELECT id FROM staff ORDER BY email OFFSET n % {each} - 1 LIMIT 1) END,
    '', turns, turns, at, at + turns * interval '1 minute' FROM made;
INSERT INTO turns (id, conversation_id, principal, seq, status, outcome, record, body_sha256, done_at)
  SELECT gen_random_uuid(), id, who, s, 'done', 'answered', '{{"steps": [], "model": "local"}}', '', at FROM made, generate_series(1, turns) s;
INSERT INTO messages (conversation_id, turn_seq, n, principal, role, body)
  SELECT id, s, r, who, CASE r WHEN 0 THEN 'customer' ELSE 'assistant' END,
    (SELECT string_agg((ARRAY['order','tent','refund','late','broken','shipping','invoice','return','size','blue'])[1 + floor(random() * 10 + 0 * (m.n + s + r + w))::int], ' ')
     FROM generate_series(1, 12) w)
  FROM made m, generate_series(1, turns) s, generate_series(0, 1) r;
INSERT INTO tickets (id, principal, conversation_id, subject, body, reason)
  SELECT gen_random_uuid(), who, id, 'Handover', 'Asked for a person.', 'customer_wish' FROM made WHERE n % ({each} / 2) = 1;
"""


def fill(conninfo: str, count: int) -> None:
    """Generate ``count`` conversations."""
    with psycopg.connect(conninfo, options="-c search_path=frontdesk,public") as owner:
        for statement in FILL.format(count=count, each=max(4, count // 200)).split(";\n"):
            if statement.strip():
                owner.execute(statement.encode())
    with psycopg.connect(conninfo, autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE")


async def timed(call: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """(median, p95) in milliseconds."""
    times: list[float] = []
    for n in range(WARM + TIMES):
        started = time.perf_counter()
        await call()
        if n >= WARM:
            times.append(time.perf_counter() - started)
    return milliseconds(times)


async def _calls(database: Database, staff: Staff) -> dict[str, Callable[[], Awaitable[object]]]:
    people = People(database, None, frozenset())  # pyright: ignore[reportArgumentType]  (nobody is asked)
    drawn = random.Random(1)
    rows: list[InboxRow] = []
    after = ""
    for _ in range(4):
        page = await people.inbox(staff, "all", after=after, limit=PAGE)
        rows, after = [*rows, *page.items], page.next

    def conversation() -> Awaitable[object]:
        return store.conversation(database, staff, drawn.choice(rows).id)

    def own() -> Awaitable[object]:
        who = Principal("customer", f"u{drawn.randrange(10_000)}")
        return customers.own_conversations(database, who, before=None, limit=31)

    deep = await _middle(database)
    return {
        "inbox, needs a reply": lambda: people.inbox(staff, "needs_reply", limit=PAGE),
        "inbox, mine": lambda: people.inbox(staff, "mine", limit=PAGE),
        "inbox, all": lambda: people.inbox(staff, "all", limit=PAGE),
        "inbox, all, a page in the middle": lambda: store.listed(
            database, staff, "all", after_id=deep, limit=PAGE
        ),
        "search, a customer's id": lambda: people.inbox(staff, "all", query="u4711"),
        "search, a ticket": lambda: people.inbox(staff, "all", query="T-1042"),
        "search, words": lambda: people.inbox(staff, "all", query="broken refund"),
        "search, words that nobody wrote": lambda: people.inbox(staff, "all", query="zebra crossing"),
        "counts": lambda: people.counts(staff),
        "a conversation": conversation,
        "a customer's list": own,
    }


async def _middle(database: Database) -> UUID:
    async with database.transaction(staff="bench") as connection:
        cursor = await connection.execute(
            "SELECT id FROM conversations ORDER BY id OFFSET (SELECT count(*) / 2 FROM conversations) LIMIT 1"
        )
        row = await cursor.fetchone()
    return row[0] if row else UUID(int=0)


async def run(count: int) -> None:
    """Measure, and print the table."""
    async with temporary_database() as database:
        directory = StaffDirectory(database)
        made = [(await directory.add(f"s{n}@shop.example", f"Staff {n}", "agent"))[0] for n in range(3)]
        progress(f"making {count:,} conversations")
        fill(database.conninfo, count)
        progress("measuring")
        lines = [f"| with {count:,} conversations | median ms | p95 ms |", "| --- | ---: | ---: |"]
        for name, call in (await _calls(database, made[0])).items():
            median, p95 = await timed(call)
            lines.append(f"| {name} | {median:.1f} | {p95:.1f} |")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    asyncio.run(run(int(os.environ.get("CONVERSATIONS", "50000"))))
