"""Markdown and MDX, in the dialects of documentation generators, to plain Markdown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from frontdesk.knowledge.formats import front, templates
from frontdesk.knowledge.formats.includes import expand
from frontdesk.knowledge.formats.layout import Layout
from frontdesk.knowledge.formats.parsed import MAX_TEXT, Malformed, Parsed, decode
from frontdesk.knowledge.formats.protect import Kept, protect
from frontdesk.knowledge.formats.shown import from_front
from frontdesk.knowledge.formats.tags import Tags
from frontdesk.knowledge.formats.tidy import tidy, without_html

_REGION = re.compile(r"<(table|ul|ol|dl|pre)(?=[\s>])", re.IGNORECASE)
_HEADING_ID = re.compile(r"^(#{1,6}[ \t][^\n]*?)(\{#[^\s{}]{1,200}\})[ \t]*$", re.MULTILINE)
# Empty brackets that the author wrote are set aside; those that are found later are what is left of an icon.
_LITERAL = re.compile(r"(?<![\w!\]\[])(?:\(\)|\[\](?![(\[:]))")
_ICON = re.compile(r"(?<![\w!\]\[\n\ue011])[ \t]?(?:\([ \t]*\)|\[[ \t]*\](?![(\[:]))")


def parse(
    data: bytes, *, mdx: bool, path: str = "", beside: Mapping[str, bytes] = MappingProxyType({})
) -> Parsed:
    """A Markdown file, with those of the files ``beside`` it that it includes. Raises Malformed."""
    if len(data) > MAX_TEXT:
        raise Malformed(f"larger than {MAX_TEXT // 1_000_000} MB of text")
    fields, body = front.split(decode(data))
    body = expand(body, path, beside)
    return Parsed(plain(body, fields, mdx=mdx), fields)


def plain(text: str, fields: Mapping[str, Any] | None = None, *, mdx: bool) -> str:
    """``text`` as Markdown without HTML, components, templates and directives."""
    kept = Kept()
    text = protect(templates.without_comments(text), kept)
    text = _LITERAL.sub(lambda m: kept.keep(m[0]), templates.without_esm(text))
    if mdx:
        text = _HEADING_ID.sub(lambda m: m[1] + kept.keep(m[2]), text)
    tags = Tags(kept)
    if "{" in text:
        text = from_front(text, fields or {})
        text = templates.shortcodes(text, tags)
    if "<" in text:
        text = _regions(text, kept)
        text = tags.take(text, mdx=mdx)
    text = templates.outputs(text)
    if mdx:
        text = templates.expressions(text)
        text = _ids(text, kept)
    text = _ICON.sub("", tidy(Layout(tags).run(text)))
    return without_html(kept.restore(text))


def _ids(text: str, kept: Kept) -> str:
    """Headings' explicit anchors, which were set aside as being no expression."""
    return re.sub(
        r"^(#{1,6}[ \t][^\n]*?)(\ue010\d+\ue011)[ \t]*$",
        lambda m: m[1] + (piece if (piece := kept.inline(m[2])).startswith("{#") else m[2]),
        text,
        flags=re.MULTILINE,
    )


def _regions(text: str, kept: Kept) -> str:
    """Tables and lists written in HTML, each converted as a whole."""
    parts: list[str] = []
    done = 0
    endless: set[str] = set()
    for match in _REGION.finditer(text):
        name = match[1].lower()
        if match.start() < done or name in endless:
            continue
        end = _region_end(text, match.start(), name)
        if end < 0:
            endless.add(name)
            continue
        # Imported here: pages without HTML do not pay for the parser.
        from frontdesk.knowledge.formats.html import fragment  # noqa: PLC0415

        converted = fragment(text[match.start() : end], raw=True)
        column = match.start() - (text.rfind("\n", 0, match.start()) + 1)
        before = text[match.start() - column : match.start()]
        parts.append(text[done : match.start()])
        gap = "\n\n" + (before if not before.strip() else "")
        parts.append(gap + kept.keep(converted) + "\n\n")
        done = end
    return "".join([*parts, text[done:]])


def _region_end(text: str, start: int, name: str) -> int:
    depth = 0
    for tag in re.compile(rf"<(/?){name}(?=[\s>])[^<>]*>", re.IGNORECASE).finditer(text, start):
        depth += -1 if tag[1] else 1
        if depth == 0:
            return tag.end()
    return -1
