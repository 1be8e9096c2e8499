"""What a document says in x-frontdesk: rules, previews, limits and what stays as it is, live and written alike."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner

from frontdesk.actions import look
from frontdesk.cli import cli
from frontdesk.domain import Customer, Done, Money, Principal
from frontdesk.errors import ToolNotFound, ToolRefused
from frontdesk.tools import Tool, ToolContext
from frontdesk.tools.backend import Backend
from frontdesk.tools.loopback import Loopback
from frontdesk.tools.openapi import from_openapi
from frontdesk.tools.openapi.rules import left_of, without
from tests.tools.openapi.specs import STRING, Json, answer, at, sends, spec, thing
from tests.tools.openapi.test_decide import decided

ANNA = Customer("anna-1")
LEFT = "This has left the warehouse."
NOT_YOURS = "That is not the address on this account."
ORDER = thing(
    id=STRING, user_id=STRING, status=STRING, currency=STRING, left=STRING,
    place=thing(street=STRING, country=STRING),
    lines={"type": "array", "items": thing(id=STRING, name=STRING, left=STRING, kept=STRING)},
)  # fmt: skip
COUNTRY = {**STRING, "x-frontdesk-default": "place.country"}
AMOUNT = {"anyOf": [{"type": "number"}, STRING, {"type": "null"}], "x-frontdesk-default": "left"}
PLACE = {**thing(street=STRING, country=COUNTRY), "required": ["street", "country"]}
# "number" and "record" would be in the way of what written code calls and holds.
REFUND = {
    **thing(
        number=STRING,
        record=STRING,
        amount=AMOUNT,
        line_ids={"type": "array", "items": STRING},
        reason=STRING,
    ),
    "required": ["reason"],
}
MAIL = {**thing(email=STRING, current_email=STRING), "required": ["email", "current_email"]}


def change(name: str, method: str, body: Json, path: str = "order_id", **said: Any) -> Json:
    return {
        method: {
            "operationId": name,
            "parameters": [at(path)],
            "requestBody": sends(body),
            "responses": answer(ORDER),
            "x-frontdesk": said,
        }
    }


BACK = {**thing(line_ids={"type": "array", "items": STRING}, reason=STRING), "required": ["line_ids"]}
KEPT = {"argument": "line_ids", "without": "kept", "else": "{name}: {kept}"}
IN_WAREHOUSE = {"field": "status", "in": ["placed"], "else": LEFT}
PATHS: Json = {
    "/orders/{order_id}": {
        "get": {
            "operationId": "getOrder",
            "parameters": [at("order_id")],
            "responses": answer(ORDER),
            "x-frontdesk": {"examples": ["where is order AB12"], "says": "Order {id} is {status}."},
        }
    },
    "/orders/{order_id}/place": change(
        "movePlace", "put", PLACE, requires=[IN_WAREHOUSE], undo=True, limit="5/day"
    ),
    "/orders/{order_id}/refunds": change(
        "refundOrder", "post", REFUND, preview={"title": "Refund[ {amount} for] order {order_id}"},
        limit="100 EUR/day", approve_above="50 EUR",
    ),
    "/orders/{order_id}/returns": change(
        "sendBack", "post", BACK, requires=[KEPT],
        preview={"title": "Return {line_ids}", "text": "Return {line_ids} of order {order_id}."},
    ),
    "/users/{user_id}": {
        "get": {
            "operationId": "getUser",
            "parameters": [at("user_id")],
            "responses": answer(thing(id=STRING, email=STRING)),
        },
        **change(
            "changeMail", "patch", MAIL, "user_id", undo=True,
            requires=[{"argument": "current_email", "is": "email", "else": NOT_YOURS}],
        ),
    },
}  # fmt: skip
ENABLED = ["movePlace", "refundOrder", "sendBack", "changeMail"]
HELD = {
    "id": "1", "user_id": "anna-1", "status": "placed", "currency": "EUR", "left": "30.00",
    "place": {"street": "Quay 1", "country": "NL"}, "lines": [{"id": "1"}],
}  # fmt: skip
LINES = [
    {"id": "1", "name": "Fleece", "left": "12.50", "kept": None},
    {"id": "2", "name": "Scarf", "left": "25.00", "kept": None},
    {"id": "3", "name": "Knife", "left": "0.00", "kept": "It is engraved."},
]


@pytest.fixture
def backend() -> Iterator[Loopback]:
    made = Loopback.shared()
    made.forget()
    made.says("GET /orders/1", HELD)
    made.says("GET /users/anna-1", {"id": "anna-1", "email": "a@b.example"})
    made.says("PUT /orders/1/place", HELD)
    made.says("POST /orders/1/refunds", HELD)
    made.says("PATCH /users/anna-1", {"email": "c@d.example"})
    yield made
    made.forget()


@pytest.fixture(params=["live", "written"])
async def tools(
    request: pytest.FixtureRequest, backend: Loopback, tmp_path: Path
) -> AsyncIterator[dict[str, Tool]]:
    if request.param == "live":
        client = Backend(backend.url)
        made = from_openapi(spec(PATHS), backend=client, customer=["user_id"], enable=ENABLED)
        yield {tool.name: tool for tool in made}
        await client.close()
        return
    document = tmp_path / "openapi.json"
    document.write_text(json.dumps(spec(PATHS)))
    enabled = [part for name in ENABLED for part in ("--enable", name)]
    written = CliRunner().invoke(
        cli,
        ["tools", "from-openapi", str(document), "--customer", "user_id", *enabled, "--out", str(tmp_path)],
    )
    assert written.exit_code == 0, written.output
    os.environ["API_URL"] = backend.url
    sys.path.insert(0, str(tmp_path))
    try:
        module = importlib.import_module("api_tools")
        yield {tool.name: tool for tool in module.TOOLS}
        await module.BACKEND.close()
    finally:
        sys.path.remove(str(tmp_path))
        sys.modules.pop("api_tools", None)
        del os.environ["API_URL"]


async def proposed(tool: Tool, **arguments: Any) -> Any:
    return (
        await look(tool, arguments, ToolContext(Principal("customer", "anna-1"), uuid4(), uuid4()), 5)
    ).preview


async def done(tool: Tool, **arguments: Any) -> Json:
    """Propose it and carry it out; what was stored in between."""
    context = ToolContext(Principal("customer", "anna-1"), uuid4(), uuid4(), effect_id="e-1")
    stored = (await look(tool, arguments, context, 5)).arguments
    await repeated(tool, stored)
    return stored


async def repeated(tool: Tool, stored: Json) -> None:
    context = ToolContext(Principal("customer", "anna-1"), uuid4(), uuid4(), effect_id="e-1")
    await tool.call(stored, context)


async def test_words_limits_and_approvals_stand_beside_the_tools(tools: dict[str, Tool]) -> None:
    assert tools["get_order"].grant.examples == ("where is order AB12",)
    assert tools["get_order"].grant.says == "Order {id} is {status}."
    grant = tools["refund_order"].grant
    assert grant.confirm
    assert ([cap.said for cap in grant.limit], [cap.said for cap in grant.approve]) == (
        ["100 EUR/day"],
        ["50 EUR"],
    )
    assert all(tools[name].grant.undo for name in ("move_place", "change_mail"))


async def test_what_is_not_said_stays_as_it_is_in_the_record(
    tools: dict[str, Tool], backend: Loopback
) -> None:
    preview = await proposed(tools["move_place"], order_id="1", street="Lane 2")
    assert [(c.label, c.before, c.after) for c in preview.changes] == [("street", "Quay 1", "Lane 2")]
    assert (preview.object, preview.remember) == ("order 1", {"street": "Quay 1", "country": "NL"})
    await done(tools["move_place"], order_id="1", street="Lane 2")
    assert backend.asked[-1].body == {"street": "Lane 2", "country": "NL"}


async def test_a_rule_over_the_record_refuses_before_anything_is_proposed(
    tools: dict[str, Tool], backend: Loopback
) -> None:
    backend.says("GET /orders/1", {**HELD, "status": "shipped"})
    with pytest.raises(ToolRefused, match=LEFT):
        await proposed(tools["move_place"], order_id="1", street="Lane 2")
    with pytest.raises(ToolRefused, match=NOT_YOURS):
        await proposed(tools["change_mail"], email="c@d.example", current_email="x@y.example")
    backend.says("GET /orders/1", {**HELD, "user_id": "ben-2"})
    with pytest.raises(ToolNotFound):
        await proposed(tools["move_place"], order_id="1", street="Lane 2")


async def test_an_amount_is_money_in_the_records_currency_and_no_more_than_is_left(
    tools: dict[str, Tool], backend: Loopback
) -> None:
    tool = tools["refund_order"]
    assert str((await proposed(tool, order_id="1", reason="x", amount="5 EUR")).amount) == "5.00 EUR"
    whole = await proposed(tool, order_id="1", reason="x")
    assert (str(whole.amount), whole.title) == ("30.00 EUR", "Refund 30.00 EUR for order 1")
    for amount in ("5 USD", "31 EUR"):
        with pytest.raises(ToolRefused):
            await proposed(tool, order_id="1", reason="x", amount=amount)
    for said, sent in (({"amount": "5 EUR"}, "5.00"), ({}, "30.00")):
        await done(tool, order_id="1", reason="x", **said)
        assert backend.asked[-1].body == {"amount": sent, "reason": "x"}
    await done(tool, order_id="1", reason="x", line_ids=["1"])
    assert backend.asked[-1].body == {"line_ids": ["1"], "reason": "x"}
    assert (await proposed(tool, order_id="1", reason="x", line_ids=["1"])).amount is None
    with pytest.raises(ToolRefused, match=r"At most 30\.00 EUR"):  # whatever is named
        await proposed(tool, order_id="1", reason="x", line_ids=["1"], amount="31 EUR")
    assert isinstance(whole.amount, Money)


async def test_parts_that_say_what_is_left_of_them_are_added_up(
    tools: dict[str, Tool], backend: Loopback
) -> None:
    backend.says("GET /orders/1", {**HELD, "lines": LINES})
    tool = tools["refund_order"]
    one = await proposed(tool, order_id="1", reason="x", line_ids=["1"])
    assert (str(one.amount), one.title) == ("12.50 EUR", "Refund 12.50 EUR for order 1")
    assert one.text.startswith("Refund 12.50 EUR for order 1 (")
    assert "lines: Fleece" in one.text
    both = await proposed(tool, order_id="1", reason="x", line_ids=["1", "2"])
    assert str(both.amount) == "30.00 EUR"  # no more than is left of the whole
    await done(tool, order_id="1", reason="x", line_ids=["1"])
    assert backend.asked[-1].body == {"amount": "12.50", "line_ids": ["1"], "reason": "x"}
    for said in ({"line_ids": ["3"]}, {"line_ids": ["1"], "amount": "13 EUR"}):
        with pytest.raises(ToolRefused, match="is left of it"):
            await proposed(tool, order_id="1", reason="x", **said)
    with pytest.raises(ToolNotFound):
        await proposed(tool, order_id="1", reason="x", line_ids=["9"])


async def test_a_part_that_the_record_says_no_to_is_refused_in_the_records_words(
    tools: dict[str, Tool], backend: Loopback
) -> None:
    backend.says("GET /orders/1", {**HELD, "lines": LINES})
    preview = await proposed(tools["send_back"], order_id="1", line_ids=["1", "2"])
    assert (preview.title, preview.text) == ("Return Fleece, Scarf", "Return Fleece, Scarf of order 1.")
    with pytest.raises(ToolRefused, match="Knife: It is engraved"):
        await proposed(tools["send_back"], order_id="1", line_ids=["1", "3"])


@pytest.mark.parametrize(
    "record",
    [
        {"lines": [{"line_id": "3", "name": "Knife", "left": "5.00", "kept": "It is engraved."}]},
        {"order_lines": [{"lineNumber": 3, "name": "Knife", "left": "5.00", "kept": "It is engraved."}]},
        [{"id": 3, "name": "Knife", "left": "5.00", "kept": "It is engraved."}],
    ],
)
def test_a_part_is_held_to_its_rule_whatever_its_id_is_called(record: Any) -> None:
    check = without("line_ids", "line", "kept", "{name}: {kept}")
    assert check(record, {"line_ids": ["3"]}) == "Knife: It is engraved."
    with pytest.raises(ToolNotFound):  # its ids alone show nothing of it
        check({"line_ids": ["3"]}, {"line_ids": ["3"]})
    assert without("line_ids", "line", "kept", "{title}")(record, {"line_ids": ["3"]}) == "It is engraved."


def test_a_part_that_stands_in_two_places_is_counted_once() -> None:
    fleece = {"id": "1", "left": "12.50"}
    record = {"left": "30.00", "lines": [fleece], "open_lines": [fleece]}
    assert left_of(record, {"line_ids": ["1", "1"]}, "left", {"line_ids": "line"}) == Decimal("12.50")
    assert left_of(record, {"line_ids": ["1", "2"]}, "left", {"line_ids": "line"}) is None


async def test_what_was_confirmed_is_sent_and_repeated_whatever_the_record_says_by_then(
    tools: dict[str, Tool], backend: Loopback
) -> None:
    context = ToolContext(Principal("customer", "anna-1"), uuid4(), uuid4())
    refund = (await look(tools["refund_order"], {"order_id": "1", "reason": "x"}, context, 5)).arguments
    moved = (await look(tools["move_place"], {"order_id": "1", "street": "Lane 2"}, context, 5)).arguments
    assert (refund["amount"], moved["country"]) == ({"amount": "30.00", "currency": "EUR"}, "NL")
    for left, country in (("500.00", "BE"), ("0.00", "")):
        backend.says(
            "GET /orders/1", {**HELD, "left": left, "place": {"street": "Quay 1", "country": country}}
        )
        await repeated(tools["refund_order"], refund)
        assert backend.asked[-1].body == {"amount": "30.00", "reason": "x"}
        await repeated(tools["move_place"], moved)
        assert backend.asked[-1].body == {"street": "Lane 2", "country": "NL"}


async def test_what_neither_the_customer_nor_the_record_says_is_asked_for(
    tools: dict[str, Tool], backend: Loopback
) -> None:
    backend.says("GET /orders/1", {**HELD, "place": {"street": "Quay 1", "country": None}})
    with pytest.raises(ToolRefused, match="Say the country as well"):
        await proposed(tools["move_place"], order_id="1", street="Lane 2")
    backend.says("GET /orders/1", {**HELD, "left": "0.00"})
    with pytest.raises(ToolRefused, match=r"At most 0\.00 EUR is left"):
        await proposed(tools["refund_order"], order_id="1", reason="x")


async def test_what_was_changed_is_put_back(tools: dict[str, Tool], backend: Loopback) -> None:
    said = {"order_id": "1", "street": "Lane 2", "country": None}
    before = {"street": "Quay 1", "country": "NL"}
    await tools["move_place"].grant.undo(Done(said, None, before), ANNA, "e-2")  # type: ignore[misc]
    assert backend.asked[-1].body == before
    said = {"email": "c@d.example", "current_email": "a@b.example"}
    await tools["change_mail"].grant.undo(Done(said, None, {"email": "a@b.example"}), ANNA, "e-3")  # type: ignore[misc]
    assert backend.asked[-1].body == {"email": "a@b.example", "current_email": "c@d.example"}


async def test_null_is_put_back_as_null_and_what_was_never_said_is_left_alone(
    tools: dict[str, Tool], backend: Loopback
) -> None:
    undo: Any = tools["move_place"].grant.undo
    said = {"order_id": "1", "street": "Lane 2", "country": "NL"}
    backend.says("GET /orders/1", {**HELD, "place": {"street": "Lane 2", "country": "NL"}})
    await undo(Done(said, None, {"street": "Quay 1", "country": None}), ANNA, "e-2")
    assert backend.asked[-1].body == {"street": "Quay 1", "country": None}
    backend.says("GET /orders/1", {**HELD, "place": {"street": "Lane 2", "country": None}})
    await undo(Done({**said, "country": None}, None, {"street": "Quay 1", "country": None}), ANNA, "e-2")
    assert backend.asked[-1].body == {"street": "Quay 1"}


async def test_what_was_changed_again_since_is_not_put_back(
    tools: dict[str, Tool], backend: Loopback
) -> None:
    undo: Any = tools["move_place"].grant.undo
    said = {"order_id": "1", "street": "lane 2", "country": "NL"}
    remembered = {"street": "Quay 1", "country": "NL"}
    backend.says("GET /orders/1", {**HELD, "place": {"street": "Road 3", "country": "NL"}})
    with pytest.raises(ToolRefused, match="changed again since"):
        await undo(Done(said, None, remembered), ANNA, "e-2")
    assert not any(asked.what.startswith("PUT") for asked in backend.asked)
    backend.says("GET /orders/1", {**HELD, "place": {"street": "LANE 2", "country": "NL"}})
    spelt = {"place": {"street": "LANE 2"}}  # the backend writes it in its own way
    await undo(Done(said, spelt, remembered), ANNA, "e-2")
    assert backend.asked[-1].body == remembered
    backend.says("GET /orders/1", HELD)  # put back already, and the answer was lost
    await undo(Done(said, spelt, remembered), ANNA, "e-2")
    assert backend.asked[-1].body == remembered


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"limts": "5/day"}, "has no 'limts'"),
        ({"confirm": False}, "has no 'confirm'"),
        ({"permission": "all:read"}, "has no 'permission'"),
        ({"limit": 5}, "limit is"),
        ({"limit": "never"}, "is no limit"),
        ({"limit": "3/day per line_ids"}, "which is no single value"),
        ({"approve_above": [5]}, "is no limit"),
        ({"expires": "soon"}, "is no time"),
        ({"limits": {"a": {}}}, "name what is limited"),
        ({"examples": [1, {}]}, "examples= is a list of what customers say"),
        ({"asks": {"colour": "Which colour?"}}, "asks= names 'colour'"),
        ({"asks": {"order_id": 5}}, "a question for each argument"),
        ({"step": "{order_id:>400000000}"}, "may name an argument as it is"),
        ({"preview": {"title": 5}}, "a template cannot be read"),
        ({"requires": [{"field": "status"}]}, "a rule is"),
        ({"requires": [{"field": "status", "in": ["placed"], "else": " "}]}, "else of a rule is a text"),
        ({"requires": [{"field": "status", "in": ["placed"], "else": None}]}, "else of a rule is a text"),
        ({"requires": [{"field": 5, "in": ["placed"], "else": "No."}]}, "field of a rule is a text"),
        (
            {"requires": [{"field": "secret", "in": ["x"], "else": "No."}]},
            "no record that is read first shows",
        ),
        ({"preview": {"title": "Refund [{amount}"}}, "a template cannot be read"),
        ({"undo": True}, "undo is for"),
        ({"leave_out": "it is said elsewhere"}, "it is said elsewhere"),
        ({"requires": [{**KEPT, "argument": "reason"}]}, "names no parts of the record"),
        ({"requires": [{**KEPT, "without": "secret"}]}, "which no line shows"),
        ({"requires": [{**KEPT, "else": "[{name"}]}, "a template cannot be read"),
    ],
)
def test_what_cannot_be_followed_leaves_the_operation_out_and_says_why(said: Json, why: str) -> None:
    paths = {**PATHS, "/orders/{order_id}/refunds": change("refundOrder", "post", REFUND, **said)}
    every = decided(spec(paths), customer=["user_id"])
    made = every["refund_order"]
    assert made.status == "left out"
    assert why in made.reason
    assert all(other.status != "left out" for name, other in every.items() if name != "refund_order")


def test_a_document_turns_no_change_on(backend: Loopback) -> None:
    made = from_openapi(spec(PATHS), backend=Backend(backend.url), customer=["user_id"])
    assert not any(tool.grant.changes for tool in made)
