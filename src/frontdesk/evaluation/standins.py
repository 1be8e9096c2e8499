"""Personal data exchanged for invented stand-ins, the same one each time, so that a conversation still hangs together.

What is personal in running text is found by knowledge/personal.py, as for the help center's gaps; in tool calls and
their results also by the name of the field it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

from frontdesk.domain import Json
from frontdesk.knowledge.personal import ADDRESS, BLANKS, DATE, EMAIL, NAME, NUMBER, without_personal

__all__ = ["Standins"]

NAMES = ("Robin Miller", "Alex Carter", "Kim Taylor", "Sam Parker", "Jo Fisher", "Chris Baker", "Pat Mason")
PHONE, CITY, POSTCODE, ACCOUNT = "[phone]", "[city]", "[postcode]", "[account]"
# Fields by what stands in them; "name" alone may be a product's, so it counts beside an e-mail address or a telephone.
FIELDS = (
    (EMAIL, re.compile(r"e_?mail")),
    (PHONE, re.compile(r"phone|mobile|telefon|fax")),
    (ACCOUNT, re.compile(r"iban|card_?(?:no|number|last)|last_?(?:4|four)|account_?(?:no|number)|(?:^|_)pan$")),
    (ADDRESS, re.compile(r"street|address_?line|^house|^address$")),
    (POSTCODE, re.compile(r"post(?:al)?_?code|zip|plz")),
    (CITY, re.compile(r"(?:^|_)(?:city|town)$")),
    (DATE, re.compile(r"birth|dob$")),
    (NAME, re.compile(r"(?:first|last|full|sur|given|family|middle|customer|holder|user|recipient|contact)_?name|recipient$|holder$|addressee|nickname")),
)  # fmt: skip
PERSON = ("email", "phone", "street", "birth_date")
TELEPHONE = 7  # digits from which on a number is somebody's, an id that is kept apart
ID_FIELD = re.compile(r"(?:^|_)(?:id|ids|number|reference|no)$")
ID_VALUE = re.compile(r"(?=[^\s]*\d)[\w.:@|-]{3,64}")


class Standins:
    """The stand-ins of one conversation. ``keep_ids``: ids of orders and the like stay as they are."""

    def __init__(self, *, keep_ids: bool = False) -> None:
        self.keep_ids = keep_ids
        self._made: dict[tuple[str, str], str] = {}
        self._known: dict[str, str] = {}  # what stands in fields, folded: its stand-in
        self._ids: set[str] = set()
        self._counts: dict[str, int] = {}

    def learn(self, value: Any, key: str = "") -> None:
        """Note the personal data and the ids that stand in the fields of a tool call or its result."""
        for name, text, beside in _leaves(value, key):
            kind = _kind(name, beside)
            if kind:
                self.know(kind, text)
            elif ID_FIELD.search(name) and ID_VALUE.fullmatch(text):
                self._ids.add(text)
                if not self.keep_ids:
                    self._known.setdefault(_folded(text), self.of(NUMBER, text))

    def know(self, kind: str, text: str) -> None:
        """Note one text as personal; a name also in its parts."""
        text = text.strip()
        if len(text) < 2 or (kind != ACCOUNT and text.isdigit() and len(text) < 3):
            return
        self._known.setdefault(_folded(text), self.of(kind, text))
        if kind == NAME:
            made = self._known[_folded(text)].split()
            for n, part in enumerate(text.split()):
                if len(part) > 1:
                    self._known.setdefault(_folded(part), made[min(n, len(made) - 1)])

    def of(self, kind: str, original: str) -> str:
        """The stand-in of ``original``."""
        key = (kind, _folded(original))
        if key not in self._made:
            self._made[key] = self._invent(kind, original)
        return self._made[key]

    def text(self, text: str) -> str:
        """``text`` with stand-ins in the place of personal data."""
        blanked = without_personal(text)
        kinds, rest = BLANKS.findall(blanked), BLANKS.split(blanked)
        match = re.fullmatch("(.+?)".join(map(re.escape, rest)), text, re.DOTALL)
        if match is None or BLANKS.search(text):  # not to be put side by side: better a blank than a name
            return self._without_known(blanked)
        filled = [self._filled(kind, original) for kind, original in zip(kinds, match.groups(), strict=True)]
        return "".join(
            self._without_known(part) + made for part, made in zip(rest, [*filled, ""], strict=True)
        )

    def value(self, value: Any, key: str = "") -> Any:
        """The same for a tool's arguments: fields by what they are, texts by what is in them."""
        if isinstance(value, dict):
            return {name: self.value(item, str(name)) for name, item in cast("Json", value).items()}
        if isinstance(value, list):
            return [self.value(item, key) for item in cast("list[Any]", value)]
        if not isinstance(value, str):
            return value
        return self._known.get(_folded(value)) or self.text(value)

    def _without_known(self, text: str) -> str:
        if not self._known:
            return text
        longest_first = sorted(self._known, key=len, reverse=True)
        shape = rf"(?<![\w@])(?:{'|'.join(map(re.escape, longest_first))})(?!\w|[.,]\d)"
        return re.sub(shape, lambda match: self._known[_folded(match[0])], text, flags=re.IGNORECASE)

    def _filled(self, kind: str, original: str) -> str:
        bare = original.lstrip("#")
        few = sum(character.isdigit() for character in bare) < TELEPHONE
        if kind == NUMBER and self.keep_ids and ID_VALUE.fullmatch(bare) and (few or bare in self._ids):
            return original
        return self._known.get(_folded(bare)) or self.of(kind, bare)

    def _invent(self, kind: str, original: str) -> str:
        n = self._counts[kind] = self._counts.get(kind, 0) + 1
        match kind:
            case "[name]":
                made = NAMES[(n - 1) % len(NAMES)] if n <= len(NAMES) else f"Robin Miller{n}"
                words = made.split()
                return made if len(original.split()) > 1 else words[0]
            case "[e-mail]":
                return f"person{n}@example.com"
            case "[phone]":
                return f"+1 555 01{n:02}"
            case "[address]":
                return f"{n} Example Street" if original[:1].isdigit() else f"Example Street {n}"
            case "[city]":
                return f"Exampleton{'' if n == 1 else n}"
            case "[date]":
                return f"1990-01-{(n - 1) % 28 + 1:02}"
            case _:
                return _shaped(original, n)


def _shaped(original: str, n: int) -> str:
    """A number of the shape of ``original``: its digits are replaced from the right by 9…n."""
    digits = sum(character.isdigit() for character in original)
    drawn = iter(str(9 * 10 ** max(digits - 1, 0) + n)[-digits:] if digits else "")
    made = "".join(next(drawn) if character.isdigit() else character for character in original)
    # Letters of an account number tell whose bank it is; those of an order's code are the shop's.
    return re.sub("[A-Z]", "X", made) if re.match(r"[A-Z]{2}\d{2}[ A-Z0-9]{8,}$", original) else made


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _kind(name: str, beside: frozenset[str]) -> str:
    lower = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    for kind, pattern in FIELDS:
        if pattern.search(lower):
            return kind
    return NAME if lower == "name" and beside & set(PERSON) else ""


def _leaves(
    value: Any, key: str, beside: frozenset[str] = frozenset()
) -> Iterator[tuple[str, str, frozenset[str]]]:
    """(field, text, the fields beside it) of all there is in a JSON value."""
    if isinstance(value, dict):
        table = cast("Json", value)
        names = frozenset(name.lower() for name in table)
        for name, item in table.items():
            yield from _leaves(item, name, names)
    elif isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from _leaves(item, key, beside)
    elif isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        yield key, str(value), beside
