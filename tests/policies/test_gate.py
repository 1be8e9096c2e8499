import asyncio
from typing import Any
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from frontdesk import Customer, Frontdesk, ToolNotFound, ToolRefused, tool
from frontdesk.domain import Principal
from frontdesk.policies.decide import may_call
from frontdesk.policies.gate import Gate, permissions_of, usable
from frontdesk.tools import Tool, ToolContext

RAN: list[tuple[str, Any]] = []


def make(name: str, permission: str, **more: Any) -> Tool:
    @tool(permission=permission, name=name, **more)
    async def function(value: str, customer: Customer) -> dict[str, str]:
        """Note that it ran."""
        RAN.append((name, customer.id))
        return {"value": value}

    return function


TOOLS = {
    t.name: t
    for t in (
        make("read", "a:read"),
        make("write", "a:write", changes=True, confirm=False),
        make("risky", "a:risky", changes=True),
    )
}
PERMISSIONS = ["a:read", "a:write", "a:risky", "b:read"]


class Ledger:
    """Stands for frontdesk.actions: says what it was asked."""

    async def propose(self, tool: Tool, arguments: Any, context: ToolContext, effect: Any) -> Any:
        raise ToolRefused("not today")

    async def write(self, tool: Tool, arguments: Any, context: ToolContext, effect: Any) -> tuple[str, str]:
        return await tool.call(arguments, context), ""


WRITES: Any = Ledger()


def gate(held: frozenset[str], most_calls: int = 3) -> Gate:
    context = ToolContext(Principal("customer", "u1"), uuid4(), uuid4())
    return Gate(TOOLS, held, context, writes=WRITES, most_calls=most_calls, seconds=1)


@given(
    held=st.frozensets(st.sampled_from(PERMISSIONS)),
    name=st.sampled_from([*TOOLS, "unknown", "__class__", ""]),
    before=st.integers(0, 5),
)
def test_a_call_runs_only_with_its_permission_within_the_limit_and_without_a_need_to_confirm(
    held: frozenset[str], name: str, before: int
) -> None:
    decision = may_call(TOOLS[name].grant if name in TOOLS else None, held, before, 3)
    expected = name in TOOLS and TOOLS[name].grant.permission in held and before < 3
    assert decision.allowed is expected
    assert bool(decision.code) is not expected
    if expected:
        assert decision.verdict == ("propose" if name == "risky" else "run")


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(
    held=st.frozensets(st.sampled_from(PERMISSIONS)),
    calls=st.lists(
        st.tuples(
            st.sampled_from([*TOOLS, "unknown"]) | st.text(),
            st.dictionaries(
                st.sampled_from(["value", "customer", "effect_id"]) | st.text(), json, max_size=4
            ),
        ),
        max_size=8,
    ),
)
def test_whatever_calls_a_model_makes_nothing_unpermitted_runs_and_only_for_this_customer(
    held: frozenset[str], calls: list[tuple[str, dict[str, Any]]]
) -> None:
    RAN.clear()
    guarded = gate(held)

    async def run() -> None:
        for name, arguments in calls:
            await guarded.run(name, arguments)

    asyncio.run(run())
    assert all(TOOLS[name].grant.permission in held for name, _ in RAN)
    assert all(customer == "u1" for _, customer in RAN)
    assert "risky" not in {name for name, _ in RAN}
    assert len(RAN) <= 3
    assert len(guarded.steps) == len(calls)


async def test_a_tool_that_raises_hangs_or_refuses_becomes_a_result_the_model_can_read() -> None:
    @tool(permission="a:read")
    async def broken() -> None:
        """Raise."""
        raise ValueError("somebody's data")

    @tool(permission="a:read")
    async def hanging() -> None:
        """Hang."""
        await asyncio.sleep(60)

    @tool(permission="a:read")
    def absent() -> None:
        """Not there."""
        raise ToolNotFound

    tools = {t.name: t for t in (broken, hanging, absent)}
    context = ToolContext(Principal("customer", "u1"), uuid4(), uuid4())
    guarded = Gate(tools, frozenset({"a:read"}), context, writes=WRITES, most_calls=9, seconds=0.05)
    results = [await guarded.run(name, {}) for name in tools]
    assert [step.error for step in results] == ["tool_error", "unavailable", "not_found"]
    assert not any("somebody" in step.result for step in results)


def test_a_token_narrows_what_a_customer_holds_and_never_widens_it() -> None:
    desk = Frontdesk("Shop", tools=list(TOOLS.values()))
    everything = permissions_of(desk, Principal("customer", "u1"))
    assert {"a:read", "knowledge:read", "tickets:write"} <= everything
    narrow = Principal("customer", "u1", frozenset({"a:read", "admin:all"}))
    assert permissions_of(desk, narrow) == {"a:read"}
    assert permissions_of(desk, Principal("visitor", "anon:1")) == {"knowledge:read", "tickets:write"}
    assert permissions_of(desk, Principal("staff", "s1")) == frozenset()


def test_a_model_is_shown_only_what_it_could_run() -> None:
    names = {t.name for t in usable(list(TOOLS.values()), frozenset(PERMISSIONS))}
    assert names == {"read", "write", "risky"}
