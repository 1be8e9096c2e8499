"""Emphasis beside scripts that put no spaces between words: ``**警告：**我们``, which CommonMark leaves as it is."""

from __future__ import annotations

import re

from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter

_WIDE = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")


def tokenize(state: StateInline, silent: bool) -> bool:
    """markdown-it's rule, except that a wide character beside a mark is as good as a space beside it."""
    start = state.pos
    marker = state.src[start]
    if silent or marker not in "*_":
        return False
    scanned = state.scanDelims(start, marker == "*")
    before = state.src[start - 1] if start else " "
    after = state.src[start + scanned.length : start + scanned.length + 1] or " "
    opens, closes = scanned.can_open, scanned.can_close
    if marker == "*":
        opens = opens or bool(_WIDE.match(before) and not after.isspace())
        closes = closes or bool(_WIDE.match(after) and not before.isspace())
    for _ in range(scanned.length):
        token = state.push("text", "", 0)
        token.content = marker
        length, position = scanned.length, len(state.tokens) - 1
        state.delimiters.append(Delimiter(ord(marker), length, position, -1, opens, closes))
    state.pos += scanned.length
    return True
