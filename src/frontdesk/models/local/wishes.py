"""Whether a customer wants something changed, and by which tool: words and patterns, for what every shop changes.

A question about how a thing is done, what it costs or how far it is wants nothing changed; nor does what a customer
says they do not want, or what stands in quotation marks. Tools for anything else are found by likeness (route.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from frontdesk.models.local.addresses import address
from frontdesk.models.local.catalog import Catalog, Entry
from frontdesk.models.local.features import without_courtesy
from frontdesk.models.local.text import clauses, content_words, plain


@dataclass(frozen=True, slots=True)
class Kind:
    """Something that shops change: the tools that do it by their names, and how customers ask for it."""

    name: str
    tools: re.Pattern[str]
    asked: re.Pattern[str]
    never: re.Pattern[str] = re.compile(r"(?!)")


_PLEASE = r"(?:^|\b(?:please|i (?:want|need|would like|wish|have|had) (?:to|you to)|can you|could you|would you|will you|may i|want to|like to|and|then|better|go ahead and|just|kindly|so|now|i must|let us|let me|to) )"
_SEND = r"(?:send|sends|mail|e-?mail|resend|re-send|forward|get|give)"
KINDS = (
    Kind(
        "cancel",
        re.compile(r"cancel"),
        re.compile(
            rf"{_PLEASE}(?:cancel|scrap|call off)\b|\bcancel (?:it|that|this|my|the|order|#?\d)|\bcall (?:it|this|that|my order|the order) off\b|\b(?:want|need|like) (?:it|this|that|my order|the order|order #?\w+|#?\d+) cancell?ed\b|\bdo not want (?:\w+ ){{1,4}}any ?more\b.*\bcancel\b|\bcancel$|^#?\d+ cancel\b|\border #?\w+ cancel\b"
        ),
        re.compile(
            r"\bcancell?ed (?:already|twice)|\bcancel (?:my )?(?:account|subscription|newsletter)|\bnot cancel"
        ),
    ),
    Kind(
        "refund",
        re.compile(r"refund"),
        re.compile(
            rf"{_PLEASE}(?:refund|reimburse)\b|\b(?:want|like|need|get|give me|have) (?:a |my |the |full |part of (?:the |my )?)*(?:refund|money back)\b|\b(?:give|pay|send|transfer|wire) me (?:[\w-]+ ){{0,4}}(?:amount|sum|money|cash|total|price|lot) (?:\w+ )?back\b|\b(?:eur|euros?|€|\$|£)\s?(?:\d[\d.,]* )?(?:of it )?back\b|\bback \d[\d.,]* ?(?:eur|euros?)\b|\bback (?:for|on) (?:it|order|#?\d)|\brefund (?:me|it|this|that|my|the|order|all|#?\d)"
        ),
        re.compile(
            r"^(?:where|when|by what|by when|how|what|has|have|did|do|is|was|will|why|which|any|who)\b|\b(?:status|news|update|decided|my refund|the refund|refunded|other card|another card|policy|label|pending)\b"
        ),
    ),
    Kind(
        "return",
        re.compile(r"return"),
        re.compile(
            rf"{_PLEASE}return\b|\bstart (?:an? |the )?return\b|{_PLEASE}(?:send|take|give) (?:[\w-]+ ){{1,6}}back\b|\bsend back\b|\bshould go back\b|\b(?:go|goes|going) back(?: to you)?(?: please)?(?=$|[,.!])|\b(?:want|wana|wanna|like) (?:to )?(?:return|send)\b.*\b(?:back|it|them|return)\b|\bi would send (?:it|them|that) back\b|\bto return\b"
        ),
        re.compile(
            r"^(?:where|when|by what|until|how|what|has|have|did|do|is|was|will|why|which|any|who|can i|could i|may i)\b|\b(?:status|sent back|my return|policy|money back|refund|label|you send|did you send|exchange|back to me)\b"
        ),
    ),
    Kind(
        "email",
        re.compile(r"e?mail(?:_address)?$|change_e?mail|update_e?mail|set_e?mail"),
        re.compile(
            r"\b(?:change|changes|update|correct|set|switch|replace|new|different|another)\b.*\b(?:e-?mails?|mail|correo|adresse mail)\b|\b(?:e-?mail|mail|correo)\b.*\b(?:change|changes|changed|update|new|wrong)\b|\b(?:change|update|replace|switch|correct|set|swap)\b.*@\S+ (?:to|into|with|by|for)\b.*@|^(?=[^@]*@\S[^@]*@).*?\b(?:no longer|instead of|not|rather than)\b.*@"
        ),
        re.compile(r"\bnewsletter\b|\bnot get|\bno e-?mail|\border number\b|\bcan i (?:still )?change\b"),
    ),
    Kind(
        "address",
        re.compile(r"address|redirect|reroute"),
        re.compile(
            r"\b(?:change|correct|update|new|wrong|different|another|other|edit|switch)\b.*\baddress\b|\baddress\b.*\b(?:change|changed|wrong|new|to)\b|\b(?:send|ship|deliver|redirect)\b.*\b(?:there(?: please)?$|somewhere else|elsewhere|to my (?:office|work|other|new|sister|brother|mother|father|parents|friend|neighbou?r)|to another)\b"
        ),
        re.compile(
            r"\b(?:e-?mail|which address|what address|addresses|on file|saved in|account)\b|\b(?:can|could|may) i (?:still )?change\b|\bpossible to change\b|\bstill change\b"
        ),
    ),
    Kind(
        "invoice",
        re.compile(r"invoice|receipt"),
        re.compile(
            rf"\b{_SEND}\b.*\b(?:invoices?|bill|receipt)\b|\b(?:invoices?|bill|receipt)\b.*\b(?:again|once more|{_SEND}|to my e-?mail|copy)\b|\b(?:needs?|wants?|like|lost)\b.*\b(?:invoice|bill|receipt)\b|\b(?:invoices?|bill|receipt)\b.*\b(?:mail|send) (?:it|them|that)\b|\b(?:never|not) (?:got|get|gotten|received?|seen) (?:my|an|the|any) (?:invoice|bill|receipt)\b|^(?:the )?(?:invoice|bill|receipt) (?:for |of )?(?:order )?#?\w*\d\w*(?: please)?[. !]*$"
        ),
        re.compile(
            r"^(?:where|how|what|when|who|why|which|is|are|does|do)\b|\bnot (?:have to )?(?:mail|send|need)\b|\bcompany\b|\bvat\b|\bkeep\b"
        ),
    ),
    Kind(
        "password",
        re.compile(r"password"),
        re.compile(
            r"\b(?:reset|new|send|forgot|forgotten|lost|change|set)\b.*\bpassword\b|\bpassword\b.*\b(?:link|reset|new|forgot\w*|lost)\b"
        ),
        re.compile(
            r"^(?:where|how|what|when|who|why|which|is|does|can i|may i)\b|\bnot need\b|\bhow\b|\blink (?:does|did|is) not\b|\bexpired?\b"
        ),
    ),
    Kind(
        "amend",
        re.compile(r"(?:amend|add|update|append|comment|note).*ticket|ticket.*(?:note|comment)"),
        re.compile(
            r"\b(?:add|ad|adds|append|note|write|amend|update|complete|put|ergänze|erganze)\b.*\bti(?:c?ke?t)\b|\bti(?:c?ke?t)\b.*\b(?:add|append|note|amend)\b"
        ),
    ),
)
LONGEST = 30  # words of a clause: a story is no instruction
_HOW = re.compile(
    r"^(?:how|what|when|where|until|why|who|which|is it (?:still )?possible|am i|do you|does|did|has|have|if)\b|\bhow (?:do|can|would|to)\b|\bhow[?. ]*$|\b(?:until|till) when\b|\bwhere (?:do|can) i\b|\bpossible\?"
)
_ASKED = re.compile(r"(?:was|were|is|are|did|has|have|had|why|when|where|what|which)\b")
_MAY = re.compile(r"^(?:can|could|may) (?:i|we|you|order|#?\d)")
_DENIED = re.compile(
    r"^(?:and |but |so |please |look |no |or |well )*(?:(?:from #?\w+ )?(?:i |we )?(?:will |would |want to )?(?:leave|keep)|(?:i )?(?:do|did) not|i am not|not|never|without|(?:please )?(?:do not|no need to))\b|\b(?:leave|keep) (?:[\w-]+ ){0,3}(?:as (?:it|they)|it is)\b|\bstays\b|\bis (?:perfect|fine|great|ok|okay)\b|\bare (?:perfect|fine|great|ok|okay)\b"
)


def denied(clause: str) -> bool:
    """Whether a clause says what is not wanted, or is to stay as it is."""
    return bool(_DENIED.search(clause))


_QUOTED = re.compile(r"[\"“„»«][^\"“”„«»]{2,400}[\"“”«»]|\([^()]{0,300}\)")
_TELLS = re.compile(r"\btickets?\b[^:]{0,40}:.*", re.DOTALL)
_AFTER_COLON = re.compile(r":.*", re.DOTALL)


def said_plainly(message: str) -> str:
    """What the customer says themselves, in plain words: nothing quoted, nothing in brackets, no address."""
    return plain(_QUOTED.sub(" ", message))


def wanted_clauses(message: str) -> list[str]:
    """The clauses in which something may be wished for: what is not wanted is left out."""
    text = said_plainly(message)
    found: list[str] = []
    for clause in re.split(
        r" (?=but (?:leave|keep|not)\b)|, (?=(?:please |so |then )?(?:cancel|return|refund|send|change|give|it is)\b)",
        text,
    ):
        found += [part for part in clauses(clause) if not _DENIED.search(part)]
    return found


def wish(clause: str, message: str, catalog: Catalog) -> Entry | None:
    """The tool that makes the change which a clause (plain text) wishes for; None where it wishes for none."""
    core = without_courtesy(clause)
    if len(clause.split()) > LONGEST:
        return None
    for kind in KINDS:
        entry = _tool(kind, catalog)
        if entry is None or kind.never.search(core) or kind.never.search(clause):
            continue
        if kind.name == "address" and _sends_somewhere(message) and not _ASKED.match(core):
            return entry
        if not kind.asked.search(clause) and not kind.asked.search(core):
            continue
        if _HOW.search(core) or (
            _MAY.match(core) and not re.match(r"(?:can|could) you|could i (?:get|have)", core)
        ):
            continue
        return entry
    return None


_GOING = re.compile(
    r"\b(?:moved|moving|new (?:one|address|place|flat|house)|send|sends|sent|ship|shipped|deliver|delivered|delivery|go|goes|going|move|address|addresse?|adres|schickt?|liefert?|livrer|faire livrer|enviar?|stuur)\b",
    re.IGNORECASE,
)


def _sends_somewhere(message: str) -> bool:
    """An order and a whole address, with a word for sending between them."""
    found = address(message)
    rest = message[: found.span[0]] + message[found.span[1] :] if found and found.street else ""
    return bool(rest and _GOING.search(plain(rest)) and not re.search(r"\bticket\b", rest.lower()))


def is_known(entry: Entry) -> bool:
    """Whether customers' words for what a tool changes are known here: then likeness has no say."""
    return any(_does(kind, entry) for kind in KINDS)


