"""A tool's arguments as the local model fills them: what kind each is, read from the JSON schema."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

ID, DATE, NUMBER, INTEGER, BOOLEAN = "id", "date", "number", "integer", "boolean"
ENUM, EMAIL, PHONE, WORDS, TEXT = "enum", "email", "phone", "words", "text"
MONEY, IDS = "money", "ids"  # an amount with its currency; ids of what is in a thing, of its lines
TIME = "time"  # an hour of the day
DAY_SAID = "day_said"  # a string that is called day or date: the customer's own words for it

_ID_NAME = re.compile(r"(^|_)(id|no|number|nr|reference|ref|code|sku|isbn|barcode)$")
_WORDS_NAME = re.compile(
    r"^(query|question|q|search|search_query|text|message|details|description|summary|subject|reason|note|notes|comment|comments|feedback|body|problem|symptoms?|topic|request|issue)$"
)
_MONEY = re.compile(r"\d+(?:\.\d+)? [A-Z]{3}")
_LETTERED = re.compile(r"([A-Za-z]{1,6}(?:-\?)?)\\d\{\d+,\d+\}$")
_HOUR = re.compile(r"\b\d{1,2}:\d\d\b")
_DIGIT_WORD = re.compile(r"[A-Za-z]{0,6}[-_/]?\d[\dA-Za-z]*(?:-[\dA-Za-z]+)*")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument: its kind, whether it must be there, what it may be, and the question that asks for it."""

    name: str
    kind: str
    required: bool
    choices: tuple[str, ...] = ()
    shapes: tuple[re.Pattern[str], ...] = ()
    ask: str = ""
    examples: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """``order_id`` → order number."""
        return re.sub(r" (id|no|nr)$", " number", self.name.replace("_", " "))

    @property
    def thing(self) -> str:
        """What it is the id of: ``order_id`` → order."""
        return re.sub(r"_(?:id|no|nr|number|code|ref|reference)$", "", self.name).replace("_", " ")

    @property
    def prefix(self) -> str:
        """The letters that all ids begin with: HB of ``HB\\d{3,7}``, INV- of ``INV-?\\d{4,8}``; "" where they differ or there are none."""
        found = {match[1] if (match := _LETTERED.match(shape.pattern)) else "" for shape in self.shapes}
        return found.pop().upper().replace("?", "") if len(found) == 1 else ""

    def written(self, token: str) -> str:
        """The id with its letters as the tool writes them: "ln-2041" → LN-2041."""
        if token.isdigit() and self.prefix and self.fits(self.prefix + token):
            token = self.prefix + token  # "booking 4821" where all of them begin with HB
        letters = [re.sub(r"\\d|\[.*?\]|[^A-Za-z]", "", s.pattern) for s in self.shapes if s.fullmatch(token)]
        return self.marked(token.upper() if letters and letters[0].isupper() else token)

    def marked(self, token: str) -> str:
        """The id with # in front of it where the argument's pattern begins so."""
        return f"#{token}" if any(shape.pattern.startswith("#?") for shape in self.shapes) else token

    def fits(self, token: str) -> bool:
        """Whether the token has the shape of this id; any token with a digit does when no shape is known."""
        if not self.shapes:
            return len(token) >= 3
        return any(shape.fullmatch(token) for shape in self.shapes)


