"""Web pages: sanitised first, then what a visitor reads, as Markdown."""

from __future__ import annotations

import re
from typing import Any

import nh3
from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString

from frontdesk.knowledge.formats.convert import to_markdown
from frontdesk.knowledge.formats.parsed import MAX_TEXT, Malformed, Parsed, clean
from frontdesk.knowledge.formats.tags import BLOCK, INLINE
from frontdesk.knowledge.formats.tidy import without_html

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
_DEPTH = re.compile(
    r"<(/?)(div|span|section|article|ul|ol|table|blockquote|b|i|em|strong|font|a|dl|form)\b", re.IGNORECASE
)
_ALLOWED = ((BLOCK | INLINE) - {"meta", "source", "track", "menu", "label", "input"}) | {
    "nav",
    "form",
    "button",
    "label",
}
_GONE = {
    "script",
    "style",
    "iframe",
    "noscript",
    "template",
    "object",
    "svg",
    "math",
    "select",
    "textarea",
    "video",
}
_UNREAD = _GONE | {"audio", "canvas", "embed", "applet", "title", "frameset"}
_ANYWHERE = {
    "id",
    "class",
    "hidden",
    "aria-hidden",
    "aria-expanded",
    "aria-controls",
    "style",
    "role",
    "lang",
}
_ATTRIBUTES: dict[str, set[str]] = {
    "*": _ANYWHERE,
    "a": {"href", "name"},
    "img": {"alt"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "ol": {"start"},
}
_UNSEEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])|opacity\s*:\s*0(?![.\d])",
    re.IGNORECASE,
)
_FURNITURE = (
    "[role=navigation], [role=search], [role=banner], [role=contentinfo], .breadcrumb, .breadcrumbs, .toc,"
    " .table-of-contents, .tableOfContents, .pagination-nav, .article-votes, .article-relatives, .article-comments,"
    " .theme-doc-footer, .theme-doc-toc-mobile, .hash-link, .header-anchor, .headerlink, .anchor-link, .skip-link,"
    " .sr-only, .visually-hidden, .edit-this-page, .feedback"
)
_NOTE = re.compile(r"note|callout|admonition|tip|warn|caution|alert|info|aside-", re.IGNORECASE)
_EMPTY = re.compile(r"(?<=\w)\s(?:\(\s*\)|\[\s*\])(?!\s*=)")
DEEPEST = 400


def parse(data: bytes, given: dict[str, Any]) -> Parsed:
    """A web page or a fragment of one. Raises Malformed."""
    text = clean(_decode(data).replace("\x00", ""))
    _check_depth(text)
    fields, title = _head(text)
    soup = _soup(text)
    main, warning = _main(soup, str(given.get("selector") or ""))
    found = main.find("h1") or soup.find("h1")
    if isinstance(found, Tag) and (heading := " ".join(found.get_text(" ").split())):
        title = heading[:300]
    if main.name != "[document]" or soup.find("h1"):
        _without_frame(main)
    body = without_html(to_markdown(main, raw=False))
    if len(body) > MAX_TEXT:
        raise Malformed(f"larger than {MAX_TEXT // 1_000_000} MB of text")
    return Parsed(body, fields, title, warning)


def fragment(text: str, *, raw: bool) -> str:
    """A piece of HTML as Markdown. ``raw``: it stood in Markdown, and what looks like that is meant so."""
    _check_depth(text)
    return to_markdown(_soup(text), raw=raw)


def _decode(data: bytes) -> str:
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(name, "replace")
    said = _CHARSET.search(data[:4096])
    for name in (said[1].decode("ascii") if said else "utf-8", "utf-8", "windows-1252"):
        try:
            return data.decode(name)
        except (LookupError, UnicodeError, ValueError):
            continue
    return data.decode("utf-8", "replace")


def _check_depth(text: str) -> None:
    """Parsers take quadratic time over deep nesting; no page for people has it."""
    depth = 0
    for tag in _DEPTH.finditer(text):
        depth = max(0, depth + (-1 if tag[1] else 1))
        if depth > DEEPEST:
            raise Malformed("nested too deeply")


