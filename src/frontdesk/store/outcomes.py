"""What became of conversations, for those who run the desk: counted from what was recorded, in one statement.

Counted so that it cannot flatter. A conversation is resolved only once its customer has had a week to come back; one
that went to a person, left a ticket, was taken up again or ended in a question that was not answered is none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, LiteralString

from frontdesk.database import as_owner

PERIOD: LiteralString = """
period AS MATERIALIZED (
  SELECT c.id, c.principal, c.mode, c.turns_done < c.turns_accepted AS waits,
    c.principal LIKE 'staff:%%' OR c.principal LIKE 'backend:%%' OR c.channel = 'staff' AS test
  FROM conversations c
  WHERE c.created_at >= %(since)s AND c.created_at < %(until)s AND c.turns_accepted > 0
),
asked AS MATERIALIZED (SELECT * FROM period WHERE NOT test),
"""
# A record is stored compressed: all that is wanted of it is taken out at once, and what is sorted is small.
TURNS: LiteralString = """
reduced AS MATERIALIZED (
  SELECT t.conversation_id, t.seq, t.outcome, t.accepted_at, coalesce(t.done_at, t.accepted_at) AS ended_at,
    t.status = 'done' AND NOT (t.outcome = 'handed_off' AND r.mode = 'human' AND r.steps IS NULL) AS agent,
    r.steps IS NOT NULL OR t.outcome <> 'answered' AS matters,
    r.actions,
    (r.usage ->> 'cost_usd')::float AS cost,
    (r.usage -> 'model_calls') IS NOT NULL AND r.model NOT LIKE 'local%%' AND r.usage -> 'cost_usd' IS NULL AS unpriced,
    r.model LIKE 'local%%' AND r.degraded IS NULL AND r.usage -> 'cost_usd' IS NULL AS unpaid,
    r.steps @> '[{"tool": "search_knowledge"}]' AS searched,
    t.outcome = 'answered' AND r.citations IS NOT NULL AS cited,
    ARRAY(SELECT DISTINCT split_part(coalesce(s ->> 'title', ''), ' › ', 1) FROM jsonb_array_elements(r.citations) s) AS titles,
    CASE WHEN t.outcome = 'handed_off' THEN (
      SELECT s -> 'arguments' ->> 'reason' FROM jsonb_array_elements(r.steps) s
      WHERE s ->> 'tool' = 'hand_over' AND s -> 'ok' IS NULL LIMIT 1) END AS reason
  FROM asked c JOIN turns t ON t.conversation_id = c.id
  CROSS JOIN LATERAL jsonb_to_record(coalesce(t.record, '{}')) AS r(
    model text, mode text, usage jsonb, citations jsonb, steps jsonb, degraded jsonb, actions jsonb)
),
turn AS MATERIALIZED (
  SELECT *, lag(ended_at) OVER (PARTITION BY conversation_id ORDER BY seq) AS before FROM reduced
),
"""
# A visit ends where nothing is said for a day: from then on a message begins a new conversation by itself.
CONVERSATIONS: LiteralString = """
visit AS MATERIALIZED (
  SELECT conversation_id, min(seq) FILTER (WHERE accepted_at > before + interval '24 hours') AS again,
    min(accepted_at) FILTER (WHERE accepted_at > before + interval '24 hours') AS again_at,
    bool_or(agent) AS agent, bool_or(outcome = 'handed_off') AS handed,
    (array_agg(reason ORDER BY seq) FILTER (WHERE reason IS NOT NULL))[1] AS reason,
    sum(cost) AS cost, count(*) FILTER (WHERE unpriced) AS unpriced
  FROM turn GROUP BY conversation_id
),
last AS MATERIALIZED (
  SELECT t.conversation_id, max(t.ended_at) AS ended_at,
    (array_agg(t.outcome ORDER BY t.seq DESC) FILTER (WHERE t.matters))[1] AS outcome,
    (array_agg(t.actions ORDER BY t.seq DESC) FILTER (WHERE t.matters))[1] AS actions
  FROM turn t JOIN visit v USING (conversation_id) WHERE v.again IS NULL OR t.seq < v.again
  GROUP BY t.conversation_id
),
outcome AS MATERIALIZED (
  SELECT c.id, v.reason, coalesce(v.cost, 0) AS cost, v.unpriced,
    l.ended_at <= now() - interval '7 days' AS settled,
    CASE
      WHEN NOT v.agent AND c.mode <> 'human' AND c.waits THEN 'waiting'
      WHEN NOT v.agent THEN 'without'
      WHEN v.handed OR c.mode <> 'ai'
        OR EXISTS (SELECT FROM messages m WHERE m.conversation_id = c.id AND m.role = 'staff') THEN 'handed_off'
      WHEN EXISTS (SELECT FROM tickets k WHERE k.conversation_id = c.id) THEN 'ticket'
      WHEN v.again_at <= l.ended_at + interval '7 days' THEN 'reopened'
      WHEN EXISTS (
        SELECT FROM conversations n WHERE n.principal = c.principal AND n.created_at > l.ended_at
          AND n.created_at <= l.ended_at + interval '7 days' AND n.id <> c.id AND n.turns_accepted > 0) THEN 'returned'
      WHEN l.ended_at > now() - interval '7 days' THEN 'not_yet_known'
      WHEN c.waits OR NOT coalesce(l.outcome = 'answered' OR l.outcome = 'awaiting_confirmation' AND EXISTS (
        SELECT FROM actions a WHERE l.actions ? a.id::text AND a.conversation_id = c.id
          AND a.status IN ('executed', 'undoing', 'undone')), false) THEN 'unanswered'
      ELSE 'resolved'
    END AS became
  FROM asked c JOIN visit v ON v.conversation_id = c.id JOIN last l ON l.conversation_id = c.id
),
"""
# A write that needs nobody's yes is decided in the transaction that makes it: it was never proposed.
FIGURES: LiteralString = """
counted AS (
  SELECT a.tool, count(*) FILTER (WHERE a.decided_at IS DISTINCT FROM a.created_at) AS proposed,
    count(*) FILTER (WHERE a.confirmed_at IS NOT NULL) AS confirmed,
    count(*) FILTER (WHERE a.status = 'declined' AND a.decided_by = '') AS declined,
    count(*) FILTER (WHERE EXISTS (SELECT FROM approvals p WHERE p.action_id = a.id)) AS approved,
    count(*) FILTER (WHERE a.status = 'declined' AND a.decided_by <> '') AS refused,
    count(*) FILTER (WHERE a.status = 'expired' OR a.status = 'proposed' AND a.expires_at < now()) AS expired,
    count(*) FILTER (WHERE a.status IN ('executed', 'undoing', 'undone')) AS executed,
    count(*) FILTER (WHERE a.status = 'failed') AS failed,
    count(*) FILTER (WHERE a.status = 'unknown') AS unknown,
    count(*) FILTER (WHERE a.status = 'undone') AS undone
  FROM asked c JOIN actions a ON a.conversation_id = c.id GROUP BY a.tool
)
SELECT
  (SELECT count(*) FROM period WHERE test) AS tests,
  (SELECT coalesce(json_object_agg(became, n), '{}') FROM
    (SELECT became, count(*) AS n FROM outcome GROUP BY became) s) AS became,
  (SELECT coalesce(json_object_agg(became, n), '{}') FROM
    (SELECT became, count(*) AS n FROM outcome WHERE settled GROUP BY became) s) AS settled,
  (SELECT coalesce(sum(cost), 0) FROM outcome WHERE settled) AS settled_cost,
  (SELECT coalesce(sum(unpriced), 0) FROM outcome WHERE settled) AS settled_unpriced,
  (SELECT coalesce(json_object_agg(reason, n), '{}') FROM
    (SELECT coalesce(reason, 'taken_over') AS reason, count(*) AS n FROM outcome WHERE became = 'handed_off'
     GROUP BY 1) s) AS handoffs,
  (SELECT json_build_object('up', count(*) FILTER (WHERE rating = 'up'), 'down', count(*) FILTER (WHERE rating = 'down'))
    FROM ratings r JOIN asked c ON c.id = r.conversation_id) AS thumbs,
  (SELECT coalesce(json_agg(counted ORDER BY counted.tool), '[]') FROM counted) AS tools,
  t.*
