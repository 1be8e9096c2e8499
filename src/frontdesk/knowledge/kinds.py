"""What kind of thing a question asks for, and whether a text holds one.

"How often" is answered by a frequency and by nothing else, "how long" by a duration: a passage near the question
that holds none shares its topic. Each kind is told by the words of the question and by those of an answer, in
English; a question of no known kind is answered by any text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_UNITS = r"(?:minutes?|hours?|(?:business |working |calendar )?days?|weeks?|months?|years?|seasons?)"
_COUNT = r"(?:\d+|one|two|three|four|five|six|seven|ten|twelve|a|an)"


@dataclass(frozen=True, slots=True)
class Kind:
    """``asked`` is found in questions that want it, ``held`` in texts that have it."""

    name: str
    asked: re.Pattern[str]
    held: re.Pattern[str]


def _kind(name: str, asked: str, held: str, flags: re.RegexFlag = re.IGNORECASE) -> Kind:
    return Kind(name, re.compile(asked, re.IGNORECASE), re.compile(held, flags))


# A sentence with a time or an amount is also what is quoted for a question that wants one (answer.py).
QUOTED = (
    _kind(
        "time",
        r"\bhow (?:long|soon|quick(?:ly)?|fast|late)\b"
        r"|\bhow many (?:more |extra |business |working )?(?:days|weeks|months|years|hours|minutes)\b"
        r"|\b(?:until|till|by|up to) when\b|\bwhat time\b|\bopening hours\b|\bwhen (?:are|is) (?:you|your|the) .*\bopen\b",
        rf"\b{_COUNT}(?:\s?[–-]\s?\d+| to \d+)?[ -](?:more )?{_UNITS}\b|\b\d{{1,2}}[:.]\d\d\b|\b{_UNITS} after\b"
        r"|\b(?:immediately|at once|straight away|same day|next (?:business |working )?day|no expiry|never expires?"
        r"|do(?:es)? not expire|lifetime|until|as long as|as soon as|while|forever|permanent\w*|no time limit)\b",
    ),
    _kind(
        "amount",
        r"\bhow much (?:is|are|does|do|will|would|for|to|it|you)\b|\bwhat (?:does|do|will|would) .{1,40} cost\b"
        r"|\b(?:price|cost|fee) (?:of|for)\b|\bhow expensive\b",
        r"\d+(?:[.,]\d\d?)? ?(?:EUR|USD|GBP|CHF|€|\$|£|%|percent\b|points\b)|[€$£] ?\d|\bfree\b"
        r"|\bno (?:extra )?(?:fee|cost|charge)|\bcosts? nothing\b|\bfull amount\b",
    ),
)
OTHERS = (
    _kind(
        "frequency",
        r"\bhow (?:often|frequently|regularly|many times)\b",
        r"\b(?:every|each|per|once|twice|times|daily|weekly|monthly|yearly|annual(?:ly)?|only one|as often)\b",
    ),
    _kind(
        "hour",
        r"\b(?:what|which) time\b|\bopening (?:hours|times)\b"
        r"|\b(?:before|after|until|till|by) (?:noon|midday|midnight|lunch|\d{1,2}(?::\d\d)?\s?[ap]\.?m)\b",
        r"\b\d{1,2}[:.]\d\d\b|\b\d{1,2}\s?[ap]\.?m\b|\b24/7\b|\bnoon\b|\bo'clock\b|\baround the clock\b",
    ),
    _kind(
        "limit",
        r"\b(?:maximum|minimum|max|min)\b|\bhow (?:big|heavy|large)\b|\bis there (?:an? |any )?limit\b",
        r"\b(?:maximum|minimum|at (?:most|least)|up to|limit\w*|(?:no|not|or) (?:more|less|fewer)(?: than)?|exceed\w*"
        r"|(?:from|over|above|under|below|between) \d|only one|smallest|largest|any number|as many|as much)\b",
    ),
    _kind("percentage", r"\b(?:what|which|how many) (?:percent|percentage|%)", r"\d\s?%|\bper ?cent\b"),
    _kind(
        "place",
        r"\b(?:in )?(?:which|what) (?:country|city|town|state)\b|\b(?:postal |office |head office )?address of your\b",
        r"\b(?:[Ii]n|[Tt]o|[Ff]rom|[Ww]ithin|[Aa]t) (?:the )?[A-Z][a-z]{2,}|\b[A-Z][a-z]+(?:, [A-Z][a-z]+)+",
        re.NOFLAG,
    ),
    _kind(
        "name",
        r"\b(?:which|what) (?:company|courier|carrier|bank|provider|firm|brand|manufacturer|supplier)\b"
        r"|\bwho (?:delivers|ships|makes|made|manufactures|processes|owns|runs) (?:your|the|our|these|those)\b",
        r"(?<=[a-z,] )[A-Z][A-Za-z]{2,}|\b[A-Z]{3,}\b",
        re.NOFLAG,
    ),
    _kind(
        "measure",
        r"\bhow (?:tall|wide|deep|thick|bright)\b|\b(?:weight|dimensions|diameter|width|height|capacity|volume) (?:of|does|do|is|are)\b",
        r"\d\s?(?:cm|mm|m|kg|g|l|ml|lit(?:er|re)s?|inch(?:es)?|\"|watts?|w|v|volts?|lumens?)\b",
    ),
    _kind(
        "language",
        r"\b(?:which|what) languages\b",
        r"\b(?:English|German|Dutch|French|Spanish|Italian|[Ll]anguages?)\b",
        re.NOFLAG,
    ),
)


def answers_kind(query: str, text: str) -> bool:
    """Whether ``text`` holds the kind of thing that is quoted for ``query``: a time, an amount."""
    return all(kind.held.search(text) for kind in QUOTED if kind.asked.search(query))


def holds_kind(query: str, texts: list[str]) -> bool:
    """Whether each kind of thing that ``query`` asks for stands in one of ``texts``."""
    asked = [kind for kind in (*QUOTED, *OTHERS) if kind.asked.search(query)]
    return all(any(kind.held.search(text) for text in texts) for kind in asked)
