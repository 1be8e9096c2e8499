"""What is left of dialects in a Markdown page once its tags are gone."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt

_HEADING_ID = re.compile(
    r"^(#{1,6}[ \t][^\n]{1,500}?)[ \t]*#{0,6}[ \t]*\{:?[ \t]*#([^\s{}.#]{1,200})(?:[ \t][^{}\n]{0,200})?\}[ \t]*$",
    re.MULTILINE,
)
_ID_BELOW = re.compile(
    r"^(#{1,6}[ \t][^\n{}]{1,500})\n\{:[^{}\n]{0,200}?#([^\s{}.]{1,200})[^{}\n]{0,200}\}[ \t]*$", re.MULTILINE
)
_LIST_LINE = re.compile(r"^[ \t]*\{:[^{}\n]{0,500}\}[ \t]*$", re.MULTILINE)
_LIST = re.compile(
    r"\{:[^{}\n]{0,500}\}"
    r"|(?<=[)\]\w*\"'.\ue011])[ \t]?\{[ \t]*(?:[.#][\w-][^{}\n]{0,300}|[\w-]{1,40}=[^{}\n]{0,300})\}"
)
_FOOTNOTE = re.compile(
    r"^\[\^([^\]\s]{1,60})\]:[ \t]*([^\n]{0,2000}(?:\n(?:[ \t]{2,}[^\n]{1,2000})){0,20})", re.MULTILINE
)
_REFERENCE = re.compile(r"\[\^([^\]\s]{1,60})\](?!:)")
_EMOJI = re.compile(r"(?<![\w:]):[a-z][a-z0-9_+-]{1,50}:(?![\w:])[ \t]?")
_DROPPED = re.compile(
    r"^[ \t]*(?:\[\[_?toc_?\]\]|\[toc\]|--8<--[^\n]{0,300}|\*\[[^\]\n]{1,80}\]:[^\n]{0,500}|\\(?:newpage|pagebreak))[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
_AUTOTITLE = re.compile(r"\[AUTOTITLE\]\(([^()\s]{0,500})\)")
_WIKI = re.compile(r"\[\[(?:[^\[\]|\n]{1,200}\|)?([^\[\]|\n]{1,200})\]\]")
_DEFINITION = re.compile(r"^([^\s>#|:*-][^\n|]{0,200})\n{1,2}:[ \t]{1,4}(?=\S)", re.MULTILINE)
_TASK = re.compile(r"^([ \t]*[-*+][ \t])\[[ xX]\][ \t]", re.MULTILINE)
_BLANKS = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")
_LONG_NOTE = 60  # words: a longer footnote stays where it is
_HTML = MarkdownIt("commonmark", {"html": True}).enable("table")


def tidy(text: str) -> str:
    """Plain Markdown; attribute lists, footnotes' marks, icons and inclusions are gone."""
    text = _DROPPED.sub("", text)
    if "{" in text:
        text = _ID_BELOW.sub(r"\1 {#\2}", text)
        text = _HEADING_ID.sub(lambda m: f"{m[1]} \ue014{m[2]}\ue015", text)
        text = _LIST_LINE.sub("", text)
        text = text.replace("{#}", "\ue014\ue015")
        text = _LIST.sub("", text)
        text = text.replace("\ue014", "{#").replace("\ue015", "}")
    if "[^" in text:
        text = _footnotes(text)
    text = _AUTOTITLE.sub(lambda m: f"[{_named(m[1])}]({m[1]})", text)
    text = _EMOJI.sub("", text)
    text = _WIKI.sub(r"\1", text)
    text = _DEFINITION.sub(r"**\1**: ", text)
    text = _TASK.sub(r"\1", text)
    return _BLANKS.sub("\n\n", text).strip("\n")


def _named(link: str) -> str:
    """A page's name from its address."""
    last = link.split("#")[-1] if "#" in link else link.rstrip("/").rsplit("/", 1)[-1]
    return last.split("?")[0].replace("-", " ").capitalize() or "that page"


def _footnotes(text: str) -> str:
    """A note stands in brackets where it is referred to: it often says what the sentence leaves out."""
    notes = {found[1]: " ".join(found[2].split()).rstrip(".") for found in _FOOTNOTE.finditer(text)}
    short = {name: note for name, note in notes.items() if 0 < len(note.split()) <= _LONG_NOTE}
    text = _FOOTNOTE.sub(lambda m: "" if m[1] in short else m[2], text)
    said: set[str] = set()

    def refer(found: re.Match[str]) -> str:
        name = found[1]
        if name not in short or name in said:
            return "" if name in notes else found[0]
        said.add(name)
        return f" ({short[name]})"

    return _REFERENCE.sub(refer, text)


def without_html(body: str) -> str:
    """``body`` in which nothing is HTML for any reader of Markdown: what still looks like it is escaped."""
    for _ in range(3):
        spots = _html_lines(body) if "<" in body else set()
        if not spots:
            return body
        lines = body.split("\n")
        for spot in spots:
            lines[spot] = re.sub(r"(?<!\\)<", r"\\<", lines[spot])
        body = "\n".join(lines)
    return body.replace("<", "&lt;") if _html_lines(body) else body


def _html_lines(body: str) -> set[int]:
    """Numbers of the lines of every block that holds HTML."""
    found: set[int] = set()
    for token in _HTML.parse(body):
        inside = token.type == "html_block" or any(c.type == "html_inline" for c in token.children or [])
        if inside and token.map:
            found.update(range(token.map[0], min(token.map[1], body.count("\n") + 1)))
    return found
