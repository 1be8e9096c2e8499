"""Keys of trusted backends: those in settings, and those in the database."""

from __future__ import annotations

import hmac
import logging
import re
import time
from collections import OrderedDict
from dataclasses import dataclass

from frontdesk.database import Database
from frontdesk.errors import SettingsError
from frontdesk.settings import Settings
from frontdesk.store.identity import ServiceKey, digest, find_service_key

__all__ = ["PREFIX", "Backend", "ServiceKeys", "hashes"]

log = logging.getLogger(__name__)
PREFIX = "sk_"
RIGHTS = frozenset({"knowledge", "approvals", "privacy"})
SHAPE = re.compile(r"sk_([A-Za-z0-9-]{1,64})_([A-Za-z0-9_-]+)")
FRESH = 30.0  # seconds for which a look-up is remembered: a revoked key works at most this much longer
REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class Backend:
    """Whose key it was, "key:<id>" or "settings:<id>" for one in settings; and what it may do beside chat."""

    by: str
    rights: frozenset[str]


class ServiceKeys:
    """Knows which service keys are good. Holds their hashes only."""

    def __init__(self, settings: Settings, database: Database) -> None:
        """Raises SettingsError for a key in settings that is too weak for production."""
        self._database = database
        self._settings = hashes(settings)
        # Chat is what those keys are set for; in development anybody on this machine may be anybody anyway.
        self._settings_may = RIGHTS if settings.development else frozenset[str]()
        self._seen: OrderedDict[str, tuple[float, ServiceKey | None]] = OrderedDict()

    def configured(self, token: str) -> bool:
        """Whether ``token`` is one of the keys in settings."""
        sha256 = digest(token)
        return any(hmac.compare_digest(sha256, known) for known in self._settings)

    async def accepts(self, token: str) -> bool:
        """Whether ``token`` is a key in settings, or one in the database that has not been revoked."""
        return await self.backend(token) is not None

    async def backend(self, token: str) -> Backend | None:
        """Whose key ``token`` is and what it may do; None where ``accepts`` says no."""
        shape = SHAPE.fullmatch(token)
        if self.configured(token):
            return Backend(f"settings:{shape[1] if shape else 'development'}", self._settings_may)
        if shape is None or len(token) > 256:
            return None
        key = await self._find(shape[1])
        if key is None or key.revoked_at is not None or not hmac.compare_digest(digest(token), key.sha256):
            return None
        return Backend(f"key:{key.id}", key.rights)

    async def _find(self, key_id: str) -> ServiceKey | None:
        now = time.monotonic()
        if (seen := self._seen.get(key_id)) and now - seen[0] < FRESH:
            return seen[1]
        key = await find_service_key(self._database, key_id)
        self._seen[key_id] = (now, key)
        self._seen.move_to_end(key_id)
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return key


def hashes(settings: Settings) -> tuple[bytes, ...]:
    """The SHA-256 of each key in settings. Raises SettingsError for one that is too weak."""
    return tuple(
        _checked(key, number, development=settings.development)
        for number, key in enumerate(settings.service_keys, start=1)
    )


def _checked(key: str, number: int, *, development: bool) -> bytes:
    shape = SHAPE.fullmatch(key)
    if shape is not None and len(shape[2]) >= 32:
        return digest(key)
    where = f"FRONTDESK_SERVICE_KEYS, key {number}"
    if not development:
        raise SettingsError(f"{where}: write sk_<id>_<secret> with a secret of at least 32 characters")
    if len(key) < 8:
        raise SettingsError(f"{where}: even in development a key has at least 8 characters")
    log.warning("%s is too weak for production: write sk_<id>_<secret>, 32 characters of secret", where)
    return digest(key)
