"""Frontdesk(…): what a shop declares in its own ``support.py``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from frontdesk.errors import DeclarationError
from frontdesk.helpdesks import Helpdesk
from frontdesk.hours import BusinessHours
from frontdesk.knowledge.article import Source
from frontdesk.knowledge.declared import Knowledge, declared
from frontdesk.tools import Tool
from frontdesk.widget import Widget

VISITOR_PERMISSIONS = frozenset({"knowledge:read", "tickets:write"})


@dataclass(frozen=True)
class Frontdesk:
    """A desk: its name, its tools, its help center, its voice.

    name          the company, as customers read it
    tools         functions decorated with ``@tool`` (or LangChain tools passed through ``grant``)
    knowledge     a folder of articles, a knowledge.toml, a source or several, Knowledge(…); None: no help center
    knowledge_url where a folder's articles are published; a citation links there (``{slug}`` is filled in)
    instructions  what the agent must know about this company, added to the system prompt
    tone          how it should sound
    helpdesk      where tickets go beside Frontdesk's own list: Zendesk(…), Webhook(…), …
    hours         when people are there; None: always
    widget        how the chat on the shop's pages looks, and what it says first
    permissions   what its customers hold; by default, what its tools ask for
    """

    name: str
    tools: Sequence[Tool] = ()
    knowledge: str | Path | Source | Sequence[Source] | Knowledge | None = None
    knowledge_url: str = ""
    instructions: str = ""
    tone: str = "friendly, plain and short"
    hours: BusinessHours | None = None
    helpdesk: Helpdesk | None = None
    widget: Widget = field(default_factory=Widget)
    permissions: frozenset[str] = field(default_factory=frozenset[str])

    def __post_init__(self) -> None:
        """Refuse at start what would fail in front of a customer."""
        seen: set[str] = set()
        for tool in self.tools:
            if not isinstance(tool, Tool):
                raise DeclarationError(
                    f"{_name(tool)!r} has no permission: decorate it with "
                    '@tool(permission="…") or pass it through frontdesk.grant(tool, permission="…")'
                )
            if tool.name in seen:
                raise DeclarationError(f"two tools are called {tool.name!r}: rename one of them")
            seen.add(tool.name)

    @cached_property
    def help_center(self) -> Knowledge | None:
        """What ``knowledge`` says, in full. Raises SettingsError where its file is wrong."""
        return declared(self.knowledge, self.knowledge_url)

    @cached_property
    def own_words(self) -> str:
        """What the developer wrote and a reply may repeat: the instructions, the tools' questions and choices."""
        questions = (question for tool in self.tools for question in tool.grant.asks.values())
        specs = (spec for tool in self.tools for spec in tool.args.values() if isinstance(spec, dict))
        choices = (str(choice) for spec in specs for choice in spec.get("enum") or ())
        return "\n".join([self.instructions, *questions, *choices])

    def customer_permissions(self) -> frozenset[str]:
        """What a customer of this desk holds unless their token narrows it."""
        declared = self.permissions or frozenset(t.grant.permission for t in self.tools)
        return declared | VISITOR_PERMISSIONS | {"actions:read"}


def _name(thing: object) -> str:
    return str(getattr(thing, "name", "") or getattr(thing, "__name__", "") or thing)
