"""Personal data taken out of what customers and staff wrote, before it is kept as a question or an article.

Small patterns of its own: e-mail addresses, telephone, card and account numbers, numbers of orders and tickets,
names that are known or are given as such. It takes rather too much than too little.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

NAME, EMAIL, NUMBER = "[name]", "[e-mail]", "[number]"
BLANKS = re.compile(r"\[(?:name|e-mail|number)\]")

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
_ONE_NAME = r"[A-ZÀ-Þ][a-zà-ÿ'’-]+(?: [A-ZÀ-Þ][a-zà-ÿ'’-]+){0,2}"
_SAYS_NAME = re.compile(
    rf"\b((?i:my name is|my name's|i am called|i'm called|this is)) ({_ONE_NAME})(?=[\s.,!]|$)"
)
_SIGNED = re.compile(
    rf"((?i:regards|thanks|thank you|cheers|best wishes|greetings|grüße|gruß|saludos|cordialement)[,!.]?\s+)({_ONE_NAME})\s*[.!]?\s*\Z"
)


def without_personal(text: str, known: Sequence[str] = ()) -> str:
    """``text`` with ``[name]``, ``[e-mail]`` and ``[number]`` in the place of personal data.

    ``known`` are the customer's own name, address and ids, as the conversation has them.
    """
    text = _EMAIL.sub(EMAIL, text)
    text = _SAYS_NAME.sub(lambda match: f"{match[1]} {NAME}", text)
    text = _SIGNED.sub(lambda match: f"{match[1]}{NAME}", text)
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
    }
    found = [words for blank, words in left.items() if blank in clean]
    return [*found, "a blank where personal data was taken out"] if BLANKS.search(text) else found


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
