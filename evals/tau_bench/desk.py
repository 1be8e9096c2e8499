"""The desk that is measured: the tools and rules of evals/tau_retail, with the benchmark's own words beside them."""

from __future__ import annotations

import os
from contextvars import ContextVar
from typing import Any, Literal, cast

from pydantic import BaseModel, Field, create_model

from evals.tau_retail import data
from evals.tau_retail.backend import Backend
from evals.tau_retail.data import Json, read
from evals.tau_retail.desk import DESK
from evals.tau_retail.reads import SHOP
from frontdesk import Frontdesk
from frontdesk.settings import Settings
from frontdesk.tools import Tool

HERE: ContextVar[Backend] = ContextVar("world")  # each trial has a world of its own
BUTTON = (
    "How confirmation works here: you are in a chat with the customer, who is signed in. Where the policy asks for the "
    "customer's explicit confirmation, make the tool call: it only proposes. The customer then sees all details on a card "
    "and presses its button, which is the explicit yes."
)
# As much as the benchmark allows its agents, who read the whole conversation; FRONTDESK_… in the environment overrides.
LIMITS: Json = {
    "max_model_calls": 30,
    "max_tool_calls": 30,
    "turn_seconds": 600.0,
    "model_timeout": 120.0,
    "window_turns": 40,
    "window_chars": 100_000,
    "lease_seconds": 60.0,
    "secret": "nobody presses these buttons but the simulated customer",
}


class Worlds:
    """Stands where the shop's backend stands, and is the backend of whichever trial asks."""

    def __getattr__(self, name: str) -> Any:
        return getattr(HERE.get(), name)


def desk() -> Frontdesk:
    """The shop with the benchmark's policy as its instructions and the benchmark's descriptions on its tools."""
    SHOP.world = cast("Backend", Worlds())
    words = {tool["function"]["name"]: tool["function"] for tool in read("tools.json")}
    policy = (data.FOLDER / "policy.md").read_text("utf-8")
    tools = [_described(tool, words[tool.name]) if tool.name in words else tool for tool in DESK.tools]
    return Frontdesk("the online retail shop", tools=tools, instructions=f"{policy}\n\n{BUTTON}")


def settings() -> Settings:
    """Frontdesk's settings for the benchmark."""
    return Settings(**{k: v for k, v in LIMITS.items() if f"FRONTDESK_{k.upper()}" not in os.environ})


def _described(tool: Tool, words: Json) -> Tool:
    """The same tool under the benchmark's description, with its descriptions of the arguments."""
    schema = cast("type[BaseModel]", tool.args_schema)
    said = words["parameters"]["properties"]
    fields: Any = {
        name: (_type(field.annotation, said[name]), Field(description=said[name].get("description", "")))
        for name, field in schema.model_fields.items()
    }
    made = create_model(schema.__name__, __base__=schema, **fields)
    return tool.model_copy(update={"description": words["description"], "args_schema": made})


def _type(annotation: Any, said: Json) -> Any:
    return Literal[tuple(said["enum"])] if "enum" in said else annotation