FROM (
  SELECT count(*) AS turns, coalesce(sum(cost), 0) AS cost, count(*) FILTER (WHERE unpriced) AS unpriced,
    count(*) FILTER (WHERE unpaid) AS unpaid, count(*) FILTER (WHERE searched) AS searched,
    count(*) FILTER (WHERE searched AND cited) AS cited,
    percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY extract(epoch FROM ended_at - accepted_at)) AS seconds
  FROM turn WHERE agent
) t
"""
QUERY: LiteralString = "WITH " + PERIOD + TURNS + CONVERSATIONS + FIGURES


@dataclass(frozen=True, slots=True)
class ToolCount:
    """What became of one tool's actions, in numbers of actions."""

    tool: str
    proposed: int
    confirmed: int
    declined: int
    approved: int
    refused: int
    expired: int
    executed: int
    failed: int
    unknown: int
    undone: int


@dataclass(frozen=True, slots=True)
class Outcomes:
    """A period in numbers.

    became    conversations begun in the period, by what became of them (see ``BECAME``)
    settled   the same, of those whose week is over
    settled_cost, cost  US dollars, of those conversations and of all; ``…unpriced``: turns whose price nobody knows
    handoffs  conversations handed off, by reason; ``taken_over``: a person came in unasked
    turns     what the agent answered; ``unpaid`` of them by the local model alone
    searched  turns that looked into the help center; ``cited`` of them answered with a citation
    seconds   median and 95th percentile from a message's arrival to its reply; None without turns
    tests     conversations of staff and of backends, which count nowhere
    """

    since: datetime
    until: datetime
    tests: int
    became: dict[str, int]
    settled: dict[str, int]
    settled_cost: float
    settled_unpriced: int
    handoffs: dict[str, int]
    thumbs: dict[str, int]
    turns: int
    cost: float
    unpriced: int
    unpaid: int
    searched: int
    cited: int
    seconds: tuple[float, float] | None
    tools: list[ToolCount] = field(default_factory=list[ToolCount])


def outcomes(owner_conninfo: str, since: datetime, until: datetime) -> Outcomes:
    """The conversations begun from ``since`` on and before ``until``, for the role that reads all customers' rows."""
    with as_owner(owner_conninfo) as connection:
        connection.execute("SET jit = off")  # compiling this statement takes longer than running it
        connection.execute("SET work_mem = '64MB'")
        return told(connection.execute(QUERY, {"since": since, "until": until}).fetchone(), since, until)


def told(row: dict[str, Any] | None, since: datetime, until: datetime) -> Outcomes:
    """What the statement's one row says."""
    found = dict(row or {})
    found["settled_unpriced"] = int(found["settled_unpriced"])
    found["tools"] = [ToolCount(**tool) for tool in found["tools"]]
    found["seconds"] = tuple(found["seconds"]) if found["seconds"] else None
    return Outcomes(since=since, until=until, **found)
