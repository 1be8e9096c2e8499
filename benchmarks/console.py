"""Server time of each console view over many conversations: ``python -m benchmarks.console [CONVERSATIONS]``.

Invented rows go into a temporary database; each view is asked for 20 times, one after the other, over loopback.
"""

from __future__ import annotations

import asyncio
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx
import psycopg

from frontdesk.store import counts
from tests.web.console.console import console, sign_in

TIMES = 20
# Three turns each over 90 days; one in a hundred waits for a person, one in ten was handed over and has a ticket.
ROWS = """
INSERT INTO conversations (id, principal, channel, created_at, active_at, turns_accepted, turns_done, mode, queued_at,
                           queue_reason, waiting_since)
  SELECT uuidv7(at - now()), 'customer:u' || n % 20000, 'api', at, at + interval '5 min', 3, 3,
    CASE WHEN n % 100 = 0 THEN 'queued' ELSE 'ai' END, CASE WHEN n % 100 = 0 THEN at END, CASE WHEN n % 100 = 0 THEN 'asked' ELSE '' END,
    CASE WHEN n % 100 = 0 THEN at END
  FROM (SELECT n, now() - interval '90 days' * (1 - n / %(count)s::float) AS at FROM generate_series(1, %(count)s) n) s;
INSERT INTO turns (id, conversation_id, principal, seq, status, outcome, record, accepted_at, done_at)
  SELECT gen_random_uuid(), c.id, c.principal, s, 'done',
    CASE WHEN s = 3 AND hashtext(c.id::text) % 10 = 0 THEN 'handed_off' ELSE 'answered' END,
    jsonb_build_object('model', 'openai:gpt-4o-mini', 'ms', 812.5,
      'usage', jsonb_build_object('input_tokens', 1800, 'output_tokens', 90, 'model_calls', 2, 'cost_usd', 0.0003),
      'steps', jsonb_build_array(jsonb_build_object('tool', 'search_knowledge', 'label', 'Searching', 'arguments',
        jsonb_build_object('query', 'return policy'), 'result', repeat('passage ', 100), 'ms', 12, 'permission', 'knowledge:read')),
      'citations', jsonb_build_array(jsonb_build_object('n', 1, 'title', 'Article ' || abs(hashtext(c.id::text)) % 60,
        'url', 'https://shop.example/help', 'passage', 'A sentence of it.'))),
    c.created_at + interval '1 min' * s, c.created_at + interval '1 min' * s + interval '1 s'
  FROM conversations c, generate_series(1, 3) s;
INSERT INTO messages (conversation_id, turn_seq, n, principal, role, body, created_at)
  SELECT t.conversation_id, t.seq, n, t.principal, CASE n WHEN 0 THEN 'customer' ELSE 'assistant' END,
    CASE n WHEN 0 THEN 'How long may I return a jacket that I have worn once?' ELSE 'You have 30 days. [1]' END, t.accepted_at
  FROM turns t, generate_series(0, 1) n;
INSERT INTO tickets (id, principal, conversation_id, turn_id, subject, body, reason, created_at)
  SELECT gen_random_uuid(), t.principal, t.conversation_id, t.id, 'Handover: customer wish', 'They asked.', 'customer_wish', t.accepted_at
  FROM turns t WHERE t.outcome = 'handed_off';
ANALYZE;
"""


async def measure(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with console(Path(folder)) as desk:
            began = time.monotonic()
            async with await psycopg.AsyncConnection.connect(
                desk.service.owner_url, options="-c search_path=frontdesk,public"
            ) as owner:
                for statement in ROWS.split(";\n"):
                    if statement.strip():
                        await owner.execute(statement.replace("%(count)s", str(count)))  # type: ignore[arg-type]
            print(
                f"{count:,} conversations, {3 * count:,} turns; written in {time.monotonic() - began:.0f} s\n"
            )
            counts.count(desk.service.owner_url)  # as it is each hour
            began = time.monotonic()
            counts.count(desk.service.owner_url)
            print(f"reports counted again in {time.monotonic() - began:.1f} s\n", flush=True)
            async with httpx.AsyncClient(
                base_url=desk.url, headers={"origin": desk.url}, timeout=60
            ) as client:
                await sign_in(client, "ada")
                rows = (await client.get("/console/inbox?view=all")).text
                one = re.search(r"/console/(conversations/[0-9a-f-]{36})", rows)[1]  # type: ignore[index]
                print("| view | first, ms | median, ms | slowest, ms |\n| --- | ---: | ---: | ---: |")
                for view in (
                    "inbox", "inbox?view=mine", "inbox?view=all", "inbox?q=u77", "inbox?q=T-1500", "inbox?q=jacket", "inbox/rows", "counts",
                    one, "approvals", "tickets", "ask", "knowledge", "gaps", "settings", "reports?days=7",
                    "reports?days=30", "reports?days=90", "reports/conversations?kind=became&value=handed_off&days=7",
                    "reports/conversations?kind=became&value=handed_off&days=90", "reports/conversations?kind=cited&value=Article 7&days=90",
                ):  # fmt: skip
                    took: list[float] = []
                    for _ in range(TIMES):
                        began = time.perf_counter()
                        answer = await client.get(f"/console/{view}")
                        took.append((time.perf_counter() - began) * 1000)
                        assert answer.status_code == 200, view
                    name = view.partition("/0")[0]
                    later = took[1:]
                    print(
                        f"| {name} | {took[0]:.0f} | {statistics.median(later):.0f} | {max(later):.0f} |",
                        flush=True,
                    )


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000))
