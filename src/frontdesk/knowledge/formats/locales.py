"""Which language a page is in, and its slug without that."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NamedTuple

from frontdesk.knowledge.formats.parsed import listed

# Languages help centers are written in. Those in _WORDS are also words that folders are named with.
_LANGUAGES = listed(
    """
    af am ar az be bg bn bs ca cs cy da de el en es et eu fa fi fil fr ga gl gu he hi hr hu hy id is it
    ja ka kk km kn ko ky lo lt lv mk ml mn mr ms mt my nb ne nl nn no pa pl ps pt ro ru si sk sl sq sr
    sv sw ta te th tl tr uk ur uz vi zh zu
    """
)
_WORDS = listed(
    """
    am be bs ca he hi id is it km lo ml ms mt my ne no pa ps si sl sr te th tl
    """
)
_CODE = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}|[A-Za-z]{2}|\d{3}))?(?:[-_]([A-Za-z]{2}))?")
_IN_NAME = re.compile(r"(.+?)\._?([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,4}){0,2})")
_MARKERS = listed(
    """
    i18n _i18n locales locale lang langs languages content docs translations translated_docs l10n
    """
)
_DOCUSAURUS = re.compile(r"\Ai18n/(?:docusaurus-plugin-content-)?(docs|blog|pages|docusaurus-theme-classic)/")
_VERSION = re.compile(r"\A(docs|blog)/(?:current|version-[^/]+)/")
_INDEX = re.compile(r"/(?:_?index|README)\Z", re.IGNORECASE)
_ENGLISH = listed(
    """
    the and to of a in you is for your it or on can with this if are be that we not from an as by will
    """
)
_WORD = re.compile(r"[^\W\d_]+")
# Neither code nor addresses are in a language.
_CODE_OR_ADDRESS = re.compile(
    r"^[ \t>]*(```|~~~)[^\n]*\n.*?(?:^[ \t>]*\1[`~]*[ \t]*$|\Z)|`[^`\n]{1,300}`|\]\([^()\s]{0,500}\)|https?://\S+",
    re.MULTILINE | re.DOTALL,
)
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
LONG = 200  # characters: from here a text says which language it is in
PLAUSIBLE = (
    "ar bg ca cs da de el en es et fi fr he hi hr hu id it ja ko lt lv nl no pl pt ro ru sk sl sr sv th tr uk"
    " vi zh"
)


class Named(NamedTuple):
    """What a path says: the slug, the locale or "", and whether that locale may be a mere word."""

    slug: str
    locale: str
    unsure: bool


def code(value: str) -> str:
    """A locale as ``es`` or ``pt-BR``, or "" when ``value`` is none."""
    match = _CODE.fullmatch(value.strip())
    if match is None or match[1].lower() not in _LANGUAGES:
        return ""
    script = (match[2] or "").title() if len(match[2] or "") == 4 else (match[2] or "").upper()
    return "-".join(filter(None, (match[1].lower(), script, (match[3] or "").upper())))


def of_path(path: str) -> Named:
    """Slug and locale: ``returns/how-to.es.md`` → ``returns/how-to``, ``es``."""
    stem = path.rsplit(".", 1)[0] if "." in path.rsplit("/", 1)[-1] else path
    folder, _, name = stem.rpartition("/")
    match = _IN_NAME.fullmatch(name)
    locale = code(match[2]) if match else ""
    if match and locale:
        return Named(_slug([*folder.split("/"), match[1]]), locale, unsure=False)
    segments = [*folder.split("/"), name]
    for position, segment in enumerate(segments[:-1]):
        after_marker = position > 0 and segments[position - 1].lower() in _MARKERS
        after_folder = after_marker and segments[position - 1].lower() not in {"content", "docs"}
        locale = code(segment) if position < 2 or after_marker else ""
        if locale:
            left = [*segments[:position], *segments[position + 1 :]]
            return Named(_slug(left), locale, unsure=segment.lower() in _WORDS and not after_folder)
    return Named(_slug(segments), "", unsure=False)


def whole_slug(path: str) -> str:
    """The slug of a path in which no part is a locale."""
    return _slug(path.rsplit(".", 1)[0].split("/"))


def _slug(segments: list[str]) -> str:
    slug = "/".join(segment for segment in segments if segment)
    found = _DOCUSAURUS.match(slug)
    if found:
        slug = (f"{found[1]}/" if found[1] in {"docs", "blog"} else "") + slug[found.end() :]
        slug = _VERSION.sub(r"\1/", slug)
    return _INDEX.sub("", slug)


def of_text(text: str) -> str:
    """The language ``text`` is written in, as a code; "" for one too short to tell."""
    sample = _CODE_OR_ADDRESS.sub(" ", text[:60_000])[:6000]
    wide = len(_WIDE.findall(sample))
    if len(sample) < LONG and wide < LONG // 6:
        return ""
    found = [word.lower() for word in _WORD.findall(sample)][:600]
    if found and wide * 10 < len(sample) and sum(word in _ENGLISH for word in found) >= 0.2 * len(found):
        return "en"
    return _identified(sample)


@cache
def _identifier() -> Any:
    """What tells languages apart, or None where there is no room for it; either is found out once."""
    # Loaded here: it takes half a second, and a page that says its language does not need it.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415

    try:  # it unpacks its model into a temporary file
        identifier: Any = LanguageIdentifier.from_model_file(MODEL_FILE)
    except OSError:
        return None
    identifier.set_languages(PLAUSIBLE.split())
    return identifier


def _identified(sample: str) -> str:
    identifier = _identifier()
    return str(identifier.classify(sample)[0]) if identifier is not None else ""
