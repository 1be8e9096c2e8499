"""Staff sign in at an identity provider, a real one on loopback; and all that must not get anybody in."""

import base64
import json
import ssl
import time
from collections.abc import AsyncGenerator, Callable
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from frontdesk.database import as_owner
from frontdesk.errors import SettingsError
from frontdesk.settings import Settings
from frontdesk.web.oidc import NotVouched, provider
from tests.process import free_port
from tests.web.console.console import CSRF, PASSWORD, Console, console, post, sign_in
from tests.web.console.provider import CLIENT, SECRET, IdentityProvider, Person, identity_provider

ROLES = ("support=agent", "leads=lead", "it=admin")
TLS = ssl.create_default_context()  # one for all browsers: making it takes longer than what they do
TRY_AGAIN = "Signing in at the provider did not work: try again."


@pytest.fixture(scope="module")
async def idp() -> AsyncGenerator[IdentityProvider]:
    async with identity_provider() as found:
        yield found


@pytest.fixture(scope="module")
async def shop(idp: IdentityProvider, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Console]:
    set_ = {"oidc_issuer": idp.url, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET}
    data = tmp_path_factory.mktemp("data")
    async with console(data, oidc_roles=ROLES, oidc_name="Shop ID", **set_) as running:
        yield running


@pytest.fixture(autouse=True)
def well(idp: IdentityProvider) -> None:
    idp.well()


def browser(shop: Console) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=shop.url, headers={"origin": shop.url}, trust_env=False, verify=TLS)


async def way_back(client: httpx.AsyncClient, path: str = "/console/oidc") -> str:
    """Off to the provider, and the address that it sends the browser back to."""
    there = (await client.get(path)).headers["location"]
    async with httpx.AsyncClient(trust_env=False, verify=TLS) as elsewhere:
        return (await elsewhere.get(there)).headers["location"]


async def signed_in(client: httpx.AsyncClient, path: str = "/console/oidc") -> httpx.Response:
    return await client.get(await way_back(client, path))


def rows(shop: Console, query: str) -> list[dict[str, Any]]:
    with as_owner(shop.service.owner_url) as owner:
        return owner.execute(query).fetchall()


def role_of(shop: Console, email: str = "mara.lind@ourshop.example") -> list[str]:
    return [row["role"] for row in rows(shop, f"SELECT role FROM staff WHERE email = '{email}'")]


async def test_the_first_sign_in_makes_an_account_and_the_groups_say_which(shop: Console, idp: Any) -> None:
    idp.person.groups = ["everybody", "support", "leads"]
    async with browser(shop) as client:
        door = await client.get("/console/sign-in?next=/console/reports")
        assert "Sign in with Shop ID" in door.text
        answer = await signed_in(client, "/console/oidc?next=/console/reports")
        assert (answer.status_code, answer.headers["location"]) == (303, "/console/reports")
        session = next(c for c in answer.headers.get_list("set-cookie") if c.startswith("frontdesk_staff="))
        assert "httponly" in session.lower()
        assert "samesite=lax" in session.lower()
        page = await client.get("/console/reports")
        assert page.status_code == 200
        assert "Mara Lind" in page.text
        assert (await client.post("/console/sign-out", data={"csrf": "0" * 64})).status_code == 403
        assert (await post(client, "/console/sign-out")).status_code == 303
        assert (await client.get("/console/inbox")).status_code == 303
    assert role_of(shop) == ["lead"]
    happened = [(e.event, e.data.get("via")) for e in await shop.service.staff.events()]
    assert happened[:2] == [("signed_in", "oidc"), ("made", None)]


async def test_each_sign_in_brings_the_role_and_who_has_none_loses_what_is_open(
    shop: Console, idp: Any
) -> None:
    async with browser(shop) as open_, browser(shop) as again:
        idp.person.groups = ["it", "support"]
        await signed_in(open_)
        assert role_of(shop) == ["admin"]
        idp.person.groups = "support"
        assert (await signed_in(again)).status_code == 303
        assert role_of(shop) == ["agent"]
        assert (await open_.get("/console/inbox")).status_code == 200
        idp.person.groups = ["everybody"]
        answer = await signed_in(again)
        assert answer.status_code == 403
        assert "You are in no group" in answer.text
        assert (await open_.get("/console/inbox")).status_code == 303
    assert (await shop.service.staff.events())[0].event == "refused"


