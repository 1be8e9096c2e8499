"""Where a page is published."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from frontdesk.knowledge.article import Article
from frontdesk.knowledge.formats.fields import text

_PLAIN = re.compile(r"[^\s<>\"'\\{}|^`]{1,500}")
_NAMED = re.compile(r"[A-Za-z0-9][\w-]{0,120}")


def published(article: Article, fields: Mapping[str, Any], template: str, own: str) -> str:
    """The page's own permalink on the template's origin; else the template filled in; else ``own``."""
    base = template or own
    for name in ("permalink", "url"):
        joined = _joined(base, text(fields.get(name), 500))
        if joined:
            return joined
    if not template:
        return own
    slug = _slug(article.slug, fields)
    filled = template.replace("{slug}", quote(slug)).replace("{path}", quote(article.path))
    return filled.replace("{locale}", quote(article.locale))


def _joined(base: str, link: str) -> str:
    """``link`` on the origin of ``base``; "" where it leads elsewhere or is none."""
    origin = urlsplit(base)
    if not link or origin.scheme not in {"http", "https"} or not _PLAIN.fullmatch(link):
        return ""
    if "://" not in link and (":" in link or not link.startswith("/")):
        return ""  # a pattern (/:year/:title/), another scheme, or relative to who knows what
    root = f"{origin.scheme}://{origin.netloc}"
    joined = urljoin(root + "/", link if "://" in link else "/" + link.lstrip("/"))
    return joined if urlsplit(joined)[:2] == origin[:2] else ""


def _slug(slug: str, fields: Mapping[str, Any]) -> str:
    """The slug with what the front matter changes of it: Docusaurus' ``slug`` and ``id``, Hugo's ``slug``."""
    folder, _, _ = slug.rpartition("/")
    said = text(fields.get("slug"), 300)
    if said and _PLAIN.fullmatch(said) and ":" not in said and ".." not in said:
        return said.strip("/") if "/" in said else "/".join(filter(None, (folder, said)))
    named = text(fields.get("id"), 130)
    if {"sidebar_label", "sidebar_position"} & set(fields) and _NAMED.fullmatch(named):
        return "/".join(filter(None, (folder, named)))
    return slug
