"""Keys published at a URL that the operator configured; a token never says where its key is."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import time
from functools import cache
from typing import Any, cast

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

__all__ = ["Jwks", "answered", "fetch", "fits"]

log = logging.getLogger(__name__)
REFRESH = 300.0  # seconds between two fetches: a flood of unknown kids causes no flood of fetches
RETRY = 30.0  # seconds after a fetch that failed
STALE = 3600.0  # seconds for which known keys outlive a publisher that does not answer
SIZE = 256 * 1024  # bytes
TIMEOUT = 3.0  # seconds for one fetch, all of it


class Jwks:
    """The keys of one algorithm, issuer and audience, published at ``url``."""

    def __init__(self, url: str, alg: str, iss: str, aud: str) -> None:
        self.url, self.alg, self.iss, self.aud = url, alg, iss, aud
        self._keys: dict[str, Any] = {}
        self._fetched = self._due = float("-inf")
        self._lock = asyncio.Lock()

    def __len__(self) -> int:
        """How many keys are known."""
        return len(self._keys)

    async def find(self, kid: str) -> Any | None:
        """The public key called ``kid``, or None. Fetches the set when it is due, once for all who ask."""
        if time.monotonic() >= self._due:
            async with self._lock:
                if time.monotonic() >= self._due:
                    await self._refresh()
        return self._keys.get(kid)

    async def _refresh(self) -> None:
        try:
            async with asyncio.timeout(TIMEOUT):
                self._keys = _parse(await fetch(self.url), self.alg)
        except (httpx.HTTPError, ValueError, RecursionError, TimeoutError, jwt.PyJWTError) as error:
            now = time.monotonic()
            self._due = now + RETRY
            if now - self._fetched > STALE:  # a key may have been withdrawn: do not trust it for ever
                self._keys = {}
            log.warning("jwks not fetched: %s; %d keys stay", type(error).__qualname__, len(self._keys))
        else:
            self._fetched = time.monotonic()
            self._due = self._fetched + REFRESH


def fits(alg: str, key: object) -> bool:
    """Whether ``key`` is a public key of the kind and strength that ``alg`` needs."""
    match alg:
        case "EdDSA":
            return isinstance(key, Ed25519PublicKey)
        case "ES256":
            return isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1)
        case "RS256":
            return isinstance(key, RSAPublicKey) and key.key_size >= 2048
        case _:
            return False


@cache
def authorities() -> ssl.SSLContext:
    """Whose certificates are believed; read once, for that takes longer than a request."""
    return httpx.create_ssl_context(trust_env=False)


async def fetch(url: str) -> bytes:
    """The document at ``url``. Raises as ``answered`` does."""
    return await answered("GET", url, TIMEOUT, headers={"accept": "application/json"})


async def answered(method: str, url: str, seconds: float, **more: Any) -> bytes:
    """What ``url`` answers with: no redirects, no proxy from the environment, bounded in size.

    ``seconds`` is for each step. Raises httpx.HTTPError, and ValueError for another status than 200 and for too much.
    """
    async with (
        httpx.AsyncClient(
            follow_redirects=False, trust_env=False, timeout=seconds, verify=authorities()
        ) as client,
        client.stream(method, url, **more) as answer,
    ):
        if answer.status_code != 200:
            raise ValueError("status")
        body = b""
        async for part in answer.aiter_bytes(16 * 1024):
            body += part
            if len(body) > SIZE:
                raise ValueError("size")
        return body


def _parse(document: bytes, alg: str) -> dict[str, Any]:
    """The keys in a JWK set that fit ``alg``; the others, and secrets published by mistake, are left out."""
    value = json.loads(document)
    entries = cast("dict[str, Any]", value).get("keys") if isinstance(value, dict) else None
    if not isinstance(entries, list):
        raise ValueError("not a key set")  # noqa: TRY004 - one kind of error for every bad document
    found: dict[str, Any] = {}
    for entry in cast("list[Any]", entries)[:100]:
        if not isinstance(entry, dict):
            continue
        jwk = cast("dict[str, Any]", entry)
        kid = jwk.get("kid")
        if not isinstance(kid, str) or jwk.get("alg", alg) != alg or jwk.get("use", "sig") != "sig":
            continue
        try:
            key = jwt.get_algorithm_by_name(alg).from_jwk(jwk)
        except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError):
            continue
        if fits(alg, key):
            found[kid] = key
    return found
