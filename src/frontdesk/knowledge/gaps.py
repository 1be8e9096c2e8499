"""Gaps: questions the knowledge base could not answer, put together with their like, counted and ranked.

They are derived from finished turns by ``sweep``, so that a turn pays nothing for them and a crash loses none.
``recheck`` closes those that an article answers by now. What is written about them is drafts.py's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from frontdesk.database import Database
from frontdesk.domain import Visibility
from frontdesk.errors import GapConflict, NotFound
from frontdesk.knowledge.ask import Ask
from frontdesk.knowledge.embed import Embedder, Embeddings
from frontdesk.knowledge.library import vector_text
from frontdesk.knowledge.personal import BLANKS, without_personal
from frontdesk.knowledge.wording import plain
from frontdesk.store import gaps as store
from frontdesk.store.gaps import PENDING, STATES, Gap

# Cosine from which a question is put with a gap. Measured by ``python -m evals.gaps`` on pairs of questions by four
# authors that the example shop leaves unanswered, labelled by hand (57 pairs ask the same, 8,000 do not).
ALIKE = 0.6
BATCH = 50  # turns that are noted in one transaction
LONGEST = 500  # characters of a question
UNPRINTED = frozenset({"Cc", "Cf", "Cs", "Co"})  # Unicode categories: controls, direction marks, half pairs
LONG = 25  # words from which on only the sentences that ask are kept

_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")
_CHAT = re.compile(
    r"\A(?:(?:hi|hello|hey|hiya|yo|good (?:morning|afternoon|evening|day)|dear (?:team|all|support)|greetings)(?: there| all| team| guys| folks)?"
    r"|hallo|moin|guten (?:tag|morgen|abend)|hola|buenos días|bonjour|ciao"
    r"|(?:many |kind |best )?(?:thanks|thank you|thx|cheers|regards)(?: (?:a lot|so much|very much|in advance|again))?|danke|gracias|merci"
    r"|please help(?: me)?|sorry(?: to (?:bother|disturb) you)?|(?:i have )?(?:a )?(?:quick |small )?question|ok(?:ay)?|so|well|um+|erm?)"
    r"(?:[ ,!]{1,3}(?:(?:mr|mrs|ms|dr)\.? )?\[name\])?(?:\W+|\Z)",
    re.IGNORECASE,
)
_FOLLOWS = re.compile(r"\A(?:and|or|what about|how about|und|y|et)\b", re.IGNORECASE)
_WORDS = re.compile(r"[^\W_]+")


@dataclass(slots=True)
class SweepReport:
    """What a sweep found: turns looked at, questions noted, gaps opened by them, drafts made."""

    turns: int = 0
    questions: int = 0
    opened: int = 0
    drafted: int = 0


async def sweep(
    database: Database,
    embeddings: Embeddings | None = None,
    *,
    batches: int = 1_000_000,
    progress: Callable[[int], None] | None = None,
) -> SweepReport:
    """Note the questions that were not answered since the last sweep; at most ``batches`` of 50 turns.

    Two at once, here or on two servers, note each question once. Questions are compared by the built-in model, for
    which the threshold was measured, whatever the desk searches with; ``embeddings`` names another.
    ``progress`` is told the number of turns noted so far. Raises DatabaseUnavailable.
    """
    embeddings = embeddings or Embedder.default()
    report = SweepReport()
    for _ in range(batches):
        turns = await store.unanswered(database, BATCH)
        if not turns:
            break
        noted = await store.note(
            database,
            await _prepared(turns, embeddings),
            model=embeddings.name,
            alike=ALIKE,
            upto=turns[-1].done_at,
        )
        report.turns += len(turns)
        report.questions += len(noted)
        report.opened += sum(opened for _, opened in noted)
        if progress:
            progress(report.turns)
    return report


async def bring_up(
    database: Database, turn: store.UnansweredTurn, embeddings: Embeddings | None = None
) -> int:
    """Note one question by hand, whatever became of it; the number of its gap. Raises GapConflict where it asks nothing."""
    embeddings = embeddings or Embedder.default()
    noted = await _prepared([turn], embeddings)
    await store.note(database, noted, model=embeddings.name, alike=ALIKE, upto=datetime.fromtimestamp(0, UTC))
    number = await store.gap_of(database, turn.turn_id)
    if number is None:
        raise GapConflict("the customer asked nothing here that an article could answer")
    return number


async def _prepared(turns: Sequence[store.UnansweredTurn], embeddings: Embeddings) -> list[store.Noted]:
    texts = [asked(turn.message, turn.query, turn.known) for turn in turns]
    vectors = await embeddings.aencode([compared(text) for text in texts])
    return [
        store.Noted(
            turn.turn_id,
            turn.principal,
            text,
            turn.locale or "en",
            turn.asked_at,
            vector_text(vector) if text else None,
        )
        for turn, text, vector in zip(turns, texts, vectors, strict=True)
    ]


def asked(message: str, query: str = "", known: Sequence[str] = ()) -> str:
    """What ``message`` asks, without greetings, stories and personal data; "" where it asks nothing.

    A message that only makes sense after the one before it ("and for Norway?") gives way to ``query``, what the
    help center was searched with, where that says more.
    """
    message, query = printable(message), printable(query)
    elliptical = _FOLLOWS.match(message.strip()) or len(_WORDS.findall(message)) < 4
    if elliptical and len(_WORDS.findall(query)) > len(_WORDS.findall(message)):
        message = query
    sentences = [
        stripped for part in _SENTENCE.split(without_personal(message, known)) if (stripped := _bare(part))
    ]
    asking = [sentence for sentence in sentences if sentence.endswith("?")]
    if asking and len(" ".join(sentences).split()) >= LONG:
        sentences = asking
    text = " ".join(" ".join(sentences).split())[:LONGEST].strip()
    return text if _WORDS.search(BLANKS.sub("", text)) else ""


def printable(text: str) -> str:
    """``text`` without characters that a terminal or a page would take for commands; lines end in ``\\n``."""
    kept = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in kept if c in "\n\t" or unicodedata.category(c) not in UNPRINTED)


def _bare(sentence: str) -> str:
    """A sentence without what is only said to be polite; "" where nothing else is said."""
    sentence = sentence.strip()
    while (chat := _CHAT.match(sentence)) is not None:
        sentence = sentence[chat.end() :].lstrip(" ,.!-–")
    return sentence


def compared(question: str) -> str:
    """A question as it is compared: in plain words, without the blanks where personal data was."""
    return plain(BLANKS.sub(" ", question))


async def gaps(
    database: Database, *, everything: bool = False, limit: int = 100, offset: int = 0
) -> list[Gap]:
    """Gaps, those first that most customers asked, then the most often and most lately asked.

    Open and drafted ones; with ``everything`` also those that were published, dismissed or resolved.
    """
    return await store.ranked(database, STATES if everything else PENDING, limit=limit, offset=offset)


async def gap(database: Database, number: int) -> Gap:
    """One gap. Raises NotFound."""
    found = await store.find(database, number) if 0 < number < 2**63 else None
    if found is None:
        raise NotFound(f"there is no gap {number}: frontdesk knowledge gaps --all lists them")
    return found


def readers(found: Gap) -> tuple[Visibility, ...]:
    """What those who asked may read; where one of them was not signed in, what everybody may."""
    return ("public",) if found.visitors else ("public", "customers")


async def recheck(database: Database, ask: Ask) -> list[int]:
    """Close the gaps that are answered by now, and return their numbers: call it after a sync.

    Each open or drafted gap's question is asked again. It counts as resolved where it is answered by an article
    written or changed since it was asked last: where nothing changed, it would go unanswered again, whatever
    the search says (a reply can be stopped after the search). 10 ms a gap.
    """
    closed: list[int] = []
    ask = replace(ask, record=None)  # no customer met the conflicts that are met here
    for found in await store.ranked(database, PENDING, limit=1_000_000):
        if found.last_asked is None or found.live:  # its own article would answer for it
            continue
        answer = await ask(found.question, readers(found))
        if not answer.answerable:
            continue
        first = answer.passages[0]
        if not await store.newer_article(database, first.article_id, found.last_asked):
            continue
        reason = f"answered by {first.title}"
        if await store.close(database, found.number, "resolved", reason, PENDING):
            closed.append(found.number)
    return closed
