"""Postal addresses: a street with its number, and what follows of flat, place and country up to a postcode."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["streets"]

_TYPES = (
    r"(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|court|ct|place|pl|square|sq|terrace|trail|trl|way"
    r"|parkway|pkwy|circle|cir|close|crescent|highway|hwy|gardens?|grove|hill|mews|row|walk|parade|squares|plaza)"
)
_WORD = r"[^\W\d_][\w'’.-]{0,30}"
_BETWEEN = (
    rf"(?!(?:on|in|the|per|a|of|off|by|for|at|from|to|and|or|inch|k?m|days?|hours?|minutes?|miles?)\b){_WORD}"
)
# Lines that follow are its own until a word says that they speak of something else.
_NOT = (
    r"(?!(?:orders?|invoice|ticket|customer|account|phone|tel|mobile|desk|fax|e-?mail|name|date|hi|hello|hey|dear|thanks|thank|please|my"
    r"|i|we|you|it|is|the|and|but|could|can|what|when|where|why|how|regards|best|yours)\b)"
)
_FLAT = r"(?:,?\s{1,2}(?:apt\.?|suite|unit|flat|box)\s?\d{1,5})"
_PLACE = rf"(?:[,\s]{{1,3}}{_NOT}(?-i:[A-ZÀ-ÞΑ-Ω])[^\W\d_]*(?!\w)(?:[ '’.-]{{1,2}}\(?{_NOT}[^\W\d_]{{2,}}(?!\w)\)?){{0,3}}(?:\n?,\s?[^\W\d_]{{2,3}}\b)?)"
_CODE = r"(?:[,\s]{1,3}(?:[A-Z]{0,2}-?\d{4,6}\b|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b))"
_TAIL = rf"{_FLAT}{{0,2}}{_PLACE}{{0,3}}{_CODE}?"
_PATTERNS = (
    # 12 High Street, 1987 74 Diakou Street Suite 680
    rf"(?<![\w.,#])\d{{1,6}}[a-z]?(?:[-/]\d{{1,4}})?,? (?:\d{{1,5}} )?(?:{_BETWEEN} ){{1,4}}{_TYPES}\b\.?(?! \d+ (?:off|days?)){_TAIL}",
    # Hauptstraße 5, Søndergade 52, Kiannonkatu 98
    r"(?<![\w.,#])(?:\d{4,6} )?[^\W\d_][\w-]{1,40}(?:straße|strasse|str\.|weg|platz|allee|gasse|ufer|chaussee|damm|gade|gata|gatan|vej"
    rf"|veien|katu|tie|stræti|straat|laan|hof|utca|ulica|ulice) ?\d{{1,4}}(?: ?[a-z])?\b(?!\w){_TAIL}",
    rf"(?<![\w.,#])(?:\d{{4,6}} )?(?-i:[A-ZÄÖÜ])[\w-]{{1,40}} (?:Str\.|Straße|Weg|Platz|Allee|Ring|Damm|Ufer) \d{{1,3}}(?: ?[a-z])?\b{_TAIL}",
    # 5 rue de la Paix
    r"(?<![\w.,#])\d{1,4}(?: ?(?:bis|ter))?,? (?:rue|boulevard|bd|chemin|impasse|quai|avenue|place|cours|route|allée)"
    rf"(?: (?:de|du|des|la|le|les)){{0,2}} (?:[dl]['’])?[^\W\d_][\w'’-]{{1,30}}(?: (?-i:[A-ZÀ-Þ])[\w'’-]+){{0,2}}{_TAIL}",
    # Calle de Alcalá, 42; Via Roma 12
    r"(?:\b(?:calle|avenida|avda\.?|av\.|plaza|paseo|via|viale|corso|piazza|rua|ulica|ul\.)|(?<!\w)c/) ?"
    rf"(?:{_WORD} ){{0,4}}{_WORD},? (?:n[º°o]\.? ?)?\d{{1,4}}\b{_TAIL}",
    # Wesselényi u. 94.; 269 Stensås terrasse 38
    rf"(?<![\w.,#])(?:\d{{3,6}} )?(?-i:[A-ZÀ-Þ])[^\W\d_]{{1,30}}(?: [^\W\d_]{{2,30}})? (?:u\.|út|tér|terrasse|terrace) ?\d{{1,4}}\b\.?{_TAIL}",
    # whatever it is called: Allika 46, Suite 501
    rf"(?<![\w.,#])(?:\d{{1,6}} )?{_NOT}[^\W\d_][\w'’.-]{{1,30}}(?: {_NOT}{_WORD}){{0,3}} \d{{1,4}}\b\.?{_FLAT}{_PLACE}{{0,3}}{_CODE}?",
    rf"(?:\b\d{{3,6}} )?\bp\.? ?o\.? box \d{{1,6}}\b{_TAIL}",
    r"\b(?:unit|psc)\s\d{1,6},? ?box \d{1,6}(?:\s{1,2}(?:dpo|apo|fpo),? [A-Z]{2} \d{5})?",
)
# Where the words before say that it is one: Edeby 55; 5586 Þórunnarstræti 31
_SAID = (
    r"(?:\b(?:address(?: of [\w ]{1,30})?(?: is|:)|(?:i|we) live (?:at|in)|(?:located|visit \w+|meet \w+|office|home|move[ds]?|moving|send \w+)"
    r"(?: (?:at|in|to|on))|deliver(?:y|ed)? to|ship(?:ped)? to|billing address with|new one to)\s+)"
    rf"((?:\d{{1,6}},? )?(?:\d{{1,5}} )?(?-i:[A-ZÀ-Þ]){_WORD}(?: {_NOT}{_WORD}){{0,3}} \d{{1,4}}\b{_TAIL})"
)
_STREETS = tuple(re.compile(pattern, re.IGNORECASE) for pattern in _PATTERNS)
_CONTEXT = re.compile(_SAID, re.IGNORECASE)


def streets(text: str) -> Iterator[tuple[str, int, int]]:
    """("address", start, end) of each."""
    for match in _CONTEXT.finditer(text):
        yield "address", match.start(1), match.end(1)
    for pattern in _STREETS:
        for match in pattern.finditer(text):
            yield "address", match.start(), match.end()
