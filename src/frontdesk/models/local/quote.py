"""Quoting a passage: the one to three sentences that answer, word for word, with the citation after them."""

from __future__ import annotations

import re
from typing import Any

from frontdesk.knowledge.rows import as_told
from frontdesk.models.local.catalog import Encoder
from frontdesk.models.local.text import content_words

LONGEST = 420  # characters of a quotation
MOST_SENTENCES = 14
_LINK = re.compile(r"\[([^\]]+)\]\((?!https?://)[^)]*\)")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\"“(])")
_ITEM = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")


def quotation(question: str, passages: list[dict[str, Any]], encoder: Encoder) -> str:
    """The best sentences of the passages that answer, at most two, each cited as [n]."""
    best = passages[0]
    chosen = best.get("quote")  # chosen where the sentences' vectors are: in the knowledge base
    if chosen:
        beside = [p for p in passages[1:] if p.get("answers") and p.get("quote")][:1]
        return "\n\n".join(f"{_quoted(p)} [{p.get('n', 1)}]" for p in (best, *beside))
    text = best_sentences(question, str(best.get("text") or ""), encoder)
    return f"{text} [{best.get('n', 1)}]" if text else ""


def _quoted(passage: dict[str, Any]) -> str:
    chosen = passage["quote"]
    lines = [chosen] if isinstance(chosen, str) else [str(sentence) for sentence in chosen]
    told = [as_told(line) for line in lines]
    if len(told) > 1:  # rows of one table
        told = [
            f"- {now}" if now != was and "\n" not in now else now
            for was, now in zip(lines, told, strict=True)
        ]
    return joined(told)


def see_also(passages: list[dict[str, Any]]) -> str:
    """ "Related: Refunds [2]." for passages of other articles that are nearly as good; "" without any."""
    links = [f"{p['title']} [{p.get('n', 1)}]" for p in _related(passages)]
    return f"\n\nRelated: {', '.join(links)}." if links else ""


def beside(passages: list[dict[str, Any]]) -> str:
    """What the next article says, for a first one that is not sure to be the right one; "" without any."""
    texts = [
        f"{p['title']}: {_quoted(p)} [{p.get('n', 1)}]" for p in _related(passages)[:1] if p.get("quote")
    ]
    return f"\n\nRelated: {texts[0]}" if texts else see_also(passages)


def _related(passages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    cited = passages[0].get("title")
    found = {p["title"]: p for p in reversed(passages) if p.get("related") and p.get("title")}
    return [p for p in passages[1:] if found.get(p.get("title")) is p and p["title"] != cited][:2]


def joined(sentences: list[str]) -> str:
    """Sentences as a paragraph, items as a list."""
    return ("\n" if any(_ITEM.match(s) or "\n" in s for s in sentences) else " ").join(sentences)


def best_sentences(question: str, passage: str, encoder: Encoder) -> str:
    """The sentence nearest to the question and what belongs to it: the list it opens, the sentence it leads to."""
    units = _units(passage)
    if len(" ".join(units)) <= 220 or len(units) == 1:
        return "\n".join(units) if any("\n" in u for u in units) else " ".join(units)
    stems = content_words(question)
    shown = units[:MOST_SENTENCES]
    vectors = encoder.encode([question, *(u[:300] for u in shown)])
    scores = [
        float(vectors[0] @ v) + 0.06 * len(stems & content_words(u))
        for u, v in zip(shown, vectors[1:], strict=True)
    ]
    scores[0] += 0.05
    at = max(range(len(shown)), key=lambda i: (scores[i], -i))
    chosen = shown[at]
    ahead = shown[at + 1] if at + 1 < len(shown) else ""
    if ahead and "\n" not in ahead and len(chosen) + len(ahead) <= LONGEST:
        chosen = f"{chosen} {ahead}"
    return chosen


def _units(passage: str) -> list[str]:
    """Sentences; a list stays with the line that opens it, headings are left out."""
    units: list[str] = []
    for line in _LINK.sub(r"\1", passage).splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if _ITEM.match(line) and units and (units[-1].endswith(":") or "\n" in units[-1]):
            units[-1] = f"{units[-1]}\n{line.strip()}"
        elif _ITEM.match(line):
            units.append(f"\n{line.strip()}")
        else:
            units += [s.strip() for s in _SENTENCE.split(line.strip()) if s.strip()]
    return [unit.strip() for unit in units]
