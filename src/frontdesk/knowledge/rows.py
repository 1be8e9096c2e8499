"""Rows of tables as people read them. An article keeps a row as one line, "Step: We check it; Time: 5 days"."""

from __future__ import annotations

import re

_CELLS = re.compile(r"; (?=[A-ZÀ-Þ][^:;.!?]{0,40}: )")
_NAME = re.compile(r"[A-ZÀ-Þ][^:;.!?]{0,40}: ")


def as_told(line: str) -> str:
    """The row as "We check it: 5 days"; a wider one as a list under what it is about. Other lines stay."""
    first, *others = _CELLS.split(line)
    if not others or "\n" in line:
        return line
    about = _NAME.sub("", first, count=1).rstrip(".")
    if len(others) == 1:
        return f"{about}: {_NAME.sub('', others[0], count=1)}"
    return "\n".join([f"{about}:", *(f"- {cell}" for cell in others)])
