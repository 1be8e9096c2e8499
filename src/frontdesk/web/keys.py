"""The keys that sign customers' tokens: configured by the shop, checked before anything starts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt.algorithms import Algorithm

from frontdesk.errors import SettingsError
from frontdesk.settings import LOOPBACK, Settings, development_secret
from frontdesk.web.jwks import Jwks, fits

__all__ = ["ALGORITHMS", "DEV_KID", "Key", "KeyRing", "dev_keyring", "keyring"]

ALGORITHMS = ("HS256", "EdDSA", "ES256", "RS256")
FIELDS = {"kid", "alg", "key", "jwks_url", "iss", "aud"}
DEV_KID, DEV_ISSUER = "dev", "frontdesk-development"


@dataclass(frozen=True, slots=True)
class Key:
    """A key with what it is for: one algorithm, one issuer, one audience. The token chooses none of them."""

    kid: str
    algorithm: Algorithm
    alg: str
    material: Any = field(repr=False)
    iss: str
    aud: str


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The configured keys by ``kid``, and the key sets published elsewhere."""

    keys: Mapping[str, Key]
    published: Sequence[Jwks] = ()

    async def find(self, kid: str) -> Key | None:
        """The key called ``kid``: a configured one, else one of a published set."""
        if key := self.keys.get(kid):
            return key
        for jwks in self.published:
            if (material := await jwks.find(kid)) is not None:
                return Key(kid, jwt.get_algorithm_by_name(jwks.alg), jwks.alg, material, jwks.iss, jwks.aud)
        return None


def keyring(settings: Settings) -> KeyRing:
    """The keys of FRONTDESK_JWT_KEYS, and in development mode the demo's own.

    Raises SettingsError with a sentence that says which entry is wrong and what to write.
    """
    keys: dict[str, Key] = {}
    published: list[Jwks] = []
    for number, entry in enumerate(_entries(settings.jwt_keys), start=1):
        where = f"FRONTDESK_JWT_KEYS, entry {number}"
        made = _entry(entry, where, development=settings.development)
        if isinstance(made, Jwks):
            published.append(made)
        elif made.kid in keys:
            raise SettingsError(f"{where}: this kid stands twice; give each key a kid of its own")
        else:
            keys[made.kid] = made
    if (dev := dev_keyring(settings)) is not None:
        keys.setdefault(dev.kid, dev)
    return KeyRing(keys, tuple(published))


def dev_keyring(settings: Settings) -> Key | None:
    """In development mode, a key made once in the data folder, so that the demo page can act as a customer.

    None in production: the file, if it is there, is not even read.
    """
    if not settings.development:
        return None
    secret = development_secret(settings.data_dir / "development-jwt-key").encode()
    return Key(DEV_KID, jwt.get_algorithm_by_name("HS256"), "HS256", secret, DEV_ISSUER, DEV_ISSUER)


def _entries(text: str) -> list[Any]:
    if not text.strip():
        return []
    if not text.lstrip().startswith(("[", "{")):
        try:
            text = Path(text).read_text(encoding="utf-8")
        except (OSError, ValueError):
            raise SettingsError(
                "FRONTDESK_JWT_KEYS: write a JSON list, or the path of a file with it"
            ) from None
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError):
        raise SettingsError("FRONTDESK_JWT_KEYS: this is not JSON; write a list of keys") from None
    if not isinstance(entries, list):
        raise SettingsError("FRONTDESK_JWT_KEYS: write a JSON list of keys, even for one")
    return cast("list[Any]", entries)


def _entry(entry: Any, where: str, *, development: bool) -> Key | Jwks:
    if not isinstance(entry, dict) or not FIELDS.issuperset(cast("dict[str, Any]", entry)):
        raise SettingsError(f"{where}: write an object with kid, alg, key or jwks_url, iss, aud")
    fields = cast("dict[str, Any]", entry)
    for name, value in fields.items():
        if not isinstance(value, str) or not value:
            raise SettingsError(f"{where}: {name} must be text")
    for name in ("alg", "iss", "aud"):
        if name not in fields:
            raise SettingsError(f"{where}: {name} is missing")
    alg = fields["alg"]
    if alg not in ALGORITHMS:
        raise SettingsError(f"{where}: alg must be one of {', '.join(ALGORITHMS)}")
    if ("key" in fields) == ("jwks_url" in fields):
        raise SettingsError(f"{where}: give either key or jwks_url")
    if "jwks_url" in fields:
        return _jwks(fields, where, development=development)
    if "kid" not in fields:
        raise SettingsError(f"{where}: kid is missing")
    material = _secret(fields["key"], where) if alg == "HS256" else _public(alg, fields["key"], where)
    return Key(fields["kid"], jwt.get_algorithm_by_name(alg), alg, material, fields["iss"], fields["aud"])


def _jwks(fields: dict[str, str], where: str, *, development: bool) -> Jwks:
    if fields["alg"] == "HS256":
        raise SettingsError(f"{where}: a secret cannot be published; use EdDSA, ES256 or RS256 with jwks_url")
    if "kid" in fields:
        raise SettingsError(f"{where}: leave kid out; the key set at jwks_url names its keys")
    try:
        url = urlsplit(fields["jwks_url"])
        host = url.hostname or ""
    except ValueError:
        raise SettingsError(f"{where}: jwks_url is not a URL") from None
    secure = url.scheme == "https" or (development and url.scheme == "http" and host in LOOPBACK)
    if not host or not secure or url.username is not None:
        raise SettingsError(f"{where}: jwks_url must be https (or http on loopback in development)")
    return Jwks(fields["jwks_url"], fields["alg"], fields["iss"], fields["aud"])


def _secret(text: str, where: str) -> bytes:
    if len(text.encode()) < 32:
        raise SettingsError(f"{where}: an HS256 secret has at least 32 bytes; make one: openssl rand -hex 32")
    try:
        return cast("bytes", jwt.get_algorithm_by_name("HS256").prepare_key(text))
    except jwt.InvalidKeyError:  # the classic confusion: anyone can sign with a key that is public
        raise SettingsError(f"{where}: this is a public key, not a secret; set its own alg") from None


def _public(alg: str, pem: str, where: str) -> Any:
    if "PRIVATE KEY" in pem:
        raise SettingsError(f"{where}: give the public key; the private one stays where tokens are signed")
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        raise SettingsError(f"{where}: key must be a public key in PEM") from None
    if not fits(alg, key):
        raise SettingsError(f"{where}: this key is not for {alg}; EdDSA is Ed25519, RS256 at least 2048 bits")
    return key
