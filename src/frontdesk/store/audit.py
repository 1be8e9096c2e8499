"""The audit log: verifying that no row was edited, removed, reordered or cut off.

Each conversation is a chain of its own whose head stands on the conversation, so that appending never waits
for another customer. ``anchor`` digests all heads into one line; kept outside the database, it also shows
that nobody rewrote a chain together with its head, or removed a conversation whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from frontdesk.database import as_owner
from frontdesk.domain import Json

ROWS = "SELECT conversation_id, n, at, kind, data, hash FROM audit ORDER BY conversation_id, n"
HEADS = "SELECT id, audit_n, audit_head FROM conversations ORDER BY id"


@dataclass
class AuditReport:
    """What verifying found: counts, and a sentence for each place that does not hold."""

    rows: int = 0
    conversations: int = 0
    problems: list[str] = field(default_factory=list[str])

    @property
    def holds(self) -> bool:
        """Whether the log is as it was written."""
        return not self.problems


def entry_hash(previous: bytes, conversation: UUID, n: int, at: datetime, kind: str, data: str) -> bytes:
    """The hash of one row; the database's function audit_append computes the same."""
    stamp = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
    return hashlib.sha256(
        previous + "\n".join((str(conversation), str(n), stamp, kind, data)).encode()
    ).digest()


def verify(owner_conninfo: str, anchor_line: Json | None = None) -> AuditReport:
    """Walk every chain, and compare with an anchor taken earlier where one is given."""
    report = AuditReport()
    with as_owner(owner_conninfo) as connection:
        # One moment for heads and rows, while others go on writing.
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        with connection.cursor("heads") as cursor:
            heads = {row["id"]: (row["audit_n"], row["audit_head"]) for row in cursor.execute(HEADS)}
        report.conversations = len(heads)
        marks = {
            UUID(key): (value[0], value[1]) for key, value in (anchor_line or {}).get("heads", {}).items()
        }
        with connection.cursor("rows") as cursor:
            ends = _walk(cursor.execute(ROWS), report, marks)
    for conversation, (count, head) in heads.items():
        if ends.get(conversation, (0, b"")) != (count, head):
            report.problems.append(f"{conversation}: the chain does not end where its conversation says")
    report.problems += [f"{c}: rows without a conversation" for c in ends if c not in heads]
    report.problems += [f"{c}: gone since the anchor" for c in marks if c not in heads]
    return report


def _walk(
    rows: Iterator[Any], report: AuditReport, marks: dict[UUID, tuple[int, str]]
) -> dict[UUID, tuple[int, bytes]]:
    """Follow the chains; returns where each ends as (rows, hash)."""
    ends: dict[UUID, tuple[int, bytes]] = {}
    met: set[UUID] = set()
    for row in rows:
        conversation, n, at, kind, data, digest = row.values()
        report.rows += 1
        last, previous = ends.get(conversation, (0, b""))
        if n != last + 1:
            report.problems.append(f"{conversation}: row {last + 1} is missing before row {n}")
        elif digest != entry_hash(previous, conversation, n, at, kind, data):
            report.problems.append(f"{conversation}: row {n} was changed")
        ends[conversation] = (n, digest)
        if marks.get(conversation) == (n, digest.hex()):
            met.add(conversation)
    report.problems += [
        f"{c}: the anchored row {marks[c][0]} is not there any more"
        for c in marks
        if c in ends and c not in met
    ]
    return ends


def anchor(owner_conninfo: str) -> Json:
    """All chains' heads as they stand now, to be kept outside the database."""
    with as_owner(owner_conninfo) as connection:
        rows = connection.execute(HEADS).fetchall()
    heads = {str(row["id"]): [row["audit_n"], row["audit_head"].hex()] for row in rows if row["audit_n"]}
    digest = hashlib.sha256(repr(sorted(heads.items())).encode()).hexdigest()
    return {"at": datetime.now(UTC).isoformat(), "digest": digest, "heads": heads}
