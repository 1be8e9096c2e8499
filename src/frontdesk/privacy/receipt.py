"""Receipts of erasures: what was erased where, what could not be reached, signed with the installation's secret."""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from pathlib import Path

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from frontdesk.domain import Json
from frontdesk.errors import SecretMissing, SettingsError
from frontdesk.settings import Settings, development_secret

__all__ = ["Backup", "backups_of", "receipt_holds", "signed", "signing_keys"]

PURPOSE = b"frontdesk receipts 1"  # the secret signs other things too; a key of its own for each


class Backup(BaseModel):
    """A series of backups: what it is called, and for how many days each is kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=200)
    keep_days: int = Field(ge=0)


BACKUPS = TypeAdapter(list[Backup])


def signing_keys(settings: Settings) -> list[bytes]:
    """The key that receipts are signed with, then earlier ones. Raises SecretMissing where there is none."""
    secret = settings.secret
    if not secret and settings.development:
        secret = development_secret(settings.data_dir / "development-secret")
    if len(secret) < 32:
        raise SecretMissing
    return [hmac.digest(each.encode(), PURPOSE, "sha256") for each in (secret, *settings.earlier_secrets)]


def backups_of(settings: Settings, now: datetime) -> list[Json]:
    """The backups that still hold what was erased ``now``, and until when. Raises SettingsError for a list that is none."""
    if not settings.backups:
        return []
    try:
        listed = BACKUPS.validate_json(Path(settings.backups).read_bytes())
    except (OSError, ValidationError):
        raise SettingsError(
            'FRONTDESK_BACKUPS: name a file that holds a list such as [{"name": "nightly dump", "keep_days": 30}]'
        ) from None
    return [
        {"name": each.name, "holds_until": (now + timedelta(days=each.keep_days)).isoformat()}
        for each in listed
    ]


def signed(receipt: Json, key: bytes) -> Json:
    """The receipt with its signature: HMAC-SHA256 over its JSON with sorted keys."""
    return {**receipt, "signature": _signature(receipt, key)}


def receipt_holds(receipt: Json, keys: list[bytes]) -> bool:
    """Whether nothing of a receipt was changed since one of ``keys`` signed it."""
    bare = {name: value for name, value in receipt.items() if name != "signature"}
    said = str(receipt.get("signature", ""))
    return any(hmac.compare_digest(said.encode(), _signature(bare, key).encode()) for key in keys)


def _signature(receipt: Json, key: bytes) -> str:
    return hmac.new(key, orjson.dumps(receipt, option=orjson.OPT_SORT_KEYS), "sha256").hexdigest()
