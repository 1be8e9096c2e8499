"""A second id in a path: proved by the record above it or by a list of it, or its operation is left out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from frontdesk.domain import Customer
from frontdesk.errors import ToolNotFound
from frontdesk.tools.loopback import Loopback
from frontdesk.tools.openapi import from_openapi
from frontdesk.tools.openapi.decide import Decision
from tests.tools.openapi.specs import ORDER, STRING, Json, answer, at, sends, spec, thing
from tests.tools.openapi.test_decide import decided

ANNA, BEN = Customer("anna-1"), Customer("ben-2")
LINES = {"type": "array", "items": thing(id=STRING, name=STRING)}
LINE = "/orders/{order_id}/lines/{line_id}"


def shop(order: Json = ORDER, **more: Json) -> Json:
    read = {"operationId": "getOrder", "parameters": [at("order_id")], "responses": answer(order)}
    both = [at("order_id"), at("line_id")]
    line = {"operationId": "getLine", "parameters": both, "responses": answer(thing(name=STRING))}
    change = {
        "operationId": "putLine",
        "parameters": both,
        "requestBody": sends(thing(note=STRING)),
        "responses": {"204": {}},
    }
    paths: Json = {"/orders/{order_id}": {"get": read}, LINE: {"get": line, "put": change}}
    return spec({**paths, **more})


LISTING = {
    "/orders/{order_id}/lines": {
        "get": {"operationId": "listLines", "parameters": [at("order_id")], "responses": answer(LINES)}
    }
}
WITH_LINES = {**ORDER, "properties": {**ORDER["properties"], "lines": LINES}}


@pytest.fixture
def backend() -> Iterator[Loopback]:
    made = Loopback.shared()
    made.forget()
    yield made
    made.forget()


def of(document: Json) -> dict[str, Decision]:
    return decided(document, customer=["user_id"])


def test_a_second_id_that_nothing_lists_leaves_its_operations_out() -> None:
    made = of(shop())
    for name in ("get_line", "put_line"):
        assert made[name].status == "left out"
        assert "'line_id'" in made[name].reason


@pytest.mark.parametrize("document", [shop(WITH_LINES), shop(**LISTING)], ids=["in the order", "in a list"])
def test_only_what_is_listed_is_read_and_changed(backend: Loopback, document: Json) -> None:
    made = from_openapi(document, base_url=backend.url, customer=["user_id"], enable=["putLine"])
    tools = {tool.name: tool for tool in made}
    lines = [{"id": "1", "name": "a lamp"}]
    backend.says("GET /orders/7", {"id": "7", "user_id": "anna-1", "lines": lines})
    backend.says("GET /orders/7/lines", lines)
    for line in ("1", "2"):  # the backend itself looks at the line alone
        backend.says(f"GET /orders/7/lines/{line}", {"name": "a lamp"})
        backend.says(f"PUT /orders/7/lines/{line}", {})
    assert backend.call(tools["get_line"], ANNA, order_id="7", line_id="1") == {"name": "a lamp"}
    backend.call(tools["put_line"], ANNA, order_id="7", line_id="1", note="x")
    for name in ("get_line", "put_line"):
        for customer, line in ((ANNA, "2"), (BEN, "1")):
            with pytest.raises(ToolNotFound):
                backend.call(tools[name], customer, order_id="7", line_id=line)
    assert [a.what for a in backend.asked if a.what.startswith("PUT")] == ["PUT /orders/7/lines/1"]


def test_an_id_of_a_few_known_words_is_no_id() -> None:
    said = {
        "operationId": "getSheet",
        "parameters": [at("order_id"), {**at("kind"), "schema": {**STRING, "enum": ["invoice", "receipt"]}}],
        "responses": answer(thing(text=STRING)),
    }
    assert of(shop(**{"/orders/{order_id}/sheets/{kind}": {"get": said}}))["get_sheet"].status == "read"
