"""Where in a text personal data stands: e-mail addresses, cards, accounts, telephones, streets, and what is known.

Patterns of its own, and check digits wherever there are some: sixteen digits that are no card's stay. Numbers of orders
and amounts of money stay readable: a number is a telephone only where its shape or the words before it say so. A name
is found where it is known; nothing is guessed from a capital letter.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from frontdesk.redaction.streets import streets

__all__ = ["KINDS", "Found", "find"]

KINDS = ("email", "iban", "card", "phone", "address", "name")


@dataclass(frozen=True, slots=True)
class Found:
    """A piece of a text: its kind (one of KINDS), and where it begins and ends."""

    kind: str
    start: int
    end: int


EMAIL = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
IBAN = re.compile(r"(?<![\w-])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}")
#: Characters of an account number, by country (the IBAN registry).
LENGTHS = {
    code: int(length)
    for code, length in re.findall(
        r"(\D\D)(\d\d)",
        "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BR29BY28CH21CR22CY28CZ24DE22DK18DO28EE20EG29ES24FI18FO18FR27GB22GE22GI23"
        "GL18GR27GT28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21MC27MD24ME22MK19MR27MT31MU30NL18"
        "NO15PK24PL28PS29PT25QA29RO24RS22SA24SC31SE24SI19SK24SM27ST25SV28TL23TN24TR26UA29VA22VG24XK20",
    )
}
CARD = re.compile(r"(?<![\w.,#-])\d(?:[ -]?\d){11,18}(?![\w-]|[.,]\d)")
#: How cards' numbers begin: Visa, Mastercard, Amex, Diners, Discover, JCB, UnionPay, Maestro.
ISSUER = re.compile(r"4|5[0-8]|2(?:2[2-9]|[3-6]|7[01]|720)|3(?:4|7|0[0-5]|[689]|5)|6|2131|1800")
NUMBER = re.compile(
    r"(?<![\w#@])(?<!\d[.,])(?<!\w-)(?:\+ ?|00)?\(?\d(?:\d|[ .\-/]{0,2}\(?(?=\d)|\) ?[-./]?(?=\d)){4,24}\d(?: ?(?:x|ext\.? ?)\d{1,6})?(?!\w|-\w|[.,]\d| ?%)"
)
EXTENSION = re.compile(r" ?(?:x|ext\.? ?)\d{1,6}$")
AMOUNT = r"\d{1,3}(?:[. ]\d{3})+"  # a large one
LARGE, TRIPLES = re.compile(AMOUNT), re.compile(r"\d{3}(?:[ -]\d{3}){2}")
CURRENCIES = ("€", "$", "£")
MONEY = re.compile(r" ?(?:[€$£]|eur|usd|gbp|chf|pln|czk|million)", re.IGNORECASE)
NO_PHONE = re.compile(
    r"\d{4}-\d\d-\d\d(?: \d\d)?|\d{1,2}[./-] ?\d{1,2}[./-] ?\d{2,4}|\d{4}[./]\d{1,2}[./]\d{1,2}"  # a date
    r"|(?:19|20)\d\d ?[-/] ?(?:19|20)\d\d"  # two years
    rf"|{AMOUNT}"
    r"|\d{1,2}[.:]\d\d ?[-] ?\d{1,2}[.:]\d\d"  # opening hours
)
OTHER = re.compile(
    r"(?:orders?|purchase|parcel|package|shipment|tracking|invoice|ticket|(?<!\bin )case|article|item|sku|version|reference|bestellung"
    r"|rechnung|sendung|pedido|factura|commande|facture)\b[^\n.?!]{0,16}$",
    re.IGNORECASE,
)
CALLS = re.compile(
    r"(?:phone|telephone|tel|mobile|mobil|cell|call(?:ed|ing)?|dial|fax|desk|sms|text|whatsapp|messages to|answering at|reach"
    r"|registered|landline|handy|telefon\w*|rufnummer|teléfono|móvil|téléphone|portable|(?:my|your|his|her|our|new|this) number(?: is| on file)?"
    r"|anrufen|ruf\w* \w+|llám\w+|llamar|appel\w+|chiam\w+|celular|cellulare|zadzwo\w+)\b[^\n?!]{0,32}(?:\n|\? (?:[\w']{1,6} ){0,2})?$",
    re.IGNORECASE,
)
#: Words that say it of a number too, where none of the words above says what else it is.
PERHAPS = re.compile(
    r"\b(?:numbers?|contact\w*|reach\w*|ring|line|callback|hotline|extension|direct|whats ?app|signal|viber|imessage|voicemail"
    r"|rang|phoned|dialled|dialed|texted|nummer|número|numéro)\b[^\n?!]{0,32}(?:\n|\? (?:[\w']{1,6} ){0,2})?$",
    re.IGNORECASE,
)
#: Words that say it behind a number.
SAYS = re.compile(
    r"[\s,;:)–-]{1,3}(?:\(?(?:mobile|cell|home|work|office|landline|fax|handy)\b|(?:is|was|are) (?:my|your|his|her|our|their|the) (?:\w+ ){0,2}(?:number|phone|mobile|line))",
    re.IGNORECASE,
)
#: Short ones as they are said at home: 467 3395, 9469 9966, 99 577450, 78 651 450, 71-33-52-22, (99) 645-791; no round number.
SHORT = re.compile(
    r"(?!.*00$)(?:[2-9]\d\d[ -]\d{4}|[2-9]\d{3}[ -]\d{4}|\(?[2-9]\d\)?[ -]\d{6}|\(?[2-9]\d\)?[ -]\d{3}[ -]\d{3}"
    r"|[2-9]\d(?:[ -]\d\d){3}|[2-9]\d\d (?:\d\d \d{3}|\d{3} \d\d))"
)
REGIONS = ("US", "GB", "DE", "FR", "ES", "IT", "NL", "AU", "SE", "PL", "AT", "CH")


def find(text: str, known: Sequence[str] = ()) -> list[Found]:
    """All of it, in order, without overlaps. ``known`` are the customer's own words: name, address."""
    taken: list[Found] = []
    for look in (_emails, _ibans, _cards, streets, _phones):  # two houses' numbers are no telephone
        for kind, start, end in look(text):
            _take(taken, kind, start, end)
    for word in sorted(known, key=len, reverse=True):
        for start, end in _known(text, word):
            _take(taken, "name", start, end)
    return taken


