"""An identity provider on loopback: discovery, authorize, token, userinfo, keys. It lies as a test tells it to."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.process import free_port

CLIENT, SECRET = "front desk", "s3cret:with/odd+signs&"
Json = dict[str, Any]


@dataclass
class Person:
    """Who is at the provider's keyboard."""

    sub: str = "sub-mara"
    email: Any = "mara.lind@ourshop.example"
    email_verified: Any = True
    name: Any = "Mara Lind"
    groups: Any = field(default_factory=lambda: ["everybody", "support"])

    def claims(self) -> Json:
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass
class IdentityProvider:
    """``person`` signs in without being asked; the other fields make the provider misbehave."""

    url: str
    person: Person = field(default_factory=Person)
    key: Any = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))
    claims: Json = field(default_factory=dict)  # laid over the id_token's; None takes one away
    sign: Callable[[Json], str] | None = None  # in place of the provider's own signature
    back: Json = field(default_factory=dict)  # laid over the query of the way back
    said: Json = field(default_factory=dict)  # laid over the description
    once: bool = True  # a code is good for one exchange
    pkce: bool = True  # the verifier is looked at
    thin: bool = False  # the id_token says nothing of the person; userinfo does
    userinfo_sub: str = ""
    codes: dict[str, Json] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def well(self) -> None:
        """As a provider should be."""
        self.person, self.claims, self.sign, self.back, self.said = Person(), {}, None, {}, {}
        self.once = self.pkce = True
        self.thin, self.userinfo_sub = False, ""
        self.asked.clear()

    def signed(self, claims: Json, **header: Any) -> str:
        return jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "one", **header})

    def describe(self) -> Json:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/jwks",
            "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
            "scopes_supported": ["openid", "email", "profile", "groups"],
            **self.said,
        }

    async def discovery(self, _: Request) -> Response:
        return JSONResponse(self.describe())

    async def jwks(self, _: Request) -> Response:
        public = json.loads(RSAAlgorithm.to_jwk(self.key.public_key()))
        return JSONResponse({"keys": [{**public, "kid": "one", "use": "sig"}]})

    async def authorize(self, request: Request) -> Response:
        query = dict(request.query_params)
        assert (query["response_type"], query["code_challenge_method"]) == ("code", "S256")
        assert query["scope"] == "openid email profile groups"
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        back = {"code": code, "state": query["state"], "iss": self.url} | self.back
        return RedirectResponse(
            f"{query['redirect_uri']}?{urlencode({k: v for k, v in back.items() if v is not None})}", 302
        )

    async def token(self, request: Request) -> Response:
        self.asked.append("token")
        kind, _, basic = request.headers["authorization"].partition(" ")
        given = [unquote_plus(part) for part in base64.b64decode(basic).decode().split(":")]
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        begun = self.codes.pop(form["code"], None) if self.once else self.codes.get(form["code"])
        if (kind, given) != ("Basic", [CLIENT, SECRET]) or begun is None:
            return JSONResponse({"error": "invalid_grant"}, 400)
        hashed = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
        if (self.pkce and challenge != begun["code_challenge"]) or form["redirect_uri"] != begun[
            "redirect_uri"
        ]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        about = {} if self.thin else self.person.claims()
        claims = {"iss": self.url, "aud": CLIENT, "sub": self.person.sub, "iat": now, "exp": now + 300}
        claims |= {"nonce": begun["nonce"], **about, **self.claims}
        claims = {name: value for name, value in claims.items() if value is not None}
        return JSONResponse(
            {"access_token": "at", "token_type": "Bearer", "id_token": (self.sign or self.signed)(claims)}
        )

    async def userinfo(self, request: Request) -> Response:
        self.asked.append("userinfo")
        assert request.headers["authorization"] == "Bearer at"
        return JSONResponse({**self.person.claims(), "sub": self.userinfo_sub or self.person.sub})


@asynccontextmanager
async def identity_provider() -> AsyncGenerator[IdentityProvider]:
    port = free_port()
    found = IdentityProvider(f"http://127.0.0.1:{port}")
    app = Starlette(
        routes=[
            Route("/.well-known/openid-configuration", found.discovery),
            Route("/jwks", found.jwks),
            Route("/authorize", found.authorize),
            Route("/token", found.token, methods=["POST"]),
            Route("/userinfo", found.userinfo),
        ]
    )
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    try:
        yield found
    finally:
        server.should_exit = True
        await serving
