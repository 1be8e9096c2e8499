"""A server that is killed at a named point, for the kill loop: ``python -m chaos.served PORT``.

The points are put around production code here, from outside; the package knows nothing of them. CRASH names one and the
passage at which it strikes: ``claimed:3``. The backend is a SQLite file of its own that knows Idempotency-Key.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from typing import Any

import uvicorn

from frontdesk import Customer, Frontdesk, Preview, tool
from frontdesk.models import ModelChain
from frontdesk.models.scripted import ScriptedModel
from frontdesk.settings import load
from frontdesk.store.actions import ActionStore
from frontdesk.store.turns import Turns
from frontdesk.web.app import create_app
from tests.actions.shop import obey

POINT, _, AT = os.environ.get("CRASH", "none:0").partition(":")
BACKEND = os.environ["CHAOS_BACKEND"]
passed = 0


def point(name: str) -> None:
    """End this process here, as kill -9 does, in the passage that was asked for."""
    global passed
    if name == POINT:
        passed += 1
        if passed >= int(AT):
            os.kill(os.getpid(), signal.SIGKILL)


def around(kind: type, method: str, before: str = "", after: str = "") -> None:
    """Put a point before or after a method."""
    inner: Callable[..., Any] = getattr(kind, method)

    async def crossed(*arguments: Any, **more: Any) -> Any:
        if before:
            point(before)
        result = await inner(*arguments, **more)
        if after:
            point(after)
        return result

    setattr(kind, method, crossed)


def effect(effect_id: str) -> dict[str, str]:
    """What the backend does, once for each key, durably."""
    with sqlite3.connect(BACKEND, timeout=10) as backend:
        backend.execute("CREATE TABLE IF NOT EXISTS effects (id TEXT PRIMARY KEY, times INTEGER)")
        known = backend.execute("SELECT 1 FROM effects WHERE id = ?", (effect_id,)).fetchone()
        if not known:
            backend.execute("INSERT INTO effects VALUES (?, 1)", (effect_id,))
    return {"effect": effect_id}


@tool(
    permission="orders:refund",
    confirm=True,
    reconcile="repeat",
    preview=lambda _, arguments: Preview(f"Refund {arguments['order_id']}.", object=arguments["order_id"]),
    says="Refunded.",
)
async def refund_order(order_id: str, customer: Customer, effect_id: str) -> dict[str, str]:  # noqa: ARG001
    """Refund an order."""
    point("before the effect")
    done = effect(effect_id)
    point("after the effect")
    return done


def main() -> None:
    """Serve until killed."""
    around(Turns, "accept", after="accepted")
    around(ModelChain, "complete", before="model")
    around(Turns, "finish", before="before finish", after="after finish")
    around(ActionStore, "claim", after="claimed")
    around(ActionStore, "settle", before="before settling")
    desk = Frontdesk("Chaos", tools=[refund_order])
    app = create_app(desk, load(), models=[("scripted", ScriptedModel(obey))], jobs=False)
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error")


if __name__ == "__main__":
    main()
