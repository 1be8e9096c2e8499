"""Citations after the model wrote them: marks in one form, each pointing to a passage that was read and fits.

Models write ``[1][2]``, ``[1, 2]``, ``[^1]``, ``【1†source】`` or ``(1)``. What becomes of them: ``[n]``, numbered
from 1 in the order of the reply. A mark without such a passage is removed, and so is one on a sentence that
shares no word and no number with its passage: a claim does not become true by a number behind it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

from frontdesk.domain import Citation, Passage
from frontdesk.knowledge.conflict import Conflict, in_words
from frontdesk.knowledge.language import language_of
from frontdesk.knowledge.quantity import durations
from frontdesk.store.knowledge import base

MARK = re.compile(r"\s?\[(\d{1,3})\](?!\()")
_LISTED = re.compile(
    r"\[{1,2}\^?(?:(?:source|passage|ref|quelle|fuente)s?\.? ?)?#?(\d{1,3}(?:\s?(?:[,;&–-]|and)\s?\^?\d{1,3}){0,9})\]{1,2}(?:\(([^()\s]{0,2000})\))?"
    r"|【(\d{1,3}(?:\s?[,;:]\s?\d{1,3}){0,9})(?:†[^】]{0,80})?】",
    re.IGNORECASE,
)
_ROUND = re.compile(r"(?<=[^\W_]|[.!?\"”’)\]]) ?\((\d{1,2}(?:, ?\d{1,2}){0,4})\)(?=\s*(?:[.,;!?]|\n|$))")
_COUNTED = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d+)$", re.IGNORECASE
)
_AGAIN = re.compile(r"(\[\d{1,3}\])(?:\s?\1)+")
_BOUNDARY = re.compile(r"(?<=[.!?])[\"”’)*_]*(?:\s?\[\d{1,3}\])*\s+|\n+")
_WORD = re.compile(r"[^\W_]+")
_EVERYDAY_WORDS = """
the and you your our are can for with that this from have has not will was were they them their there then than
when what which who how where why been does did but all any also only more most some such into out about just
please here his her its one may must should would could very too get got per via yes
der die das und ist sind nicht mit für von auf ein eine einen wir sie ihre ihr kann können wird werden bei nach oder
les des une est sont pas vous votre vos nous pour avec dans sur que qui par
los las una con por para que del sus puede pueden ser está como más
"""
_EVERYDAY = frozenset(_EVERYDAY_WORDS.split())
STEM = 5  # letters by which words are compared: "return" and "returned"
SPOKEN = ("en", "de", "fr", "es", "it", "nl", "pt")


def marked(reply: str, known: int = 999) -> str:
    """``reply`` with every citation as ``[n]``, however it was written.

    ``known`` is how many passages there are: ``(3)`` is a citation only where there can be one.
    """

    def listed(match: re.Match[str]) -> str:
        numbers = match[1] or match[3]
        return "".join(f"[{n}]" for n in _numbers(numbers, known))

    def in_round(match: re.Match[str]) -> str:
        numbers = [int(n) for n in re.findall(r"\d+", match[1])]
        if not known or max(numbers) > max(known, 9) or _COUNTED.search(match.string[: match.start()]):
            return match[0]
        return "".join(f" [{n}]" for n in numbers)

    reply = _LISTED.sub(listed, reply)
    return reply if MARK.search(reply) else _ROUND.sub(in_round, reply)


def _numbers(text: str, known: int) -> list[int]:
    """ "1, 3-5" as 1, 3, 4, 5."""
    found: list[int] = []
    for piece in re.split(r"\s?(?:[,;:&]|and)\s?", text):
        ends = [int(number) for number in re.findall(r"\d+", piece)]
        if len(ends) == 2 and ends[0] < ends[1] <= min(known, ends[0] + 9):
            found += range(ends[0], ends[1] + 1)
        else:
            found += ends
    return list(dict.fromkeys(found))


def cite(reply: str, passages: Sequence[Passage]) -> tuple[str, list[Citation]]:
    """The reply with its citations numbered from 1, and those citations; what does not hold is removed."""
    reply = marked(reply, len(passages))
    order: list[int] = []
    spoken = language_of(MARK.sub("", reply), SPOKEN)

    def renumber(match: re.Match[str]) -> str:
        n = int(match[1])
        if not 1 <= n <= len(passages):
            return ""
        if not _fits(_sentence(reply, match), passages[n - 1], spoken):
            return ""
        if n not in order:
            order.append(n)
        return match[0].replace(match[1], str(order.index(n) + 1))

    text = _AGAIN.sub(r"\1", MARK.sub(renumber, reply))
    used = [passages[n - 1] for n in order]
    return text, [Citation(n, _title(p), p.url, p.text) for n, p in enumerate(used, start=1)]


def told_of(reply: str, citations: Sequence[Citation], conflicts: Sequence[Conflict]) -> str:
    """The reply with one sentence for each conflict that it cites a side of, unless it stands there already."""
    cited = {(citation.url, citation.passage) for citation in citations}
    language = language_of(MARK.sub("", reply), SPOKEN) or "en"
    for conflict in conflicts:
        chosen, other = ((p.url, p.text) in cited for p in (conflict.chosen, conflict.other))
        sentence = in_words(conflict, cites_chosen=chosen, language=language)
        if (chosen or other) and sentence not in reply:
            reply = f"{reply}\n\n{sentence}"
    return reply


def _title(passage: Passage) -> str:
    named = passage.heading and passage.heading != passage.title
    return f"{passage.title} › {passage.heading}" if named else passage.title


def _sentence(reply: str, mark: re.Match[str]) -> str:
    """The sentence that the mark stands in or behind, without marks."""
    bounds = [0, *(match.end() for match in _BOUNDARY.finditer(reply)), len(reply)]
    spans = [reply[a:b] for a, b in pairwise(bounds) if a <= mark.start() < b]
    text = MARK.sub("", spans[0] if spans else "").strip()
    if _WORD.search(text):
        return text
    before = [
        part for part in _BOUNDARY.split(MARK.sub("", reply[: mark.start()])) if _WORD.search(part or "")
    ]
    return before[-1] if before else ""


def _fits(sentence: str, passage: Passage, spoken: str | None) -> bool:
    """Whether the sentence shares a word or a number with the passage; another language cannot be told."""
    if spoken is not None and spoken != base(passage.locale):
        return True
    words = _stems(sentence)
    text = f"{passage.title} {passage.heading} {passage.text}"
    if not words:
        return True
    if words & _stems(text):
        return True
    claimed = {(d.unit, v) for d in durations(sentence) for v in d.values}
    return bool(claimed & {(d.unit, v) for d in durations(text) for v in d.values})


def _stems(text: str) -> set[str]:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return {
        word[:STEM]
        for word in _WORD.findall(folded)
        if (len(word) > 2 or word.isdigit()) and word not in _EVERYDAY
    }
