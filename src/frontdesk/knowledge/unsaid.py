"""What a question asks about that its best article does not say: "drone", "gift wrap", "PO boxes".

A word of the question that stands nowhere in the article may be a paraphrase, or the point of the question. The
model tells them apart: without a paraphrase the question is further from the article's sentences, without a word
they know nothing of it is nearer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from frontdesk.domain import Passage
from frontdesk.knowledge.embed import Embeddings
from frontdesk.knowledge.rank import EVERYDAY
from frontdesk.knowledge.wording import plain

MOST_WORDS, MOST_SENTENCES = 6, 4
STEM = 5
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_WORD = re.compile(r"\w+(?:[.,]\d+)*")
_ASKING_WORDS = """
a an and any are at be can could did do does for from have how i if in is it me my of on or our should that the
there they this to us was we what when where which who why will with would you your
"""
ASKING = frozenset(_ASKING_WORDS.split())


def focus(message: str) -> str:
    """The sentences of a message that ask, without the story around them; all of it where none does."""
    parts = [part for part in _SENTENCE.split(message) if part.strip()]
    return " ".join([part for part in parts if part.rstrip().endswith("?")] or parts)


async def unsaid(query: str, passages: Sequence[Passage], embeddings: Embeddings) -> float:
    """By how much the question is nearer to the best article without one of the words that it does not say.

    Between 0 and about 0.2, as a difference of cosines. ``passages`` as a retriever gave them; up to ten short
    texts are embedded. Raises EmbeddingsUnavailable.
    """
    asked = plain(focus(query))
    same = [p for p in passages if p.article_id == passages[0].article_id]
    words = _missing(asked, same)
    near = sorted(
        ((cosine, text, p) for p in same for text, cosine in p.sentences), key=lambda each: -each[0]
    )
    if not words or not near:
        return 0.0
    shorter = [re.sub(rf"\b{re.escape(word)}\b", "", asked, flags=re.IGNORECASE) for word in words]
    told = [f"{p.heading.rsplit(' › ', 1)[-1] or p.title}. {text}" for _, text, p in near[:MOST_SENTENCES]]
    questions = await embeddings.aencode([asked, *shorter], query=True)
    sentences = await embeddings.aencode(told)
    nearest = (questions @ sentences.T).max(axis=1)
    return max(0.0, float((nearest[1:] - nearest[0]).max()))


def _missing(asked: str, passages: Sequence[Passage]) -> list[str]:
    """The words of the question that stand in none of ``passages``, compared by their first letters."""
    text = " ".join(f"{p.title} {p.heading} {p.text}" for p in passages).lower()
    said = {word[:STEM] for word in _WORD.findall(text)}
    asking = [word.lower() for word in _WORD.findall(asked) if len(word) > 1 and not word.isdigit()]
    kept = [word for word in asking if word not in ASKING | EVERYDAY and word[:STEM] not in said]
    return list(dict.fromkeys(kept))[:MOST_WORDS]
