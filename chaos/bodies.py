"""S6: bodies that nobody would send, to every endpoint that takes one: none is a server error, none is sent back."""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from fastapi import FastAPI

from chaos.journal import Experiment, Portion, Shown, Tally
from frontdesk.models.scripted import ScriptedModel
from frontdesk.testing import temporary_url
from frontdesk.web.app import create_app
from tests.desk import follow, make_desk
from tests.web.service import SERVICE_KEY, make_settings

CANARY = "zq9xcanary"  # in every text of ours: an answer that is no success must not have it
RETRY = 503  # honest, where it says when to come again

Endpoint = tuple[str, str, dict[str, Any]]
ODD: list[Any] = [
    None, True, 0, -1, 1e308, 2**63, 10**40, "", " ", "\0", "\ud800", "\u202e", "🐕" * 300, "x" * 9000,
    [], {}, [[]], {"": ""}, "' OR 1=1 --", "../../etc/passwd", "<script>alert(1)</script>", "%00", "{{7*7}}",
    "NaN", "1e400", "00000000-0000-0000-0000-000000000000", "\u2028", "\ufeff", "a\r\nset-cookie: x=1", CANARY,
]  # fmt: skip
PIECES = [
    b"\0", b"\xff", b"\xed\xa0\x80", b"\\ud800", b"\\u0000", b"NaN", b"1e999", b"9" * 400, b"[" * 300, b'{"a":' * 300,
    b'"', b"\\", b"}", b",", b"\xef\xbb\xbf", b"\r\n", b"--", b"/*", b"null", b'"message":', CANARY.encode(),
]  # fmt: skip
TYPES = ["application/json"] * 12 + [
    "application/json; charset=utf-8", "application/json; charset=utf-16", "text/plain", "", "application/xml",
    "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "application/json\0", "é", "image/png",
]  # fmt: skip


def endpoints() -> list[Endpoint]:
    """Method, path and a body that the endpoint would take; ids of nothing stand in the paths."""
    some, user = str(uuid4()), {"user_id": "fuzz"}
    talk = f"/support/conversations/{some}"
    return [
        (
            "POST",
            "/support/chat",
            {**user, "message": CANARY, "conversation_id": some, "client_message_id": "m1"},
        ),
        ("POST", "/support/conversations", user),
        ("POST", "/support/handoff", user),
        ("POST", f"{talk}/handoff", user),
        ("POST", f"{talk}/rating", {**user, "rating": "up", "comment": CANARY}),
        ("POST", f"{talk}/email", {**user, "email": "a@b.example", "what": "transcript"}),
        ("POST", f"{talk}/attachments?name=a.png", user),
        ("POST", f"/support/actions/{some}/confirm", {**user, "confirm_token": CANARY}),
        ("POST", f"/support/actions/{some}/decline", user),
        ("POST", f"/support/actions/{some}/undo", {**user, "confirm_token": CANARY}),
        ("POST", f"/support/approvals/{some}/approve", {"staff_id": CANARY}),
        ("POST", f"/support/approvals/{some}/decline", {"staff_id": CANARY, "reason": CANARY}),
        ("POST", f"/support/approvals/{some}/settle", {"staff_id": CANARY, "done": True}),
        ("PUT", "/support/knowledge/gaps/1/draft", {"text": CANARY}),
        ("POST", "/support/knowledge/gaps/1/approve", {"text": CANARY}),
        ("POST", "/support/knowledge/gaps/1/dismiss", {"reason": CANARY}),
        ("POST", "/support/sessions", {}),
        ("POST", "/support/helpdesks/zendesk/webhook", {"ticket": CANARY}),
        ("POST", "/mcp", {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}),
        ("POST", "/dev/token", user),
        ("POST", "/console/sign-in", {"email": CANARY, "password": CANARY}),
    ]


def _odd(rng: random.Random, deep: int = 0) -> Any:
    if deep < 3 and rng.random() < 0.3:
        if rng.random() < 0.5:
            return [_odd(rng, deep + 1) for _ in range(rng.randint(0, 4))]
        return {str(rng.choice(ODD[7:])): _odd(rng, deep + 1) for _ in range(rng.randint(0, 4))}
    return rng.choice(ODD)


