"""The scenarios of the hand-written tools, in the names of the operations that do the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import yaml

__all__ = ["rename"]

Json = dict[str, Any]
# hand-written tool → the operation that does the same, as its tool is called.
OPERATIONS: dict[str, str] = {
    "get_order_status": "get_order",
    "list_orders": "list_orders",
    "get_profile": "get_user",
    "get_payments": "order_payments",
    "get_refunds": "user_refunds",
    "get_returns": "user_returns",
    "change_shipping_address": "change_address",
    "cancel_order": "cancel_order",
    "refund_order": "create_refund",
    "start_return": "create_return",
    "resend_invoice": "resend_invoice",
    "reset_password": "reset_password",
    "change_email": "change_email",
    "open_shop_ticket": "create_ticket",
    "amend_shop_ticket": "add_note",
}
ARGUMENTS = {"new_email": "email", "details": "body"}
PRESSED = ("confirm", "decline", "undo")
UNASKED = ("create_ticket", "add_note")  # done without a confirmation by hand, and by no generated tool


def rename(scenarios: Path, into: Path, only: tuple[str, ...] = ("**/*.yaml",)) -> None:
    """Write each scenario that ``only`` finds below ``into``."""
    for path in sorted({path for glob in only for path in scenarios.glob(glob)}):
        if path.name == "eval.yaml":
            continue
        written = into / path.relative_to(scenarios)
        written.parent.mkdir(parents=True, exist_ok=True)
        made = _renamed(yaml.safe_load(path.read_text()))
        written.write_text(yaml.safe_dump(made, sort_keys=False, allow_unicode=True))


def _renamed(scenario: Json) -> Json:
    made = {**scenario, "turns": list(_turns(scenario["turns"]))}
    if "never" in scenario:
        made["never"] = [_call(call) for call in _listed(scenario["never"])]
    if "actions" in scenario.get("ends", {}):
        actions = [OPERATIONS[name] for name in _listed(scenario["ends"]["actions"])]
        made["ends"] = {**scenario["ends"], "actions": actions}
    return made


def _turns(turns: list[Json]) -> Iterator[Json]:
    """Each turn; behind one that a hand-written tool did without asking, the press of the button."""
    for turn in turns:
        made = _turn(turn)
        yield made
        called = [call if isinstance(call, str) else next(iter(call)) for call in made.get("calls", ())]
        yield from ({"confirm": name} for name in called if name in UNASKED)


def _turn(turn: Json) -> Json:
    made = dict(turn)
    for word in ("calls", "never"):
        if word in turn:
            made[word] = [_call(call) for call in _listed(turn[word])]
    for does in PRESSED:
        if does in turn:
            made[does] = OPERATIONS[turn[does]]
    return made


def _call(call: Any) -> Any:
    if isinstance(call, str):
        return OPERATIONS.get(call, call)  # Frontdesk's own tools keep their names
    [(name, arguments)] = cast("Json", call).items()
    return {OPERATIONS.get(name, name): {ARGUMENTS.get(key, key): value for key, value in arguments.items()}}


def _listed(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else [value]
