"""What becomes of an operation: every oddity has a small document of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from frontdesk.cli.tools import tools
from frontdesk.errors import DeclarationError
from frontdesk.tools.loopback import Loopback
from frontdesk.tools.openapi.decide import Decision, decide, ordered
from frontdesk.tools.openapi.decision import braces
from frontdesk.tools.openapi.load import load
from frontdesk.tools.openapi.table import row
from tests.tools.openapi.specs import ORDER, SHOP, STRING, answer, at, spec, thing

Json = dict[str, Any]


def decided(document: Json, **more: Any) -> dict[str, Decision]:
    return {d.name: d for d in decide(load(document), **more)}


def one(path: str, said: Json, method: str = "get", **more: Any) -> Decision:
    return decide(load(spec({path: {method: said}}, **more)))[0]


def test_ownership_is_proved_by_the_path_by_a_field_and_by_a_parent() -> None:
    made = decided(SHOP)
    assert (made["list_orders"].status, made["list_orders"].proof) == ("read", "path")
    assert (made["get_order"].proof, made["get_order"].owner) == ("field", ("user_id",))
    assert made["get_parcels"].parent is made["get_order"]


def test_the_customer_is_no_argument_and_neither_is_what_widens() -> None:
    assert [name for name, _ in decided(SHOP)["list_orders"].arguments] == ["limit"]


def test_a_change_is_not_enabled() -> None:
    made = decided(SHOP)["cancel_order"]
    assert made.status == "change"
    assert "off" in made.reason
    assert made.parent is not None


def got(path: str, name: str) -> str:
    said = {"parameters": [at(part) for part in braces(path)], "responses": answer(thing(ok=STRING))}
    return one(path, {**said, "operationId": name}).status


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/users/{user_id}/unsubscribe", ""),
        ("/users/{user_id}/resend-invoice", ""),
        ("/users/{user_id}/invoice-resend", ""),
        ("/users/{user_id}/close/{reason}", ""),
        ("/users/{user_id}/parcels/{ref}/archive/now", ""),
        ("/users/{user_id}/cards/{ref}:renew", ""),
        ("/users/{user_id}/card", "closeCard"),
        ("/users/{user_id}/card", "UsersController_closeCard"),
        ("/users/{user_id}/card", "getAndChargeCard"),
        ("/users/{user_id}/voucher", "users.redeem"),
        ("/users/{user_id}/invoice", "doGenerateInvoice"),
        ("/users/{user_id}/charge/{line_ref}", ""),
        ("/users/{user_id}/update-status", ""),
    ],
)
def test_a_get_that_is_named_like_a_change_is_one(path: str, name: str) -> None:
    assert got(path, name) == "change"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/users/{user_id}/charges", "listCharges"),
        ("/users/{user_id}/charges/{ref}", "getCharge"),
        ("/users/{user_id}/charge/{charge_no}", "getCharge"),
        ("/users/{user_id}/refund-status", "getRefundStatus"),
        ("/users/{user_id}/refunds", "refund_list"),
        ("/users/{user_id}/add-ons", "getAddOns"),
        ("/users/{user_id}/address", "getAddress"),
        ("/users/{user_id}/closed", "listClosed"),
        ("/users/{user_id}/payments", "UsersController_getPayments"),
        ("/pay/v1/users/{user_id}/settings", ""),
    ],
)
def test_a_get_with_the_name_of_a_thing_is_a_read(path: str, name: str) -> None:
    assert got(path, name) == "read"


def test_secrets_and_other_people_are_dropped_and_money_is_named() -> None:
    shown = decided(SHOP)["get_order"].shown
    assert shown.shape == {"id": "str", "status": "str", "total": "str"}
    assert shown.dropped == ["api_key", "author"]
    assert shown.money == ["total"]


LEFT_OUT = {
    "an id that nothing proves": ("/orders/{id}", [at("id")], thing(status=STRING)),
    "a list of everybody's": ("/orders", [], {"type": "array", "items": ORDER}),
    "another id before the customer": ("/teams/{team}/users/{user_id}", [at("team"), at("user_id")], ORDER),
    "a friend in the path": ("/users/{user_id}/x/{friend_id}", [at("user_id"), at("friend_id")], ORDER),
    "a filter that is required": (
        "/users/{user_id}/orders",
        [at("user_id"), at("filter", "query", required=True)],
        ORDER,
    ),
    "the customer beside another's id": (
        "/orders/{id}",
        [at("id"), at("user_id", "query")],
        thing(status=STRING),
    ),
    "a staff path": ("/admin/users/{user_id}", [at("user_id")], ORDER),
    "an answer of secrets": ("/users/{user_id}/keys", [at("user_id")], thing(api_key=STRING)),
    "an undescribed path parameter": ("/users/{user_id}/x/{y}", [at("user_id")], ORDER),
    "a required cookie": ("/users/{user_id}", [at("user_id"), at("sid", "cookie", required=True)], ORDER),
    "whoever holds the token": ("/me", [], ORDER),
    "another server in place of a path": ("https://evil.example/users/{user_id}", [at("user_id")], ORDER),
    "another server without its scheme": ("//evil.example/users/{user_id}", [at("user_id")], ORDER),
    "a path without its slash": ("users/{user_id}", [at("user_id")], ORDER),
}


@pytest.mark.parametrize("what", LEFT_OUT)
def test_left_out_with_a_reason(what: str) -> None:
    path, parameters, schema = LEFT_OUT[what]
    made = one(path, {"parameters": parameters, "responses": answer(schema)})
    assert made.status == "left out"
    assert made.reason


def test_the_customer_in_the_query_is_bound() -> None:
    made = one("/orders", {"parameters": [at("customerId", "query")], "responses": answer(ORDER)})
    assert (made.status, made.proof, made.arguments) == ("read", "query", [])


def test_where_there_are_customers_a_user_is_staff() -> None:
    said = {"responses": answer(thing(name=STRING))}
    document = spec(
        {
            "/customers/{id}": {"get": {**said, "parameters": [at("id")], "operationId": "c"}},
            "/users/{id}": {"get": {**said, "parameters": [at("id")], "operationId": "u"}},
        }
    )
    assert [d.status for d in decide(load(document))] == ["read", "left out"]
    assert [d.status for d in decide(load(document), ["user_id"])] == ["left out", "read"]


def test_names_are_identifiers_unique_and_short() -> None:
    said = {"responses": answer(ORDER)}
    document = spec(
        {
            "/a/{b}": {"get": said},
            "/c": {"get": {**said, "operationId": "x" * 200}, "post": {**said, "operationId": "x" * 200}},
            "/d": {
                "get": {**said, "operationId": "list.Things-now"},
                "put": {**said, "operationId": "class"},
            },
            "/e": {"get": {**said, "operationId": "名前"}},
        }
    )
    names = [d.name for d in decide(load(document))]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() and len(name) <= 64 for name in names)
    assert names[0] == "get_a_b"
    assert names[3:] == ["list_things_now", "put_class", "get_e"]


def test_two_parameters_of_one_name_are_told_apart() -> None:
    parameters = [at("user_id"), at("ref"), at("ref", "query")]
    made = one("/users/{user_id}/x/{ref}", {"parameters": parameters, "responses": answer(ORDER)})
    assert [name for name, _ in made.arguments] == ["ref", "ref_query"]


def test_circles_end() -> None:
    schemas = {
        "Node": {
            "type": "object",
            "properties": {"name": STRING, "next": {"$ref": "#/components/schemas/Node"}},
        },
        "Loop": {"$ref": "#/components/schemas/Loop"},
        "Both": {"allOf": [{"$ref": "#/components/schemas/Both"}, thing(a=STRING)]},
    }
    for name, status in {"Node": "read", "Loop": "left out", "Both": "read"}.items():
        said = {"parameters": [at("user_id")], "responses": answer({"$ref": f"#/components/schemas/{name}"})}
        made = one("/users/{user_id}", said, components={"schemas": schemas})
        assert made.status == status, made.reason


def test_unions_nullable_and_type_lists_are_read() -> None:
    both = {"oneOf": [thing(a={"type": ["string", "null"]}), thing(b={"anyOf": [STRING, {"type": "null"}]})]}
    made = one("/users/{user_id}", {"parameters": [at("user_id")], "responses": answer(both)})
    assert made.shown.shape == {"a": "str", "b": "str"}


def test_other_servers_are_left_out() -> None:
    said = {"parameters": [at("user_id")], "responses": answer(ORDER)}
    assert one("/users/{user_id}", {**said, "servers": [{"url": "https://x.example"}]}).status == "left out"


def test_openapi_2_is_read() -> None:
    document = {
        "swagger": "2.0",
        "info": {},
        "paths": {
            "/users/{user_id}": {
                "get": {
                    "parameters": [{"name": "user_id", "in": "path", "type": "string", "required": True}],
                    "responses": {"200": {"schema": ORDER}},
                }
            }
        },
    }
    assert decide(load(document))[0].status == "read"


def test_what_is_malformed_is_listed(tmp_path: Path) -> None:
    document = spec(
        {"/a": {"get": None, "post": {"parameters": [{"$ref": "#/nowhere"}]}, "put": {"parameters": 3}}}
    )
    made = decide(load(document))
    assert [d.status for d in made] == ["left out"] * 3
    assert all(d.reason for d in made)


def test_references_stay_in_the_documents_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text(json.dumps(ORDER))
    folder = tmp_path / "api"
    folder.mkdir()
    (folder / "order.yaml").write_text(
        "Order: {$ref: '#/Real'}\nReal: {type: object, properties: {id: {type: string}}}"
    )
    statuses: dict[str, str] = {}
    for ref in ("order.yaml#/Order", "../secret.json", "file:///etc/passwd", "https://x.example/a.json"):
        said = {"parameters": [at("user_id")], "responses": answer({"$ref": ref})}
        (folder / "api.json").write_text(json.dumps(spec({"/users/{user_id}": {"get": said}})))
        statuses[ref] = decide(load(folder / "api.json"))[0].status
    assert list(statuses.values()) == ["read", "left out", "left out", "left out"]


@pytest.mark.parametrize("text", ["", "[]", "{}", "openapi: 4.0.0", "{", "a: [", "\x00"])
def test_what_is_no_document_is_refused_in_a_sentence(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(DeclarationError, match="document"):
        load(tmp_path / "a.yaml")


def test_a_protected_document_is_fetched_with_the_header_that_is_given() -> None:
    backend = Loopback.shared()
    backend.forget()
    backend.says("GET /openapi.json", SHOP, token="to-read-it")
    command = ["from-openapi", f"{backend.url}/openapi.json", "--dry-run"]
    for header, status, said in (
        ([], 1, "answered 404"),
        (["--header", "Authorization"], 1, "write a header as"),
        (["--header", "Authorization: Bearer to-read-it"], 0, "get_order"),
    ):
        ran = CliRunner().invoke(tools, [*command, *header])
        shown = ran.output + str(getattr(ran.exception, "detail", ""))
        assert (ran.exit_code, said in shown) == (status, True), shown
        assert "to-read-it" not in shown


def test_the_table_accounts_for_every_operation(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(SHOP))
    result = CliRunner().invoke(tools, ["from-openapi", str(tmp_path / "a.json"), "--dry-run"])
    assert result.exit_code == 0
    assert "4 operations: 3 read, 1 change data (off), 0 left out" in result.output
    assert "user_id is the customer" in result.output
    assert "--customer" not in result.output
    result = CliRunner().invoke(tools, ["from-openapi", str(tmp_path / "a.json"), "--customer", "nobody"])
    assert "4 left out" in result.output
    assert "say with --customer what the customer's id is called" in result.output


def test_three_thousand_operations_are_decided() -> None:
    said = {"parameters": [at("user_id")], "responses": answer(ORDER)}
    document = spec({f"/users/{{user_id}}/t{n}": {"get": said} for n in range(3000)})
    assert len({d.name for d in decide(load(document))}) == 3000


@pytest.mark.parametrize("width", [80, 120])
def test_in_a_terminal_what_was_decided_stands_below_its_operation(width: int) -> None:
    made = decided(SHOP)
    lines = row(made["cancel_order"], width).splitlines()
    assert lines[0] == "change    POST    /orders/{order_id}/cancel"
    assert all(line.startswith(" " * 10) and not line[10].isspace() for line in lines[1:])
    assert max(map(len, lines)) <= width
    assert "--enable cancel_order" in lines[-1]  # in one piece
    assert "\n" not in row(made["cancel_order"])


def test_a_thing_that_is_listed_by_another_things_id_comes_after_the_list() -> None:
    back = thing(id=STRING, user_id=STRING, status=STRING)
    listed = answer(thing(returns={"type": "array", "items": back}))
    paths = {
        "/returns/{id}": {"get": {"parameters": [at("id")], "responses": answer(back)}},
        "/users/{user_id}/returns": {
            "get": {"parameters": [at("user_id"), at("order_id", "query")], "responses": listed}
        },
    }
    made = ordered(decide(load(spec(paths))))
    assert [d.operation.path for d in made] == ["/users/{user_id}/returns", "/returns/{id}"]
