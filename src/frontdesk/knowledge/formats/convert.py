"""A sanitised document to Markdown: tables whole, headings with their anchors, answers under their questions."""
# ruff: noqa: ARG002 - markdownify calls every method with the same three arguments

from __future__ import annotations

import re
from typing import Any, cast

from bs4 import Tag
from markdownify import MarkdownConverter

CELL, END, ROW = "\ue018", "\ue019", "\ue01a"
_CELL = re.compile(f"{CELL}(\\d+),(\\d+),([hd]),([^{CELL}{END}{ROW}]*){END}")
_ANCHOR = re.compile(r"[^\s{}<>#\"\\]{1,200}")
_BLANKS = re.compile(r"\n{3,}")
WIDEST = 50  # columns


_DIV: Any = cast("Any", MarkdownConverter).convert_div


class _Converter(MarkdownConverter):
    """markdownify with whole tables, explicit anchors and text that stays text."""

    def __init__(self, *, raw: bool) -> None:
        super().__init__(heading_style="ATX", bullets="-", strip_document=None, autolinks=False)
        self._raw = raw

    def escape(self, text: str, parent_tags: set[str]) -> str:
        if self._raw:
            return text
        return re.sub(r"([\\`*_\[\]<>#|~{}])", r"\\\1", text)

    def convert_hN(self, n: int, el: Tag, text: str, parent_tags: set[str]) -> str:
        if "_inline" in parent_tags or CELL in text:
            return text
        text = " ".join(text.split())
        anchor = _anchor(el)
        return (
            f"\n\n{'#' * max(1, min(6, n))} {text}{f' {{#{anchor}}}' if anchor else ''}\n\n" if text else ""
        )

    def convert_summary(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        text = " ".join(text.split()).strip("*")
        if not text or "li" in parent_tags or "td" in parent_tags:
            return f" {text} "
        return f"\n\n{'#' * _below(el)} {text} {{#}}\n\n"

    def convert_details(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        if "li" in parent_tags or "td" in parent_tags or not el.find("summary"):
            return f"\n\n{text}\n\n"
        return f"\n\n{text}\n\n{'#' * _below(el)} {{#}}\n\n"

    def convert_dt(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        text = " ".join(text.split()).strip("*")
        return f"\n\n**{text}**\n" if text else ""

    def convert_dd(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return f"\n{text.strip()}\n\n"

    def convert_pre(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        code = el.get_text().strip("\n")
        ticks = max((len(run) for run in re.findall(r"`+", code)), default=0)
        fence = "`" * max(3, ticks + 1)
        return f"\n\n{fence}\n{code}\n{fence}\n\n" if code.strip() else ""

    def convert_img(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return self.escape(" ".join(str(el.get("alt") or "").split()), parent_tags)

    def convert_br(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return " " if {"td", "th", "_inline"} & parent_tags else "  \n"

    def convert_em(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return text

    convert_i = convert_em
    convert_aside = convert_main = convert_header = convert_footer = _DIV
    convert_address = convert_fieldset = convert_center = convert_dialog = _DIV
    convert_figure = convert_hgroup = convert_search = convert_form = _DIV

    def convert_td(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return self._cell(el, text, "d")

    def convert_th(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return self._cell(el, text, "h")

    def _cell(self, el: Tag, text: str, kind: str) -> str:
        text = re.sub(f"[{CELL}{END}{ROW}]", " ", text)
        text = re.sub(r"^\s*[-*+]\s", "", text)
        text = re.sub(r"\n\s*[-*+]\s", "; ", text)
        text = re.sub(r"(?<!\\)\|", r"\\|", " ".join(text.split()))
        return f"{CELL}{_span(el, 'colspan')},{_span(el, 'rowspan')},{kind},{text}{END}"

    def convert_tr(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return text + ROW

    def convert_table(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        before, rows = _grid(text)
        if not rows:
            return f"\n\n{before}\n\n"
        if max(len(row) for _, row in rows) == 1:  # a table that only lays out the page
            return "\n\n" + "\n\n".join([before, *(row[0] for _, row in rows)]) + "\n\n"
        return f"\n\n{before}\n\n{_table(rows)}\n\n"


def to_markdown(document: Tag, *, raw: bool) -> str:
    """``document`` as Markdown. ``raw``: its text is Markdown already and is not escaped."""
    converter = _Converter(raw=raw)
    text = converter.convert_soup(document).replace(CELL, "").replace(END, "").replace(ROW, "")
    lines = [line.rstrip() for line in text.replace("\xa0", " ").split("\n")]
    return _BLANKS.sub("\n\n", "\n".join(lines)).strip("\n")


def _anchor(heading: Tag) -> str:
    """The anchor a link to ``heading`` needs: its id, that of an anchor in it, or of the section it opens."""
    candidates = [heading, *heading.find_all(["a", "span"], limit=5)]
    before = heading.find_previous_sibling()
    if isinstance(before, Tag) and before.name == "a" and not before.get_text().strip():
        candidates.append(before)
    parent = heading.parent
    if parent is not None and parent.name in {"section", "div"} and parent.find(True) is heading:
        candidates.append(parent)
    for tag in candidates:
        anchor = str(tag.get("id") or (tag.get("name") if tag.name == "a" else "") or "")
        if _ANCHOR.fullmatch(anchor):
            return anchor
    return ""


def _below(tag: Tag) -> int:
    """The level of a heading under the one before ``tag``."""
    heading = tag.find_previous(["h1", "h2", "h3", "h4", "h5", "h6"])
    return min(6, int(heading.name[1]) + 1) if isinstance(heading, Tag) else 2


def _span(el: Tag, name: str) -> int:
    value = str(el.get(name) or "1")
    return max(1, min(WIDEST, int(value))) if value.isdecimal() and len(value) < 4 else 1


Row = tuple[bool, list[str]]  # whether it is a row of headings, and its cells


def _grid(text: str) -> tuple[str, list[Row]]:
    """What stands outside the cells, and the rows, with every cell repeated where it spans."""
    rows: list[Row] = []
    hanging: dict[int, tuple[int, str]] = {}  # column → (rows it still spans, text)
    outside: list[str] = []
    for line in text.split(ROW):
        cells = [(int(m[1]), int(m[2]), m[3], m[4]) for m in _CELL.finditer(line)]
        outside.append(" ".join(_CELL.sub(" ", line).split()))
        if cells:
            rows.append((all(cell[2] == "h" for cell in cells), _row(cells, hanging)))
    width = max((len(row) for _, row in rows), default=0)
    for _, row in rows:
        row += [""] * (width - len(row))
    return " ".join(part for part in outside if part), rows


def _row(cells: list[tuple[int, int, str, str]], hanging: dict[int, tuple[int, str]]) -> list[str]:
    row: list[str] = []
    waiting = list(cells)
    while (waiting or len(row) in hanging) and len(row) < WIDEST:
        column = len(row)
        if column in hanging:
            left, text = hanging.pop(column)
            if left > 1:
                hanging[column] = left - 1, text
            row.append(text)
            continue
        wide, deep, _, text = waiting.pop(0)
        for position in range(column, min(column + wide, WIDEST)):
            if deep > 1:
                hanging[position] = deep - 1, text
            row.append(text if position == column else "")
    return row + [text for _, _, _, text in waiting]


def _table(rows: list[Row]) -> str:
    heads: list[list[str]] = []
    while len(rows) > 1 and rows[0][0]:
        heads.append(rows.pop(0)[1])
    head = [" ".join(dict.fromkeys(filter(None, column))) for column in zip(*heads, strict=False)]
    head = head or [""] * len(rows[0][1])
    lines = [head, ["---"] * len(head), *(row for _, row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