def _fields(rng: random.Random, good: dict[str, Any]) -> bytes:
    """Fields with other values, left out, or added."""
    fields = dict(good)
    for _ in range(rng.randint(1, 3)):
        name = rng.choice([*good, "message", "user_id", "extra", "__proto__"])
        if rng.random() < 0.2:
            fields.pop(name, None)
        else:
            fields[name] = _odd(rng)
    return json.dumps(fields, ensure_ascii=rng.random() < 0.7).encode("utf-8", "surrogatepass")


def _bytes(rng: random.Random, good: dict[str, Any]) -> bytes:
    """A good body with bytes changed, cut, doubled or put in."""
    body = bytearray(json.dumps(good).encode())
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = rng.randint(0, len(body))
        match rng.randrange(5):
            case 0:
                body[at:at] = rng.choice(PIECES)
            case 1:
                body[at : at + rng.randint(1, 8)] = b""
            case 2:
                body[at : at + 1] = bytes([rng.randrange(256)])
            case 3:
                body[at:at] = body[: rng.randint(0, len(body))]
            case _:
                del body[at:]
    return bytes(body)


def _noise(rng: random.Random, _: dict[str, Any]) -> bytes:
    return rng.randbytes(rng.choice((0, 1, 7, 200, 3000)))


def _huge(rng: random.Random, _: dict[str, Any]) -> bytes:
    return rng.choice(PIECES) * rng.choice((70_000, 200_000))


MAKERS: list[Callable[[random.Random, dict[str, Any]], bytes]] = (
    [_fields] * 45 + [_bytes] * 45 + [_noise] * 9 + [_huge]
)


async def send(
    app: FastAPI, method: str, path: str, headers: list[tuple[bytes, bytes]], body: bytes
) -> tuple[int, dict[bytes, bytes], bytes]:
    """One request, in this process: (status, headers, body) of its answer."""
    path, _, query = path.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {},
    }  # fmt: skip
    half = len(body) // 2
    parts = [(body[:half], True), (body[half:], False)]
    told: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if not parts:
            return {"type": "http.disconnect"}
        piece, more = parts.pop(0)
        return {"type": "http.request", "body": piece, "more_body": more}

    async def answer(message: Any) -> None:
        told.append(message)

    await app(scope, receive, answer)
    return told[0]["status"], dict(told[0]["headers"]), b"".join(m.get("body", b"") for m in told[1:])


@asynccontextmanager
async def opened(seed: int, shown: Shown) -> AsyncGenerator[Portion]:
    """The whole application on a database of its own."""
    with tempfile.TemporaryDirectory() as folder:
        settings = make_settings(Path(folder), database_url=temporary_url())
        app = create_app(make_desk(), settings, models=[("scripted", ScriptedModel(follow))], jobs=False)
        async with app.router.lifespan_context(app):

            async def portion(first: int, many: int) -> Tally:
                tally, rng, doors = Tally(), random.Random(seed + first), endpoints()
                for n in range(many):
                    method, path, good = rng.choice(doors)
                    body = rng.choice(MAKERS)(rng, good)
                    headers = [
                        (b"content-type", rng.choice(TYPES).encode()),
                        (b"host", b"desk.example"),
                        (b"accept", rng.choice((b"*/*", b"application/json"))),
                    ]
                    if rng.random() < 0.95:
                        headers.append((b"authorization", b"Bearer " + SERVICE_KEY.encode()))
                    try:
                        status, told, answer = await send(app, method, path, headers, body)
                    except Exception as error:  # noqa: BLE001  (a server would say 500)
                        tally.expect(
                            False, f"{method} {path.partition('?')[0]}: {error!r} from {body[:120]!r}"
                        )
                        continue
                    tally.counts[f"{status // 100}xx"] += 1
                    honest = status < 500 or (status == RETRY and b"retry-after" in told)
                    tally.expect(honest, f"{method} {path}: {status} from {body[:120]!r}")
                    silent = status < 400 or CANARY.encode() not in answer
                    tally.expect(silent, f"{method} {path}: {status} repeats what was sent: {answer[:200]!r}")
                    if n % 5000 == 0:
                        shown(f"S6: {first + n} bodies")
                return tally

            yield portion


EXPERIMENT = Experiment("S6", "1,000,000 fuzzed bodies: no 5xx", "fuzzed bodies", 1_000_000, 20_000, opened)
