"""The room where permission, limits and confirmation are decided: properties that hold for whatever comes in."""

import ast
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontdesk.domain import Action, Grant, Limit, Money, Preview
from frontdesk.policies import decide

SECRET = b"a secret of the tests that is long enough"
NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
currencies = st.sampled_from(["EUR", "USD", "GBP"])
amounts = st.decimals("0.01", "999999", places=2)
money = st.builds(Money, amounts, currencies)
limits = st.builds(
    Limit,
    st.decimals("0", "1000", places=2),
    st.sampled_from(["", "EUR", "USD"]),
    st.sampled_from([None, timedelta(minutes=1), timedelta(days=1)]),
    st.sampled_from(["customer", "shop", "call", "order_id"]),
    st.just("said"),
)
caps = st.lists(limits, max_size=3).map(tuple)
grants = st.builds(
    Grant,
    st.just("a:b"),
    changes=st.just(True),
    confirm=st.just(True),
    limit=caps,
    approve=caps,
    approve_twice=caps,
)
statuses = st.sampled_from(
    [
        "proposed",
        "confirmed",
        "declined",
        "expired",
        "executing",
        "executed",
        "failed",
        "unknown",
        "undoing",
        "undone",
    ]
)
actions = st.builds(
    Action,
    id=st.uuids(),
    conversation_id=st.just(UUID(int=1)),
    turn_id=st.just(UUID(int=2)),
    principal=st.sampled_from(["customer:u1", "customer:u2", "customer:kim"]),
    tool=st.just("refund"),
    arguments=st.just({"a": 1}),
    digest=st.binary(min_size=32, max_size=32),
    preview=st.just(Preview("x")),
    basis=st.binary(min_size=32, max_size=32),
    policy=st.just("p"),
    status=statuses,
    expires_at=st.sampled_from([NOW - timedelta(1), NOW, NOW + timedelta(1)]),
    needs=st.integers(0, 2),
    approved_by=st.lists(st.sampled_from(["kim", "lee", "max"]), unique=True).map(tuple),
    undo_until=st.sampled_from([None, NOW - timedelta(1), NOW + timedelta(1)]),
)


def used_of(grant: Grant, data: Any) -> list[Decimal]:
    one = st.decimals("0", "2000", places=2)
    return data.draw(st.lists(one, min_size=len(grant.capped), max_size=len(grant.capped)))


@given(
    st.one_of(st.none(), grants),
    st.frozensets(st.sampled_from(["a:b", "c:d"])),
    st.integers(0, 20),
    st.integers(0, 20),
)
def test_without_a_grant_its_permission_and_room_for_a_call_there_is_no_call(
    grant: Grant | None, held: frozenset[str], before: int, most: int
) -> None:
    decision = decide.may_call(grant, held, before, most)
    assert (decision.verdict != "refuse") == (grant is not None and "a:b" in held and before < most)
    assert decision.verdict != "run", "what a person must confirm never runs by itself"


@given(grants, st.one_of(st.none(), money), st.data())
def test_nothing_passes_a_limit(grant: Grant, amount: Money | None, data: Any) -> None:
    used = used_of(grant, data)
    decision = decide.within(grant, amount, used)
    for cap, before in zip(grant.limit, used, strict=False):
        if cap.currency == "" and before + 1 > cap.most:
            assert decision.verdict == "refuse"
        if cap.currency and (
            amount is None or (amount.currency == cap.currency and before + amount.amount > cap.most)
        ):
            assert decision.verdict == "refuse"
    for group in (grant.limit, grant.approve, grant.approve_twice):
        covered = {cap.currency for cap in group if cap.currency}
        if covered and (amount is None or amount.currency not in covered):
            assert decision.verdict == "refuse"


@given(grants, money, st.data())
def test_what_is_refused_stays_refused_when_more_is_used_or_wanted(
    grant: Grant, amount: Money, data: Any
) -> None:
    used = used_of(grant, data)
    more = [before + data.draw(st.decimals("0", "10", places=2)) for before in used]
    larger = replace(amount, amount=amount.amount + data.draw(st.decimals("0", "10", places=2)))
    if decide.within(grant, amount, used).verdict == "refuse":
        assert decide.within(grant, larger, more).verdict == "refuse"
    assert decide.approvals_needed(grant, larger, more) >= decide.approvals_needed(grant, amount, used)


@given(grants, money, st.data())
def test_staff_are_asked_exactly_when_a_threshold_is_passed(grant: Grant, amount: Money, data: Any) -> None:
    used = used_of(grant, data)
    passed = [decide.passes(cap, amount, before) for cap, before in zip(grant.capped, used, strict=True)]
    first, second = len(grant.limit), len(grant.limit) + len(grant.approve)
    expected = 2 if any(passed[second:]) else 1 if any(passed[first:second]) else 0
    assert decide.approvals_needed(grant, amount, used) == expected


@given(actions, st.frozensets(st.sampled_from(["a:b", "c:d"])), st.one_of(st.none(), grants))
def test_a_yes_counts_once_in_time_with_its_own_token_and_permission(
    action: Action, held: frozenset[str], grant: Grant | None
) -> None:
    token = decide.confirm_token(SECRET, action)
    refusal = decide.may_confirm(action, token, SECRET, held, grant, NOW)
    good = grant is not None and "a:b" in held and action.status == "proposed" and action.expires_at > NOW
    assert (refusal == "") == good