def _head(text: str) -> tuple[dict[str, Any], str]:
    """What the page's head says: language, dates, keywords; and its window title without the site's name."""
    head = text[: min(len(text), 100_000)]
    end = re.search(r"<body\b", head, re.IGNORECASE)
    soup = BeautifulSoup(head[: end.start()] if end else head[:20_000], "html.parser")
    fields: dict[str, Any] = {}
    root = soup.find("html")
    if isinstance(root, Tag) and root.get("lang"):
        fields["lang"] = str(root.get("lang"))
    names = {"article:modified_time": "updated", "last-modified": "updated", "keywords": "keywords"}
    names |= {"description": "description"}
    for meta in soup.find_all("meta", limit=200):
        name = names.get(str(meta.get("property") or meta.get("name") or "").lower())
        if name and meta.get("content"):
            fields.setdefault(name, str(meta.get("content"))[:1000])
    title = soup.find("title")
    window = " ".join(title.get_text(" ").split()) if isinstance(title, Tag) else ""
    return fields, re.split(r" [|·–—-] ", window)[0][:300]


def _soup(text: str) -> BeautifulSoup:
    """The sanitised document: no scripts, no styles, nothing that is not shown."""
    safe = nh3.clean(
        text,
        tags=set(_ALLOWED),
        clean_content_tags=_UNREAD,
        attributes={name: set(said) for name, said in _ATTRIBUTES.items()},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
        strip_comments=True,
    )
    soup = BeautifulSoup(safe, "html.parser")
    shown = {str(tag.get("aria-controls")) for tag in soup.select("[aria-controls][aria-expanded]")}
    for tag in soup.find_all(_hidden):
        # What a button opens is there for every reader; a page is not judged by how it is folded.
        if str(tag.get("id") or "\0") not in shown and not tag.decomposed:
            tag.decompose()
    for tag in soup.select("del, s, strike"):
        tag.decompose()
    _controls(soup)
    _icons(soup)
    return soup


def _icons(soup: BeautifulSoup) -> None:
    """Without the brackets that an icon stood in."""
    for tag in soup.find_all(["i", "span", "em", "b"]):
        if not tag.contents and not tag.get("id"):
            tag.decompose()
    soup.smooth()
    for text in soup.find_all(string=_EMPTY):
        if isinstance(text, NavigableString) and text.find_parent(["pre", "code"]) is None:
            text.replace_with(_EMPTY.sub("", str(text)))


def _hidden(tag: Tag) -> bool:
    said = tag.attrs
    if "hidden" in said and said["hidden"] != "until-found":
        return True
    return said.get("aria-hidden") == "true" or bool(_UNSEEN.search(str(said.get("style") or "")))


def _controls(soup: BeautifulSoup) -> None:
    """Forms and buttons go; a button that is a heading's text or opens an answer stays, and so does a form
    that is the whole page."""
    for form in soup.find_all("form"):
        if form.find(["main", "article", "h1", "h2", "table"]):
            form.unwrap()
        elif not form.decomposed:
            form.decompose()
    for button in soup.find_all(["button", "label"]):
        if button.decomposed:
            continue
        if (
            button.find_parent(["h1", "h2", "h3", "h4", "h5", "h6", "summary", "dt"])
            or button.name == "label"
        ):
            button.unwrap()
        elif button.get("aria-controls") and button.get("aria-expanded"):
            button.name = "p"
            strong = soup.new_tag("strong")
            strong.extend(list(button.contents))
            button.append(strong)
        else:
            button.decompose()


def _main(soup: BeautifulSoup, selector: str) -> tuple[Tag, str]:
    """The part that is the page, and a warning when the selector found none."""
    warning = ""
    if selector:
        try:
            chosen = soup.select(selector[:500], limit=1)
        except Exception:  # noqa: BLE001 - soupsieve raises several kinds for a selector that is none
            raise Malformed("the selector is not a CSS selector") from None
        if chosen:
            return chosen[0], ""
        warning = "the selector finds nothing on this page"
    main = soup.select_one("main, [role=main]")
    articles = (main or soup).select("article")
    if len(articles) == 1 and _size(articles[0]) * 2 >= _size(main or articles[0]):
        return articles[0], warning
    return main or (articles[0].parent if articles and articles[0].parent else soup), warning


def _size(tag: Tag) -> int:
    return len(tag.get_text())


def _without_frame(main: Tag) -> None:
    """Without navigation, headers, footers and asides; notes stay, and so does a header's title."""
    for tag in main.select(_FURNITURE):
        if not tag.decomposed and not tag.find(["h1", "main", "article"]):
            tag.decompose()
    inside = main.name != "[document]" or main.select_one("main, article")
    for tag in main.find_all(["nav", "header", "footer", "aside"] if inside else ["nav"]):
        if tag.decomposed:
            continue
        classes = " ".join(map(str, tag.get("class") or []))
        if tag.name == "aside" and (tag.get("role") == "note" or _NOTE.search(classes)):
            continue
        title = tag.find(["h1", "h2"]) if tag.name == "header" else None
        tag.replace_with(title.extract()) if isinstance(title, Tag) else tag.decompose()
