"""Results as a run would give them."""

from __future__ import annotations

from typing import Any

from frontdesk.evaluation.happened import Finding, Result, ToolUse, Turn
from frontdesk.evaluation.run import Run

WRONG = Finding(1, "outcome", "answered", "failed")


def result(
    name: str = "order/one", run: int = 1, *, passed: bool = True, reply: str = "Hello.", **more: Any
) -> Result:
    turn = Turn(
        "say",
        "Where is it?",
        reply,
        "answered",
        tools=[ToolUse("get_order", {"order_id": "7"}, '{"status":"shipped"}', ok=True)],
        model="local",
        ms=more.pop("ms", 10.0),
        cost_usd=more.pop("cost_usd", 0.0),
    )
    given: dict[str, Any] = {
        "kind": name.partition("/")[0],
        "hard": (),
        "locale": "en",
        "tools": ["get_order"],
        "why": "-",
        "customer": "u1",
        "digest": "d",
        "findings": [] if passed else [WRONG],
        "turns": [turn],
        "seconds": 0.1,
    }
    return Result(name=name, run=run, **(given | more))


def run_of(*results: Result, runs: int = 1) -> Run:
    return Run("shop.support:desk", "local", "f", runs, results=list(results), seconds=1.5)
