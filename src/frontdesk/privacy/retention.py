"""Retention: what is older than the settings allow is taken away, each kind in its own time."""

from __future__ import annotations

from datetime import UTC, datetime

import structlog
from psycopg.errors import DeadlockDetected, LockNotAvailable

from frontdesk.database import as_owner
from frontdesk.errors import EffectUnderWay, SecretMissing
from frontdesk.privacy.receipt import signing_keys
from frontdesk.privacy.scrub import LOCK_SECONDS, analyze
from frontdesk.settings import Settings
from frontdesk.store import retention as store
from frontdesk.store.erase import erase

__all__ = ["run_out"]

log = structlog.get_logger("frontdesk.privacy")
SESSION_DAYS = 1  # a widget session that has ended is told to have ended for so long
AT_ONCE = 200  # conversations erased in one transaction


def run_out(owner_url: str, settings: Settings, *, dry_run: bool = False) -> dict[str, tuple[int, int]]:
    """(days, how much) by kind; 0 days: that kind is kept. With ``dry_run`` it is only counted.

    A conversation that runs out is erased as its customer's erasure would: its numbers and its audit chain stay.
    Where there is no secret to sign that with, it is kept, and the log says so.
    """
    found: dict[str, tuple[int, int]] = {}
    for kind in store.KINDS:
        days: int = getattr(settings, f"keep_{kind}_days", SESSION_DAYS)
        act = store.count if dry_run else store.take_away
        if days:
            with as_owner(owner_url, lock_seconds=LOCK_SECONDS) as connection:
                found[kind] = (days, act(connection, kind, days))
        else:
            found[kind] = (0, 0)
    unsigned = ""
    for kind, days, visitors in (
        ("conversations", settings.keep_conversations_days, False),
        ("visitors", settings.keep_visitors_days, True),
    ):
        try:
            done = (
                _conversations(owner_url, settings, days, visitors=visitors, dry_run=dry_run) if days else 0
            )
        except SecretMissing as error:
            done, unsigned = 0, error.detail
        found[kind] = (days, done)
    if unsigned:
        log.warning("conversations that have run out are kept", problem=unsigned)
    if not dry_run and any(count for _, count in found.values()):
        analyze(owner_url)
    return found


def _conversations(owner_url: str, settings: Settings, days: int, *, visitors: bool, dry_run: bool) -> int:
    with as_owner(owner_url, lock_seconds=LOCK_SECONDS) as connection:
        ids = store.resting(connection, days, visitors=visitors)
    if dry_run or not ids:
        return len(ids)
    key, now, done = signing_keys(settings)[0], datetime.now(UTC), 0
    for first in range(0, len(ids), AT_ONCE):
        try:
            with as_owner(owner_url, lock_seconds=LOCK_SECONDS) as connection:
                locked = store.lock_resting(connection, ids[first : first + AT_ONCE], days)
                erase(connection, locked, "", key, now)
                done += len(locked)
        except (EffectUnderWay, DeadlockDetected, LockNotAvailable):  # the next run sees to these
            continue
    return done
