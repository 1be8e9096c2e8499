"""What a change may be told, what is bound in it, and what is read before it."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from frontdesk.domain import Principal
from frontdesk.errors import ToolNotFound, ToolUnavailable
from frontdesk.tools import ToolContext
from frontdesk.tools.backend import Backend
from frontdesk.tools.openapi import from_openapi
from frontdesk.tools.openapi.access import Access
from frontdesk.tools.openapi.decide import Decision, decide, enable
from frontdesk.tools.openapi.decision import braces
from frontdesk.tools.openapi.identity import find
from frontdesk.tools.openapi.load import load
from frontdesk.tools.openapi.write import Module
from tests.tools.openapi.loopback import Loopback as Refusing
from tests.tools.openapi.specs import INTEGER, ORDER, SHOP, STRING, Json, answer, at, sends, spec, thing
from tests.tools.openapi.test_decide import decided, one


def changed(body: Json, path: str = "/users/{user_id}/things", **more: Any) -> Decision:
    said = {
        "parameters": [at(name) for name in braces(path)],
        "responses": answer(ORDER),
        "requestBody": sends(body),
    }
    return one(path, {**said, **more}, "post")


def test_a_variant_of_a_union_is_offered_and_none_of_its_fields_is_sure() -> None:
    kinds = [{**thing(card=STRING), "required": ["card"]}, {**thing(sofort=INTEGER), "required": ["sofort"]}]
    both = {
        **thing(note=STRING),
        "required": ["note"],
        "oneOf": kinds,
        "discriminator": {"propertyName": "kind"},
    }
    made = changed(both)
    assert {name: p.required for name, p in made.arguments} == {"card": False, "sofort": False, "note": True}


def test_what_a_body_needs_by_all_of_is_needed() -> None:
    made = changed({"allOf": [{**thing(a=STRING), "required": ["a"]}, thing(b={**STRING, "nullable": True})]})
    assert {name: p.required for name, p in made.arguments} == {"a": True, "b": False}


def test_what_only_the_backend_sets_is_no_argument() -> None:
    made = changed(thing(made_on={**STRING, "readOnly": True}, text=STRING))
    assert [name for name, _ in made.arguments] == ["text"]


def test_the_customer_in_a_body_is_bound_and_an_id_in_it_is_proved_by_reading_it() -> None:
    said = {"requestBody": sends(thing(user_id=STRING, order_id=STRING, parcel_id=STRING)), "responses": {}}
    made = decided(spec({**SHOP["paths"], "/claims": {"post": {"operationId": "claim", **said}}}))["claim"]
    assert (made.proof, [p.name for p in made.bound]) == ("body", ["user_id"])
    assert [name for name, _ in made.arguments] == ["order_id"]
    assert [(b.read.name, b.arguments) for b in made.before] == [("get_order", {"order_id": "order_id"})]


def test_what_is_changed_is_read_first_where_it_can_be() -> None:
    said = {"parameters": [at("user_id"), at("card_id")], "responses": answer(thing(brand=STRING))}
    drop, get = decide(load(spec({"/users/{user_id}/cards/{card_id}": {"delete": said, "get": said}})))
    assert (drop.proof, drop.before[0].read, drop.before[0].arguments) == (
        "path",
        get,
        {"card_id": "card_id"},
    )


def shop_with(order: Json, body: Json) -> Json:
    read = {"operationId": "getOrder", "parameters": [at("order_id")], "responses": answer(order)}
    said = {"parameters": [at("order_id")], "requestBody": sends(body), "responses": {"204": {}}}
    paths = {
        "/orders/{order_id}": {"get": read},
        "/orders/{order_id}/returns": {"post": {"operationId": "back", **said}},
    }
    return spec(paths)


LINES = {"type": "array", "items": thing(id=STRING, name=STRING)}
BACK = thing(line_ids={"type": "array", "items": STRING}, reason=STRING)


def test_a_line_that_stands_in_a_proved_order_may_be_named() -> None:
    made = decided(shop_with(thing(user_id=STRING, lines=LINES), BACK), customer=["user_id"])["back"]
    assert [name for name, _ in made.arguments] == ["order_id", "line_ids", "reason"]
    assert made.before[0].parts == {"line_ids": "line"}


@pytest.mark.parametrize("name", ["address_id", "gift_card_id", "lineIds", "id"])
def test_an_id_that_no_answer_of_the_parent_holds_leaves_the_operation_out(name: str) -> None:
    body = {**thing(**{name: STRING}), "required": [name]}
    made = decided(shop_with(thing(user_id=STRING, id=STRING, total=STRING), body), customer=["user_id"])
    assert made["back"].status == "left out"
    assert made["back"].reason.endswith("and nothing proves whose that is")


async def test_a_line_of_another_order_is_answered_like_what_is_absent() -> None:
    backend = Refusing()
    client = Backend(backend.url)
    document = shop_with(thing(user_id=STRING, lines=LINES), BACK)
    (tool,) = (
        t
        for t in from_openapi(document, customer=["user_id"], backend=client, enable=["back"])
        if t.name == "back"
    )
    backend.answers["/orders/1"] = (200, {"user_id": "anna-1", "lines": [{"id": 7}, {"id": 8}]})
    context = ToolContext(Principal("customer", "anna-1"), uuid4(), uuid4(), effect_id="e-1")
    for lines in (["9"], ["7", "9"]):
        with pytest.raises(ToolNotFound):
            await tool.call({"order_id": "1", "line_ids": lines}, context)
    assert backend.posted == []
    with pytest.raises(ToolUnavailable):  # it was sent: what this backend says to every POST
        await tool.call({"order_id": "1", "line_ids": ["7", "8"]}, context)
    assert backend.posted == ["e-1"]
    await client.close()
    backend.stop()


def test_a_written_tool_looks_for_the_line_in_the_order() -> None:
    document = load(shop_with(thing(user_id=STRING, lines=LINES), BACK))
    made = decide(document, ["user_id"])
    enable(made, ["back"])
    text = Module(document, made, find([d.operation for d in made], ["user_id"]), Access()).text()
    assert 'API.holds(await own_order(order_id, customer), ("line", line_ids))' in text


def test_a_change_lies_under_a_read_whose_parameter_has_another_name() -> None:
    said = {"operationId": "drop", "parameters": [at("id")], "responses": {}}
    made = decided(spec({**SHOP["paths"], "/orders/{id}/note": {"delete": said}}))["drop"]
    assert [(b.read.name, b.arguments) for b in made.before] == [("get_order", {"order_id": "order_id"})]


FILE = {"type": "string", "format": "binary"}
FILES = {
    "a binary field": FILE,
    "a list of them": {"type": "array", "items": FILE},
    "in the words of 3.1": {"contentMediaType": "image/png"},
}


@pytest.mark.parametrize("what", FILES)
def test_a_form_in_parts_is_taken_without_its_files_and_not_where_it_needs_one(what: str) -> None:
    fields = thing(text=STRING, photo=FILES[what])
    made = changed(fields, requestBody=sends(fields, "multipart/form-data"))
    assert (made.status, [name for name, _ in made.arguments]) == ("change", ["text"])
    needed = {**fields, "required": ["photo"]}
    made = changed(needed, requestBody=sends(needed, "multipart/form-data"))
    assert (made.status, made.reason) == ("left out", "it needs 'photo', which is a file")


@pytest.mark.parametrize("media", ["multipart/mixed", "application/octet-stream", "application/xml"])
def test_a_body_that_is_neither_json_nor_a_form_is_left_out(media: str) -> None:
    assert changed(thing(a=STRING), requestBody=sends(thing(a=STRING), media)).status == "left out"


def test_a_form_of_openapi_2_is_read_and_a_file_that_it_needs_leaves_it_out() -> None:
    form = [{"name": "text", "in": "formData", "type": "string", "required": True}]
    user = {"name": "user_id", "in": "path", "type": "string", "required": True}
    file = {"name": "f", "in": "formData", "type": "file"}
    cases = (([], "change"), ([file], "change"), ([{**file, "required": True}], "left out"))
    for more, status in cases:
        said = {"parameters": [user, *form, *more], "responses": {}}
        document = {"swagger": "2.0", "info": {}, "paths": {"/users/{user_id}/notes": {"post": said}}}
        assert decide(load(document))[0].status == status


def test_the_documents_own_server_is_no_other_one() -> None:
    servers = [{"url": "https://{place}.example", "variables": {"place": {"default": "eu"}}}]
    said = {
        "parameters": [at("user_id")],
        "responses": answer(ORDER),
        "servers": [{"url": "https://eu.example"}],
    }
    assert one("/users/{user_id}", said, servers=servers).status == "read"
    assert one("/users/{user_id}", said, servers=[{"url": "https://us.example"}]).status == "left out"


def test_a_parent_that_cannot_be_read_by_its_path_alone_proves_nothing() -> None:
    read = {"parameters": [at("id"), at("region", "query", required=True)], "responses": answer(ORDER)}
    below = {"parameters": [at("id")], "responses": answer(thing(a=STRING))}
    made = decide(
        load(spec({"/orders/{id}": {"get": read}, "/orders/{id}/lines": {"get": below}})), ["user_id"]
    )
    assert [d.status for d in made] == ["read", "left out"]
