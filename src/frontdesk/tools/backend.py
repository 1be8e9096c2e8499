"""Calling a shop's REST backend well: time limits, reads tried again once, a breaker, size limits, plain sentences."""

from __future__ import annotations

import asyncio
import inspect
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, cast
from urllib.parse import quote, urlsplit
from weakref import WeakKeyDictionary

import httpx
import orjson

from frontdesk.domain import Customer, Json
from frontdesk.errors import DeclarationError, ToolNotFound, ToolRefused, ToolUnavailable
from frontdesk.models.breaker import Breaker
from frontdesk.telemetry import spans
from frontdesk.tools.credentials import ClientCredentials
from frontdesk.tools.reads import kept

__all__ = ["Backend", "Token", "joined", "leads_away", "path_of"]

NOT_FOUND = "There is no such thing on this customer's account."
AWAY = "The system behind this does not answer right now."
SIGN_IN = "The customer has to sign in again before this can be done."
LONGEST_ID = 200
MOST_BYTES = 1_000_000
SECONDS = 8.0

Token = Callable[[Customer], str | Awaitable[str]]


def leads_away(path: str) -> bool:
    """Whether ``path`` is none of the backend's own: in place of an address, httpx takes one of another server."""
    return not path.startswith("/") or path.startswith("//")


def path_of(template: str, values: Mapping[str, Any]) -> str:
    """``/orders/{order_id}`` filled in. Raises ToolNotFound for a value that would lead to another path.

    Raises DeclarationError where the template itself is no path of the backend.
    """
    path = _own(template)
    for name, value in values.items():
        text = str(value)
        odd = (
            text.strip(". ") == ""
            or len(text) > LONGEST_ID
            or not text.isprintable()
            or set(text) & set("/\\?#%")
        )
        if odd:
            raise ToolNotFound(NOT_FOUND)
        path = path.replace(f"{{{name}}}", quote(text, safe=""))
    return path


def _own(path: str) -> str:
    if leads_away(path):
        raise DeclarationError('a backend is called by a path of its own: write "/orders/{order_id}"')
    return path


def joined(values: Sequence[Any] | None, by: str = ",") -> str | None:
    """Several values of a query's parameter in one, ``1,2,3``; None, which is not sent, for none."""
    return by.join(map(str, values)) if values else None