@pytest.mark.parametrize("groups", [None, [], {}, "Support", ["support "], [["it"]], 7, ["it=admin"]])
async def test_nobody_without_a_role_gets_in(shop: Console, idp: Any, groups: Any) -> None:
    idp.person = Person(sub="sub-none", email="none@ourshop.example", groups=groups)
    async with browser(shop) as client:
        assert (await signed_in(client)).status_code == 403
    assert role_of(shop, "none@ourshop.example") == []


@pytest.mark.parametrize(
    "about",
    [
        {"email_verified": False},
        {"email_verified": None},
        {"email_verified": "true"},
        {"email_verified": 1},
        {"email": None},
        {"email": ["ada@ourshop.example"]},
        {"email": "ada@ourshop.example\u0000"},
        {"email": "ada@our\u017fhop.example"},
        {"email": "\ud800@ourshop.example"},
        {"email": "ada"},
    ],
    ids=str,
)
async def test_an_address_that_is_not_verified_opens_no_account(shop: Console, idp: Any, about: Any) -> None:
    before = rows(shop, "SELECT count(*) FROM staff_identities")
    idp.person = Person(**{"sub": "sub-eve", "email": "ada@ourshop.example", **about})
    async with browser(shop) as client:
        answer = await signed_in(client)
        assert answer.status_code == 403
        assert "verified your e-mail address" in answer.text
        assert (await client.get("/console/inbox")).status_code == 303
    assert rows(shop, "SELECT count(*) FROM staff_identities") == before


async def test_an_account_with_a_password_is_linked_and_the_password_ends(shop: Console, idp: Any) -> None:
    idp.person = Person(sub="sub-tom", email="Tom@OurShop.example", name="T", groups=["support"])
    async with browser(shop) as client, browser(shop) as left_open:
        assert (await sign_in(left_open, "tom")).status_code == 303
        assert (await sign_in(client, "tom")).status_code == 303
        assert (await signed_in(client)).status_code == 303
        assert "Tom Berg" in (await client.get("/console/inbox")).text
        assert (await left_open.get("/console/inbox")).status_code == 303  # with the password
    async with browser(shop) as client:
        assert (await sign_in(client, "tom")).status_code == 401
    await shop.service.staff.set_password(_id(shop, "tom"), PASSWORD)  # an admin's decision
    async with browser(shop) as client:
        assert (await sign_in(client, "tom")).status_code == 303


async def test_an_address_that_passed_to_somebody_else_does_not_open_the_first_ones_account(
    shop: Console, idp: Any
) -> None:
    idp.person = Person(sub="old", email="desk@ourshop.example")
    async with browser(shop) as first, browser(shop) as second:
        await signed_in(first)
        idp.person = Person(sub="new", email="desk@ourshop.example")
        answer = await signed_in(second)
        assert answer.status_code == 403
        assert "somebody else" in answer.text
        await shop.service.staff.unlink(_id(shop, "desk"))
        assert (await first.get("/console/inbox")).status_code == 303
        assert (await signed_in(second)).status_code == 303


async def test_who_is_disabled_here_stays_out_whatever_the_provider_says(shop: Console, idp: Any) -> None:
    idp.person = Person(sub="gone", email="gone@ourshop.example", groups=["it"])
    async with browser(shop) as client:
        await signed_in(client)
        await shop.service.staff.disable(_id(shop, "gone"))
        assert (await client.get("/console/inbox")).status_code == 303
        answer = await signed_in(client)
        assert answer.status_code == 403
        assert "disabled" in answer.text


def _id(shop: Console, who: str) -> Any:
    return rows(shop, f"SELECT id FROM staff WHERE email = '{who}@ourshop.example'")[0]["id"]


async def test_a_session_by_the_provider_ends_after_twelve_hours(shop: Console) -> None:
    async with browser(shop) as client, browser(shop) as by_password:
        await signed_in(client)
        await sign_in(by_password, "ada")
        with as_owner(shop.service.owner_url) as owner:
            owner.execute("UPDATE staff_sessions SET created_at = now() - interval '12 hours 1 minute'")
        assert (await client.get("/console/inbox")).status_code == 303
        assert (await by_password.get("/console/inbox")).status_code == 200


# ------------------------------------------------------------------ what is forged
OTHER = rsa.generate_private_key(65537, 2048)


def _encoded(header: dict[str, Any], claims: dict[str, Any], signature: str = "") -> str:
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims)
    ]
    return ".".join([*parts, signature])


def _twice(idp: IdentityProvider, claims: dict[str, Any]) -> str:
    """A sub that stands twice, well signed."""
    body = json.dumps(claims)[:-1] + ', "sub": "sub-ada"}'
    return jwt.api_jws.encode(body.encode(), idp.key, algorithm="RS256", headers={"kid": "one"})