@settings(max_examples=50)
@given(actions)
def test_a_yes_counts_until_the_moment_it_runs_out(action: Action) -> None:
    grant, held = Grant("a:b", True, True), frozenset({"a:b"})
    for late, refusal in (
        (timedelta(microseconds=1), ""),
        (timedelta(0), "expired"),
        (timedelta(-1), "expired"),
    ):
        open_ = replace(action, status="proposed", expires_at=NOW + late)
        token = decide.confirm_token(SECRET, open_)
        assert decide.may_confirm(open_, token, SECRET, held, grant, NOW) == refusal
        done = replace(action, status="executed", undo_until=NOW + late)
        token = decide.confirm_token(SECRET, done, "undo")
        undo = Grant("a:b", True, True, undo=lambda: None)
        assert decide.may_undo(done, token, SECRET, held, undo, NOW) == refusal


@settings(max_examples=1000)
@given(actions, st.text(max_size=60), st.integers(0, 42), st.sampled_from("ABCDEFghij0123456789-_=. \n"))
def test_no_other_token_counts(action: Action, text: str, place: int, letter: str) -> None:
    action = replace(action, status="proposed", expires_at=NOW + timedelta(1))
    grant = Grant("a:b", True, True)
    token = decide.confirm_token(SECRET, action)
    others = (
        text,
        token[:place],
        token + letter,
        token[:place] + letter + token[place + 1 :],
        token.swapcase(),
        decide.confirm_token(SECRET, action, "undo"),
        decide.confirm_token(b"another secret of the same length here..", action),
        decide.confirm_token(SECRET, replace(action, id=uuid4())),
        decide.confirm_token(SECRET, replace(action, principal="customer:other")),
        decide.confirm_token(SECRET, replace(action, digest=bytes(32))),
        decide.confirm_token(SECRET, replace(action, basis=bytes(32))),
    )
    for other in others:
        refused = decide.may_confirm(action, other, SECRET, frozenset({"a:b"}), grant, NOW)
        assert (refused == "mismatch") == (other != token)


SHOWN = Action(
    id=UUID(int=3),
    conversation_id=UUID(int=1),
    turn_id=UUID(int=2),
    principal="customer:u1",
    tool="refund",
    arguments={"a": 1},
    digest=decide.digest({"a": 1}),
    preview=Preview("x"),
    basis=decide.basis(Preview("x")),
    policy="p",
    status="proposed",
    expires_at=NOW + timedelta(1),
)


@pytest.mark.parametrize(
    "other",
    [
        replace(SHOWN, principal="customer:u2"),
        replace(SHOWN, id=UUID(int=4)),
        replace(SHOWN, digest=decide.digest({"a": 2})),
        replace(SHOWN, basis=decide.basis(Preview("y"))),
    ],
    ids=["customer", "action", "arguments", "shown"],
)
def test_a_token_is_bound_to(other: Action) -> None:
    """Said here without the property's help: there, a token of another would be no other token were it not bound."""
    token = decide.confirm_token(SECRET, other)
    grant = Grant("a:b", True, True)
    assert decide.may_confirm(SHOWN, token, SECRET, frozenset({"a:b"}), grant, NOW) == "mismatch"


def test_a_token_to_confirm_is_none_to_undo() -> None:
    done = replace(SHOWN, status="executed", undo_until=NOW + timedelta(1))
    grant = Grant("a:b", True, True, undo=lambda: None)
    token = decide.confirm_token(SECRET, done)
    assert decide.may_undo(done, token, SECRET, frozenset({"a:b"}), grant, NOW) == "mismatch"


@given(actions, st.sampled_from(["", "kim", "lee", "u1", "u2", "customer:u1", "staff:kim"]))
def test_who_asked_never_approves_and_nobody_twice(action: Action, staff: str) -> None:
    if decide.may_approve(action, staff, NOW) == "":
        assert action.status == "confirmed"
        assert action.expires_at > NOW
        assert staff
        assert staff not in action.approved_by
        assert staff not in (action.principal, action.principal.partition(":")[2])


@given(actions)
def test_enough_approvals_are_of_different_people_who_did_not_ask(action: Action) -> None:
    others = set(action.approved_by) - {action.principal.partition(":")[2]}
    assert decide.approvals(action) == len(others)


@given(actions, st.booleans())
def test_only_what_was_executed_is_taken_back_and_in_time(action: Action, declared: bool) -> None:
    grant = Grant("a:b", True, True, undo=(lambda: None) if declared else None)
    token = decide.confirm_token(SECRET, action, "undo")
    refusal = decide.may_undo(action, token, SECRET, frozenset({"a:b"}), grant, NOW)
    in_time = action.undo_until is not None and action.undo_until > NOW
    assert (refusal == "") == (declared and action.status == "executed" and in_time)
    wrong = decide.confirm_token(SECRET, action)
    assert decide.may_undo(action, wrong, SECRET, frozenset({"a:b"}), grant, NOW) != ""


json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), json, max_size=4))
def test_the_order_of_keys_says_nothing_and_every_value_does(arguments: dict[str, Any]) -> None:
    backwards = dict(reversed(arguments.items()))
    assert decide.digest(arguments) == decide.digest(backwards)
    assert decide.digest({**arguments, "one more": 1}) != decide.digest({**arguments, "one more": "1"})


def test_the_room_is_pure_and_small() -> None:
    """It imports nothing that reads a clock, a database, a network or a model, and has no await."""
    source = Path(decide.__file__).read_text(encoding="utf-8")
    tree = ast.parse(source)
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    own = {name for name in names if name.startswith("frontdesk")}
    assert own == {"frontdesk.desk", "frontdesk.domain"}
    assert not names & {"time", "asyncio", "os", "random", "psycopg", "httpx", "langchain_core"}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef | ast.Await)]
    assert "now(" not in source
    assert len(source.splitlines()) < 300