def parameters(
    schema: Mapping[str, Any], said: Iterable[str], asks: Mapping[str, str]
) -> tuple[Parameter, ...]:
    """The parameters of an object schema; ``said`` are the tool's example utterances."""
    required = set(schema.get("required") or ())
    found: list[Parameter] = []
    for name, spec in (schema.get("properties") or {}).items():
        kind, choices = _kind(name, _without_null(spec))
        examples = tuple(str(e) for e in [*_listed(spec.get("examples")), *_listed(spec.get("example"))])
        shapes = _shapes(spec, examples, said) if kind == ID else ()
        ask = asks.get(name) or _question(name, kind, choices)
        found.append(Parameter(name, kind, name in required, choices, shapes, ask, examples))
    return tuple(found)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _without_null(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    options = [o for o in spec.get("anyOf") or spec.get("oneOf") or () if o.get("type") != "null"]
    return {**spec, **options[0]} if options else spec


def _kind(name: str, spec: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    if spec.get("enum") or "const" in spec:
        return ENUM, tuple(str(v) for v in spec.get("enum") or [spec["const"]])
    kind, form = spec.get("type"), str(spec.get("format") or "")
    if kind == "boolean":
        return BOOLEAN, ()
    if kind == "array":
        return (IDS if name.endswith("ids") else TEXT), ()
    if any(_MONEY.fullmatch(str(example)) for example in _listed(spec.get("examples"))):
        return MONEY, ()
    if _ID_NAME.search(name) and "phone" not in name:
        return ID, ()
    if kind in ("integer", "number"):
        return str(kind), ()
    return _text_kind(name, form), ()


def _text_kind(name: str, form: str) -> str:
    if form.startswith("date"):
        return DATE
    if form == "time":
        return TIME
    if re.search(r"(^|_)(date|day|on)$", name):
        return DAY_SAID
    if form in ("email", "idn-email") or "email" in name or "e_mail" in name:
        return EMAIL
    if "phone" in name or name in ("mobile", "tel"):
        return PHONE
    if re.search(r"(^|_)(amount|price|money|sum)$", name):
        return NUMBER
    return WORDS if _WORDS_NAME.match(name) else TEXT


def _shapes(
    spec: Mapping[str, Any], examples: Iterable[str], said: Iterable[str]
) -> tuple[re.Pattern[str], ...]:
    if spec.get("pattern"):
        pattern = re.sub(r"^#", "#?", str(spec["pattern"]).strip("^$"))  # customers leave it out
        return (re.compile(pattern, re.IGNORECASE),)
    tokens = list(examples) or _ids_said(said)
    return tuple(re.compile(p, re.IGNORECASE) for p in dict.fromkeys(shape(t) for t in tokens))


def _ids_said(said: Iterable[str]) -> list[str]:
    """What may be ids in example utterances: no hour, and beside "HB4821" no bare number ("for 2 people")."""
    tokens = [m[0] for text in said for m in _DIGIT_WORD.finditer(_HOUR.sub(" ", text))]
    lettered = [token for token in tokens if token[0].isalpha()]
    return lettered or [token for token in tokens if len(token) > 2] or tokens


def shape(token: str) -> str:
    """The pattern of ids that look like this one: ``ORD-1042`` → letters kept, digits counted."""
    parts: list[str] = []
    for run in re.findall(r"\d+|[A-Za-z]+|[^\dA-Za-z]+", token):
        if run.isdigit():
            low = len(run) if len(run) <= 3 else len(run) - 1
            parts.append(rf"\d{{{low},{len(run) + 3}}}")
        elif run.isalpha():
            parts.append(re.escape(run) if len(run) > 1 or not parts else "[A-Za-z]{1,2}")
        else:
            parts.append(re.escape(run) + "?")
    return "".join(parts)


def _question(name: str, kind: str, choices: tuple[str, ...]) -> str:
    label = re.sub(r" (id|no|nr)$", " number", name.replace("_", " "))
    if kind == IDS:
        return f"Which {re.sub(r' ids$', 's', name.replace('_', ' '))} do you mean?"
    if kind == MONEY:
        return f"How much is it? Please say the {label} with its currency."
    if choices:
        return f"Which {label} would you like: {', '.join(c.replace('_', ' ') for c in choices[:6])}?"
    if kind == ID:
        return (
            f"Which {label} is it? Please send me the number."
            if "number" not in label
            else f"Could you tell me the {label}?"
        )
    if kind == TIME:
        return "At what time?"
    if kind in (DATE, DAY_SAID):
        return f"Which {label if 'date' in label or 'day' in label else 'date'} would you like?"
    if kind == WORDS:
        return f"What should I write as the {label}?"
    return f"Could you tell me the {label}?"
