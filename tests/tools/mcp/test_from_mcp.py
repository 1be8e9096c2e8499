"""Tools of a real MCP server, on stdio and over HTTP."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import orjson
import pytest

from frontdesk import ToolError, ToolNotFound
from frontdesk.domain import Principal
from frontdesk.errors import DeclarationError, SettingsError
from frontdesk.tools import Tool, ToolContext
from frontdesk.tools.mcp import McpDeclaration, Server, from_mcp
from tests.process import free_port

HERE = Path(__file__).with_name("server.py")
STDIO = Server(command=[sys.executable, str(HERE)])
GRANTS: dict[str, McpDeclaration] = {
    "get_order": {"permission": "orders:read", "owner": "customer_id"},
    "opening_hours": {"permission": "shop:read", "owner": None},
    "cancel_order": {"permission": "orders:cancel", "owner": "customer_id", "effect": "key", "confirm": True},
}


def context(customer: str) -> ToolContext:
    return ToolContext(Principal("customer", customer), uuid4(), uuid4(), effect_id="effect-1")


@pytest.fixture(scope="module", params=["stdio", "http"])
def tools(request: pytest.FixtureRequest) -> Iterator[dict[str, Tool]]:
    if request.param == "stdio":
        yield {tool.name: tool for tool in from_mcp(STDIO, GRANTS)}
        return
    port = free_port()
    process = subprocess.Popen([sys.executable, str(HERE), str(port)])
    url = f"http://127.0.0.1:{port}/mcp"
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            httpx.get(url, trust_env=False)
            break
        except httpx.HTTPError:
            time.sleep(0.1)
    yield {tool.name: tool for tool in from_mcp(Server(url=url), GRANTS)}
    process.terminate()
    process.wait(10)


def test_only_what_is_granted_is_offered_and_no_model_sees_an_owner(tools: dict[str, Tool]) -> None:
    assert {name: sorted(tool.accepts) for name, tool in tools.items()} == {
        "get_order": ["order_id"],
        "opening_hours": [],
        "cancel_order": ["order_id"],
    }
    assert tools["cancel_order"].grant.confirm
    assert "customer_id" not in orjson.dumps(tools["get_order"].args_schema).decode()


async def test_the_owner_is_bound_by_code_whatever_a_model_says(tools: dict[str, Tool]) -> None:
    given = {"order_id": "1", "customer_id": "ben", "context": "x"}
    found = orjson.loads(await tools["get_order"].call({"order_id": "1"}, context("anna")))
    assert found == {"order_id": "1", "status": "shipped", "asked_for": "anna"}
    only = {name: given[name] for name in tools["get_order"].accepts}  # what the gate lets through
    assert orjson.loads(await tools["get_order"].call(only, context("anna"))) == found


async def test_a_foreign_order_and_an_absent_one_look_alike(tools: dict[str, Tool]) -> None:
    said = set()
    for order in ("2", "99"):
        with pytest.raises(ToolError) as error:
            await tools["get_order"].call({"order_id": order}, context("anna"))
        said.add(error.value.detail)
    assert len(said) == 1
    assert "canary" not in said.pop()


async def test_an_effect_carries_its_name(tools: dict[str, Tool]) -> None:
    done = orjson.loads(await tools["cancel_order"].call({"order_id": "1"}, context("anna")))
    assert done == {"order_id": "1", "by": "anna", "key": "effect-1"}


async def test_a_result_is_data_of_a_bounded_size() -> None:
    (tool,) = from_mcp(
        Server(command=STDIO.command, env={"LONG": "1"}), {"opening_hours": GRANTS["opening_hours"]}
    )
    result = await tool.call({}, context("anna"))
    assert len(result) < 21_000
    assert '"cut":true' in result


async def test_a_server_that_died_is_started_again_for_a_read(tmp_path: Path) -> None:
    server = Server(command=STDIO.command, env={"DIE_ONCE": str(tmp_path / "died")})
    (tool,) = from_mcp(server, {"die": {"permission": "shop:read", "owner": None}})
    assert orjson.loads(await tool.call({"count": 3}, context("anna"))) == {"result": 3}
    assert (tmp_path / "died").exists()


async def test_an_id_that_a_number_cannot_hold_finds_nothing() -> None:
    (tool,) = from_mcp(STDIO, {"die": {"permission": "shop:read", "owner": "count"}})
    for customer in ("anna", "007", "٧"):
        with pytest.raises(ToolNotFound):
            await tool.call({}, context(customer))


@pytest.mark.parametrize(
    ("grants", "said"),
    [
        ({"get_orders": {"permission": "orders:read", "owner": None}}, "has no tool 'get_orders'"),
        ({"get_order": {"permission": "orders:read"}}, "say which argument is the customer"),
        ({"get_order": {"permission": "orders:read", "owner": "user"}}, "names no argument"),
        ({"get_order": {"owner": "customer_id"}}, "write a permission"),
        (
            {"cancel_order": {"permission": "orders:read", "owner": "customer_id"}},
            "says that it changes data",
        ),
        (
            {"get_order": {"permission": "orders:read", "owner": None, "sha256": "0"}},
            'write sha256="[0-9a-f]{64}"',
        ),
    ],
)
def test_a_grant_that_does_not_fit_is_refused_at_start(grants: dict[str, McpDeclaration], said: str) -> None:
    with pytest.raises(DeclarationError, match=said):
        from_mcp(STDIO, grants)


def test_a_schema_that_changed_since_it_was_pinned_is_refused() -> None:
    import re

    wanted: McpDeclaration = {"permission": "shop:read", "owner": None, "sha256": ""}
    with pytest.raises(DeclarationError) as error:
        from_mcp(STDIO, {"opening_hours": wanted})
    pin = re.search(r'sha256="(\w+)"', error.value.detail)[1]  # type: ignore[index]
    assert from_mcp(STDIO, {"opening_hours": {**wanted, "sha256": pin}})
    changed = Server(command=STDIO.command, env={"CHANGED": "1"})
    with pytest.raises(DeclarationError, match="not the one that was pinned"):
        from_mcp(changed, {"opening_hours": {**wanted, "sha256": pin}})


def test_a_server_that_is_not_there_is_said() -> None:
    for server in (
        Server(url="http://127.0.0.1:9/mcp?key=hunter2"),
        Server(command=["/no/such/program", "hunter2"]),
    ):
        with pytest.raises(SettingsError, match="does not answer") as error:
            from_mcp(server, GRANTS)
        assert "hunter2" not in error.value.detail
    with pytest.raises(DeclarationError, match="one of the two"):
        Server()


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "langchain_mcp_adapters", None)
    with pytest.raises(SettingsError, match=r"frontdesk\[mcp\]"):
        from_mcp(STDIO, GRANTS)
