"""The help center as the shop publishes it: what a citation links to. The desk reads the same files."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml
from markdown_it import MarkdownIt

HELP_CENTER = Path(__file__).parent.parent / "help-center"
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True)
class Page:
    """One article; ``section`` is its folder, ``html`` its body."""

    slug: str
    section: str
    title: str
    html: str


@cache
def pages() -> dict[str, Page]:
    """What customers may read, by slug (``returns/refund-policy``), in the order of folders and titles."""
    found = [
        page
        for path in HELP_CENTER.rglob("*.md")
        if (page := _page(path.relative_to(HELP_CENTER).with_suffix("").as_posix(), path.read_text("utf-8")))
    ]
    return {page.slug: page for page in sorted(found, key=lambda page: (page.section, page.title))}


def _page(slug: str, text: str) -> Page | None:
    """The article; None where it is not for everybody."""
    _, front, body = re.split(r"^---$", text, maxsplit=2, flags=re.MULTILINE)
    about: dict[str, Any] = yaml.safe_load(front)
    if about["visibility"] != "public":
        return None
    section = posixpath.dirname(slug)
    tokens = _markdown.parse(body)
    for token, heading in pairwise(tokens):
        if token.type == "heading_open":
            token.attrSet("id", re.sub(r"[^\w\- ]", "", heading.content.lower()).replace(" ", "-"))
        for link in token.children or ():
            target = str(link.attrGet("href") or "")
            if link.type == "link_open" and (name := re.match(r"([^:#]+)\.md\b", target)):
                link.attrSet(
                    "href", "/help/" + posixpath.normpath(f"{section}/{name[1]}") + target[name.end() :]
                )
    html: str = _markdown.renderer.render(tokens, _markdown.options, {})
    return Page(slug, section, about["title"], html)
