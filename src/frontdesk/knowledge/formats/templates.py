"""Marks of generators inside a page: comments, imports, Liquid, Hugo's shortcodes, MDX' expressions."""

from __future__ import annotations

import re

from frontdesk.knowledge.formats.parsed import listed
from frontdesk.knowledge.formats.tags import UNCLOSED, Tag, Tags, balanced

_ESM = re.compile(
    r"""^(?:import[ \t]+(?:['"]|[^\n]{0,500}?\bfrom[ \t]*['"]|\{[ \t]*$)"""
    r"""|export[ \t]+(?:const|let|var|default|function|async|class|type|interface|\{|\*))""",
    re.MULTILINE,
)
# Neither runs over the beginning of another one: what is never closed is looked at once.
_LIQUID = re.compile(r"\{%-?[ \t\n]{0,100}(/?[\w/-]{0,60})((?:[^%{]|%(?!\})|\{(?!%)){0,4000}?)-?%\}")
_HUGO = re.compile(
    r"\{\{[<%][ \t\n]{0,100}(/?)[ \t\n]{0,100}([\w/.-]{1,80})"
    r"((?:[^>%{}]|[>%](?!\}\})|\}(?!\})|\{(?!\{)){0,4000}?)/?[ \t\n]{0,100}[>%]\}\}"
)
_OUTPUT = re.compile(r"(?<![\\{])\{\{(?![{<%])[^{}\n]{0,1000}\}\}")
_VARIABLE = re.compile(r"variables\.((?:[\w-]{1,80}\.){1,5})([\w-]{1,80})")
_ARGUMENT = re.compile(
    r"""(?:([\w:-]{1,40})[ \t]*=[ \t]*)?("[^"\n]{0,500}"|'[^'\n]{0,500}'|`[^`\n]{0,500}`)"""
)
_STRING = re.compile(r"""\A\s*(?:"([^"\\]*)"|'([^'\\]*)'|`([^`\\$]*)`)\s*\Z""")
_LABELLED = listed(
    """
    tab tabitem tabpane details expand accordion accordion_item accordion-item collapse hint callout
    alert admonition note step card faq question toggle expander notice
    """
)
_SKIPPED = ("comment", "javascript", "style", "schema")


def without_comments(text: str) -> str:
    """Without ``<!-- -->``, ``{/* */}`` and Liquid's comments; one that has no end runs to the page's end."""
    text = _between(text, "<!--", "-->")
    text = _between(text, "{/*", "*/}")
    if "{%" in text:
        for name in _SKIPPED:
            pattern = rf"\{{%-?\s{{0,5}}{name}\s{{0,5}}-?%\}}"
            parts = re.split(pattern, text)
            ends = re.compile(rf"\{{%-?\s{{0,5}}end{name}\s{{0,5}}-?%\}}")
            kept = [ends.split(part, maxsplit=1)[-1] if ends.search(part) else "" for part in parts[1:]]
            text = "".join([parts[0], *kept])
    return text


def _between(text: str, start: str, end: str) -> str:
    if start not in text:
        return text
    first, *rest = text.split(start)
    return "".join([first, *(part.partition(end)[2] for part in rest)])


def without_esm(text: str) -> str:
    """Without MDX' ``import`` and ``export``, each with what belongs to it."""
    parts: list[str] = []
    done = 0
    for match in _ESM.finditer(text):
        if match.start() < done:
            continue
        parts.append(text[done : match.start()])
        done = _statement_end(text, match.start())
    return "".join([*parts, text[done:]])


def _statement_end(text: str, start: int) -> int:
    """Where a statement ends: at the end of a line on which every bracket is closed, at the latest in 20,000."""
    depth, position, limit = 0, start, min(len(text), start + 20_000)
    while position < limit:
        sign = text[position]
        depth += (sign in "{([") - (sign in "})]")
        if sign == "\n" and depth <= 0:
            return position
        position += 1
    following = text.find("\n\n", start)
    return limit if following < 0 else min(limit, following)


def shortcodes(text: str, tags: Tags) -> str:
    """Liquid's and Hugo's marks: those with a title become tags, variables their name, the rest is gone."""
    if "{{" in text:
        text = _HUGO.sub(lambda m: _shortcode(m[2].lower(), m[3], tags, closing=bool(m[1])), text)
    if "{%" in text:
        text = _LIQUID.sub(lambda m: _liquid(m[1], m[2], tags), text)
    return text


def _liquid(name: str, rest: str, tags: Tags) -> str:
    if name == "data":
        return variable(rest)
    return _shortcode(
        name.lower().removeprefix("end").strip("/"), rest, tags, closing=name.startswith(("end", "/"))
    )


def variable(path: str) -> str:
    """The product a variable names: ``variables.product.prodname_actions`` → ``Actions``; "" for a value."""
    found = _VARIABLE.search(path[:300])
    if found is None:
        return ""
    group, name = found[1].removesuffix("."), found[2]
    if name.startswith("product_name"):
        name = group.rsplit(".", 1)[-1]
    elif group not in {"product", "copilot"} and not name.startswith("prodname_"):
        return ""
    name = name.removeprefix("prodname_").removesuffix("_short").replace("_", " ")
    return {"github": "GitHub", "dotcom": "GitHub", "company": "GitHub"}.get(name, name.capitalize())


def _shortcode(name: str, rest: str, tags: Tags, *, closing: bool) -> str:
    if name not in _LABELLED:
        return ""
    found = _ARGUMENT.findall(rest[:2000])
    said = {key.lower(): value[1:-1] for key, value in reversed(found)}
    keys = ("title", "name", "header", "label", "summary", "tabname", "")
    title = next((said[key] for key in keys if said.get(key)), "")
    return tags.add(Tag(f"%{name}", {"title": title}, closing=closing, alone=False))


def outputs(text: str) -> str:
    """Without ``{{ a variable }}``: what it stands for is known to the generator alone."""
    return _OUTPUT.sub("", text) if "{{" in text else text


def expressions(text: str) -> str:
    """Without MDX' ``{expressions}``; one that is a mere string is that string."""
    parts: list[str] = []
    done = 0
    start = text.find("{")
    unclosed = 0
    while start >= 0 and unclosed < UNCLOSED:
        escaped = start > 0 and text[start - 1] == "\\"
        end = -1 if escaped else balanced(text, start)
        if end < 0:
            unclosed += not escaped
            parts.append(text[done : start + 1])
            done = start + 1
        else:
            parts.append(text[done:start])
            string = _STRING.match(text[start + 1 : end - 1])
            parts.append(next((s for s in string.groups() if s), "") if string else "")
            done = end
        start = text.find("{", done)
    return "".join([*parts, text[done:]])
