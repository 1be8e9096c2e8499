import json
import stat
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm

from frontdesk.errors import InvalidToken, SettingsError
from frontdesk.web import jwks
from frontdesk.web.keys import dev_keyring, keyring
from frontdesk.web.tokens import sign, verify
from tests.web.service import KEYS, SECRET, make_settings, token
from tests.web.test_tokens import pem

GOOD: dict[str, Any] = KEYS[0]
ED = ed25519.Ed25519PrivateKey.generate()
PRIVATE = ED.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
URL = "https://shop.example/.well-known/jwks.json"
PUBLISHED = {"alg": "EdDSA", "jwks_url": URL, "iss": GOOD["iss"], "aud": GOOD["aud"]}

BAD: dict[str, tuple[Any, str]] = {
    "not JSON": ("[", "not JSON"),
    "no file": ("/nowhere/keys.json", "path"),
    "not a list": (GOOD, "list"),
    "not an object": (["k1"], "object"),
    "unknown field": ([GOOD | {"jku": URL}], "object"),
    "no kid": ([{k: v for k, v in GOOD.items() if k != "kid"}], "kid is missing"),
    "no iss": ([{k: v for k, v in GOOD.items() if k != "iss"}], "iss is missing"),
    "no aud": ([{k: v for k, v in GOOD.items() if k != "aud"}], "aud is missing"),
    "kid a number": ([GOOD | {"kid": 1}], "kid must be text"),
    "kid twice": ([GOOD, GOOD], "twice"),
    "alg none": ([GOOD | {"alg": "none"}], "alg must be one of"),
    "alg HS512": ([GOOD | {"alg": "HS512"}], "alg must be one of"),
    "short secret": ([GOOD | {"key": SECRET[:31]}], "32 bytes"),
    "public key as secret": ([GOOD | {"key": pem(ED)}], "public key"),
    "private key": ([GOOD | {"alg": "EdDSA", "key": PRIVATE}], "give the public key"),
    "no PEM": ([GOOD | {"alg": "EdDSA"}], "PEM"),
    "other kind": ([GOOD | {"alg": "RS256", "key": pem(ED)}], "not for RS256"),
    "other curve": ([GOOD | {"alg": "ES256", "key": pem(ec.generate_private_key(ec.SECP384R1()))}], "ES256"),
    "weak RSA": ([GOOD | {"alg": "RS256", "key": pem(rsa.generate_private_key(65537, 1024))}], "2048"),
    "key and URL": ([GOOD | {"jwks_url": URL}], "either"),
    "neither": ([{k: v for k, v in GOOD.items() if k != "key"}], "either"),
    "published secret": ([PUBLISHED | {"alg": "HS256"}], "cannot be published"),
    "kid and URL": ([PUBLISHED | {"kid": "k1"}], "leave kid out"),
    "http URL": ([PUBLISHED | {"jwks_url": "http://shop.example/keys"}], "https"),
    "file URL": ([PUBLISHED | {"jwks_url": "file:///etc/passwd"}], "https"),
    "URL with a password": ([PUBLISHED | {"jwks_url": "https://a:b@shop.example/"}], "https"),
    "broken URL": ([PUBLISHED | {"jwks_url": "https://[::1"}], "URL"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_key_stops_the_start_with_a_sentence(tmp_path: Path, name: str) -> None:
    keys, words = BAD[name]
    text = keys if isinstance(keys, str) else json.dumps(keys)
    with pytest.raises(SettingsError, match=words) as error:
        keyring(make_settings(tmp_path, jwt_keys=text))
    assert SECRET[:31] not in str(error.value)


def test_http_on_loopback_is_for_development_only(tmp_path: Path) -> None:
    text = json.dumps([PUBLISHED | {"jwks_url": "http://127.0.0.1:9000/keys"}])
    assert keyring(make_settings(tmp_path, jwt_keys=text)).published
    with pytest.raises(SettingsError, match="https"):
        keyring(make_settings(tmp_path, jwt_keys=text, environment="production"))


async def test_keys_are_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps(KEYS))
    ring = keyring(make_settings(tmp_path, jwt_keys=str(path)))
    assert (await verify(token(), ring)).kid == "k1"


def test_a_key_does_not_show_its_secret(tmp_path: Path) -> None:
    assert SECRET not in repr(keyring(make_settings(tmp_path)))


async def test_the_development_key_is_private_and_kept(tmp_path: Path) -> None:
    settings = make_settings(tmp_path / "new")
    key = dev_keyring(settings)
    assert key is not None
    assert dev_keyring(settings) == key
    (path,) = (tmp_path / "new").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (await verify(sign("u1", key), keyring(settings))).sub == "u1"


async def test_production_knows_no_development_key(tmp_path: Path) -> None:
    key = dev_keyring(make_settings(tmp_path))
    assert key is not None
    production = make_settings(tmp_path, environment="production")
    assert dev_keyring(production) is None
    with pytest.raises(InvalidToken):
        await verify(sign("u1", key), keyring(production))


def test_a_development_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    dev_keyring(make_settings(tmp_path))
    (tmp_path / "development-jwt-key").chmod(0o644)
    with pytest.raises(SettingsError, match="readable by others"):
        dev_keyring(make_settings(tmp_path))


# ------------------------------------------------------------------ published keys
class Publisher:
    """Stands in for the shop's key server, and counts."""

    def __init__(self, *keys: dict[str, Any]) -> None:
        self.keys, self.calls, self.down = list(keys), 0, False

    async def fetch(self, url: str) -> bytes:
        assert url == URL
        self.calls += 1
        if self.down:
            raise httpx.ConnectError("refused")
        return json.dumps({"keys": self.keys}).encode()


def public_jwk(private: Any, algorithm: Any = OKPAlgorithm, **more: Any) -> dict[str, Any]:
    return {**algorithm.to_jwk(private.public_key(), as_dict=True), "kid": "p1", **more}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(jwks.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Publisher:
    publisher = Publisher(public_jwk(ED))
    monkeypatch.setattr(jwks, "fetch", publisher.fetch)
    return publisher


async def test_a_published_key_is_fetched_once_for_many(
    tmp_path: Path, publisher: Publisher, clock: list[float]
) -> None:
    ring = keyring(make_settings(tmp_path, jwt_keys=json.dumps([PUBLISHED])))
    good = token(ED, "EdDSA", "p1")
    for _ in range(20):
        assert (await verify(good, ring)).sub == "u123"
        with pytest.raises(InvalidToken):
            await verify(token(ED, "EdDSA", "unknown"), ring)
    assert publisher.calls == 1


async def test_a_withdrawn_key_stops_working_after_five_minutes(
    tmp_path: Path, publisher: Publisher, clock: list[float]
) -> None:
    ring = keyring(make_settings(tmp_path, jwt_keys=json.dumps([PUBLISHED])))
    good = token(ED, "EdDSA", "p1")
    await verify(good, ring)
    publisher.keys = []
    clock[0] += jwks.REFRESH - 1
    await verify(good, ring)
    clock[0] += 2
    with pytest.raises(InvalidToken):
        await verify(good, ring)


async def test_keys_outlive_a_silent_publisher_for_an_hour(
    tmp_path: Path, publisher: Publisher, clock: list[float]
) -> None:
    ring = keyring(make_settings(tmp_path, jwt_keys=json.dumps([PUBLISHED])))
    good = token(ED, "EdDSA", "p1")
    await verify(good, ring)
    publisher.down = True
    clock[0] += jwks.STALE
    await verify(good, ring)
    clock[0] += jwks.RETRY + 1
    with pytest.raises(InvalidToken):
        await verify(good, ring)


@pytest.mark.parametrize(
    "entry",
    [
        public_jwk(ED, use="enc"),
        public_jwk(ED, alg="RS256"),
        public_jwk(ED, kid=7),
        public_jwk(ec.generate_private_key(ec.SECP256R1()), ECAlgorithm),
        {"kty": "oct", "kid": "p1", "k": "QUFB"},
        {"kty": "OKP", "kid": "p1", "crv": "Ed25519", "x": "!"},
        {**OKPAlgorithm.to_jwk(ED, as_dict=True), "kid": "p1"},
        "p1",
    ],
)
async def test_a_published_key_that_does_not_fit_is_left_out(
    tmp_path: Path, publisher: Publisher, clock: list[float], entry: Any
) -> None:
    publisher.keys = [entry]
    ring = keyring(make_settings(tmp_path, jwt_keys=json.dumps([PUBLISHED])))
    assert await ring.find("p1") is None
