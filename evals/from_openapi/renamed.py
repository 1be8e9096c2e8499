"""The scenarios of the hand-written tools, in the names of the operations that do the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import yaml

__all__ = ["VARIANT", "rename"]

Json = dict[str, Any]
# hand-written tool → the operations that do the same, as tools are called by them. Where two are named, one reads
# what is an order's, the other what is the customer's: a scenario that names no order passes with either.
OPERATIONS: dict[str, tuple[str, ...]] = {
    "get_order_status": ("get_order",),
    "list_orders": ("list_orders",),
    "get_profile": ("get_user",),
    "get_payments": ("order_payments",),
    "get_refunds": ("user_refunds", "order_refunds"),
    "get_returns": ("user_returns", "order_returns"),
    "change_shipping_address": ("change_address",),
    "cancel_order": ("cancel_order",),
    "refund_order": ("create_refund",),
    "start_return": ("create_return",),
    "resend_invoice": ("resend_invoice",),
    "reset_password": ("reset_password",),
    "change_email": ("change_email",),
    "open_shop_ticket": ("create_ticket",),
    "amend_shop_ticket": ("add_note",),
}
ARGUMENTS = {"new_email": "email", "details": "body"}
PRESSED = ("confirm", "decline", "undo")
VARIANT = "~"  # behind the name of a scenario's second form


def rename(scenarios: Path, into: Path, only: tuple[str, ...] = ("**/*.yaml",)) -> None:
    """Write each scenario that ``only`` finds below ``into``; one that passes with either of two tools, twice."""
    for path in sorted({path for glob in only for path in scenarios.glob(glob)}):
        if path.name == "eval.yaml":
            continue
        said = yaml.safe_load(path.read_text())
        forms = [_renamed(said, last=False), _renamed(said, last=True)]
        for mark, form in zip(("", VARIANT), forms if forms[0] != forms[1] else forms[:1], strict=False):
            written = into / path.relative_to(scenarios).with_stem(path.stem + mark)
            written.parent.mkdir(parents=True, exist_ok=True)
            written.write_text(yaml.safe_dump(form, sort_keys=False, allow_unicode=True))


UNASKED = (
    "create_ticket",
    "add_note",
)  # what the hand-written tools do without a confirmation, and no generated one


def _renamed(scenario: Json, *, last: bool) -> Json:
    made = {**scenario, "turns": list(_turns(scenario["turns"], last=last))}
    if "never" in scenario:
        made["never"] = list(_never(scenario["never"]))
    if "actions" in scenario.get("ends", {}):
        actions = [OPERATIONS[name][0] for name in _listed(scenario["ends"]["actions"])]
        made["ends"] = {**scenario["ends"], "actions": actions}
    return made


def _turns(turns: list[Json], *, last: bool) -> Iterator[Json]:
    """Each turn; behind one that a hand-written tool did without asking, the press of the button."""
    for turn in turns:
        made = _turn(turn, last=last)
        yield made
        called = [call if isinstance(call, str) else next(iter(call)) for call in made.get("calls", ())]
        yield from ({"confirm": name} for name in called if name in UNASKED)


def _turn(turn: Json, *, last: bool) -> Json:
    made = dict(turn)
    if "calls" in turn:
        made["calls"] = [_call(call, last=last) for call in _listed(turn["calls"])]
    if "never" in turn:
        made["never"] = list(_never(turn["never"]))
    for does in PRESSED:
        if does in turn:
            made[does] = OPERATIONS[turn[does]][0]
    return made


def _call(call: Any, *, last: bool) -> Any:
    if isinstance(call, str):
        return _operations(call)[-1 if last else 0]
    [(name, arguments)] = cast("Json", call).items()
    tool = _operations(name)[-1 if last or "order_id" in arguments else 0]
    return {tool: {ARGUMENTS.get(key, key): value for key, value in arguments.items()}}


def _never(calls: Any) -> Iterator[Any]:
    for call in _listed(calls):
        if isinstance(call, str):
            yield from _operations(call)
        else:
            [(name, arguments)] = call.items()
            yield {_operations(name)[-1]: arguments}


def _operations(name: str) -> tuple[str, ...]:
    return OPERATIONS.get(name, (name,))  # Frontdesk's own tools keep their names


def _listed(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else [value]
