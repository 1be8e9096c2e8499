"""How a backend is let in to: every security scheme from the environment, or the customer's own token."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest

from frontdesk import Customer
from frontdesk.domain import Principal
from frontdesk.errors import DeclarationError, ToolNotFound, ToolRefused, ToolUnavailable
from frontdesk.tools import Tool, ToolContext
from frontdesk.tools.backend import Backend
from frontdesk.tools.credentials import ClientCredentials
from frontdesk.tools.loopback import Loopback
from frontdesk.tools.openapi import from_openapi
from frontdesk.tools.openapi.access import access_of
from frontdesk.tools.openapi.decide import decide
from frontdesk.tools.openapi.load import load
from frontdesk.tools.tokens import presented, showed
from tests.tools.openapi.loopback import Loopback as Refusing
from tests.tools.openapi.specs import ODD, ODD_CHANGES, ORDER, STRING, Json, answer, at, sends, spec, thing

ME = spec(
    {
        "/me": {"get": {"operationId": "me", "responses": answer(thing(name=STRING))}},
        "/carts/{id}": {
            "delete": {"operationId": "dropCart", "parameters": [at("id")], "responses": {"204": {}}}
        },
        "/news": {"get": {"operationId": "news", "security": [], "responses": answer(thing(text=STRING))}},
    },
    security=[{"token": []}],
    components={"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
)


@pytest.fixture
def backend() -> Loopback:
    made = Loopback.shared()
    made.forget()
    return made


@pytest.fixture
async def clients() -> AsyncIterator[list[Backend]]:
    made: list[Backend] = []
    yield made
    for client in made:
        await client.close()


def context(customer: str = "anna-1") -> ToolContext:
    return ToolContext(Principal("customer", customer), uuid4(), uuid4(), effect_id="e-1")


async def call(tool: Tool, customer: str = "anna-1", **arguments: Any) -> Any:
    return orjson.loads(await tool.call(arguments, context(customer)))


def secured(scheme: Json, *more: Json) -> Json:
    schemes = {f"s{n}": made for n, made in enumerate((scheme, *more))}
    read = {"parameters": [at("user_id")], "responses": answer(ORDER)}
    return spec(
        {"/users/{user_id}": {"get": read}},
        security=[{name: [] for name in schemes}],
        components={"securitySchemes": schemes},
    )


FLOWS = {
    "authorizationCode": {
        "authorizationUrl": "https://x.example",
        "tokenUrl": "https://x.example",
        "scopes": {},
    }
}
SCHEMES = {
    "a bearer": ({"type": "http", "scheme": "Bearer"}, {"API_TOKEN": "t"}, {"authorization": "Bearer t"}),
    "a user": ({"type": "http", "scheme": "basic"}, {"API_USER": "u", "API_PASSWORD": "p"}, {"authorization": "Basic dTpw"}),
    "a user in 2.0": ({"type": "basic"}, {"API_USER": "u", "API_PASSWORD": "p"}, {"authorization": "Basic dTpw"}),
    "a header": ({"type": "apiKey", "in": "header", "name": "X-Key"}, {"API_KEY": "k"}, {"x-key": "k"}),
    "a cookie": ({"type": "apiKey", "in": "cookie", "name": "sid"}, {"API_KEY": "k"}, {"cookie": "sid=k"}),
    "oauth": ({"type": "oauth2", "flows": FLOWS}, {"API_TOKEN": "t"}, {"authorization": "Bearer t"}),
    "openid": ({"type": "openIdConnect", "openIdConnectUrl": "https://x.example"}, {"API_TOKEN": "t"}, {"authorization": "Bearer t"}),
}  # fmt: skip


@pytest.mark.parametrize("kind", SCHEMES)
async def test_a_scheme_is_answered_from_the_environment(
    kind: str, backend: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheme, variables, sent = SCHEMES[kind]
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    backend.holds("GET /users/anna-1")
    (tool,) = from_openapi(secured(scheme), base_url=backend.url)
    await call(tool)
    assert sent.items() <= backend.asked[-1].headers.items()


async def test_a_key_in_the_query_goes_with_every_call(
    backend: Loopback, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_KEY", "k")
    backend.holds("GET /users/anna-1", query={"key": "k"})
    (tool,) = from_openapi(secured({"type": "apiKey", "in": "query", "name": "key"}), base_url=backend.url)
    await call(tool)


def test_a_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(DeclarationError, match="set API_TOKEN"):
        from_openapi(secured({"type": "http", "scheme": "bearer"}), base_url="https://x.example")


@pytest.mark.parametrize(
    "schemes",
    [
        [{"type": "http", "scheme": "digest"}],
        [{"type": "http", "scheme": "basic"}, {"type": "http", "scheme": "bearer"}],
        [{"type": "apiKey", "in": "body", "name": "k"}],
    ],
)
def test_what_cannot_be_shown_leaves_the_operation_out(schemes: list[Json]) -> None:
    document = load(secured(*schemes))
    made = decide(document)
    assert made[0].status == "read"
    access_of(document, made, "API")
    assert (made[0].status, made[0].reason.startswith("it asks for")) == ("left out", True)


def test_a_certificate_is_read_from_the_files_that_the_environment_names() -> None:
    document = load(ODD)
    access = access_of(document, decide(document, ["user_id"]), "API")
    assert access.certificate == ("API_CERTIFICATE", "API_CERTIFICATE_KEY")
    assert access.client == ("API_CLIENT_ID", "API_CLIENT_SECRET", "https://shop.example/token", "all")


async def test_client_credentials_are_had_once_and_again_when_refused() -> None:
    asked: list[str] = []
    tokens = iter(["one", "two", "three"])

    def shop(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.url.path} {request.headers.get('authorization')}")
        if request.url.path == "/token":
            return httpx.Response(200, json={"access_token": next(tokens), "expires_in": 3600})
        return httpx.Response(401 if len(asked) == 3 else 200)

    auth = ClientCredentials("https://x.example/token", "u", "p", "all")
    async with httpx.AsyncClient(
        transport=httpx.MockTransport(shop), auth=auth, base_url="https://x.example"
    ) as client:
        for _ in range(3):
            await client.get("/orders")
    orders = [line for line in asked if line.startswith("/orders")]
    assert orders == ["/orders Bearer one", "/orders Bearer one", "/orders Bearer two"]
    assert asked[0] == "/token Basic dTpw"


@pytest.mark.parametrize("away", ["it gives none", "nobody answers"])
async def test_a_change_for_which_no_token_is_to_be_had_was_not_sent(
    away: str, backend: Loopback, clients: list[Backend]
) -> None:
    refuses = Refusing()
    place = f"{refuses.url}/token" if away == "it gives none" else "http://127.0.0.1:9/token"
    clients.append(Backend(backend.url, auth=ClientCredentials(place, "u", "p")))
    with pytest.raises(ToolRefused):
        await clients[0].change("POST", "/orders", {}, key="k")
    refuses.stop()
    assert backend.asked == []


async def test_a_change_that_was_sent_with_its_token_stays_unknown(
    backend: Loopback, clients: list[Backend]
) -> None:
    def shop(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            return httpx.Response(200, json={"access_token": "t"})
        raise httpx.ReadError("gone")

    client = Backend("http://shop", auth=ClientCredentials("http://shop/token", "u", "p"))
    clients.append(client)
    client._client()._transport = httpx.MockTransport(shop)  # pyright: ignore[reportPrivateUsage]  a wire that breaks
    with pytest.raises(ToolUnavailable):
        await client.change("POST", "/orders", {}, key="k")


# ------------------------------------------------------------------ the customer's own token
async def test_with_the_customers_token_the_backend_checks_whose_it_is(backend: Loopback) -> None:
    tools = {t.name: t for t in from_openapi(ME, base_url=backend.url, token=presented, enable=["dropCart"])}
    assert set(tools) == {"me", "drop_cart"}  # the news ask nobody who they are
    backend.holds("GET /me", token="anna's")
    backend.holds("DELETE /carts/1", token="anna's")
    showed("anna-1", "anna's")
    assert await call(tools["me"]) == {}
    assert await call(tools["drop_cart"], cart_id="1") == {"done": True}
    with pytest.raises(ToolUnavailable, match="sign in"):
        await call(tools["me"], "ben-2")
    with pytest.raises(ToolRefused, match="sign in"):
        await call(tools["drop_cart"], "ben-2", cart_id="1")
    assert len(backend.asked) == 2
    showed("", "")


async def test_a_token_can_be_had_for_whoever_asks(backend: Loopback, clients: list[Backend]) -> None:
    async def exchanged(customer: Customer) -> str:
        return f"for {customer.id}"

    clients.append(Backend(backend.url, token=exchanged))
    tools = {t.name: t for t in from_openapi(secured({}), backend=clients[0])}
    backend.holds("GET /users/anna-1", token="for anna-1")
    await call(next(iter(tools.values())))
    with pytest.raises(ToolNotFound):
        await call(next(iter(tools.values())), "ben-2")


# ------------------------------------------------------------------ how it is called
def odd(backend: Loopback, clients: list[Backend]) -> dict[str, Tool]:
    """The tools of a document with every oddity, its changes enabled, by name."""
    clients.append(Backend(backend.url))
    document = {**ODD, "security": []}
    made = from_openapi(document, customer=["user_id"], backend=clients[0], enable=ODD_CHANGES)
    return {tool.name: tool for tool in made}


async def test_a_turn_asks_nothing_twice_and_forgets_what_it_has_changed(
    backend: Loopback, clients: list[Backend]
) -> None:
    tools = odd(backend, clients)
    backend.holds("GET /v1/orders/1", owner=("data", "user_id"), of=Customer("anna-1"))
    backend.holds("DELETE /v1/orders/1")
    turn = context()
    for _ in range(3):
        await tools["get_order"].call({"order_id": 1}, turn)
    assert len(backend.asked) == 1
    await tools["drop_order"].call({"order_id": 1}, turn)
    await tools["get_order"].call({"order_id": 1}, turn)
    assert [a.what.split()[0] for a in backend.asked] == ["GET", "DELETE", "GET"]
    await tools["get_order"].call({"order_id": 1}, context())
    assert len(backend.asked) == 4
    with pytest.raises(ToolNotFound):
        await tools["drop_order"].call({"order_id": 1}, context("ben-2"))
    assert backend.changes == ["e-1"]


async def test_a_body_holds_what_was_said_and_the_customer_by_code(
    backend: Loopback, clients: list[Backend]
) -> None:
    tools = odd(backend, clients)
    assert tools["update_user"].accepts == {"nickname", "address_street", "address_city"}
    backend.holds("GET /users/anna-1")
    backend.holds("PATCH /users/anna-1")
    await call(tools["update_user"], address_city="Ghent", role="admin", password="x")
    assert backend.asked[-1].body == {"address": {"city": "Ghent"}}
    backend.holds("GET /v1/orders/1", owner=("data", "user_id"), of=Customer("anna-1"))
    backend.holds("POST /refunds")
    await call(tools["refund"], order_id=1, amount="5", user_id="ben-2")
    assert backend.asked[-1].body == {"order_id": 1, "amount": "5", "user_id": "anna-1"}
    backend.holds("POST /wishes", query={"user_id": "anna-1"})
    await call(tools["wish"], text="a & b", address_city="Ghent")
    assert backend.asked[-1].body == {"text": "a & b", "address[city]": "Ghent"}
    assert backend.asked[-1].headers["content-type"] == "application/x-www-form-urlencoded"


async def test_a_form_in_parts_is_sent_as_one(backend: Loopback, clients: list[Backend]) -> None:
    tools = odd(backend, clients)
    backend.holds("POST /users/anna-1/complaints")
    said = {"text": "a & b\nc ü", "seats": 2, "tags": ["x", "y"], "address_city": "Ghent", "photo": "no"}
    await call(tools["complain"], **said)
    assert backend.asked[-1].headers["content-type"].startswith("multipart/form-data; boundary=")
    sent = {"text": "a & b\nc ü", "seats": "2", "tags": ["x", "y"], "address": '{"city":"Ghent"}'}
    assert backend.asked[-1].body == sent


async def test_values_are_written_as_the_document_says(backend: Loopback, clients: list[Backend]) -> None:
    clients.append(Backend(backend.url))
    tools = from_openapi({**ODD, "security": []}, customer=["user_id"], backend=clients[0])
    tool = next(t for t in tools if t.name.startswith("xxx"))
    backend.holds("GET /users/anna-1/things/a")
    with pytest.raises(Exception, match="ref"):
        await call(tool, ref="c", ref_query=1, ids=["1"])
    await call(tool, ref="a", ref_query=7, ids=["1", "2"], tags=["x", "y"], made_gte="2026")
    assert backend.asked[-1].query == {"ref": "7", "ids": "1,2", "tags": "y", "made[gte]": "2026"}


LEFT_OUT = {
    "an id that nothing proves": thing(parcel_id=STRING),
    "another person": thing(friend_id=STRING),
    "what the shop sets": thing(status=STRING),
    "a secret": thing(password=STRING),
    "a list of objects": thing(lines={"type": "array", "items": thing(a=STRING)}),
}


@pytest.mark.parametrize("what", LEFT_OUT)
def test_a_change_that_needs_what_no_model_may_say_is_left_out(what: str) -> None:
    body = {**LEFT_OUT[what], "required": list(LEFT_OUT[what]["properties"])}
    said = {"parameters": [at("user_id")], "requestBody": sends(body), "responses": answer(ORDER)}
    (made,) = decide(load(spec({"/users/{user_id}/things": {"post": said}})))
    assert (made.status, made.reason.startswith("it needs")) == ("left out", True)
    optional = {**said, "requestBody": sends(LEFT_OUT[what])}
    (made,) = decide(load(spec({"/users/{user_id}/things": {"post": optional}})))
    assert (made.status, made.arguments) == ("change", [])
