"""A customer's data: all of it as one JSON document, or gone."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from psycopg import Connection, OperationalError
from psycopg.errors import DeadlockDetected

from frontdesk.database import as_owner
from frontdesk.domain import Json
from frontdesk.errors import DatabaseUnavailable, EffectUnderWay
from frontdesk.privacy.receipt import backups_of, signed, signing_keys
from frontdesk.privacy.scrub import LOCK_SECONDS, analyze
from frontdesk.settings import Settings
from frontdesk.store import personal
from frontdesk.store.erase import conversations_of, erase
from frontdesk.store.export import counts_of, rows_of
from frontdesk.store.personal import principal_of

__all__ = ["Privacy", "count_customer", "export_customer"]

FORMAT = "frontdesk-export/1"
RECEIPT = "frontdesk-receipt/1"
SAMPLES_STAY = (
    "may hold values of the rows until `ANALYZE` has run again; before PostgreSQL 18 those of an empty table stay,"
    " and a superuser can delete them from pg_statistic"
)
WAIT_SECONDS = 10.0  # for an action that is being carried out


def export_customer(owner_url: str, customer: str) -> Json:
    """Everything that is stored of a customer, as docs/privacy.md describes it; counts are 0 for a stranger."""
    with _reading(owner_url) as connection:
        found = rows_of(connection, customer)
    return {
        "format": FORMAT,
        "customer": customer,
        "exported_at": datetime.now(UTC).isoformat(),
        "counts": {name: len(rows) for name, rows in found.items()},
        **{name: [_plain(row) for row in rows] for name, rows in found.items()},
    }


def count_customer(owner_url: str, customer: str) -> dict[str, int]:
    """How much is stored of a customer, by place: the counts of their export."""
    with _reading(owner_url) as connection:
        return counts_of(connection, customer)


@contextmanager
def _reading(owner_url: str) -> Generator[Connection[dict[str, Any]]]:
    """A transaction in which all places are seen as they were at one moment."""
    with as_owner(owner_url, lock_seconds=LOCK_SECONDS) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield connection


class Privacy:
    """Export and erasure on one installation.

    ``stop`` ends a principal's turns in this process and says how many; ``forget`` lets go of their hot window.
    """

    def __init__(
        self,
        owner_url: str,
        settings: Settings,
        *,
        stop: Callable[[str], Awaitable[int]] | None = None,
        forget: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        self._owner_url = owner_url
        self._settings = settings
        self._stop = stop
        self._forget = forget

    async def export(self, customer: str) -> Json:
        """See ``export_customer``."""
        return await asyncio.to_thread(export_customer, self._owner_url, customer)

    async def count(self, customer: str) -> dict[str, int]:
        """See ``count_customer``."""
        return await asyncio.to_thread(count_customer, self._owner_url, customer)

    async def erase(self, customer: str) -> Json:
        """Erase a customer, and the signed receipt; a second time all its counts are 0.

        Raises EffectUnderWay where an action of theirs does not end within ten seconds, SecretMissing where nothing
        can be signed, SettingsError where the list of backups is none.
        """
        keys, now = signing_keys(self._settings), datetime.now(UTC)
        backups = backups_of(self._settings, now)
        stopped = await self._stop(principal_of(customer)) if self._stop else 0
        counts, beyond = await asyncio.to_thread(_erase, self._owner_url, customer, keys[0], now)
        if self._forget:  # afterwards: a turn that ended before the commit has put its window there
            await self._forget(principal_of(customer))
        sampled = await asyncio.to_thread(analyze, self._owner_url)
        receipt: Json = {
            "format": RECEIPT,
            "id": str(uuid4()),
            "customer": customer,
            "erased_at": now.isoformat(),
            "running_turns_stopped": stopped,
            "stores": _stores(counts),
            "jobs": "hold nothing of a customer",
            "logs": "hold ids of conversations and turns, which lead to nobody any more",
            "planner_samples": "taken anew" if sampled else SAMPLES_STAY,
            "database_files": "free space and the write-ahead log hold the rows until they are overwritten; "
            "`frontdesk retention scrub` does it at once",
            "not_reached": {
                "backups": backups or "none are listed in FRONTDESK_BACKUPS",
                "helpdesks": beyond["helpdesks"],
                "mail": "what was sent",
                "model_providers": "what they were asked, for as long as your contract with them says",
                "shop": "your own backend, to which the customer and the actions' effects belong",
            },
            "kept": {
                "articles": beyond["articles"],
                "actions_whose_end_was_not_known": beyond["unknown_effects"],
            },
        }
        return signed(receipt, keys[0])


def _erase(owner_url: str, customer: str, key: bytes, now: datetime) -> tuple[dict[str, int], Json]:
    """One transaction, tried again for ten seconds while an action is being carried out."""
    end = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            with as_owner(owner_url, lock_seconds=LOCK_SECONDS) as connection:
                ids = conversations_of(connection, principal_of(customer))
                return erase(connection, ids, customer, key, now)
        except (EffectUnderWay, DeadlockDetected):  # an action is claimed the other way round: it goes first
            if time.monotonic() > end:
                raise EffectUnderWay from None
            time.sleep(0.2)
        except OperationalError as error:
            raise DatabaseUnavailable from error


def _stores(counts: dict[str, int]) -> Json:
    """Each store with its rows, and what stays of them."""
    keeps = {place.table: place.keeps for place in personal.PLACES if place.keeps}
    return {
        name: {"rows": count, **({"keeps": keeps[name]} if name in keeps else {})}
        for name, count in counts.items()
    }


def _plain(row: Json) -> Json:
    return {name: _value(value) for name, value in row.items()}


def _value(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if value is None or isinstance(value, str | int | float | bool | list | dict):
        return value  # pyright: ignore[reportUnknownVariableType]  (columns of JSON)
    return value.isoformat() if isinstance(value, datetime) else str(value)