def amends(message: str, catalog: Catalog) -> Entry | None:
    """The tool that adds to a ticket, where the message begins with that: what follows is the note."""
    kind = next(kind for kind in KINDS if kind.name == "amend")
    entry = _tool(kind, catalog)
    head = plain(_AFTER_COLON.sub("", _QUOTED.sub(" ", message)))[:120]
    return entry if entry and kind.asked.search(head) else None


def opens_elsewhere(message: str, catalog: Catalog) -> Entry | None:
    """A tool of the shop's own that opens a ticket for a department which the message names."""
    text = plain(_AFTER_COLON.sub("", message))
    if not re.search(r"\bticket\b", text):
        return None
    for entry in catalog.own():
        opens = entry.grant.changes and re.search(r"(?:open|create|new|file).*ticket", entry.name)
        if opens and content_words(entry.description) & content_words(text) - content_words(
            "open ticket new shop"
        ):
            return entry
    return None


def _tool(kind: Kind, catalog: Catalog) -> Entry | None:
    return next((e for e in catalog.own() if e.grant.changes and _does(kind, e)), None)


def _does(kind: Kind, entry: Entry) -> bool:
    """Whether a tool makes this change, by its name or, ``add_note`` for a ``ticket_id``, with what it is done to."""
    thing = entry.id_parameter.thing if entry.id_parameter else ""
    return bool(kind.tools.search(entry.name) or kind.tools.search(f"{entry.name}_{thing}"))
