"""What a component's name and attributes say to a reader."""

from __future__ import annotations

import re

from frontdesk.knowledge.formats.parsed import listed
from frontdesk.knowledge.formats.tags import Tag

STARS = re.compile(r"(?<!\\)\*")
HREF = re.compile(r"(?:https?://|mailto:|tel:|(?![a-z][a-z0-9+.-]*:)[./#?\w-])[^\s()<>]*", re.IGNORECASE)
_TITLES = ("title", "label", "header", "heading", "summary", "question", "name", "tabname")
AS_HEADING = listed(
    """
    accordion accordionitem expandable details tab tabitem tabpanel tabpane update collapse collapsible
    disclosure question faq faqitem toggle expand expander tabs.tab accordion_item accordion-item detail
    accordions.accordion accordionpanel
    """
)
WORDS = listed(
    """
    Badge Kbd Link Icon Tooltip Trans Mark Highlight Code Key Var Term Abbr A Span
    """
)
_PARAMETERS = ("path", "query", "body", "param")


def title_of(tag: Tag) -> str:
    """The title among the attributes of ``tag``, as Markdown; "" for none."""
    if tag.closing:
        return ""
    said = tag.attributes
    title = next((said[name] for name in _TITLES if said.get(name)), "")
    if not title and tag.name.endswith("Field"):
        title = next((said[name] for name in _PARAMETERS if said.get(name)), "")
    return escaped(title)


def escaped(text: str) -> str:
    """Text of an attribute as Markdown."""
    return re.sub(r"([\\\[\]<>*_#|])", r"\\\1", " ".join(text.split())[:500])
