"""Bytes of any kind to an article: the parser for their kind, then what the page and its source say of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

from frontdesk.knowledge import article as media
from frontdesk.knowledge.article import Article
from frontdesk.knowledge.formats import address, fields, locales, templates
from frontdesk.knowledge.formats.parsed import Malformed, Parsed, clean

_HEADING = re.compile(r"^(#{1,6})[ \t]+(\S[^\n]{0,500}?)[ \t]*#*[ \t]*$", re.MULTILINE)
_SETEXT = re.compile(r"\A\s*([^\n]{1,200})\n=+[ \t]*$", re.MULTILINE)
_LINK_LINE = re.compile(r"^[ \t]*(?:[-*+][ \t]+)?\[[^\[\]\n]{1,300}\]\([^()\s]{0,500}\)[ \t]*$", re.MULTILINE)
_ANCHOR = re.compile(r"[ \t]*\{#[^{}\s]*\}\Z")
_MARKS = re.compile(r"!?\[([^\[\]]*)\]\([^()]*\)|\\([^\w\s])|[*`]|(?<!\w)_|_(?!\w)|<[^<>]{1,300}>")
_SPACES = re.compile(r"[-_\s]+")


class Request(NamedTuple):
    """A page as it came: its path, bytes and kind; its address, its source's template, what the source says; and
    the pages that it includes."""

    path: str
    data: bytes
    media: str
    url: str
    template: str
    given: Mapping[str, Any]
    beside: Mapping[str, bytes] = MappingProxyType({})


def build(request: Request) -> Article:
    """The article. Raises Malformed."""
    parsed = _parsed(request)
    said = {**request.given, **{name: value for name, value in parsed.fields.items() if value is not None}}
    visibility, warning = fields.visibility(parsed.fields, request.given)
    start, end, undated = fields.valid(said)
    slug, locale = _locale(request, parsed)
    article = Article(
        path=request.path,
        slug=slug,
        title=_title(request, parsed, slug),
        body=_body(parsed),
        locale=locale,
        visibility="internal" if undated else visibility,
        updated=fields.updated(parsed.fields) or fields.updated(request.given),
        valid_from=start,
        valid_until=end,
        products=fields.words(fields.first(said, "products", "product")),
        tags=fields.words(fields.first(said, "tags", "keywords")),
        warning=undated or warning or parsed.warning,
    )
    return replace(article, url=address.published(article, parsed.fields, request.template, request.url))


def _parsed(request: Request) -> Parsed:
    # A parser is imported for the first page that needs it: a folder of Markdown pays for none of the others.
    if request.media in {media.MARKDOWN, media.MDX}:
        from frontdesk.knowledge.formats import markdown  # noqa: PLC0415

        mdx = request.media == media.MDX
        return markdown.parse(request.data, mdx=mdx, path=request.path, beside=request.beside)
    if request.media == media.HTML:
        from frontdesk.knowledge.formats import html  # noqa: PLC0415

        return html.parse(request.data, dict(request.given))
    if request.media == media.PDF:
        from frontdesk.knowledge.formats import pdf  # noqa: PLC0415

        return pdf.parse(request.data)
    if request.media == media.DOCX:
        from frontdesk.knowledge.formats import docx  # noqa: PLC0415

        return docx.parse(request.data)
    if request.media == media.TEXT:
        from frontdesk.knowledge.formats import plain  # noqa: PLC0415

        return plain.parse(request.data)
    raise Malformed("of a kind that is not read: Markdown, MDX, HTML, PDF, DOCX or plain text is")


def _title(request: Request, parsed: Parsed, slug: str) -> str:
    """The page's own title, else its source's, else a heading, else its window's or file's name."""
    largest, any_heading = _headings(parsed.body)
    said = fields.first(parsed.fields, "title"), request.given.get("title")
    chosen = next((title for value in said if (title := _shown(fields.text(value, 600)))), "")
    html_title = parsed.title if request.media == media.HTML else ""
    label = _shown(fields.text(fields.first(parsed.fields, "sidebar_label", "linktitle", "shorttitle")))
    name = _SPACES.sub(" ", slug.rsplit("/", 1)[-1]).strip().capitalize()
    found = chosen or html_title or largest or label or any_heading or _shown(parsed.title) or name
    return " ".join(clean(found).split())[:300] or "Untitled"


def _headings(body: str) -> tuple[str, str]:
    """The first heading of the first level, and the first of any."""
    underlined = _SETEXT.match(body[:1000])
    found = [(len(m[1]), _shown(_ANCHOR.sub("", m[2]))) for m in _HEADING.finditer(body[:200_000])]
    found = [(level, text) for level, text in found if text]
    largest = next((text for level, text in found if level == 1), "")
    return (_shown(underlined[1]) if underlined else largest), (found[0][1] if found else "")


def _shown(text: str) -> str:
    """A title without marks and templates."""
    if "{%" in text or "{{" in text:
        text = re.sub(
            r"\{%-?\s*data\s+([\w.-]{1,200})\s*-?%\}", lambda m: templates.variable(m[1]), text[:1000]
        )
        text = re.sub(r"\{%[^%]{0,300}%\}|\{\{[^{}]{0,300}\}\}", "", text)
    return " ".join(_MARKS.sub(lambda m: m[1] or m[2] or "", text).split())


def _body(parsed: Parsed) -> str:
    """The text; where there is none but links to other pages, the page's description before it."""
    if _LINK_LINE.sub("", _HEADING.sub("", parsed.body)).strip():
        return parsed.body
    said = fields.first(parsed.fields, "description", "intro", "excerpt", "summary")
    described = _shown(fields.text(said, 2000)).replace("<", "")
    return "\n\n".join(filter(None, (described, parsed.body)))


def _locale(request: Request, parsed: Parsed) -> tuple[str, str]:
    """Slug and locale: said by the page, its path, its request, or its text; else English."""
    named = locales.of_path(request.path)
    if named.unsure and locales.of_text(parsed.body) != named.locale.split("-")[0]:
        named = locales.Named(locales.whole_slug(request.path), "", unsure=False)
    declared = fields.first(parsed.fields, "locale", "lang", "language")
    # YAML 1.1 reads an unquoted ``no`` (Norwegian) as False.
    own = "no" if declared is False else locales.code(fields.text(declared, 20))
    given = locales.code(fields.text(request.given.get("locale"), 20))
    return named.slug, own or named.locale or given or locales.of_text(parsed.body) or "en"
