"""The text in markdown-it's tokens as a person reads it.

A link to another page stands between OPEN and CLOSE, and a line of code behind CODE or COMMAND, until it is
known which sentences there are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from markdown_it.token import Token

OPEN, CLOSE = "\ue000", "\ue001"
CODE, COMMAND = "\ue002", "\ue003"  # before a line of code, and before code of a single line
ICON = "\ue004"  # where a picture without words stood
_AROUND_ICON = re.compile(rf"[ \t]?(?:\([ \t{ICON}]*{ICON}[ \t]*\)|\[[ \t{ICON}]*{ICON}[ \t]*\])")
_FILE_NAME = re.compile(r"\S*[_.-]\S*|(?i:image|screenshot|img|logo|icon)")
LONGEST_COMMAND = 200  # characters: one line of code that is longer is no sentence


def plain(text: str) -> str:
    """``text`` without the marks of links and code."""
    return text.translate(_MARKS)


_MARKS = dict.fromkeys(map(ord, (OPEN, CLOSE, CODE, COMMAND)))


def code(token: Token) -> str:
    """Code with no empty line in it: an empty line is where blocks are told apart."""
    lines = [line.rstrip() for line in token.content.split("\n") if line.strip()]
    mark = CODE if len(lines) > 1 or len("".join(lines)) > LONGEST_COMMAND else COMMAND
    return "\n".join(mark + line for line in lines)


def only_links(text: str) -> bool:
    """Whether ``text`` is links to other pages of ours and nothing else."""
    outside = re.sub(f"{OPEN}[^{CLOSE}]*{CLOSE}", "", text)
    return OPEN in text and not re.search(r"[^\W\d_]{2}", outside)


def all_links(tokens: Sequence[Token]) -> bool:
    """Whether no word stands outside of links to pages, except for labels before them ("Policies:")."""
    kinds = [_links(token) for token in tokens if token.type in {"inline", "fence", "code_block"}]
    return any(kinds) and None not in kinds


def _links(token: Token) -> bool | None:
    """Whether links are all there is; False for a label, None for anything else."""
    inside = found = outside = 0
    for child in token.children or []:
        if child.type == "link_open":
            outside += str(child.attrGet("href") or "").startswith(("mailto:", "tel:"))
        inside += (child.type == "link_open") - (child.type == "link_close")
        found += child.type == "link_open"
        outside += not inside and bool(re.search(r"[^\W\d_]{2}", child.content))
    if found and not outside:
        return True
    return False if not found and token.content.rstrip("* ").endswith((":", "：")) else None


def inline(token: Token) -> str:
    """The text of an inline token as a person reads it: no marks, no addresses."""
    return text_of(token.children or [])


def text_of(children: Sequence[Token]) -> str:
    """The text of what an inline token holds; what an icon's brackets leave behind is gone with it."""
    parts: list[str] = []
    pages: list[bool] = []
    struck = 0
    for child in children:
        struck += (child.type == "s_open") - (child.type == "s_close")
        if child.type == "link_open":
            pages.append(_to_page(str(child.attrGet("href") or "")))
            parts.append(OPEN * pages[-1])
        elif child.type == "link_close":
            parts.append(CLOSE * pages.pop())
        elif struck:
            continue  # what is struck through holds no longer
        elif child.type == "image":
            named = child.content and not _FILE_NAME.fullmatch(child.content)
            parts.append(child.content if named else ICON)
        elif child.type in {"text", "text_special", "code_inline"}:
            parts.append(child.content)
        elif child.type in {"softbreak", "hardbreak"}:
            parts.append(" ")
    text = "".join(parts)
    if ICON in text:
        text = _AROUND_ICON.sub("", text).replace(ICON, "")
    return " ".join(text.split())


def _to_page(href: str) -> bool:
    return "://" not in href and not href.startswith(("mailto:", "tel:"))