def _with_public_key(idp: IdentityProvider, claims: dict[str, Any]) -> str:
    """HS256 under the provider's public key, as PEM: the classic confusion."""
    import hashlib
    import hmac

    pem = idp.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    unsigned = _encoded({"alg": "HS256", "kid": "one", "typ": "JWT"}, claims)[:-1]
    mac = hmac.new(pem, unsigned.encode(), hashlib.sha256).digest()
    return f"{unsigned}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


FORGED: dict[str, Callable[[IdentityProvider, dict[str, Any]], str]] = {
    "alg none": lambda _, claims: _encoded({"alg": "none", "kid": "one"}, claims),
    "alg none, signed with nothing": lambda _, claims: _encoded({"alg": "none", "kid": "one"}, claims, "AA"),
    "HS256 by the client's secret": lambda _, claims: jwt.encode(
        claims, SECRET + "0" * 32, algorithm="HS256", headers={"kid": "one"}
    ),
    "HS256 by the public key": _with_public_key,
    "another key": lambda _, claims: jwt.encode(claims, OTHER, algorithm="RS256", headers={"kid": "one"}),
    "another kid": lambda idp, claims: idp.signed(claims, kid="two"),
    "no kid": lambda idp, claims: jwt.encode(claims, idp.key, algorithm="RS256"),
    "a key of its own": lambda _, claims: jwt.encode(
        claims, OTHER, algorithm="RS256", headers={"kid": "one", "jku": "https://evil.example/jwks"}
    ),
    "RS512": lambda idp, claims: jwt.encode(claims, idp.key, algorithm="RS512", headers={"kid": "one"}),
    "an access token": lambda idp, claims: idp.signed(claims, typ="at+jwt"),
    "claims changed": lambda idp, claims: _changed(idp.signed(claims)),
    "sub twice": _twice,
    "no token": lambda *_: "",
    "no JWT": lambda *_: "a.b",
}


def _changed(token: str) -> str:
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return _encoded(json.loads(base64.urlsafe_b64decode(head + "==")), claims | {"groups": ["it"]}, signature)


@pytest.mark.parametrize("how", FORGED)
async def test_a_forged_id_token_lets_nobody_in(shop: Console, idp: Any, how: str) -> None:
    idp.person.groups = ["it"]
    idp.sign = lambda claims: FORGED[how](idp, claims)
    await _nobody_gets_in(shop)


WRONG: dict[str, dict[str, Any]] = {
    "issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": None},
    "audience": {"aud": "another client"},
    "no audience": {"aud": None},
    "audiences, and azp missing": {"aud": [CLIENT, "another client"]},
    "azp": {"azp": "another client"},
    "nonce": {"nonce": "0" * 64},
    "no nonce": {"nonce": None},
    "nonce that is no text": {"nonce": ["x"]},
    "sub": {"sub": ""},
    "no sub": {"sub": None},
    "sub that is no text": {"sub": 7},
    "sub too long": {"sub": "x" * 256},
    "expired": {"iat": int(time.time()) - 400, "exp": int(time.time()) - 100},
    "no exp": {"exp": None},
    "a year": {"exp": int(time.time()) + 365 * 86_400},
    "old": {"iat": int(time.time()) - 3600, "exp": int(time.time()) + 3600},
    "not yet": {"iat": int(time.time()) + 3000, "exp": int(time.time()) + 3600},
    "NaN": {"exp": float("nan")},
}


@pytest.mark.parametrize("what", WRONG)
async def test_an_id_token_with_a_wrong_claim_lets_nobody_in(shop: Console, idp: Any, what: str) -> None:
    idp.claims = WRONG[what]
    await _nobody_gets_in(shop)


async def test_several_audiences_are_right_where_the_client_is_named(shop: Console, idp: Any) -> None:
    idp.claims = {"aud": ["another client", CLIENT], "azp": CLIENT}
    async with browser(shop) as client:
        assert (await signed_in(client)).status_code == 303


async def _nobody_gets_in(shop: Console) -> None:
    async with browser(shop) as client:
        await _refused(client, await way_back(client))


async def _refused(client: httpx.AsyncClient, back: str) -> None:
    answer = await client.get(back)
    assert (answer.status_code, TRY_AGAIN in answer.text) == (401, True), answer.text
    assert (await client.get("/console/inbox")).status_code == 303


