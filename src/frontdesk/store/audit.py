"""The audit log: verifying that no row was edited, removed, reordered or cut off.

Each conversation is a chain of its own whose head stands on the conversation, so that appending never waits
for another customer. ``anchor`` digests all heads into one line; kept outside the database, it also shows
that nobody rewrote a chain together with its head, or removed a conversation whole.

Rows of an erased conversation have lost their data: they keep number, time, kind and hash, and a row of kind
``erased`` behind them says what they were, signed with the installation's secret. A blank row without it was emptied
by somebody else.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

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


@dataclass
class _Chain:
    """Where one chain has come to; ``blank``: rows without data that no signature has accounted for yet."""

    n: int = 0
    digest: bytes = b""
    rows: list[tuple[int, datetime, str, bytes]] = field(
        default_factory=list[tuple[int, datetime, str, bytes]]
    )
    blank: bool = False


def entry_hash(previous: bytes, conversation: UUID, n: int, at: datetime, kind: str, data: str) -> bytes:
    """The hash of one row; the database's function audit_append computes the same."""
    return hashlib.sha256(
        previous + "\n".join((str(conversation), str(n), _stamp(at), kind, data)).encode()
    ).digest()


def blanked_digest(rows: Sequence[tuple[int, datetime, str, bytes]]) -> str:
    """What rows (number, time, kind, hash) come to whose data are gone: the hex SHA-256 of them all."""
    lines = "".join(f"{n} {_stamp(at)} {kind} {digest.hex()}\n" for n, at, kind, digest in rows)
    return hashlib.sha256(lines.encode()).hexdigest()


def erased_signature(key: bytes, conversation: UUID, rows: int, digest: str) -> str:
    """What proves that it was Frontdesk that took the data out of a chain's first ``rows`` rows."""
    return hmac.new(key, f"audit erased\n{conversation}\n{rows}\n{digest}".encode(), "sha256").hexdigest()


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def verify(owner_conninfo: str, anchor_line: Json | None = None, keys: Sequence[bytes] = ()) -> AuditReport:
    """Walk every chain, and compare with an anchor taken earlier where one is given.

    ``keys`` are those that erasures were signed with; by none of them, no blank row is admitted.
    """
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
            ends = _walk(cursor.execute(ROWS), report, marks, keys)
    for conversation, (count, head) in heads.items():
        if ends.get(conversation, (0, b"")) != (count, head):
            report.problems.append(f"{conversation}: the chain does not end where its conversation says")
    report.problems += [f"{c}: rows without a conversation" for c in ends if c not in heads]
    report.problems += [f"{c}: gone since the anchor" for c in marks if c not in heads]
    report.problems += [
        f"{c}: all its rows are gone since the anchor" for c in marks if c in heads and c not in ends
    ]
    return report


def _walk(
    rows: Iterator[Any], report: AuditReport, marks: dict[UUID, tuple[int, str]], keys: Sequence[bytes]
) -> dict[UUID, tuple[int, bytes]]:
    """Follow the chains, one after the other; returns where each ends as (rows, hash)."""
    ends: dict[UUID, tuple[int, bytes]] = {}
    met: set[UUID] = set()
    chain, current = _Chain(), None
    for row in rows:
        conversation, n, at, kind, data, digest = row.values()
        if conversation != current:
            _unaccounted(chain, current, report)
            chain, current = _Chain(), conversation
        report.rows += 1
        if n != chain.n + 1:
            report.problems.append(f"{conversation}: row {chain.n + 1} is missing before row {n}")
        elif not data:
            chain.blank = True
        elif digest != entry_hash(chain.digest, conversation, n, at, kind, data):
            report.problems.append(f"{conversation}: row {n} was changed")
        elif kind == "erased" and not _admitted(chain, conversation, data, keys):
            report.problems.append(f"{conversation}: row {n} does not account for the blank rows before it")
        chain.n, chain.digest = n, digest
        chain.rows.append((n, at, kind, digest))
        if kind == "erased":
            chain.blank = False
        ends[conversation] = (n, digest)
        if marks.get(conversation) == (n, digest.hex()):
            met.add(conversation)
    _unaccounted(chain, current, report)
    report.problems += [
        f"{c}: the anchored row {marks[c][0]} is not there any more"
        for c in marks
        if c in ends and c not in met
    ]
    return ends


def _admitted(chain: _Chain, conversation: UUID, data: str, keys: Sequence[bytes]) -> bool:
    """Whether an ``erased`` row says truly, and signed by us, what the rows before it were."""
    said: Json = orjson.loads(data)
    digest = blanked_digest(chain.rows)
    return (said["rows"], said["digest"]) == (chain.n, digest) and any(
        hmac.compare_digest(said["signature"], erased_signature(key, conversation, chain.n, digest))
        for key in keys
    )


def _unaccounted(chain: _Chain, conversation: UUID | None, report: AuditReport) -> None:
    if chain.blank:
        report.problems.append(f"{conversation}: rows were emptied, and no signed erasure accounts for them")


def anchor(owner_conninfo: str) -> Json:
    """All chains' heads as they stand now, to be kept outside the database."""
    with as_owner(owner_conninfo) as connection:
        rows = connection.execute(HEADS).fetchall()
    heads = {str(row["id"]): [row["audit_n"], row["audit_head"].hex()] for row in rows if row["audit_n"]}
    digest = hashlib.sha256(repr(sorted(heads.items())).encode()).hexdigest()
    return {"at": datetime.now(UTC).isoformat(), "digest": digest, "heads": heads}
