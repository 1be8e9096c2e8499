"""The report's periods, counted once and kept: the console shows the last count, by the statements of the report."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, LiteralString

import orjson
from psycopg import Connection, IsolationLevel

from frontdesk.database import as_owner
from frontdesk.store.outcomes import CONVERSATIONS, FIGURES, PERIOD, TURNS, Outcomes, told

PERIODS = (7, 30, 90)
LOCK_SECONDS = 30
# The longest period is read once, into tables of this transaction; all periods are counted from them.
_READ: LiteralString = (
    "CREATE TEMP TABLE kept_turn ON COMMIT DROP AS WITH "  # noqa: S608  (our own statements, here and below)
    + PERIOD
    + TURNS.rstrip().rstrip(",")
    + " SELECT * FROM turn"
)
_JUDGED: LiteralString = (
    "CREATE TEMP TABLE kept_outcome ON COMMIT DROP AS WITH "  # noqa: S608
    + PERIOD
    + "turn AS (SELECT * FROM kept_turn),"
    + CONVERSATIONS.rstrip().rstrip(",")
    + " SELECT o.*, c.created_at FROM outcome o JOIN conversations c ON c.id = o.id"
)
_OF_PERIOD: LiteralString = (
    "WITH "  # noqa: S608
    + PERIOD
    + """
turn AS MATERIALIZED (SELECT k.* FROM kept_turn k JOIN asked a ON a.id = k.conversation_id),
outcome AS MATERIALIZED (SELECT k.* FROM kept_outcome k JOIN asked a ON a.id = k.id),
"""
)
_EACH: LiteralString = """
INSERT INTO counted AS o
  SELECT k.id, k.created_at, k.became, k.reason, k.cost, bool_or(t.agent AND t.unpaid) IS TRUE,
    bool_or(t.agent AND t.searched AND t.cited) IS TRUE, coalesce(array_agg(DISTINCT title) FILTER (WHERE title IS NOT NULL), '{}')
  FROM kept_outcome k JOIN kept_turn t ON t.conversation_id = k.id LEFT JOIN LATERAL unnest(t.titles) AS title ON true
  GROUP BY k.id, k.created_at, k.became, k.reason, k.cost
ON CONFLICT (conversation_id) DO UPDATE SET became = excluded.became, reason = excluded.reason, cost = excluded.cost,
  unpaid = excluded.unpaid, sourced = excluded.sourced, titles = excluded.titles
WHERE (o.became, o.reason, o.cost, o.unpaid, o.sourced, o.titles) IS DISTINCT FROM
  (excluded.became, excluded.reason, excluded.cost, excluded.unpaid, excluded.sourced, excluded.titles)
"""
_GONE: LiteralString = (
    "DELETE FROM counted o WHERE NOT EXISTS (SELECT FROM kept_outcome k WHERE k.id = o.conversation_id)"
)
_DAYS: LiteralString = """
SELECT created_at::date AS day, count(*) FILTER (WHERE became IN ('resolved', 'not_yet_known')) AS good,
  count(*) FILTER (WHERE became IN ('handed_off', 'ticket')) AS people,
  count(*) FILTER (WHERE became NOT IN ('resolved', 'not_yet_known', 'handed_off', 'ticket')) AS other
FROM kept_outcome WHERE created_at >= %(since)s GROUP BY 1 ORDER BY 1
"""
_CITED: LiteralString = """
SELECT title, count(*) AS conversations FROM counted o, unnest(o.titles) AS title
WHERE created_at >= %(since)s GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10
"""
_KEEP: LiteralString = """
INSERT INTO reports VALUES (%s, %s, %s)
ON CONFLICT (days) DO UPDATE SET at = excluded.at, content = excluded.content
"""


@dataclass(frozen=True, slots=True)
class Day:
    """A day's conversations: good for the customer or not yet known, with a person, and otherwise."""

    day: date
    good: int
    people: int
    other: int


@dataclass(frozen=True, slots=True)
class Counted:
    """A period as it was at ``outcomes.until``. ``cited``: the ten titles cited in most conversations, and in how many.
    ``kept``: the conversations of the longest period, which are counted with it.
    """

    outcomes: Outcomes
    days: list[Day]
    cited: list[tuple[str, int]]
    kept: int


def count(owner_conninfo: str) -> None:
    """Count all periods up to now and keep them. Processes count one after the other; who waited for another's count
    that began after it was wanted has it already.
    """
    with as_owner(owner_conninfo, lock_seconds=LOCK_SECONDS) as connection:
        connection.autocommit = True
        connection.execute("SET jit = off")
        connection.execute("SET work_mem = '64MB'")
        wanted = _now(connection)
        connection.execute("SELECT pg_advisory_lock(hashtext('frontdesk.reports'))")
        known = connection.execute("SELECT min(at) AS at FROM reports").fetchone()
        if known and known["at"] and known["at"] >= wanted:
            return
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        with connection.transaction():
            _count(connection, _now(connection))


def _now(connection: Connection[dict[str, Any]]) -> datetime:
    row = connection.execute("SELECT now() AS at").fetchone()
    assert row  # noqa: S101  (a SELECT without FROM has one row)
    return row["at"]


def _count(connection: Connection[dict[str, Any]], until: datetime) -> None:
    every = {"since": until - timedelta(days=max(PERIODS)), "until": until}
    for statement in (_READ, _JUDGED):
        connection.execute(statement, every)
    connection.execute("ANALYZE kept_turn, kept_outcome")
    each = connection.execute("SELECT count(*) AS n FROM kept_outcome").fetchone() or {}
    for statement in (_EACH, _GONE, "ANALYZE counted"):
        connection.execute(statement)
    for days in PERIODS:
        since = until - timedelta(days=days)
        values = {"since": since, "until": until}
        found = told(connection.execute(_OF_PERIOD + FIGURES, values).fetchone(), since, until)
        by_day = [Day(**row) for row in connection.execute(_DAYS, values)]
        cited = [(row["title"], row["conversations"]) for row in connection.execute(_CITED, values)]
        content = orjson.dumps(asdict(Counted(found, by_day, cited, each["n"]))).decode()
        connection.execute(_KEEP, (days, until, content))


def kept(owner_conninfo: str, days: int) -> Counted | None:
    """The last count of one of PERIODS; None before the first."""
    with as_owner(owner_conninfo) as connection:
        row = connection.execute("SELECT content FROM reports WHERE days = %s", (days,)).fetchone()
    if row is None:
        return None
    found = row["content"]["outcomes"]
    since, until = (datetime.fromisoformat(found.pop(end)) for end in ("since", "until"))
    return Counted(
        told(found, since, until),
        [Day(date.fromisoformat(each.pop("day")), **each) for each in row["content"]["days"]],
        [(title, number) for title, number in row["content"]["cited"]],
        row["content"]["kept"],
    )
