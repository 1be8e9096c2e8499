"""What is kept of a turn: the record people read, and the audit entry that proves it."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from typing import Any

import orjson

from frontdesk.domain import Json, Step, TurnInput, TurnResult


def record_of(turn: TurnInput, result: TurnResult) -> tuple[str, str]:
    """(record, audit entry) of a finished turn, both JSON text.

    The record holds all of it: each tool call with arguments, result and time, citations, model, tokens,
    cost. The audit entry holds ids, names and hashes, so that it can outlive an erased customer.
    """
    record: Json = {
        "steps": [_step(step) for step in result.steps],
        "citations": [asdict(citation) for citation in result.citations],
        "suggestions": result.suggestions,
        "model": result.model,
        "prompt": result.prompt_version,
        "usage": {key: value for key, value in asdict(result.usage).items() if value},
        "degraded": result.degraded_steps,
        "mode": result.mode,
        "actions": [str(action.id) for action in result.actions],
        "receipt": result.receipt,
        "confidence": "" if result.confidence is None else round(result.confidence, 4),
        "ms": round(result.ms, 1),
        "waited": round(result.waited, 1),
        "calls": result.calls,
        "stopped": result.stopped,
    }
    audit: Json = {
        "turn": str(turn.turn_id),
        "outcome": result.outcome.value,
        "reply": sha(result.reply),
        "tools": [
            {"name": s.tool, "permission": s.permission, "ok": s.ok, "arguments": sha(_dump(s.arguments))}
            for s in result.steps
        ],
        "model": result.model,
    }
    return _dump({k: v for k, v in record.items() if v not in ([], "", {})}), _dump(audit)


PROPOSED = '{"proposed":'


def steps_of(stored: list[Json] | None, actions: list[Json] | None = None) -> tuple[Step, ...]:
    """The tool calls of a stored turn; of an action the result says what has become of it by now."""
    now = {state["id"]: state for state in actions or ()}
    return tuple(
        Step(
            tool=item["tool"],
            label=item.get("label", ""),
            arguments=item["arguments"],
            result=_by_now(item["result"], now),
            ok=item.get("ok", True),
            ms=item.get("ms", 0.0),
            at=item.get("at", 0.0),
            permission=item.get("permission", ""),
            error=item.get("error", ""),
        )
        for item in stored or ()
    )


def _by_now(result: str, actions: dict[str, Json]) -> str:
    if not result.startswith(PROPOSED):
        return result
    proposed: Json = orjson.loads(result)["proposed"]
    state = actions.get(proposed["id"])
    if state is None:  # the turn was overtaken, so nothing was proposed
        return _dump({"action": {"title": proposed["title"], "status": "expired", "reason": "superseded"}})
    if state["status"] == "proposed":
        return result
    told = {
        "id": state["id"],
        "title": proposed["title"],
        "status": state["status"],
        "reason": state["reason"],
    }
    return _dump({"action": {**told, "result": state["result"]}})


def sha(text: str) -> str:
    """The first 16 hex digits of a text's SHA-256: enough to prove it, useless to read it."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _step(step: Step) -> Json:
    item: Json = {
        "tool": step.tool,
        "label": step.label,
        "arguments": step.arguments,
        "result": step.result,
        "at": round(step.at, 1),
        "ms": round(step.ms, 2),
        "permission": step.permission,
    }
    return item if step.ok else {**item, "ok": False, "error": step.error}


def _dump(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()
