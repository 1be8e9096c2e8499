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
    r"|i|we|you|it|is|the|and|but|could|can|what|when|where|why|how|regards|best|yours|apt|suite|unit|flat|box)\b)"
)
_CAPITAL = r"(?-i:[A-ZÀ-ÞĀ-ŽΑ-ΩΆ-Ώ])"
# Between an address's parts: a comma, a line's end, and what a mail that is quoted puts at a line's begin.
_GAP = r"(?:\s?,?\s{1,2}(?:[>|?]{1,3}\s)?)"
_FLAT = rf"(?:{_GAP}(?:apt\.?|suite|unit|flat|box|floor)\s?\d{{1,5}}\b)"
_PLACE = rf"(?:[,\s]{{1,3}}{_NOT}{_CAPITAL}[^\W\d_]*(?!\w)(?:[ '’.-]{{1,2}}\(?{_NOT}[^\W\d_]{{2,}}(?!\w)\)?){{0,3}}(?:\n?,\s?[^\W\d_]{{2,3}}\b)?)"
_CODE = r"(?:[,\s]{1,3}(?:[A-Z]{0,2}-?\d{4,6}\b|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b))"
_TAIL = rf"(?:{_PLACE}?{_FLAT}{{1,2}})?{_PLACE}{{0,3}}{_CODE}?"
# Two numbers stand before some streets: of a flat and a house.
_HOUSE = r"(?<![\w.,#])(?:\d{1,6} )?"
_NAMES = (
    r"calle|avenida|avda\.?|av\.|plaza|paseo|via|viale|corso|piazza|rua|rúa|rue|avenue|chemin|impasse|quai|trg|ulica"
    r"|ul\.|r\.|λεωφόρος|οδός"
)
_NUMBERED = rf"{_CAPITAL}{_WORD}(?: {_NOT}{_WORD}){{0,3}} \d{{1,4}}(?!\w|[.,]\d|-\d| ?%| (?:per|off|days?|hours?|times|euros?|eur|usd|of)\b)\.?"
# Where two streets meet, neither needs a number.
_CORNER = rf"\bthe corner of (?:[\w'’.-]{{1,30}} ){{1,6}}and {_WORD}(?: {_CAPITAL}{_WORD}){{0,2}}"
_PATTERNS = (
    # 12 High Street, 1987 74 Diakou Street Suite 680
    rf"(?<![\w.,#])\d{{1,6}}[a-z]?(?:[-/]\d{{1,4}})?,? (?:\d{{1,5}} )?(?:{_BETWEEN} ){{1,4}}{_TYPES}\b\.?(?! \d+ (?:off|days?)){_TAIL}",
    # Hauptstraße 5, Søndergade 52, Kiannonkatu 98
    r"(?<![\w.,#])(?:\d{4,6} )?[^\W\d_][\w-]{1,40}(?:straße|strasse|str\.|weg|platz|allee|gasse|ufer|chaussee|damm|gade|gata|gatan|vej"
    r"|veien|vägen|vollen|katu|kuja|tie|tanav|stræti|straat|laan|hof|utca|ulica|ulice) ?\d{1,4}(?: ?[a-z])?\b(?!\w)"
    + _TAIL,
    rf"(?<![\w.,#])(?:\d{{4,6}} )?(?-i:[A-ZÄÖÜ])[\w-]{{1,40}} (?:Str\.|Straße|Weg|Platz|Allee|Ring|Damm|Ufer) \d{{1,3}}(?: ?[a-z])?\b{_TAIL}",
    # Calle de Alcalá, 42; Via Roma 12; Rue Dielhère 130
    rf"(?<![\w.,#])(?:\d{{3,6}} )?(?:\b(?:{_NAMES})|c/) ?"
    rf"(?:{_BETWEEN} ){{0,4}}{_BETWEEN},? (?:n[º°o]\.? ?)?\d{{1,4}}\b{_TAIL}",
    # 5 rue de la Paix
    rf"{_HOUSE}\d{{1,4}}(?: ?(?:bis|ter))?,? (?:rue|boulevard|bd|chemin|impasse|quai|avenue|place|cours|route|allée)"
    rf"(?: (?:de|du|des|la|le|les)){{0,2}} (?:[dl]['’])?{_NOT}[^\W\d_][\w'’-]{{1,30}}(?: {_NOT}(?-i:[A-ZÀ-Þ])[\w'’-]+){{0,2}}{_TAIL}",
    # Wesselényi u. 94.; 269 Stensås terrasse 38
    rf"{_HOUSE}{_CAPITAL}[^\W\d_]{{1,30}}(?: [^\W\d_]{{2,30}})? (?:u\.|tér|tere|terrasse|terrace) ?\d{{1,4}}\b\.?{_TAIL}",
    rf"{_HOUSE}(?:{_CAPITAL}[^\W\d_]{{1,30}} )?[^\W\d_]{{3,30}} (?:út|útja|utca|utcája) \d{{1,4}}\b\.?{_TAIL}",
    # whatever it is called: Allika 46, Suite 501
    rf"{_HOUSE}{_NOT}[^\W\d_][\w'’.-]{{1,30}}(?: {_NOT}{_WORD}){{0,3}} \d{{1,4}}\b\.?{_FLAT}{_TAIL}",
    # 94941 2505 Heatherleigh Suite 620
    rf"{_HOUSE}\d{{1,5}} {_NOT}{_CAPITAL}{_WORD}(?: {_NOT}{_WORD}){{0,2}}{_FLAT}{_TAIL}",
    rf"(?:\b\d{{3,6}} )?\bp\.? ?o\.? box \d{{1,6}}\b{_TAIL}",
    r"\b(?:unit|psc)\s\d{1,6},? ?box \d{1,6}(?:\s{1,2}(?:dpo|apo|fpo),? [A-Z]{2} \d{5})?",
    r"\bUS(?:S|NS|NV|CGC) [^\W\d_][\w'’-]{1,30},?\s{1,2}(?:dpo|apo|fpo),? [A-Z]{2} \d{5}",
    # on Marina Road: no number, so the word for it has its capital
    rf"(?<=\b(?:on|in|at) )(?!The )(?:{_CAPITAL}{_WORD} ){{1,3}}(?-i:Street|Road|Avenue|Lane|Boulevard|Drive|Crescent|Terrace)\b",
    # 94941 Coronilla 3599, Nijmegen; on a line of its own: 4923 Parmova 109
    rf"(?:(?<=\n)|(?<=\n[>|?] )|(?<=[>|?]{{3}} )|^)\d{{2,6}} {_NUMBERED}(?=\s?[,\n]){_TAIL}",
)
# Where the words before say that it is one: Edeby 55; 5586 Þórunnarstræti 31
_SAID = (
    r"(?:\b(?:address(?: of [\w ]{1,30})?(?: is|:)|address\? it is|here they are:|(?:i|we|he|she|they|\w+) (?:live|lives|lived) (?:at|in|on)"
    r"|(?:located|visit \w+|meet \w+|office|home|move[ds]?|moving|send \w+)(?: (?:at|in|to|on))|(?:you|is|office|shop|flat) (?:off )?at"
    r"|return(?:ed)? (?:it |them )?to|deliver(?:y|ed)? to|ship(?:ped)? to|sent to|billing address with|new one to|side of|it['’]s (?:in|at|on)"
    r"|enter on)\s+)"
    rf"((?:\d{{1,6}},? )?(?:\d{{1,5}} )?{_NUMBERED}{_TAIL})"
)
_STREETS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (rf"({_CORNER})", _SAID, *(rf"({each})" for each in _PATTERNS))
)


def streets(text: str) -> Iterator[tuple[str, int, int]]:
    """("address", start, end) of each."""
    for pattern in _STREETS:
        for match in pattern.finditer(text):
            yield "address", match.start(1), match.end(1)
