"""A desk served by a process of its own, for tests that end it or cut its connections.

Run as ``python -m tests.served PORT``; FRONTDESK_DATABASE_URL names the database. A look-up takes
TEST_TOOL_SECONDS and appends a line to TEST_CALLS when it begins.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import uvicorn

from frontdesk import Customer, Frontdesk, tool
from frontdesk.models.scripted import ScriptedModel
from frontdesk.settings import load
from frontdesk.web.app import create_app
from tests.desk import Backend, follow

backend = Backend()
backend.seconds = float(os.environ.get("TEST_TOOL_SECONDS", "0"))


@tool(permission="orders:read", step="Looking up order {order_id}")
async def get_order_status(order_id: str, customer: Customer) -> dict[str, object]:
    """Status of an order."""
    if path := os.environ.get("TEST_CALLS"):
        with Path(path).open("a") as file:
            file.write(f"{order_id}\n")
    return await backend.order(order_id, customer.id)


if __name__ == "__main__":
    app = create_app(
        Frontdesk("Testshop", tools=[get_order_status]), load(), models=[("scripted", ScriptedModel(follow))]
    )
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning")