# ------------------------------------------------------------------ what goes through the browser
@pytest.mark.parametrize("state", [None, "", "0" * 64, "\u00e9"])
async def test_a_wrong_state_lets_nobody_in(shop: Console, idp: Any, state: str | None) -> None:
    idp.back = {"state": state}
    await _nobody_gets_in(shop)
    assert idp.asked == []


async def test_what_another_browser_began_does_not_end_in_this_one(shop: Console, idp: Any) -> None:
    """The attacker's own way back, handed to somebody else: they would work in the attacker's account."""
    async with browser(shop) as attacker:
        back = await way_back(attacker)
    async with browser(shop) as victim:
        await _refused(victim, back)
        await victim.get("/console/oidc")
        await _refused(victim, back)
    assert idp.asked == []


async def test_a_way_back_is_gone_once(shop: Console, idp: Any) -> None:
    """Though the provider takes a code twice, and the browser kept its cookie."""
    idp.once = False
    async with browser(shop) as client:
        back = await way_back(client)
        kept = dict(client.cookies)
        assert (await client.get(back)).status_code == 303
    async with httpx.AsyncClient(base_url=shop.url, cookies=kept, trust_env=False) as again:
        assert (await again.get(back)).status_code == 401
    assert idp.asked == ["token"]


@pytest.mark.parametrize("pkce", [True, False])
async def test_somebody_elses_code_is_worth_nothing(shop: Console, idp: Any, pkce: bool) -> None:
    """A stolen code in one's own way: the provider asks for the verifier; where it does not, the nonce is another."""
    idp.pkce = pkce
    idp.person.groups = ["it"]
    async with browser(shop) as victim, browser(shop) as attacker:
        stolen = httpx.URL(await way_back(victim)).params["code"]
        own = httpx.URL(await way_back(attacker))
        await _refused(attacker, str(own.copy_set_param("code", stolen)))


@pytest.mark.parametrize("back", [{"iss": "https://evil.example"}, {"code": None}, {"code": "made-up"}])
async def test_another_providers_answer_and_none_let_nobody_in(shop: Console, idp: Any, back: Any) -> None:
    idp.back = back
    await _nobody_gets_in(shop)


async def test_a_doubled_parameter_lets_nobody_in(shop: Console) -> None:
    async with browser(shop) as client:
        back = await way_back(client)
        await _refused(client, f"{back}&code=another")


@pytest.mark.parametrize(
    "wanted", ["https://evil.example", "//evil.example", "/console\\@evil.example", "/healthz"]
)
async def test_the_way_ends_in_the_console(shop: Console, wanted: str) -> None:
    async with browser(shop) as client:
        answer = await signed_in(client, f"/console/oidc?next={wanted}")
        assert answer.headers["location"] == "/console/inbox"


async def test_a_way_that_took_too_long_is_begun_again(shop: Console) -> None:
    async with browser(shop) as client:
        back = await way_back(client)
        with as_owner(shop.service.owner_url) as owner:
            owner.execute("UPDATE staff_sign_ins SET begun_at = begun_at - interval '11 minutes'")
        await _refused(client, back)


async def test_a_provider_with_thin_tokens_is_asked_for_the_rest(shop: Console, idp: Any) -> None:
    idp.thin = True
    async with browser(shop) as client:
        assert (await signed_in(client)).status_code == 303
    assert idp.asked == ["token", "userinfo"]
    idp.userinfo_sub = "sub-ada"
    await _nobody_gets_in(shop)


async def test_userinfo_vouches_for_its_own_address_and_not_for_the_tokens(shop: Console, idp: Any) -> None:
    idp.person = Person(sub="sub-lea", email="lea@ourshop.example")
    idp.claims = {"email": "boss@ourshop.example", "email_verified": None}  # as whoever signs in may set it
    async with browser(shop) as client:
        assert (await signed_in(client)).status_code == 303
    assert (role_of(shop, "lea@ourshop.example"), role_of(shop, "boss@ourshop.example")) == (["agent"], [])


async def test_a_refused_form_still_takes_a_password(shop: Console, idp: Any) -> None:
    idp.back = {"code": None, "error": "access_denied"}
    async with browser(shop) as client:
        page = (await signed_in(client)).text
        csrf = CSRF.search(page)[1]  # type: ignore[index]
        form = {"csrf": csrf, "email": "ada@ourshop.example", "password": PASSWORD}
        assert (await client.post("/console/sign-in", data=form)).status_code == 303


