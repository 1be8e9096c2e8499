"""How the built-in local model speaks of a tool, from what the document calls things."""

from __future__ import annotations

from typing import Any

from frontdesk.tools.openapi.decision import Decision
from frontdesk.tools.openapi.naming import noun
from frontdesk.tools.sql.declared import singular

__all__ = ["spoken"]


def spoken(made: Decision) -> dict[str, Any]:
    """``asks`` and ``step`` of @tool(…): what is missing, and what the customer reads meanwhile."""
    things = noun(made.operation.path)
    thing = (singular(things) if made.operation.path.endswith("}") else things).replace("_", " ")
    asks = {
        name: f"Which {name.removesuffix('_id').replace('_', ' ')} do you mean?"
        for name, parameter in made.arguments
        if parameter.where == "path"
    }
    verb = "Looking up" if made.status == "read" else "Preparing"
    said: dict[str, Any] = {"asks": asks} if asks else {}
    return {**said, "step": f"{verb} {thing}"}
