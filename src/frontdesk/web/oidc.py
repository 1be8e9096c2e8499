"""Staff sign in at the company's identity provider: OpenID Connect, authorization code with PKCE, state and nonce.

What comes from the provider through the browser is trusted for nothing; what comes from it directly is an id_token,
verified by the rules that customers' tokens are held to, with the keys that it publishes.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast, get_args
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx

from frontdesk.errors import InvalidToken, SettingsError, TokenExpired
from frontdesk.people import Identity, NotAdmitted
from frontdesk.settings import Settings
from frontdesk.store.staff import Role
from frontdesk.web.oidc_described import Description, NotVouched, asked, described, place_of
from frontdesk.web.tokens import signed_claims, times

__all__ = ["CALLBACK", "NotVouched", "Provider", "Way", "provider"]

CALLBACK = "/console/oidc/callback"
TOKEN_BYTES = 64 * 1024  # of an id_token: somebody in 200 groups, each by its UUID, has 8 KB of them
LONGEST, FRESH = 86_400, 600  # seconds an id_token may hold, and since when it may have been made
DISCOVERED, RETRY = (
    3600.0,
    5.0,
)  # seconds to the next look at the provider's own description, also after none came
RANK: tuple[Role, ...] = get_args(Role)
EMAIL = re.compile(r"[!-?A-~]{1,64}@[!-?A-~]{1,189}")  # ASCII: no letter that only looks like another


@dataclass(frozen=True, slots=True)
class Way:
    """One way to the provider and back, in one browser: all of it follows from what that browser's cookie holds."""

    token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    def secret(self, what: str) -> str:
        """``state``, ``nonce`` or ``verifier``: 64 hex digits, from one of which no other follows."""
        return hmac.new(self.token.encode(), f"frontdesk oidc {what}".encode(), hashlib.sha256).hexdigest()


def provider(settings: Settings) -> Provider | None:
    """The provider that settings name; None where they name none. Raises SettingsError with what to write."""
    given = {
        f"FRONTDESK_OIDC_{name.upper()}": bool(getattr(settings, f"oidc_{name}"))
        for name in ("issuer", "client_id", "client_secret", "roles")
    }
    if not any(given.values()):
        return None
    if missing := [name for name, there in given.items() if not there]:
        raise SettingsError(
            f"{missing[0]}: set it as well; signing in by OIDC needs {', '.join(given)} together"
        )
    place = place_of(settings.oidc_issuer, loopback=settings.development)
    if not place:
        raise SettingsError(
            "FRONTDESK_OIDC_ISSUER: write the provider's address as it names itself, https://id.shop.example,"
            " without ? and # (http on loopback in development)"
        )
    roles: dict[str, Role] = {}
    for entry in settings.oidc_roles:
        group, _, role = (part.strip() for part in entry.rpartition("="))
        if not group or role not in RANK:
            raise SettingsError(
                "FRONTDESK_OIDC_ROLES: write GROUP=ROLE, comma-separated; a role is agent, lead or admin"
            )
        roles[group] = role
    return Provider(settings, roles, name=settings.oidc_name or place)


