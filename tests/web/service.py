"""A small service made of the identity parts alone, and tokens to knock on its door with."""

from __future__ import annotations

import base64
import json
import os
import time
from typing import Any

import httpx
import jwt
from fastapi import FastAPI, Request
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from frontdesk import settings as frontdesk_settings
from frontdesk.database import Database
from frontdesk.errors import DatabaseUnavailable, NotFound
from frontdesk.settings import Settings
from frontdesk.web import dev_tokens, problems, sessions
from frontdesk.web.auth import Authenticator
from frontdesk.web.body import ChatRequest, read_json
from frontdesk.web.keys import keyring
from frontdesk.web.origins import OriginPolicy

SECRET = "0123456789abcdef0123456789abcdef"
SERVICE_KEY = "sk_shop1_" + "s" * 43
ALLOWED, FOREIGN = "https://shop.example", "https://evil.example"
KEYS = [{"kid": "k1", "alg": "HS256", "key": SECRET, "iss": "https://shop.example", "aud": "frontdesk"}]
CHAT = {"message": "Where is my order?"}

FUZZ = int(os.environ.get("FRONTDESK_FUZZ", "200"))
fuzzed = hypothesis_settings(
    max_examples=FUZZ, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
fuzzed_over_http = hypothesis_settings(fuzzed, max_examples=max(1, FUZZ // 2))  # each is a whole request


def make_settings(data_dir: Any, **changes: Any) -> Settings:
    given: dict[str, Any] = {
        "data_dir": data_dir,
        "service_keys": (SERVICE_KEY,),
        "jwt_keys": json.dumps(KEYS),
        "allowed_origins": (ALLOWED,),
        "rate_customer_minute": 100_000,
        "rate_customer_hour": 100_000,
        "rate_address_minute": 100_000,
        "rate_visitors_hour": 100_000,
    }
    return frontdesk_settings.load(**(given | changes))


def make_app(settings: Settings, database: Database) -> FastAPI:
    app = FastAPI(openapi_url=None)
    problems.install(app)
    app.add_middleware(OriginPolicy, settings=settings)
    app.include_router(sessions.router)
    if settings.development:
        app.include_router(dev_tokens.router)
    app.state.authenticator = Authenticator(settings, database, keyring(settings))

    @app.post("/support/chat")
    async def chat(request: Request) -> dict[str, Any]:
        body = await read_json(request, ChatRequest)
        principal = await app.state.authenticator.admit(request, body.user_id)
        held = None if principal.permissions is None else sorted(principal.permissions)
        return {"principal": principal.key, "permissions": held}

    @app.get("/support/conversations/{conversation}")
    async def conversation(conversation: str) -> None:
        raise NotFound(f"no {conversation}")

    @app.get("/broken/{how}")
    async def broken(how: str) -> None:
        if how == "database":
            raise DatabaseUnavailable
        raise RuntimeError("card 4111111111111111")

    return app


def make_client(app: FastAPI, **headers: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8000", headers=headers
    )


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    base = {"iss": "https://shop.example", "aud": "frontdesk", "sub": "u123", "iat": now, "exp": now + 600}
    return {name: value for name, value in (base | changes).items() if value is not None}


def token(key: Any = SECRET, alg: str = "HS256", kid: str = "k1", **changes: Any) -> str:
    return jwt.encode(claims(**changes), key, algorithm=alg, headers={"kid": kid})


def raw_token(header: str | bytes, payload: str | bytes, key: str = SECRET) -> str:
    """A token over exactly these texts, with a good signature."""
    parts = [_base64(part if isinstance(part, bytes) else part.encode()) for part in (header, payload)]
    message = ".".join(parts)
    signature = jwt.get_algorithm_by_name("HS256").sign(message.encode(), key.encode())
    return f"{message}.{_base64(signature)}"


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