def _take(taken: list[Found], kind: str, start: int, end: int) -> None:
    """Add it to those ``taken``, which stand in order, unless it overlaps one."""
    place = bisect_left(taken, start, key=lambda found: found.start)
    free = place == 0 or taken[place - 1].end <= start
    if free and (place == len(taken) or end <= taken[place].start):
        taken.insert(place, Found(kind, start, end))


Where = Iterator[tuple[str, int, int]]


def _emails(text: str) -> Where:
    if "@" in text:
        for match in EMAIL.finditer(text):
            yield "email", match.start(), match.end()


def _ibans(text: str) -> Where:
    for match in IBAN.finditer(text):
        length = LENGTHS.get(match[0][:2].upper(), 0)
        seen = 0
        for place, character in enumerate(match[0]):
            seen += character.isalnum()
            if seen == length:
                whole = match[0][: place + 1]
                if _mod97(re.sub(r"[ -]", "", whole)):
                    yield "iban", match.start(), match.start() + len(whole)
                break


def _mod97(account: str) -> bool:
    from stdnum.iso7064 import mod_97_10  # noqa: PLC0415  (only where something looks like one)

    return mod_97_10.is_valid(account[4:] + account[:4])


def _cards(text: str) -> Where:
    for match in CARD.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if ISSUER.match(digits) and _luhn(digits):
            yield "card", match.start(), match.end()


def _luhn(digits: str) -> bool:
    from stdnum import luhn  # noqa: PLC0415

    return luhn.is_valid(digits)


def _phones(text: str) -> Where:
    for match in NUMBER.finditer(text):
        before, after = text[max(0, match.start() - 48) : match.start()], text[match.end() : match.end() + 32]
        if _is_phone(match[0], before, after):
            yield "phone", match.start(), match.end()


def _is_phone(said: str, before: str, after: str) -> bool:
    """By its shape, or by the words before it."""
    said = EXTENSION.sub("", said)
    groups = re.findall(r"\d+", said)
    digits = "".join(groups)
    if not 6 <= len(digits) <= 15:
        return False
    if said.startswith("+"):
        return len(digits) >= 8
    called = CALLS.search(before)
    other = OTHER.search(before)
    if other and not (called and called.start() > other.start()):
        return False
    if called or PERHAPS.search(before) or SAYS.match(after):
        return not re.fullmatch(NO_PHONE, said) or len(groups) == 3
    if MONEY.match(after) or before.rstrip().endswith(CURRENCIES):
        return False
    if TRIPLES.fullmatch(said) or SHORT.fullmatch(said):
        return True
    dialled = digits[0] == "0" or said[0] == "("  # no amount is written so
    if len(digits) < 7 or (NO_PHONE.fullmatch(said) and not (dialled and LARGE.fullmatch(said))):
        return False
    if len(groups) == 1:
        return (dialled and len(digits) >= 9) or (len(digits) >= 10 and _anywhere(said))
    return (dialled and len(digits) >= 8) or (
        all(len(group) <= 5 for group in groups) and (len(digits) >= 9 or _anywhere(said))
    )


def _anywhere(said: str) -> bool:
    """Whether it is a number that some country has given out."""
    import phonenumbers  # noqa: PLC0415  (its tables take 20 ms)

    for region in REGIONS:
        try:
            if phonenumbers.is_valid_number(phonenumbers.parse(said, region)):
                return True
        except phonenumbers.NumberParseException:
            continue
    return False


def _known(text: str, word: str) -> Iterator[tuple[int, int]]:
    """As it was said, or with a capital: "will" is not always a name."""
    for part in (word, *word.split()):
        if len(part) > 2:
            spelt = rf"(?<!\w)(?:{re.escape(part)}|{re.escape(part.title())})(?!\w)"
            for match in re.finditer(spelt, text):
                yield match.start(), match.end()