class Provider:
    """The identity provider of one issuer. It is asked when somebody signs in; the console starts without it."""

    def __init__(self, settings: Settings, roles: Mapping[str, Role], *, name: str) -> None:
        self.issuer, self.name = settings.oidc_issuer, name
        self._client, self._secret = settings.oidc_client_id, settings.oidc_client_secret
        self._roles, self._claim = roles, settings.oidc_groups_claim
        self._loopback = settings.development and urlsplit(self.issuer).scheme == "http"
        self._found: Description | None = None
        self._problem = ""
        self._due = float("-inf")
        self._lock = asyncio.Lock()

    async def address(self, way: Way, redirect: str) -> str:
        """Where a browser goes to sign in. Raises NotVouched where the provider does not answer."""
        said = await self.describe()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(way.secret("verifier").encode()).digest())
        query = {
            "response_type": "code",
            "client_id": self._client,
            "redirect_uri": redirect,
            "scope": said.scope,
            "state": way.secret("state"),
            "nonce": way.secret("nonce"),
            "code_challenge": challenge.rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return f"{said.authorize}{'&' if '?' in said.authorize else '?'}{urlencode(query)}"

    async def identity(self, way: Way, redirect: str, came: Mapping[str, str]) -> Identity:
        """Who came back along ``way``, with the query ``came``, whose state has been compared already.

        Raises NotVouched, and NotAdmitted for somebody whom the provider knows and who has no role here.
        """
        said = await self.describe()
        if came.get("iss", "" if said.names_itself else self.issuer) != self.issuer:
            raise NotVouched
        if not came.get("code"):
            raise NotVouched
        answer = await self._exchanged(said, way, redirect, came["code"])
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise NotVouched
        claims = await self._claims(said, token, way.secret("nonce"))
        if not {"email", "email_verified", self._claim} <= claims.keys() and said.userinfo:
            more = await self._more(said, claims, answer.get("access_token"))
            if (
                "email_verified" not in claims
            ):  # what userinfo calls verified is the address that it names itself
                claims.pop("email", None)
            claims = more | claims
        return self._admitted(claims)

    async def describe(self) -> Description:
        """What the provider says of itself, asked for once an hour. Raises NotVouched with what is wrong.

        While it does not answer it is asked every few seconds at most, however many want to sign in.
        """
        if time.monotonic() >= self._due:
            async with self._lock:
                if time.monotonic() >= self._due:
                    await self._ask()
        if self._found is None:
            raise NotVouched(self._problem)
        return self._found

    async def _ask(self) -> None:
        try:
            self._found = await described(self.issuer, self._client, loopback=self._loopback)
        except NotVouched as error:
            self._problem, self._due = error.detail, time.monotonic() + RETRY
        else:
            self._due = time.monotonic() + DISCOVERED

    async def looked(self) -> int:
        """How many keys the provider publishes, which it describes as is needed. Raises NotVouched where none."""
        sets = (await self.describe()).keys.published
        for jwks in sets:
            await jwks.find("")
        if not (keys := sum(map(len, sets))):
            raise NotVouched(
                "The identity provider publishes no key at its jwks_uri that it could sign with."
            )
        return keys

    async def _exchanged(self, said: Description, way: Way, redirect: str, code: str) -> dict[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect,
            "code_verifier": way.secret("verifier"),
        }
        # RFC 6749, 2.3.1: both are form-encoded before they are put together.
        basic = httpx.BasicAuth(quote_plus(self._client), quote_plus(self._secret)) if said.basic else None
        if basic is None:
            form |= {"client_id": self._client, "client_secret": self._secret}
        return await asked("POST", said.token, auth=basic, data=form)

    async def _claims(self, said: Description, token: str, nonce: str) -> dict[str, Any]:
        try:
            claims, _ = await signed_claims(token, said.keys, most_bytes=TOKEN_BYTES)
            issued, _ = times(claims, LONGEST)
        except (InvalidToken, TokenExpired):
            raise NotVouched from None
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else self._client) != self._client:
            raise NotVouched
        given = claims.get("nonce")
        if not isinstance(given, str) or not hmac.compare_digest(
            given.encode("utf-8", "replace"), nonce.encode()
        ):
            raise NotVouched
        if issued < time.time() - FRESH or not _text(claims.get("sub"), 255):
            raise NotVouched
        return claims

    async def _more(self, said: Description, claims: dict[str, Any], token: object) -> dict[str, Any]:
        """What a provider with thin id_tokens says of the same person elsewhere."""
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise NotVouched
        more = await asked("GET", said.userinfo, headers={"authorization": f"Bearer {token}"})
        if more.get("sub") != claims["sub"]:
            raise NotVouched
        return more

    def _admitted(self, claims: Mapping[str, Any]) -> Identity:
        groups = claims.get(self._claim)
        named = cast("list[Any]", groups) if isinstance(groups, list) else [groups]
        held = [self._roles[group] for group in named if isinstance(group, str) and group in self._roles]
        if not held:
            raise NoRole(self.issuer, claims["sub"])
        email = _text(claims.get("email"), 254)
        if claims.get("email_verified") is not True or not EMAIL.fullmatch(email):
            raise NotAdmitted(
                f"{self.name} does not say that it has verified your e-mail address: ask an admin."
            )
        name = _text(claims.get("name"), 100) or email.partition("@")[0]
        role = RANK[max(map(RANK.index, held))]
        return Identity(self.issuer, claims["sub"], email.lower(), name, role)


class NoRole(NotAdmitted):
    """You are in no group that may use this console: ask an admin."""

    def __init__(self, issuer: str = "", subject: str = "") -> None:
        super().__init__()
        self.issuer, self.subject = issuer, subject


def _text(value: object, most: int) -> str:
    """A claim as text that can be stored and shown: "" for one that is not, or longer than ``most``."""
    text = " ".join(value.split()) if isinstance(value, str) else ""
    return text if len(text) <= most and text.isprintable() else ""
