"""Lists and texts that a page keeps in its front matter and shows by a Liquid tag: ``items=page.accepted``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

from frontdesk.knowledge.formats.parsed import listed

_TAG = re.compile(
    r"\{%-?[ \t\n]{0,50}([a-z_]{1,40})[ \t\n]((?:[^%{]|%(?!\})|\{(?!%)){0,2000}?)-?%\}"
    r"|\{\{-?[ \t]{0,50}(page\.[^{}\n|]{1,200})(?:\|[^{}\n]{0,300})?\}\}"
)
_PAGE = re.compile(r"(?<![\w.\"'/])page\.([A-Za-z][\w-]{0,60}(?:\.[A-Za-z][\w-]{0,60}){0,3})(?![\w/])")
_LOOP = re.compile(r"\{%-?[ \t]{0,50}(for|endfor)\b[^%{}]{0,500}%\}")
# A picture's path, an address or an identifier: nothing a reader is shown.
_FILE = re.compile(
    r"\.{0,2}/[!-~]*|https?://[!-~]*|[!-~]+\.(?:png|jpe?g|svg|gif|webp|html?|mdx?|pdf|mp4|js|css)|[a-z0-9]+_[a-z0-9_]+"
)
_SILENT = listed("if elsif unless case when assign capture set link cycle increment decrement layout comment")
_UNSHOWN = listed(
    """
    title layout permalink url date category categories tags id slug lang locale language visibility order
    image images author authors redirect_from redirect_to redirects version published draft products updated
    """
)
_HEADS = ("question", "title", "name", "heading", "label", "term")
_TEXTS = ("answer", "text", "description", "content", "body", "definition", "value")
_INNER = ("items", "list", "steps", "points")
MOST_ITEMS, LONGEST, MOST = 200, 4000, 200_000  # items of a list, characters of one, characters in a page


def from_front(text: str, fields: Mapping[str, Any]) -> str:
    """``text`` with what its tags take from ``fields`` standing in their place."""
    if "page." not in text:
        return text
    parts: list[str] = []
    done = size = 0
    for match in _TAG.finditer(text):
        if match.start() < done or size > MOST:
            continue
        said, block = _said(match, fields)
        if not said:
            continue
        before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
        indent = before if not before.strip() else ""
        lines = said.replace("\n", "\n" + indent)
        parts += [text[done : match.start()], f"\n\n{indent}{lines}\n\n{indent}" if block else lines]
        size += len(lines)
        done = _loop_end(text, match) if match[1] == "for" else match.end()
    return "".join([*parts, text[done:]])


def _said(match: re.Match[str], fields: Mapping[str, Any]) -> tuple[str, bool]:
    """What a tag shows of the front matter, and whether it stands on lines of its own."""
    if match[3]:
        value = _value(match[3].strip().removeprefix("page."), fields)
        return (_text(value), False) if isinstance(value, str) else (_list(value), True)
    if match[1] in _SILENT:
        return "", False
    shown = [_value(found[1], fields) for found in _PAGE.finditer(match[2])]
    texts = [_paragraph(value) if isinstance(value, str) else _list(value) for value in shown]
    return "\n\n".join(filter(None, texts)), True


def _value(path: str, fields: Mapping[str, Any]) -> object:
    first, *rest = path.split(".")
    name = first.lower().replace("-", "_")
    value: object = None if name in _UNSHOWN else fields.get(name)
    for part in rest:
        value = cast("dict[object, Any]", value).get(part) if isinstance(value, dict) else None
    return value


def _text(value: object) -> str:
    return " ".join(str(value)[:LONGEST].split()) if isinstance(value, str | int | float) else ""


def _paragraph(value: str) -> str:
    """A text of the front matter; "" for a name of something, such as a picture."""
    said = value[:LONGEST].strip()
    return said if re.search(r"\s|[\u3040-\u9fff]", said) else ""


def _list(value: object) -> str:
    items = cast("list[object]", value)[:MOST_ITEMS] if isinstance(value, list) else []
    return "\n".join(line for item in items for line in _item(item))


def _item(item: object) -> Iterator[str]:
    """An item's line, and those of the list in it."""
    if not isinstance(item, dict):
        said = _text(item)
        if said and not _FILE.fullmatch(said):
            yield f"- {said}"
        return
    known = {str(name).lower(): value for name, value in cast("dict[object, Any]", item).items()}
    head = next((said for name in _HEADS if (said := _text(known.get(name)))), "")
    text = next((said for name in _TEXTS if (said := _text(known.get(name)))), "")
    inner = next((found for name in (*_TEXTS, *_INNER) if isinstance(found := known.get(name), list)), [])
    link = head and text and head[-1] not in ".:!?：。！？"
    said = f"{head}{':' if link else ''} {text}".strip()
    if said:
        yield f"- {said}"
    for each in cast("list[object]", inner)[:MOST_ITEMS]:
        if each_said := _text(each):
            yield f"  - {each_said}" if said else f"- {each_said}"


def _loop_end(text: str, match: re.Match[str]) -> int:
    """Behind the loop that begins with ``match``; behind its tag alone where it does not end."""
    depth = 1
    for tag in _LOOP.finditer(text, match.end(), match.end() + 20_000):
        depth += 1 if tag[1] == "for" else -1
        if depth == 0:
            return tag.end()
    return match.end()
