"""Personal data taken out of what customers and staff wrote, before it is kept as a question or an article.

Small patterns of its own: e-mail addresses, telephone, card and account numbers, numbers of orders and tickets, dates
of birth, streets with a number, names that are known or that a greeting, a signature or "my name is" says to be some.
It takes rather too much than too little: "This is Spartan" loses a word. A name in the middle of a sentence that nobody
knows is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

NAME, EMAIL, NUMBER, DATE, ADDRESS = "[name]", "[e-mail]", "[number]", "[date]", "[address]"
BLANKS = re.compile(r"\[(?:name|e-mail|number|date|address)\]")

_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_DIGITS = re.compile(r"(?<![\w.,#-])\+?\(?\d[\d ()./-]{4,30}\d(?![\w%])")
_NO_NUMBER = re.compile(
    r"\d{4}-\d\d-\d\d|\d{1,2}[./-] ?\d{1,2}[./-] ?\d{2,4}"  # a date
    r"|(?:19|20)\d\d ?[-–/] ?(?:19|20)\d\d"  # two years
    r"|\d{1,3}(?:[. ]\d{3})+"  # a large amount
    r"|\d{1,2}[.:]\d\d ?[-–] ?\d{1,2}[.:]\d\d"  # opening hours
)
_CALLED = r"(?:orders?|purchase|parcel|package|shipment|tracking|invoice|ticket|case|account|customer|bestellung|rechnung|pedido|factura|commande|facture)"
_ORDER = re.compile(
    rf"(\b{_CALLED}(?: ?(?:numbers?|no\.?|nr\.?|id|code|nummer))? ?[:#]? ?)(?=[A-Z-]*\d{{3}}|[A-Z]+-?\d)[A-Z0-9][A-Z0-9-]*\b",
    re.IGNORECASE,
)
_CODE = re.compile(
    r"#\d{2,}\b|\b[A-Z]{1,6}(?:-\d+)*-\d{3,}[A-Z0-9-]*\b|\b(?=[A-Z]*\d)[A-Z0-9]{2,}\d{4,}[A-Z0-9]*\b|\b\d{5,}\b"
)

# ------------------------------------------------------------------ names
_WORD = r"[^\W\d_]{1,40}(?:['’-][^\W\d_]{1,40}){0,3}"
_NAMES = rf"({_WORD}(?:[ \t]+{_WORD}){{0,2}})"
_TITLE = r"(?:mr|mrs|ms|miss|mx|dr|prof|herrn?|frau|señora?|monsieur|madame|mme|mlle)\b\.?"
_END = r"(?=[ \t]*[.!]?[ \t]*(?:\n|\Z))"
_MY_NAME = re.compile(
    r"(\b(?:my name(?: is|['’]s|:)|(?:i am|i['’]m) called|mein name ist|ich hei(?:ß|ss)e|mi nombre es|me llamo"
    rf"|mon nom est|je m['’]appelle)\s+){_NAMES}",
    re.IGNORECASE,
)
_ONE_OR_MORE = (  # before words with a capital: one is enough
    re.compile(rf"(\bthis is\s+(?:{_TITLE}\s+)?){_NAMES}", re.IGNORECASE),
    re.compile(
        rf"((?<!product )(?<!file )(?<!brand )\b(?:sur|full |first |last )?name[ \t]?:[ \t]*){_NAMES}",
        re.IGNORECASE,
    ),
    re.compile(rf"(\b{_TITLE}[ \t]+){_NAMES}", re.IGNORECASE),
    re.compile(
        r"((?:^|(?<=[.!?]\s))[ \t]*(?:dear|hi|hello|hey|good (?:morning|afternoon|evening)|hallo|guten tag|liebe[rs]?"
        rf"|sehr geehrte[rs]?|hola|estimad[oa]|querid[oa]|bonjour|ch(?:er|ère))[ \t]+){_NAMES}(?=[ \t]*(?:[,!:.–-]|\n|\Z))",
        re.IGNORECASE | re.MULTILINE,
    ),
    re.compile(
        r"(\b(?:regards|thanks|thank you|cheers|wishes|greetings|sincerely|yours|grüße[n]?|gruß|saludos?|atentamente"
        rf"|cordialement)[,!.]?\s+){_NAMES}{_END}",
        re.IGNORECASE,
    ),
    re.compile(rf"(\b(?:best|all the best|lg|mfg)(?:,\s*|[ \t]*\n\s*)){_NAMES}{_END}", re.IGNORECASE),
)
_TWO_OR_MORE = re.compile(rf"(\b(?:i am|i['’]m|im|ich bin|soy|je suis)[ \t]+){_NAMES}", re.IGNORECASE)
_DEAR = re.compile(rf"(\bdear[ \t]+)({_WORD})(?=[,!])", re.IGNORECASE)
_NOBODY = frozenset(
    re.findall(
        r"[\w'’]+",
        "a all again an and are because both but can customer customers customer's do everybody everyone folks for"
        " friend friends from guys has have i i'm i’m in is it madam my not of on or our please service shopper"
        " shoppers sir so spelled support team that the there to und was we with wrong y you your",
    )
)

# ------------------------------------------------------------------ dates of birth, streets
_MONTH = (
    r"(?:jan|feb|fév|fev|mar|mär|apr|abr|avr|may|mai|jun|juin|jul|juil|aug|ago|août|sep|oct|okt|nov|dec|dez|dic|déc|ene)"
    r"[^\W\d_]{0,8}\.?"
)
_BORN = re.compile(
    r"(\b(?:born|birth(?: ?date|day)?|d\.?o\.?b|geboren|geb|geburts(?:datum|tag)|nacid[oa]|nacimiento|cumpleaños|née?"
    r"|naissance|anniversaire)\b\W{0,3}(?:(?:on|in|is|was|the|am|ist|el|es|le|est|:)\W{1,3}){0,3})"
    r"(?:\d{1,4}[./-] ?\d{1,2}[./-] ?\d{1,4}"
    rf"|\d{{1,2}}(?:st|nd|rd|th|er|\.)? (?:of |de )?{_MONTH}(?:,? (?:del? )?\d{{2,4}})?"
    rf"|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?|(?:{_MONTH} )?(?:19|20)\d\d)\b",
    re.IGNORECASE,
)
_BETWEEN = r"(?!(?:on|in|the|per|a|of|off|by|for|at|from|to|and|or|inch|k?m|days?|hours?|minutes?|miles?)\b)[^\W\d_][\w'’.-]{0,30}"
_STREETS = (
    re.compile(  # words that are no street in other places
        r"(?<![\w.,])\d{1,5}[A-Za-z]?,? (?:[A-Z][\w'’.-]{0,30} ){1,3}(?:Drive|Dr|Close|Court|Ct|Square|Sq|Terrace|Place|Pl|Way|Gardens"
        r"|Grove|Hill|Mews|Row|Walk|Parade|Highway|Hwy|Parkway|Ln)\b"
    ),
    re.compile(  # Hauptstraße 5, Berliner Str. 12a
        r"\b[^\W\d_][\w-]{0,40}[ -]?(?:straße|strasse|str\.)[ ]?\d{1,4}(?: ?[a-z])?(?!\w)", re.IGNORECASE
    ),
    re.compile(
        r"\b[A-ZÄÖÜ][\w-]{1,40}(?:weg|platz|allee|gasse|ufer|chaussee| (?:Weg|Platz|Allee|Gasse|Ufer|Ring|Damm))"
        r" \d{1,3}(?: ?[a-z])?(?!\w)"
    ),
    re.compile(  # 5 rue de la Paix
        r"\b\d{1,4}(?: ?(?:bis|ter))?,? (?:rue|boulevard|bd|chemin|impasse|quai)(?: (?:de|du|des|la|le|les)){0,2}"
        r" (?:[dl]['’])?[^\W\d_][\w'’-]{1,30}",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b\d{1,4}(?: ?(?:bis|ter))?,? (?:avenue|place|cours|route|allée)(?:(?: (?:de|du|des|la|le|les)){1,2}|(?= [A-ZÀ-Þ]))"
        r" (?:[dl]['’])?[^\W\d_][\w'’-]{1,30}"
    ),
    re.compile(  # Calle de Alcalá, 42
        r"(?:\b(?:calle|avenida|avda\.?|av\.|plaza|paseo)|(?<!\w)c/) ?(?:[^\W\d_][\w'’.-]{0,30} ){0,4}[^\W\d_][\w'’.-]{0,30},?"
        r" (?:n[º°o]\.? ?)?\d{1,4}\b",
        re.IGNORECASE,
    ),
    re.compile(  # 12 High Street; 5 elm rd; last, for it would take half of "12 bis avenue Foch"
        rf"(?<![\w.,])\d{{1,5}}[a-z]?(?:[-/]\d{{1,4}})?,? (?:{_BETWEEN} ){{1,3}}(?:street|st|road|rd|avenue|ave|lane|boulevard|blvd|crescent)\b",
        re.IGNORECASE,
    ),
)


def without_personal(text: str, known: Sequence[str] = ()) -> str:
    """``text`` with ``[name]``, ``[e-mail]``, ``[number]``, ``[date]`` and ``[address]`` in the place of personal data.

    ``known`` are the customer's own name, address and ids, as the conversation has them.
    """
    text = _EMAIL.sub(EMAIL, text)
    text = _BORN.sub(lambda match: f"{match[1]}{DATE}", text)
    for street in _STREETS:
        text = street.sub(ADDRESS, text)
    text = _without_names(text)
    for word in sorted(known, key=len, reverse=True):
        text = _known(text, word)
    text = _IBAN.sub(NUMBER, text)
    text = _ORDER.sub(lambda match: f"{match[1].rstrip('#')}{NUMBER}", text)
    return _CODE.sub(NUMBER, _DIGITS.sub(_number, text))


def personal_left(text: str) -> list[str]:
    """What of ``text`` must not be published, in words that hold nothing of it; empty where all is well."""
    clean = without_personal(BLANKS.sub("", text))
    left = {
        EMAIL: "an e-mail address",
        NUMBER: "a number that may be somebody's (telephone, account, order)",
        NAME: "somebody's name",
        DATE: "a date of birth",
        ADDRESS: "a postal address",
    }
    found = [words for blank, words in left.items() if blank in clean]
    return [*found, "a blank where personal data was taken out"] if BLANKS.search(text) else found


def _without_names(text: str) -> str:
    """Names that the words before or after them say to be some."""
    text = _MY_NAME.sub(lambda match: _named(match, any_case=True), text)
    for pattern in _ONE_OR_MORE:
        text = pattern.sub(_named, text)
    text = _DEAR.sub(lambda match: _named(match, any_case=True), text)
    return _TWO_OR_MORE.sub(lambda match: _named(match, least=2), text)


def _named(match: re.Match[str], *, least: int = 1, any_case: bool = False) -> str:
    """The match with its second group's leading words that make a name blanked; with ``any_case`` two may be small."""
    said = match[2]
    words = list(re.finditer(r"\S+", said))
    length = 0
    for word in words:
        capital = word[0][0].isupper()
        if word[0].lower() in _NOBODY or not (capital or (any_case and length < 2)):
            break
        length += 1
    if length < least:
        return match[0]
    return f"{match[1]}{NAME}{said[words[length - 1].end() :]}{match[0][match.end(2) - match.start() :]}"


def _number(match: re.Match[str]) -> str:
    digits = sum(character.isdigit() for character in match[0])
    return match[0] if digits < 7 or _NO_NUMBER.fullmatch(match[0].strip()) else NUMBER


def _known(text: str, word: str) -> str:
    if word.isdigit() or any(character.isdigit() for character in word):
        return re.sub(rf"(?<![\w.,]){re.escape(word)}(?!\w)", NUMBER, text, flags=re.IGNORECASE)
    for part in (word, *word.split()):  # as it was said, or with a capital: "will" is not always a name
        if len(part) > 1:
            text = re.sub(rf"\b(?:{re.escape(part)}|{re.escape(part.title())})\b", NAME, text)
    return text
