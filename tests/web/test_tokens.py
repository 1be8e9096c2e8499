import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.errors import FrontdeskError, InvalidToken, TokenExpired
from frontdesk.web.keys import KeyRing, keyring
from frontdesk.web.tokens import verify
from tests.web.service import CHAT, KEYS, SECRET, bearer, claims, fuzzed, make_settings, raw_token, token

HEADER = {"alg": "HS256", "kid": "k1", "typ": "JWT"}


@pytest.fixture(scope="module", autouse=True)
def collected_just_now() -> Iterator[None]:
    """The mutations below are made when this file is read, and in a long run that is a token's life ago."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time", lambda: NOW + 1.0)
        yield


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    return keyring(make_settings(tmp_path_factory.mktemp("data")))


def signed(header: dict[str, Any] | None = None, **changes: Any) -> str:
    return raw_token(json.dumps(HEADER | (header or {})), json.dumps(claims(**changes)))


def with_text(extra: str) -> str:
    """A token whose payload ends in ``extra``, written by hand: json.dumps writes no duplicates."""
    return raw_token(json.dumps(HEADER), json.dumps(claims())[:-1] + "," + extra + "}")


def cut(change: Callable[[str, str, str], str]) -> str:
    return change(*token().split("."))


NOW = int(time.time())
MUTATIONS: dict[str, str] = {
    "alg none": signed({"alg": "none"}),
    "alg None": signed({"alg": "None"}),
    "alg none, no signature": cut(lambda h, p, s: f"{h}.{p}."),
    "alg HS384": token(SECRET + SECRET, "HS384"),
    "alg HS512": token(SECRET + SECRET, "HS512"),
    "alg hs256": signed({"alg": "hs256"}),
    "alg RS256": signed({"alg": "RS256"}),
    "alg ES256": signed({"alg": "ES256"}),
    "alg EdDSA": signed({"alg": "EdDSA"}),
    "alg missing": raw_token('{"kid":"k1"}', json.dumps(claims())),
    "alg a list": signed({"alg": ["HS256"]}),
    "kid unknown": signed({"kid": "k2"}),
    "kid empty": signed({"kid": ""}),
    "kid missing": raw_token('{"alg":"HS256"}', json.dumps(claims())),
    "kid a number": signed({"kid": 1}),
    "kid a list": signed({"kid": ["k1"]}),
    "kid a path": signed({"kid": "../../dev/null"}),
    "kid of SQL": signed({"kid": "k1' OR '1'='1"}),
    "header doubled": raw_token('{"alg":"none","alg":"HS256","kid":"k1"}', json.dumps(claims())),
    "header crit": signed({"crit": ["exp"]}),
    "header jwk": signed({"jwk": {"kty": "oct", "k": "AAAA"}}),
    "header jku": signed({"jku": "https://evil.example/keys"}),
    "header x5u": signed({"x5u": "https://evil.example/cert"}),
    "header x5c": signed({"x5c": ["MIIB"]}),
    "header b64": signed({"b64": False}),
    "header zip": signed({"zip": "DEF"}),
    "header cty": signed({"cty": "JWT"}),
    "header typ": signed({"typ": "refresh+jwt"}),
    "header typ a number": signed({"typ": 1}),
    "header a list": raw_token('["HS256"]', json.dumps(claims())),
    "header not JSON": raw_token("{", json.dumps(claims())),
    "header not UTF-8": raw_token(b'{"alg":"HS256","kid":"k1","x":"\xff"}', json.dumps(claims())),
    "other secret": token("x" * 32),
    "empty secret": raw_token(json.dumps(HEADER), json.dumps(claims()), ""),
    "signature cut": token()[:-2],
    "signature of another": cut(lambda h, p, s: f"{h}.{p}.{token(sub='u999').split('.')[2]}"),
    "signature longer": token() + "AA",
    "payload of another": cut(lambda h, p, s: f"{h}.{token(sub='u999').split('.')[1]}.{s}"),
    "padding added": token() + "=",
    "space inside": cut(lambda h, p, s: f"{h}.{p}. {s}"),
    "line break at the end": token() + "\n",
    "four parts": token() + ".AAAA",
    "two parts": cut(lambda h, p, s: f"{h}.{p}"),
    "only dots": "..",
    "over 8 KB": signed(more="x" * 8200),
    "iss wrong": token(iss="https://evil.example"),
    "iss missing": token(iss=None),
    "iss longer": token(iss="https://shop.example/"),
    "iss a list": signed(iss=["https://shop.example"]),
    "aud wrong": token(aud="elsewhere"),
    "aud missing": token(aud=None),
    "aud empty list": token(aud=[]),
    "aud mixed list": signed(aud=["frontdesk", 1]),
    "aud an object": signed(aud={"frontdesk": 1}),
    "sub missing": token(sub=None),
    "sub empty": token(sub=""),
    "sub a number": signed(sub=123),
    "sub a list": signed(sub=["u123"]),
    "sub with a space": token(sub="u 123"),
    "sub with a line break": token(sub="u123\n"),
    "sub with a quote": token(sub="u'123"),
    "sub with NUL": token(sub="u123\0"),
    "sub of another alphabet": token(sub="ü123"),
    "sub too long": token(sub="u" * 129),
    "sub of a visitor": token(sub="anon:7c9e6679-7425-40de-944b-e07fc1f90ae7"),
    "sub of a visitor, in capitals": token(sub="ANON:1"),
    "sub doubled": with_text('"sub":"u999"'),
    "exp doubled": with_text(f'"exp":{NOW + 500}'),
    "iss doubled by an escape": with_text('"\\u0069ss":"https://shop.example"'),
    "nested doubled": with_text('"x":{"a":1,"a":2}'),
    "exp missing": token(exp=None),
    "exp in ten years": token(exp=NOW + 315_360_000),
    "exp over an hour": token(exp=NOW + 3700),
    "exp a text": signed(exp=str(NOW + 600)),
    "exp true": signed(exp=True),
    "exp NaN": with_text('"x":NaN'),
    "exp infinite": signed(exp=1e400),
    "exp huge": raw_token(json.dumps(HEADER), json.dumps(claims(exp=1)).replace('"exp": 1', '"exp": 1e400')),
    "exp of 5,000 digits": with_text('"x":' + "9" * 5000),
    "exp before iat": token(iat=NOW + 30, exp=NOW + 20),
    "exp negative": signed(exp=-1),
    "iat missing": token(iat=None),
    "iat in the future": token(iat=NOW + 300, exp=NOW + 900),
    "iat a text": signed(iat="now"),
    "iat false": signed(iat=False),
    "nbf in the future": token(nbf=NOW + 300),
    "nbf a text": signed(nbf="now"),
    "nbf null": with_text('"nbf":null'),
    "permissions a text": signed(permissions="orders:read"),
    "permissions of numbers": signed(permissions=[1]),
    "permissions of nothing": signed(permissions=[""]),
    "permissions null": with_text('"permissions":null'),
    "permissions by the thousand": signed(permissions=["a:b"] * 1000),
    "payload a list": raw_token(json.dumps(HEADER), "[]"),
    "payload null": raw_token(json.dumps(HEADER), "null"),
    "payload empty": raw_token(json.dumps(HEADER), ""),
    "payload not UTF-8": raw_token(json.dumps(HEADER), json.dumps(claims()).encode()[:-1] + b',"x":"\xff"}'),
    "payload UTF-16": raw_token(json.dumps(HEADER), json.dumps(claims()).encode("utf-16")),
    "payload a nesting bomb": raw_token(json.dumps(HEADER), "[" * 5000),
}


def test_at_least_60_mutations_are_tried() -> None:
    assert len(MUTATIONS) >= 60


async def test_the_token_they_are_made_from_is_accepted(ring: KeyRing) -> None:
    assert (await verify(token(), ring)).sub == "u123"
    assert (await verify(signed(), ring)).sub == "u123"
    assert (await verify(token(aud=["other", "frontdesk"]), ring)).sub == "u123"
    assert (await verify(token(iat=NOW + 30, nbf=NOW + 30, exp=NOW + 700), ring)).sub == "u123"


@pytest.mark.parametrize("name", MUTATIONS)
async def test_a_mutated_token_is_refused(ring: KeyRing, name: str) -> None:
    with pytest.raises(InvalidToken):
        await verify(MUTATIONS[name], ring)


async def test_every_refusal_reads_the_same(client: httpx.AsyncClient) -> None:
    printable = [text for text in MUTATIONS.values() if text.isprintable()]
    answers = [await client.post("/support/chat", json=CHAT, headers=bearer(text)) for text in printable]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["code"] == "invalid_token"


async def test_an_expired_token_is_told_apart_only_when_all_else_is_good(ring: KeyRing) -> None:
    past = {"iat": NOW - 1000, "exp": NOW - 1}
    with pytest.raises(TokenExpired):
        await verify(token(**past), ring)
    for wrong in ({"sub": ""}, {"aud": "elsewhere"}, {"key": "x" * 32}):
        with pytest.raises(InvalidToken):
            await verify(token(**past, **wrong), ring)


async def test_a_changed_character_anywhere_is_refused(ring: KeyRing) -> None:
    good = token()
    for at, character in enumerate(good):
        changed = good[:at] + ("A" if character != "A" else "B") + good[at + 1 :]
        with pytest.raises(InvalidToken):
            await verify(changed, ring)


@given(text=st.one_of(st.text(), st.from_regex(r"[\w-]{0,60}\.[\w-]{0,60}\.[\w-]{0,60}", fullmatch=True)))
@fuzzed
async def test_no_fuzzed_token_is_accepted(ring: KeyRing, text: str) -> None:
    with pytest.raises(FrontdeskError):
        await verify(text, ring)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(name=st.sampled_from(["iss", "aud", "sub", "iat", "exp"]), value=VALUES)
@fuzzed
async def test_no_fuzzed_claim_is_accepted_under_a_good_signature(
    ring: KeyRing, name: str, value: object
) -> None:
    changed = claims() | {name: value}
    try:
        accepted = await verify(raw_token(json.dumps(HEADER), json.dumps(changed)), ring)
    except (InvalidToken, TokenExpired):
        return
    assert name == "sub"
    assert accepted.sub == value


async def test_permissions_narrow(client: httpx.AsyncClient, ring: KeyRing) -> None:
    assert (await verify(token(), ring)).permissions is None
    assert (await verify(token(permissions=[]), ring)).permissions == frozenset()
    narrow = token(permissions=["orders:read"])
    answer = await client.post("/support/chat", json=CHAT, headers=bearer(narrow))
    assert answer.json() == {"principal": "customer:u123", "permissions": ["orders:read"]}


SIGNERS: dict[str, Any] = {
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "RS256": rsa.generate_private_key(65537, 2048),
}


def pem(private: Any) -> str:
    return private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.mark.parametrize("alg", SIGNERS)
async def test_a_public_key_verifies_and_is_never_a_secret(tmp_path: Any, alg: str) -> None:
    public = pem(SIGNERS[alg])
    keys = [{"kid": "k1", "alg": alg, "key": public, "iss": KEYS[0]["iss"], "aud": "frontdesk"}]
    ring = keyring(make_settings(tmp_path, jwt_keys=json.dumps(keys)))
    assert (await verify(token(SIGNERS[alg], alg), ring)).sub == "u123"
    confused = [signed(), raw_token(json.dumps(HEADER), json.dumps(claims()), public)]
    confused.append(raw_token(json.dumps(HEADER | {"alg": alg}), json.dumps(claims()), public))
    confused.extend(token(SIGNERS[other], other) for other in set(SIGNERS) - {alg})
    for text in confused:
        with pytest.raises(InvalidToken):
            await verify(text, ring)


def test_the_library_alone_would_have_taken_some_of_these() -> None:
    ten_years = MUTATIONS["exp in ten years"]
    assert jwt.decode(ten_years, SECRET, algorithms=["HS256"], audience="frontdesk")["sub"] == "u123"
