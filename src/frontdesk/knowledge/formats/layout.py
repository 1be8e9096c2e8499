"""A page with marks for its tags to plain Markdown, line by line.

Components and blocks that generators indent are put back to the margin; titles in attributes become headings,
steps or bold lines. A heading made here ends in ``{#}``: it has no anchor of its own; one that is nothing but
``{#}`` says that the section before it goes on.
"""

from __future__ import annotations

import re

from frontdesk.knowledge.formats.opened import ALERT, BLOCK, BRACES, DIRECTIVE, TITLE, Opened
from frontdesk.knowledge.formats.parsed import Malformed
from frontdesk.knowledge.formats.tags import GONE, INLINE, MARK, Tag, Tags
from frontdesk.knowledge.formats.titles import AS_HEADING, HREF, STARS, WORDS, escaped, title_of

DEEPEST = 200
_FOLDED = {"details", "collapse", "tab", "tab-item"}
_INDENTED = {"!!!", "???", "==="}
_UNREAD = GONE | {"del", "s", "strike"}
_HEADING = re.compile(r"(#{1,6})[ \t]")
_BOLD = re.compile("\ue016(\\s*)([^\ue016\ue017]*?)(\\s*)\ue017")


class Layout:
    """One page on its way."""

    def __init__(self, tags: Tags) -> None:
        self._tags = tags
        self._out: list[str] = []
        self._stack: list[Opened] = []
        self._level = 1
        self._skipping = ("", 0)
        self._title: list[str] | None = None  # collects a heading that is written as a tag
        self._links: list[str] = []
        self._shortcodes: list[int] = []  # levels of the headings that open shortcodes brought

    def run(self, text: str) -> str:
        """The page as Markdown."""
        for line in text.split("\n"):
            self._line(line.expandtabs(4))
        self._end_title()
        return "\n".join(self._out)

    # -------------------------------------------------------------- a line
    def _line(self, line: str) -> None:
        bare = line.lstrip(" ")
        indent = len(line) - len(bare)
        if bare and self._title is None and not self._skipping[1]:
            self._end_blocks(indent)
            if self._mark(bare, indent):
                return
        parts = MARK.split(bare)
        buffer = ""
        for position, part in enumerate(parts):
            if position % 2 == 0:
                buffer += "" if self._skipping[1] else part
            else:
                buffer = self._tag(self._tags[int(part)], buffer, indent)
        if buffer.strip() or len(parts) == 1:
            self._text(buffer, indent, first=len(parts) == 1 or not parts[0].strip())
        elif not self._skipping[1]:
            self._blank()

    def _text(self, text: str, indent: int, *, first: bool = True) -> None:
        """A line of text, moved to where it belongs."""
        if self._skipping[1]:
            return
        if self._title is not None:
            self._title.append(text.strip())
            return
        if not text.strip():
            self._blank()
            return
        column = self._column(indent, first=first)
        text = _BOLD.sub(r"\1**\2**\3", text).replace("\ue016", "").replace("\ue017", "").rstrip()
        heading = _HEADING.match(text)
        if heading:
            self._level = len(heading[1])
        self._out.append(" " * column + text)

    def _column(self, indent: int, *, first: bool) -> int:
        """Where what stands at ``indent`` goes. The first thing in a block says how far its content is moved."""
        moved = pad = 0
        for opened in self._stack:
            if opened.shift is None and first:
                opened.shift = max(0, indent - opened.column)
            moved += opened.shift or 0
            pad += opened.pad
        return max(0, indent - moved) + pad

    def _blank(self) -> None:
        if self._out and self._out[-1]:
            self._out.append("")

    def _block(self, text: str, indent: int) -> None:
        """A line of our own, with a blank one on both sides."""
        self._blank()
        self._out += [" " * self._column(indent, first=False) + text, ""]

    # -------------------------------------------------------------- :::note, !!! note, > [!NOTE]
    def _mark(self, bare: str, indent: int) -> bool:
        """Whether the line is an admonition's mark, which is then done with."""
        if bare.startswith(":::") and (found := DIRECTIVE.fullmatch(bare)):
            self._directive(found, indent)
            return True
        if bare[:3] in _INDENTED and (found := BLOCK.fullmatch(bare)):
            if bare[0] == "=" and found[3] is None:
                return False
            opened = Opened(found[1], indent, 4)
            if found[3]:
                self._label(found[3], indent, opened, heading=bare[0] in "?=")
            self._push(opened)
            return True
        if bare[0] == ">" and (found := ALERT.fullmatch(bare)):
            self._text(f"{found[1]}**{found[3]}**" if found[3] else found[1].rstrip(), indent)
            return True
        return False

    def _directive(self, found: re.Match[str], indent: int) -> None:
        name, rest = found[2] or "", found[3].strip()
        if not name and not rest:
            self._close(":::")
            return
        titled = TITLE.match(rest)
        title = next((t for t in titled.groups() if t), "") if titled else BRACES.sub("", rest)
        opened = Opened(":::", indent, 0)
        if title.strip() and len(title) < 300:
            self._label(title.strip(), indent, opened, heading=name in _FOLDED)
        self._blank()
        self._push(opened)

    def _end_blocks(self, indent: int) -> None:
        """Blocks marked by indentation end where a line is not indented."""
        while (last := self._stack[-1:]) and last[0].name in _INDENTED and indent <= last[0].column:
            self._pop()

    # -------------------------------------------------------------- tags
    def _tag(self, tag: Tag, buffer: str, indent: int) -> str:
        """Take a tag; returns the text that stands before what follows on its line."""
        if self._skipping[1]:
            self._skip(tag)
            return buffer
        if not tag.closing and not tag.alone and (tag.hidden or tag.name in _UNREAD):
            self._skipping = tag.name, 1
            return buffer
        if tag.name in GONE or (tag.alone and tag.hidden):
            return buffer
        if tag.name in INLINE:
            return buffer + self._inline(tag)
        if self._within(tag, buffer):
            return buffer + title_of(tag)
        if buffer.strip():
            self._text(buffer, indent)
        elif not tag.closing:
            self._column(indent, first=True)
        if tag.closing:
            self._close(tag.name)
        else:
            self._open(tag, indent)
        return ""

    def _within(self, tag: Tag, buffer: str) -> bool:
        """Whether a component stands inside a line of text, as ``<Kbd>`` and ``<Badge>`` do."""
        if not tag.component:
            return False
        if tag.name in WORDS:
            return True
        if tag.closing:
            return not any(opened.name == tag.name for opened in self._stack)
        return bool(buffer.strip())

    def _skip(self, tag: Tag) -> None:
        name, depth = self._skipping
        if tag.name == name and not tag.alone:
            self._skipping = name, depth + (-1 if tag.closing else 1)

    def _inline(self, tag: Tag) -> str:
        if tag.name in {"b", "strong"}:
            return "\ue017" if tag.closing else "\ue016"
        if tag.name != "a":
            return {"br": " ", "img": escaped(tag.attributes.get("alt", ""))}.get(tag.name, "")
        if tag.closing:
            href = self._links.pop() if self._links else ""
            return f"]({href})" if href else ""
        href = tag.attributes.get("href", "")
        href = href if HREF.fullmatch(href) else ""
        self._links.append(href)
        return "[" if href else ""

    def _open(self, tag: Tag, indent: int) -> None:
        self._blank()
        name = tag.name.lower()
        opened = Opened(tag.name, indent)
        if name in {"h1", "h2", "h3", "h4", "h5", "h6"}:
            self._begin_title(f"{'#' * int(name[1])} ", tag.attributes.get("id", ""))
        elif name == "summary":
            self._summary()
        elif name == "li":
            opened.pad = 2
            self._out.append("-")
        elif tag.component or tag.name.startswith("%"):
            self._component(tag, name.lstrip("%"), opened, indent)
            if tag.name.startswith("%"):
                self._shortcodes.append(opened.level)
        if tag.attributes.get("items"):
            opened.labels = tag.attributes["items"].split("\n")
        if not tag.alone and not tag.name.startswith("%"):
            self._push(opened)
        elif opened.level and tag.alone:
            self._resume(opened.level)

    def _component(self, tag: Tag, name: str, opened: Opened, indent: int) -> None:
        title = title_of(tag)
        parent = self._stack[-1] if self._stack else None
        if not title and parent is not None and parent.labels and "tab" in name:
            title = escaped(parent.labels.pop(0))
        href = tag.attributes.get("href") or tag.attributes.get("to") or ""
        if tag.closing:
            return
        if title and name == "step":
            steps = parent or Opened("")
            steps.steps += 1
            self._block(f"{steps.steps}. {title}", indent)
            opened.pad = len(f"{steps.steps}. ") if not tag.name.startswith("%") else 0
        elif title:
            link = f"[{title}]({href})" if HREF.fullmatch(href) else title
            self._label(link, indent, opened, heading=name in AS_HEADING)
        if (said := tag.attributes.get("description") or tag.attributes.get("caption")) and tag.alone:
            self._block(escaped(said), indent)

    def _label(self, title: str, indent: int, opened: Opened, *, heading: bool) -> None:
        inside_list = any(block.pad for block in self._stack)
        if heading and not inside_list:
            opened.level, opened.around = self._below(), self._level
            self._out += ["", f"{'#' * opened.level} {title} {{#}}", ""]
        else:
            self._block(title if title.startswith("[") else f"**{STARS.sub('', title)}**", indent)

    # -------------------------------------------------------------- headings written as tags
    def _begin_title(self, prefix: str, anchor: str) -> None:
        self._end_title()
        fitting = re.fullmatch(r"[^\s{}<>#\"]{1,200}", anchor)
        self._title = [prefix + "\0" + (f" {{#{anchor}}}" if fitting else "")]

    def _summary(self) -> None:
        details = next((opened for opened in reversed(self._stack) if opened.name == "details"), None)
        level = self._below()
        if details is not None:
            details.level, details.around = level, self._level
        self._begin_title(f"{'#' * level} ", "")
        if self._title:
            self._title[0] += " {#}"

    def _end_title(self) -> None:
        if self._title is None:
            return
        form, *words = self._title
        self._title = None
        text = " ".join(word for word in words if word).replace("\ue016", "").replace("\ue017", "")
        if not text:
            return
        self._out += ["", form.replace("\0", text), ""]
        if not form.endswith("{#}"):
            self._level = form.index(" ")

    # -------------------------------------------------------------- the stack
    def _push(self, opened: Opened) -> None:
        if len(self._stack) >= DEEPEST:
            raise Malformed("nested too deeply")
        self._stack.append(opened)

    def _close(self, name: str) -> None:
        if name in {"summary", "h1", "h2", "h3", "h4", "h5", "h6"}:
            self._end_title()
        if not any(opened.name == name for opened in self._stack):
            if name.startswith("%") and self._shortcodes and (level := self._shortcodes.pop()):
                self._resume(level)
            self._blank()
            return
        while self._stack[-1].name != name:
            self._pop()
        self._pop()

    def _pop(self) -> None:
        opened = self._stack.pop()
        if opened.level:
            self._level = opened.around
            self._resume(opened.level)
        self._blank()

    def _below(self) -> int:
        """The level of a heading under all that is open."""
        return min(6, max(self._level, *(opened.level for opened in self._stack), 0) + 1)

    def _resume(self, level: int) -> None:
        """What follows belongs to the section that was there before."""
        self._out += ["", f"{'#' * level} {{#}}", ""]
