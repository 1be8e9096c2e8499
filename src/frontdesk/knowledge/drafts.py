"""What is written about a gap: a draft from what staff replied or by hand, approved, and then an article.

Nothing of a draft reaches a customer before it is approved; ``approve`` publishes it, and asks the gap's own
questions again to see that they are answered now. What was approved is approved.py's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from urllib.parse import quote

from frontdesk.database import Database
from frontdesk.domain import Visibility
from frontdesk.errors import GapConflict
from frontdesk.knowledge.approved import article_of, slug_of
from frontdesk.knowledge.ask import Ask
from frontdesk.knowledge.base import KnowledgeBase
from frontdesk.knowledge.declared import Knowledge
from frontdesk.knowledge.gaps import SweepReport, asked, gap, printable, readers, sweep
from frontdesk.knowledge.locks import DRAFTS_LOCK, alone
from frontdesk.knowledge.personal import BLANKS, personal_left, without_personal
from frontdesk.knowledge.sync import DRAFTS, put_published
from frontdesk.knowledge.wording import plain
from frontdesk.store import gaps as store
from frontdesk.store.decisions import DESK
from frontdesk.store.gaps import Gap, GapArticle
from frontdesk.store.knowledge_models import active

LONGEST_TITLE, LONGEST_BODY = 200, 40_000  # characters
LEAST_REPLY = 5  # words of a reply that may answer something
ASKED_AGAIN = 20  # questions of a gap that are tried after it was published

_SALUTATION = re.compile(
    r"\A\s*(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|hallo|guten tag|liebe[rs]?|hola|bonjour)"
    r"(?: [\w\[\]'’.-]+){0,4}\s*(?:[,!]|\n)\s*",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(
    r"\n\s*(?:(?:best|kind|warm|many|with kind|mit freundlichen|viele|liebe) )?"
    r"(?:regards|wishes|thanks|thank you|cheers|greetings|grüße[n]?|gruß|saludos|cordialement)\b[^\n]{0,60}(?:\n.{0,80}){0,4}\Z",
    re.IGNORECASE,
)
_LONG_WORD = re.compile(r"[^\W\d_]{4,}")
_MARKUP = re.compile(r"[<>`*_#\[\]|\\]")


@dataclass(frozen=True, slots=True)
class Approval:
    """What approving a draft came to.

    ``answered`` says whether the gap's own question is answered now, from this article; ``tried`` of its
    questions were asked again, ``missed`` are those that still are not.
    """

    gap: Gap
    answered: bool
    tried: int
    missed: list[str] = field(default_factory=list[str])


# ------------------------------------------------------------------ writing
async def draft(database: Database, number: int, *, title: str = "", body: str = "", by: str = DESK) -> Gap:
    """Put a draft on a gap: ``body`` (Markdown), or what staff replied where it is empty.

    ``title`` is the gap's question where it is empty. A published gap's article stays as it is until the new draft
    is approved. ``by`` is who does this, as it is noted. Raises NotFound, and GapConflict where there is nothing to
    make a draft from.
    """
    found = await gap(database, number)
    others: Sequence[str] = found.others
    if not body.strip():
        replies = await _replies(database, number)
        if not replies:
            raise GapConflict(f"nobody has replied to gap {number} yet: write the answer yourself")
        body, others = replies[0], replies[1:]
    title = (
        " ".join(printable(title).split()) or found.title or title_of(found.question) or f"Question {number}"
    )
    body = printable(body).strip()
    if len(title) > LONGEST_TITLE or len(body) > LONGEST_BODY:
        raise GapConflict(f"a title has at most {LONGEST_TITLE} characters, a body at most {LONGEST_BODY:,}")
    await store.save_draft(database, number, title, body, others, only_open=False, by=by)
    return await gap(database, number)


async def refresh(
    database: Database, *, batches: int = 1_000_000, progress: Callable[[int], None] | None = None
) -> SweepReport:
    """Sweep, then make a draft of each open gap that staff have replied to: what is done by the clock."""
    report = await sweep(database, batches=batches, progress=progress)
    report.drafted = await draft_replied(database)
    return report


async def draft_replied(database: Database) -> int:
    """Make a draft of each open gap that staff have replied to meanwhile; how many. Call it after a sweep."""
    made = 0
    for number in await store.replied_to(database):
        replies = await _replies(database, number)
        found = await gap(database, number)
        if replies and found.state == "open":
            title = title_of(found.question) or f"Question {number}"
            made += await store.save_draft(database, number, title, replies[0], replies[1:], only_open=True)
    return made


async def _replies(database: Database, number: int) -> list[str]:
    """What staff replied, the newest first, without greetings and personal data; the same words once."""
    found = [answer_of(reply.reply, reply.known) for reply in await store.staff_replies(database, number)]
    return list(dict.fromkeys(text for text in found if len(text.split()) >= LEAST_REPLY))


def answer_of(reply: str, known: Sequence[str] = ()) -> str:
    """A reply as an article: without salutation, signature and personal data."""
    text = _SIGNATURE.sub("", _SALUTATION.sub("", printable(reply)))
    text = without_personal(text.strip(), known)[:LONGEST_BODY]
    return text[:1].upper() + text[1:]


def title_of(question: str) -> str:
    """A question as a title: one sentence, in plain words, without what personal data left behind."""
    sentences = [part.strip() for part in re.split(r"(?<=[.!?])\s+", asked(question)) if part.strip()]
    asking = [part for part in sentences if part.endswith("?")] or sentences[:1]
    text = " ".join(_MARKUP.sub(" ", BLANKS.sub(" ", asking[-1] if asking else "")).split())
    text = plain(text, set(_LONG_WORD.findall(text.lower())))  # "u" is mended, "insured" is not
    text = re.sub(r"\s+([?.!,])|([?!])[?!]+", r"\1\2", text)
    if len(text) > 120:
        text = text[:120].rsplit(" ", 1)[0] + " …"
    return text[:1].upper() + text[1:]


def warnings(found: Gap) -> list[str]:
    """What must not be published of a draft, in words that hold nothing of it."""
    return personal_left(f"{found.title}\n{found.body}") if found.body else []


# ------------------------------------------------------------------ deciding
async def approve(
    base: KnowledgeBase,
    number: int,
    *,
    answer_at: float = 0.0,
    visibility: Visibility | None = None,
    url: str | None = None,
    anyway: bool = False,
    by: str = DESK,
) -> Approval:
    """Publish a gap's draft, and ask the gap's questions again.

    ``answer_at`` is the confidence from which they count as answered; 0 means what ``base`` was declared with.
    ``url`` is where the article will be published (``{slug}`` and ``{locale}`` are filled in), or "". Where they are
    not given, visibility and address stay what they were: at first "public" and none. Approved twice at once, it is
    published once. Raises NotFound, and GapConflict where there is no draft, where it was
    changed or decided meanwhile, or where it holds personal data and ``anyway`` does not say that this is meant.
    """
    found = await gap(base.database, number)
    if found.state != "drafted" or found.drafted_at is None:
        raise GapConflict(_no_draft(found))
    left = warnings(found)
    if left and not anyway:
        raise GapConflict(
            f"the draft of gap {number} holds {', '.join(left)}: take it out, or say that it is meant"
        )
    slug = await _path(base.database, found)
    visibility = visibility or found.visibility
    url = (
        found.url
        if url is None
        else url.replace("{slug}", quote(slug)).replace("{locale}", quote(found.locale))
    )
    article = GapArticle(
        slug, found.title, found.body, found.locale, visibility, url, found.drafted_at.astimezone(UTC).date()
    )
    # Held until both say so: a sync between the two would take the article away again.
    async with alone(base.database, DRAFTS_LOCK):
        await put_published(await base.serving(), article_of(article))
        marked = await store.mark_published(base.database, number, found.drafted_at, visibility, url, by=by)
    if not marked:
        await _as_decided(base, number)
        raise GapConflict(f"the draft of gap {number} was changed or decided meanwhile: look at it again")
    return await _tried(base.database, base.ask(answer_at), await gap(base.database, number))


async def dismiss(base: KnowledgeBase, number: int, reason: str, *, by: str = DESK) -> Gap:
    """Say that a gap is to stay one; its like is counted with it and is not brought up again.

    An article that was published for it is withdrawn. Raises NotFound, and GapConflict for a dismissed one.
    """
    await gap(base.database, number)
    among: tuple[store.State, ...] = tuple(state for state in store.STATES if state != "dismissed")
    why = " ".join(reason.split())[:500]
    if not await store.close(base.database, number, "dismissed", why, among, by=by):
        raise GapConflict(f"gap {number} is dismissed already")
    await _as_decided(base, number)
    return await gap(base.database, number)


async def _as_decided(base: KnowledgeBase, number: int) -> None:
    """Let what is searched follow what was decided: of two decisions at once, the row has the one that holds."""
    path = (await gap(base.database, number)).path
    if path is None:
        return
    async with alone(base.database, DRAFTS_LOCK):
        library = await base.serving()
        rows = await store.articles(base.database, DRAFTS, path)
        if rows:
            await put_published(library, article_of(rows[0]))
        else:
            await library.remove(DRAFTS, f"{path}.md")


async def knowledge_base(database: Database) -> KnowledgeBase:
    """The knowledge base where no desk says what it was made with: with the model that is searched with now."""
    async with database.transaction() as connection:
        model = await active(connection)
    return KnowledgeBase(database, Knowledge(embeddings=model.name if model else ""))


def _no_draft(found: Gap) -> str:
    if found.state == "open":
        return f"gap {found.number} has no draft yet: write one first"
    return f"gap {found.number} is {found.state}: draft it again to change that"


async def _path(database: Database, found: Gap) -> str:
    """The path of a gap's article: the slug of its title at first, then the same for ever."""
    slug, n = slug_of(found.title) or f"gap-{found.number}", 1
    path = found.path
    while not path:
        if await store.take_path(database, found.number, slug if n == 1 else f"{slug}-{n}"):
            path = slug if n == 1 else f"{slug}-{n}"
        else:  # another gap has it, or somebody else approves this one at the same moment
            path, n = (await gap(database, found.number)).path, n + 1
    return path


async def _tried(database: Database, ask: Ask, found: Gap) -> Approval:
    questions = await store.questions_of(database, found.number, ASKED_AGAIN)
    texts = list(dict.fromkeys([found.question, *(each.question for each in questions)]))
    ask = replace(ask, record=None)  # no customer met the conflicts that are met here
    missed: list[str] = []
    for text in texts:
        answer = await ask(text, (*readers(found), "internal"))
        if not answer.answerable or answer.passages[0].title != found.title:
            missed.append(text)
    return Approval(found, found.question not in missed, len(texts), missed)
