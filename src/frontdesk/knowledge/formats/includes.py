"""Pages that stand in other pages: MDX' imports, mkdocs' ``{!a.md!}`` and ``--8<-- "a.md"``, VitePress' ``@include``.

A source finds with ``gather`` what a page includes, and hands it over as ``Raw.beside``; ``expand`` puts it there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from posixpath import dirname, normpath

from frontdesk.knowledge.formats import fields, front, templates
from frontdesk.knowledge.formats.parsed import Malformed, decode
from frontdesk.knowledge.formats.protect import Kept, protect

MOST_FILES, MOST_BYTES, DEEPEST = 50, 2_000_000, 3
MOST_MARKS = 500  # in one page, that are looked up
MOST_TEXT = 1_000_000  # characters that a page may grow by
_PAGES = (".md", ".mdx", ".markdown")
_ROOTS = {"docs", "src", "content", "pages", "site", "website", "documentation"}
_IMPORT = re.compile(
    r"^import[ \t]+([A-Z]\w{0,80})[ \t]+from[ \t]+['\"]([^'\"\n]{1,300}\.(?:mdx?|markdown))['\"]",
    re.MULTILINE,
)
_MARK = re.compile(
    r"\{!(?P<braces>[^!\n{}]{1,300})!\}"
    r"|^[ \t]*-{1,2}8<-{1,2}[ \t]+(?P<quote>[\"'])(?P<cut>[^\"'\n]{1,300})(?P=quote)[ \t]*$"
    r"|^[ \t]*--8<--[ \t]*\n(?P<several>(?:(?![ \t]*--8<--)[^\n]{0,300}\n){1,50})[ \t]*--8<--[ \t]*$"
    r"|<!--[ \t]*@include:(?P<vite>[^<>\n]{1,400})-->"
    r"|<(?P<name>[A-Z]\w{0,80})(?:\s[^<>]{0,500})?/>",
    re.MULTILINE,
)
# Inside a fence only code is included; of it nothing is known, and a fence of nothing else is empty.
_CODE = re.compile(
    r"^[ \t>]*(?:\{![^!\n{}]{1,300}!\}|-{1,2}8<-{1,2}[ \t]+[\"'][^\"'\n]{1,300}[\"'])[ \t]*(?:\n|\Z)",
    re.MULTILINE,
)
_EMPTY_FENCE = re.compile(r"^([ \t>]*)(`{3,20}|~{3,20})[^\n]*\n(?:[ \t>]*\n)*\1\2[ \t]*$", re.MULTILINE)
_LINES = re.compile(r":[\w,:-]*\Z")


def gather(text: str, path: str, load: Callable[[str, int], bytes | None]) -> dict[str, bytes]:
    """What the page at ``path`` includes, by path, with what that includes itself.

    ``load`` gives the bytes at a path, or None where there is no such page or it has more bytes than asked for.
    """
    found: dict[str, bytes] = {}
    left = MOST_BYTES
    waiting = [(text, path, 1)]
    while waiting:
        current, where, depth = waiting.pop(0)
        for candidates in islice(_references(current[:MOST_BYTES], where), MOST_MARKS):
            if len(found) >= MOST_FILES or candidates & {path, *found}:
                continue
            named = ((name, load(name, left)) for name in sorted(candidates, key=len, reverse=True))
            name, data = next(((name, data) for name, data in named if data is not None), ("", b""))
            if not name:
                continue
            found[name] = data
            left -= len(data)
            if depth < DEEPEST:
                waiting.append((data.decode("utf-8", "replace"), name, depth + 1))
    return found


def expand(text: str, path: str, beside: Mapping[str, bytes]) -> str:
    """``text`` with the pages it includes in their places; what cannot be had leaves nothing."""
    if "8<-" in text or "{!" in text:
        without = _CODE.sub(lambda m: "" if _is_code(m[0]) else m[0], text)
        text = _EMPTY_FENCE.sub("", without) if without != text else text
    return _Page(beside).expand(text, path, (path,)) if any(_references(text, path)) else text


class _Page:
    """One page that grows by what it includes."""

    def __init__(self, beside: Mapping[str, bytes]) -> None:
        self._beside = beside
        self._left = MOST_TEXT

    def expand(self, text: str, path: str, around: tuple[str, ...]) -> str:
        kept = Kept()
        text = protect(text, kept)
        imports = {name: _candidates(said, path) for name, said in _IMPORT.findall(text)}
        text = templates.without_esm(text) if len(around) > 1 else text
        parts: list[str] = []
        done = 0
        for match in _MARK.finditer(text):
            name = match["name"]
            if name and name not in imports:
                continue
            candidates = [imports[name]] if name else list(_marked(match, path))
            said = "\n\n".join(filter(None, (self._text(each, around) for each in candidates)))
            parts += [text[done : match.start()], _placed(said, text, match)]
            done = match.end()
        return kept.restore("".join([*parts, text[done:]]))

    def _text(self, candidates: set[str], around: tuple[str, ...]) -> str:
        path = next((name for name in sorted(candidates, key=len, reverse=True) if name in self._beside), "")
        if not path or path in around or len(around) > DEEPEST or self._left <= 0:
            return ""
        try:
            said, body = front.split(decode(self._beside[path]))
        except Malformed:
            return ""
        # A page shows to whom it is shown itself: nothing that is for fewer people can stand in it.
        if fields.visibility(said, {})[0] != "public" or fields.valid(said) != (None, None, ""):
            return ""
        text = self.expand(body, path, (*around, path)).strip("\n")
        self._left -= len(text)
        return text if self._left > 0 else ""


def _placed(said: str, text: str, match: re.Match[str]) -> str:
    """``said`` as it stands in the line of ``match``: indented like it, or within it."""
    before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
    end = text.find("\n", match.end())
    after = text[match.end() : end if end >= 0 else len(text)]
    own = re.match(r"[ \t]*", match[0])
    indent = (before + own[0]) if own and not before.strip() else ""
    if not said:
        return ""
    if (before.strip() or after.strip()) and "\n\n" not in said:
        return " ".join(said.split())
    lines = "\n".join(indent + line if line.strip() else "" for line in said.split("\n"))
    return f"\n\n{lines}\n\n"


def _references(text: str, path: str) -> Iterator[set[str]]:
    """The paths that each inclusion in ``text`` may mean."""
    if "import" in text:
        yield from (_candidates(said, path) for _, said in _IMPORT.findall(text))
    if "{!" in text or "8<-" in text or "@include" in text:
        for match in _MARK.finditer(text):
            if not match["name"]:
                yield from _marked(match, path)


def _marked(match: re.Match[str], path: str) -> Iterator[set[str]]:
    said = match["several"] or (match["braces"] or "").lstrip(" \t>") or match["cut"] or match["vite"] or ""
    for line in said.split("\n"):
        line = re.split(r"[#{]", line)[0] if match["vite"] else line
        if line.strip():
            yield _candidates(_LINES.sub("", line.strip()), path)


def _candidates(said: str, path: str) -> set[str]:
    """What ``said`` may mean in the page at ``path``, as paths in the source; none for what is no page."""
    if not said.lower().endswith(_PAGES) or "://" in said or "\\" in said or "\0" in said:
        return set()
    near = normpath(f"{dirname(path)}/{said}".lstrip("/"))
    if said.startswith(("./", "../")):
        return {near} if _inside(near) else set()
    # From the site's root, which may lie above the source's: @site/docs/_a.mdx is _a.mdx in docs.
    parts = normpath(re.sub(r"\A(?:@site|@|~)?/", "", said)).split("/")
    found = {"/".join(parts)}
    while len(parts) > 1 and parts[0] in _ROOTS:
        found.add("/".join(parts := parts[1:]))
    if not said.startswith(("@", "~", "/")):
        found.add(near)
    return {name for name in found if _inside(name)}


def _inside(path: str) -> bool:
    return not path.startswith(("/", ".")) and "/." not in path and bool(path)


def _is_code(line: str) -> bool:
    said = re.search(r"[^\s!\"'{}>]+(?=[\"']|[ \t]*!\})", line)
    return said is not None and not _LINES.sub("", said[0]).lower().endswith((*_PAGES, ".txt"))
