"""Customers' tokens (JWT), verified by rules of our own: PyJWT does the signature and nothing else.

By default PyJWT takes a missing exp, a ten-year exp, an empty or doubled sub, and an 8-byte key.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import time
from dataclasses import dataclass
from typing import Any, NoReturn, cast

import jwt
from cryptography.exceptions import UnsupportedAlgorithm

from frontdesk.errors import InvalidToken, TokenExpired
from frontdesk.web.body import USER_ID
from frontdesk.web.keys import Key, KeyRing

__all__ = ["VISITOR_PREFIX", "CustomerToken", "sign", "signed_claims", "times", "verify"]

MAX_BYTES = 8 * 1024
MAX_LIFETIME = 3600  # seconds between iat and exp
SKEW = 60  # seconds that the signer's clock may be ahead
VISITOR_PREFIX = "anon:"
SEGMENTS = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
PERMISSION = re.compile(r"[a-z][a-z_]*:[a-z][a-z_]*")
MAX_PERMISSIONS = 100
# Header fields that name a key of the token's own, or change what its bytes mean.
REFUSED = frozenset({"crit", "jwk", "jku", "x5u", "x5c", "b64", "zip", "enc", "cty"})


@dataclass(frozen=True, slots=True)
class CustomerToken:
    """What a token that was accepted says. ``permissions`` is None when it narrows nothing."""

    sub: str
    kid: str
    exp: float
    permissions: frozenset[str] | None


async def verify(token: str, keys: KeyRing) -> CustomerToken:
    """Accept ``token`` or raise InvalidToken, with the same words whatever is wrong with it.

    Raises TokenExpired for a token that was good in every other way.
    """
    return _customer(*await signed_claims(token, keys))


async def signed_claims(
    token: str, keys: KeyRing, *, most_bytes: int = MAX_BYTES
) -> tuple[dict[str, Any], Key]:
    """What ``token`` claims, and the key that signed it for this issuer and this audience; its times are not looked at.

    Raises InvalidToken.
    """
    if len(token) > most_bytes or not SEGMENTS.fullmatch(token):
        raise InvalidToken
    signed, _, signature = token.rpartition(".")
    head, _, payload = signed.partition(".")
    header = _object(head)
    kid = header.get("kid")
    if not isinstance(kid, str) or not REFUSED.isdisjoint(header):
        raise InvalidToken
    key = await keys.find(kid)
    if key is None or header.get("alg") != key.alg or not _is_jwt(header):
        raise InvalidToken
    if not _signed(key, signed.encode(), _decode(signature)):
        raise InvalidToken
    claims = _object(payload)
    if claims.get("iss") != key.iss or not _for(claims.get("aud"), key.aud):
        raise InvalidToken
    return claims, key


def sign(user_id: str, key: Key, *, seconds: int = 900) -> str:
    """A token for ``user_id``, for the demo and for tests. ``key`` is an HS256 key."""
    now = int(time.time())
    claims = {"iss": key.iss, "aud": key.aud, "sub": user_id, "iat": now, "exp": now + seconds}
    return jwt.encode(claims, key.material, algorithm=key.alg, headers={"kid": key.kid})


def _is_jwt(header: dict[str, Any]) -> bool:
    """``typ``, where there is one, says JWT: a token made for something else is not a customer's."""
    kind = header.get("typ", "JWT")
    return isinstance(kind, str) and kind.upper() == "JWT"


def _signed(key: Key, message: bytes, signature: bytes) -> bool:
    try:
        return key.algorithm.verify(message, key.material, signature)
    except (jwt.PyJWTError, ValueError, TypeError, UnsupportedAlgorithm):
        return False


def _decode(segment: str) -> bytes:
    """base64url with exactly one spelling: without it, some changed tokens would still be accepted."""
    try:
        raw = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except (binascii.Error, ValueError):
        raise InvalidToken from None
    if base64.urlsafe_b64encode(raw).rstrip(b"=") != segment.encode():
        raise InvalidToken
    return raw


def _object(segment: str) -> dict[str, Any]:
    try:
        value = _decoder.decode(_decode(segment).decode("utf-8"))
    except (ValueError, RecursionError):
        raise InvalidToken from None
    if not isinstance(value, dict):
        raise InvalidToken
    return cast("dict[str, Any]", value)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidToken
    return found


def _constant(_: str) -> NoReturn:
    raise InvalidToken


_decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_constant)


def _customer(claims: dict[str, Any], key: Key) -> CustomerToken:
    sub = claims.get("sub")
    if not isinstance(sub, str) or not USER_ID.fullmatch(sub) or sub.lower().startswith(VISITOR_PREFIX):
        raise InvalidToken
    permissions = _permissions(claims)
    _, expires = times(claims)
    return CustomerToken(sub, key.kid, expires, permissions)


def times(claims: dict[str, Any], longest: int = MAX_LIFETIME) -> tuple[float, float]:
    """(issued, expires), in seconds since 1970, of claims that hold now and for at most ``longest`` seconds.

    Raises InvalidToken; TokenExpired where they held before.
    """
    issued, expires = _moment(claims, "iat"), _moment(claims, "exp")
    starts = _moment(claims, "nbf") if "nbf" in claims else issued
    now = time.time()
    if max(issued, starts) > now + SKEW or not 0 < expires - issued <= longest or starts > expires:
        raise InvalidToken
    if now >= expires:
        raise TokenExpired
    return issued, expires


def _for(audience: Any, wanted: str) -> bool:
    """``aud`` is a string, or a list of strings that holds ours."""
    if not isinstance(audience, list):
        return bool(audience == wanted)
    names = cast("list[Any]", audience)
    return all(isinstance(name, str) for name in names) and wanted in names


def _moment(claims: dict[str, Any], name: str) -> float:
    """A NumericDate: seconds since 1970, whole or not; a bool and a text are none."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidToken
    if not 0 <= value < 2**40:  # NaN fails this too
        raise InvalidToken
    return float(value)


def _permissions(claims: dict[str, Any]) -> frozenset[str] | None:
    """What the token narrows its customer to. It can only take away: the desk still grants."""
    if "permissions" not in claims:
        return None
    value = claims["permissions"]
    if not isinstance(value, list) or len(cast("list[Any]", value)) > MAX_PERMISSIONS:
        raise InvalidToken
    names = cast("list[Any]", value)
    if not all(isinstance(name, str) and PERMISSION.fullmatch(name) for name in names):
        raise InvalidToken
    return frozenset(names)