# ------------------------------------------------------------------ settings, and what the provider says of itself
def _settings(idp: IdentityProvider, **changes: Any) -> Settings:
    right: dict[str, Any] = {
        "oidc_issuer": idp.url, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET, "oidc_roles": ROLES,
    }  # fmt: skip
    return Settings(**(right | changes))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"oidc_issuer": ""}, "FRONTDESK_OIDC_ISSUER: set it as well"),
        ({"oidc_client_secret": ""}, "FRONTDESK_OIDC_CLIENT_SECRET: set it as well"),
        ({"oidc_roles": ()}, "FRONTDESK_OIDC_ROLES: set it as well"),
        ({"oidc_roles": ("it=owner",)}, "write GROUP=ROLE"),
        ({"oidc_roles": ("admin",)}, "write GROUP=ROLE"),
        ({"oidc_issuer": "http://id.shop.example"}, "write the provider's address"),
        ({"oidc_issuer": "https://user@id.shop.example"}, "write the provider's address"),
        ({"oidc_issuer": "https://id.shop.example/?tenant=1"}, "write the provider's address"),
        ({"oidc_issuer": "id.shop.example"}, "write the provider's address"),
        ({"environment": "production"}, "write the provider's address"),  # http, though on loopback
    ],
)
def test_wrong_settings_stop_the_start(idp: Any, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        provider(_settings(idp, **changes))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"issuer": "https://evil.example"}, "another name"),
        ({"token_endpoint": "http://169.254.169.254/latest"}, "no token_endpoint"),
        ({"token_endpoint": "https://169.254.169.254/latest"}, "no token_endpoint"),
        ({"jwks_uri": "https://[::ffff:127.0.0.1]/keys"}, "no jwks_uri"),
        ({"jwks_uri": "https://10.0.0.7/keys"}, "no jwks_uri"),
        ({"jwks_uri": "https://vault.internal/keys"}, "no jwks_uri"),
        ({"jwks_uri": "http://127.0.0.1:1/keys"}, "no jwks_uri"),
        ({"userinfo_endpoint": "file:///etc/passwd"}, "no userinfo_endpoint"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "no authorization_endpoint"),
        ({"authorization_endpoint": None}, "no authorization_endpoint"),
        ({"id_token_signing_alg_values_supported": ["HS256", "none"]}, "signs with none of"),
    ],
)
async def test_what_a_provider_says_of_itself_is_held_to_rules(idp: Any, changes: Any, said: str) -> None:
    idp.said = changes
    found = provider(_settings(idp))
    assert found
    with pytest.raises(NotVouched, match=said):
        await found.looked()


async def test_while_the_provider_is_away_passwords_open_the_console(
    tmp_path: Any, idp: Any, shop: Console
) -> None:
    away = provider(_settings(idp, oidc_issuer=f"http://127.0.0.1:{free_port()}"))
    shop.app.state.provider, here = away, shop.app.state.provider
    try:
        async with browser(shop) as client:
            answer = await client.get("/console/oidc")
            assert (answer.status_code, "does not answer" in answer.text) == (401, True)
            assert (await sign_in(client, "ada")).status_code == 303
    finally:
        shop.app.state.provider = here


async def test_a_provider_that_names_itself_on_the_way_back_must_do_so(shop: Console, idp: Any) -> None:
    idp.said = {"authorization_response_iss_parameter_supported": True}
    shop.app.state.provider, here = provider(_settings(idp)), shop.app.state.provider
    try:
        async with browser(shop) as client:
            assert (await signed_in(client)).status_code == 303
        idp.back = {"iss": None}
        await _nobody_gets_in(shop)
    finally:
        shop.app.state.provider = here


async def test_a_provider_that_is_away_is_not_asked_by_each_who_wants_in(
    idp: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, asked = provider(_settings(idp)), []
    assert found

    async def away(*_: object, **__: object) -> None:
        asked.append(1)
        raise NotVouched("away")

    with monkeypatch.context() as patched:
        patched.setattr("frontdesk.web.oidc.described", away)
        for _ in range(3):
            with pytest.raises(NotVouched, match="away"):
                await found.describe()
    assert asked == [1]
    found._due = 0.0  # a few seconds later
    assert (await found.describe()).authorize.startswith(idp.url)


async def test_without_a_provider_there_is_no_such_way(shop: Console) -> None:
    shop.app.state.provider, here = None, shop.app.state.provider
    try:
        async with browser(shop) as client:
            assert "Sign in with" not in (await client.get("/console/sign-in")).text
            assert (await client.get("/console/oidc")).status_code == 404
            assert (await client.get("/console/oidc/callback")).status_code == 404
    finally:
        shop.app.state.provider = here
