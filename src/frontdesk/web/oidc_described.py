"""What an identity provider says of itself (OpenID Connect Discovery), held to what this server may open."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

import httpx

from frontdesk.errors import FrontdeskError, UrlNotAllowed
from frontdesk.knowledge.addresses import Allowed, check
from frontdesk.settings import LOOPBACK
from frontdesk.web.jwks import Jwks, answered, fetch
from frontdesk.web.keys import KeyRing

__all__ = ["Description", "NotVouched", "asked", "described", "place_of"]

ALGORITHMS = ("RS256", "ES256", "EdDSA")
SECONDS = 5.0  # for each request to the provider


class NotVouched(FrontdeskError):
    """Signing in at the provider did not work: try again."""

    code, status = "not_vouched", 401


@dataclass(frozen=True, slots=True)
class Description:
    """A provider's addresses and keys. ``basic``: the client's secret goes in a header. ``names_itself``: RFC 9207."""

    authorize: str
    token: str
    userinfo: str
    keys: KeyRing
    scope: str
    basic: bool
    names_itself: bool


async def described(issuer: str, client_id: str, *, loopback: bool) -> Description:
    """What the provider at ``issuer`` says; its keys are for tokens to ``client_id``.

    With ``loopback`` its addresses may be http on this machine. Raises NotVouched with what is wrong.
    """
    try:
        async with asyncio.timeout(SECONDS):
            said = _object(await fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration"))
    except (httpx.HTTPError, ValueError, TimeoutError):
        raise NotVouched("The identity provider does not answer: try again.") from None
    if said.get("issuer") != issuer:
        raise NotVouched("The identity provider calls itself by another name than FRONTDESK_OIDC_ISSUER.")

    def endpoint(name: str) -> str:
        return _endpoint(said, name, issuer, loopback=loopback)

    keys = endpoint("jwks_uri")
    # OpenID Connect wants RS256 of every provider: so signs one that does not say.
    algorithms = _words(said, "id_token_signing_alg_values_supported") or {"RS256"}
    sets = [Jwks(keys, alg, issuer, client_id) for alg in ALGORITHMS if alg in algorithms]
    if not sets:
        raise NotVouched(f"The identity provider signs with none of {', '.join(ALGORITHMS)}.")
    ways = _words(said, "token_endpoint_auth_methods_supported")
    return Description(
        authorize=endpoint("authorization_endpoint"),
        token=endpoint("token_endpoint"),
        userinfo=endpoint("userinfo_endpoint") if said.get("userinfo_endpoint") else "",
        keys=KeyRing({}, sets),
        scope=" ".join(["openid", "email", "profile", *({"groups"} & _words(said, "scopes_supported"))]),
        basic=not ways or "client_secret_basic" in ways,
        names_itself=said.get("authorization_response_iss_parameter_supported") is True,
    )


def place_of(url: str, *, loopback: bool, query: bool = False) -> str:
    """The host (and port) of an https address, or of an http one on loopback where that may be; "" for all else."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return ""
    secure = parts.scheme == "https" or (loopback and parts.scheme == "http" and host in LOOPBACK)
    readable = url.isascii() and url.isprintable() and not set(" #\\") & set(url)
    plain = "@" not in parts.netloc and (query or "?" not in url)
    return parts.netloc if host and secure and readable and plain else ""


async def asked(method: str, url: str, **more: Any) -> dict[str, Any]:
    """The JSON object that the provider answers with: no redirects, no proxy of the environment, bounded.

    Raises NotVouched.
    """
    try:
        async with asyncio.timeout(SECONDS):
            return _object(await answered(method, url, SECONDS, **more))
    except (httpx.HTTPError, ValueError, TimeoutError):
        raise NotVouched from None


def _endpoint(said: Mapping[str, Any], name: str, issuer: str, *, loopback: bool) -> str:
    """One of the addresses that the provider names: with the issuer, or public; this server opens no other."""
    url = said.get(name)
    try:
        if isinstance(url, str) and place_of(url, loopback=loopback, query=True):
            check(url, Allowed([urlsplit(issuer).netloc]))
            return url
    except UrlNotAllowed:
        pass
    raise NotVouched(
        f"The identity provider names no {name} that may be opened: https, with the issuer or public."
    )


def _object(document: bytes) -> dict[str, Any]:
    try:
        value = json.loads(document)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004  (one kind of error for every bad document)
    return cast("dict[str, Any]", value)


def _words(said: Mapping[str, Any], name: str) -> set[str]:
    """The texts in a list; empty for what is none."""
    value = said.get(name)
    words = cast("list[Any]", value) if isinstance(value, list) else []
    return {word for word in words if isinstance(word, str)}