class Backend:
    """A REST backend at ``base_url``, and the credential that goes with each call.

    headers, query, cookies  the credential of this service, {"authorization": "Bearer …"}, wherever it belongs
    certificate              (file of the certificate, file of its key), where the backend asks for one
    auth                     one of httpx's, or ClientCredentials of frontdesk.tools.credentials
    token                    a function of the Customer that gives the customer's own token, sent as a bearer:
                             the backend then sees who asks, and checks what is theirs
    """

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        cookies: Mapping[str, str] | None = None,
        certificate: tuple[str, str] | None = None,
        auth: httpx.Auth | None = None,
        token: Token | None = None,
    ) -> None:
        self._base_url = base_url
        self._host = urlsplit(base_url).hostname or ""
        named = "; ".join(f"{name}={value}" for name, value in (cookies or {}).items())
        self._headers = {**(headers or {}), **({"cookie": named} if named else {})}
        self._query = dict(query or {})
        self._auth = auth
        self._token = token
        self._certificate = certificate if base_url.startswith("https:") else None
        self._breaker = Breaker()
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = WeakKeyDictionary()

    async def read(
        self, path: str, query: Mapping[str, Any] | None = None, *, customer: Customer | None = None
    ) -> Any:
        """The JSON at ``path``; tried again once, and asked once in a turn.

        ``customer`` is whose token goes with it, where the backend has ``token``. Raises ToolNotFound, ToolRefused or
        ToolUnavailable.
        """
        given = {name: value for name, value in (query or {}).items() if value is not None}
        name = (self, path, orjson.dumps(given), customer and customer.id)
        seen = kept()
        if name not in seen:
            try:
                seen[name] = await self._send("GET", path, given, customer)
            except ToolUnavailable:
                seen[name] = await self._send("GET", path, given, customer)
        return _json(seen[name])

    async def change(
        self,
        method: str,
        path: str,
        body: Any,
        *,
        key: str,
        query: Mapping[str, Any] | None = None,
        form: bool = False,
        multipart: bool = False,
        customer: Customer | None = None,
    ) -> Any:
        """Change something, sent once, with ``key`` as Idempotency-Key. Raises as ``read`` does.

        ``form``, ``multipart``: the body goes out as a form's, urlencoded or in parts, not as JSON. What the turn has
        read before is forgotten.
        """
        kept().clear()
        given = {name: value for name, value in (query or {}).items() if value is not None}
        sent = _body(body, form=form, multipart=multipart)
        answer = await self._send(method, path, given, customer, key, **sent)
        try:
            return _json(answer)
        except ToolUnavailable:  # it was done, whatever the answer says
            return None

    async def close(self) -> None:
        """Let go of the connections that this event loop keeps open."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    async def _send(
        self, method: str, path: str, query: Json, customer: Customer | None, key: str = "", **body: Any
    ) -> bytes:
        path = _own(path)
        headers = {"Idempotency-Key": key} if key else {}
        if self._token is not None:
            token = await self._of(customer)
            if not token:
                raise ToolRefused(SIGN_IN) if key else ToolUnavailable(SIGN_IN)  # nothing was sent
            headers["Authorization"] = f"Bearer {token}"
        if not self._breaker.allows():
            raise ToolRefused(AWAY) if key else ToolUnavailable(AWAY)  # nothing was sent
        given = {**query, **self._query}
        # Neither path nor query: they hold what a customer asked for.
        about = {"http.request.method": method, "server.address": self._host}
        with spans.span(method, about, kind=spans.CLIENT) as span:
            headers |= spans.headers()
            asked = self._client().build_request(method, path, params=given, headers=headers, **body)
            status, data = await self._answer(asked, key)
            span.set("http.response.status_code", status)
            if status >= httpx.codes.INTERNAL_SERVER_ERROR:
                self._breaker.failed()
                raise ToolUnavailable(AWAY)
        self._breaker.succeeded()
        return _passed(status, data)

    async def _answer(self, asked: httpx.Request, key: str) -> tuple[int, bytes]:
        try:
            async with (
                asyncio.timeout(SECONDS),
                aclosing(await self._client().send(asked, stream=True)) as answer,
            ):
                data = bytearray()
                async for part in answer.aiter_bytes():
                    data += part
                    if len(data) > MOST_BYTES:
                        raise ToolUnavailable("The answer of the system behind this is too large.")
        except (
            httpx.HTTPError,
            TimeoutError,
            ssl.SSLError,
        ):  # httpx lets a TLS alert after the handshake through
            self._breaker.failed()
            unsent = isinstance(self._auth, ClientCredentials) and not self._auth.let_go(asked)
            raise ToolRefused(AWAY) if key and unsent else ToolUnavailable(AWAY) from None
        return answer.status_code, bytes(data)

    async def _of(self, customer: Customer | None) -> str:
        """The customer's own token; "" where there is none."""
        found = self._token(customer) if self._token and customer else ""
        return await found if inspect.isawaitable(found) else found

    def _client(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients[loop] = httpx.AsyncClient(
                base_url=self._base_url,
                headers=self._headers,
                # A cookie that came with one customer's answer would go out with another's call.
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
                auth=self._auth,
                verify=_presenting(*self._certificate) if self._certificate else True,
                timeout=SECONDS,
                trust_env=False,
            )
        return self._clients[loop]


def _presenting(certificate: str, key: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError):
        raise DeclarationError(
            "certificate= names a certificate and its key that cannot be read: write (FILE, FILE)"
        ) from None
    return context


def _body(body: Any, *, form: bool, multipart: bool) -> Json:
    """The body in the words of httpx."""
    if multipart:
        return {"files": [part for name, value in (body or {}).items() for part in _parts(name, value)]}
    if form:
        return {"data": _flat(body or {})}
    return {} if body is None else {"json": body}


def _flat(body: Mapping[str, Any], inside: str = "") -> Json:
    """The fields of a form, those of objects in it as ``address[city]``."""
    found: Json = {}
    for name, value in body.items():
        name = f"{inside}[{name}]" if inside else name
        found |= _flat(cast("Json", value), name) if isinstance(value, dict) else {name: value}
    return found


def _parts(name: str, value: Any) -> list[tuple[str, tuple[str | None, ...]]]:
    """A field of a form in parts: each value of a list in one of its own, what is no text as JSON writes it."""
    if isinstance(value, list):
        return [part for one in cast("list[Any]", value) for part in _parts(name, one)]
    if isinstance(value, dict):
        return [(name, (None, orjson.dumps(value).decode(), "application/json"))]
    text = "" if value is None else value if isinstance(value, str) else orjson.dumps(value).decode()
    return [(name, (None, text))]


def _passed(status: int, data: bytes) -> bytes:
    """The body of an answer that is one."""
    if status in (404, 410):
        raise ToolNotFound(NOT_FOUND)
    if 400 <= status < 500 and status not in (401, 403, 408, 429):
        raise ToolRefused(_reason(data))
    if not 200 <= status < 300:  # also a redirect: the credential goes nowhere else
        raise ToolUnavailable(AWAY)
    return data


def _json(data: bytes) -> Any:
    try:
        return orjson.loads(data) if data else None
    except orjson.JSONDecodeError:
        raise ToolUnavailable("The system behind this answers with something that is no JSON.") from None


def _reason(data: bytes) -> str:
    """The backend's own sentence for why not, where it gives one."""
    try:
        said: Json = orjson.loads(data)
        text = said.get("detail") or said.get("message") or said.get("error")
        text = cast("Json", text).get("message") if isinstance(text, dict) else text
    except (orjson.JSONDecodeError, AttributeError):
        text = None
    return text[:200] if isinstance(text, str) and text else "This cannot be done."
