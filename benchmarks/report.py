"""How long ``frontdesk report`` takes: ``python -m benchmarks.report [conversations]`` (50,000).

Generated rows of the size that real ones have: four turns a conversation, one of which searched the help center (its
step holds five passages of a kilobyte that do not compress well), one in five conversations with an action, one in
ten handed off, three conversations a customer, all over 60 days. Median of five runs over all 60 days, and over the
default 30.
"""

from __future__ import annotations

import statistics
import sys
import time
from datetime import UTC, datetime, timedelta

from frontdesk.database import as_owner
from frontdesk.store.outcomes import outcomes
from frontdesk.testing import temporary_url

RUNS = 5
ROWS = """
CREATE FUNCTION pg_temp.words(n integer) RETURNS text LANGUAGE sql VOLATILE AS
  $$ SELECT string_agg(md5(random()::text), ' ') FROM generate_series(1, n) $$;
INSERT INTO conversations (id, principal, channel, mode, turns_accepted, turns_done, created_at, active_at)
SELECT gen_random_uuid(), 'customer:' || n / 3, 'api', CASE WHEN n % 10 = 0 THEN 'queued' ELSE 'ai' END, 4, 4, at, at
FROM generate_series(1, {n}) n, LATERAL (SELECT now() - (n + random() - n) * interval '60 days' AS at) a;
INSERT INTO turns (id, conversation_id, principal, seq, status, outcome, accepted_at, done_at, record)
SELECT gen_random_uuid(), c.id, c.principal, seq, 'done',
  CASE WHEN seq = 4 AND c.mode = 'queued' THEN 'handed_off' WHEN random() < 0.1 THEN 'unanswered' ELSE 'answered' END,
  c.created_at + seq * interval '1 minute', c.created_at + seq * interval '1 minute' + random() * interval '4 seconds',
  jsonb_build_object('model', CASE WHEN random() < 0.5 THEN 'local' ELSE 'openai:gpt-4o-mini' END, 'mode', c.mode, 'ms', 900,
    'prompt', 'abc123', 'usage', jsonb_build_object('model_calls', 2, 'input_tokens', 1800, 'cost_usd', 0.0004),
    'citations', jsonb_build_array(jsonb_build_object('n', 1, 'title', 'Returns', 'passage', pg_temp.words(6))),
    'steps', jsonb_build_array(CASE seq
      WHEN 2 THEN jsonb_build_object('tool', 'search_knowledge', 'arguments', '{{}}'::jsonb, 'ms', 12,
        'result', pg_temp.words(5 * 31))
      WHEN 4 THEN jsonb_build_object('tool', 'hand_over', 'arguments', '{{"reason": "customer_wish"}}'::jsonb, 'result', '{{}}')
      ELSE jsonb_build_object('tool', 'get_order_status', 'arguments', '{{"order_id": "456"}}'::jsonb, 'ms', 30,
        'result', pg_temp.words(12)) END))
FROM conversations c, generate_series(1, 4) seq;
INSERT INTO messages (conversation_id, turn_seq, n, principal, role, body)
SELECT conversation_id, seq, n, principal, CASE n WHEN 0 THEN 'customer' ELSE 'assistant' END, pg_temp.words(3)
FROM turns, generate_series(0, 1) n;
INSERT INTO actions (id, conversation_id, turn_id, principal, tool, arguments, digest, preview, basis, policy, status,
  created_at, decided_at, expires_at)
SELECT gen_random_uuid(), conversation_id, id, principal, 'refund_order', '{{}}', '', '{{}}', '', 'p', 'executed',
  accepted_at, done_at, done_at + interval '10 minutes'
FROM turns WHERE seq = 3 AND random() < 0.2;
INSERT INTO tickets (id, principal, conversation_id, turn_id, subject, body, reason)
SELECT gen_random_uuid(), principal, conversation_id, id, 's', 'b', 'customer_wish' FROM turns WHERE outcome = 'handed_off';
INSERT INTO ratings SELECT id, principal, CASE WHEN random() < 0.8 THEN 'up' ELSE 'down' END FROM conversations WHERE random() < 0.1;
"""


def main() -> None:
    """Make the rows, run the report, print the medians in seconds."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    url, now = temporary_url(), datetime.now(UTC)
    print(f"making {wanted:,} conversations of four turns …", flush=True)
    with as_owner(url) as connection:
        connection.execute(ROWS.format(n=wanted).encode())
    with as_owner(url) as connection:
        connection.autocommit = True
        connection.execute("ANALYZE")
        size = connection.execute("SELECT pg_size_pretty(pg_total_relation_size('turns')) AS size").fetchone()
    print(f"turns: {size['size'] if size else '?'}")
    for days in (60, 30):
        took: list[float] = []
        for _ in range(RUNS):
            began = time.perf_counter()
            found = outcomes(url, now - timedelta(days=days), now + timedelta(minutes=1))
            took.append(time.perf_counter() - began)
        print(
            f"{days} days, {sum(found.became.values()):,} conversations: {statistics.median(took):.2f} s {found.became}"
        )


if __name__ == "__main__":
    main()
