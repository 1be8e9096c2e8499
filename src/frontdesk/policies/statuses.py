"""Statuses in words: what a reply says has happened to something of the customer's, and no tool's result shows.

"Your refund has been paid" needs a result that says so. Only plain statements about what is the customer's are read;
conditions, questions, negations and what may happen are none. A status stands in a result's values, or in a field
such as ``shipped_on`` that holds something: not in a field's name alone, not in an article, and not in a proposal.
Where the sentence names an order, it stands in what that order's number stands in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, cast

import orjson

from frontdesk.knowledge.rows import as_told

# Each status with the forms a reply may have, and the words that show it in a result.
SHOWN: tuple[tuple[str, str], ...] = (
    (r"delivered|geliefert|zugestellt|entregado|livrée?", r"delivered|geliefert|zugestellt|entregado|livré"),
    (r"out for delivery", r"out for delivery"),
    (r"on (?:its|the) way|unterwegs|en camino|en route", r"shipped|dispatched|in transit|out for delivery|on its way|sent|paid out|processing|pending|initiated|unterwegs"),
    (r"shipped|dispatched|sent out|versendet|enviado|expédiée?", r"shipped|dispatched|sent|in transit|out for delivery|delivered|delayed|lost|returned|versendet|enviado|expédié"),
    (r"cancell?ed|storniert|cancelado|annulée?", r"cancel(?:led|ed|ation)|storniert|cancelado|annulé"),
    (r"refunded|reimbursed|erstattet|reembolsado|remboursée?", r"refund(?:ed)?|reimbursed|paid(?: out| back)?|erstattet|reembolsado|remboursé"),
    (r"paid out|paid back|ausgezahlt", r"paid(?: out| back)?|refunded|completed|ausgezahlt"),
    (r"issued|processed", r"issued|processed|completed?|done|refunded|paid(?: out)?|sent|created|executed"),
    (r"completed?|abgeschlossen|completado", r"completed?|done|executed|delivered|refunded|cancell?ed|paid|abgeschlossen"),
    (r"paid|bezahlt|pagado|payée?", r"paid|captured|settled|succeeded|refunded|bezahlt|pagado|payé"),
    (r"returned|zurückgeschickt|devuelto|retournée?", r"returned|return|received|devuelto|retourné"),
    (r"received|erhalten|recibido|reçue?", r"received|arrived|inspected|refunded|delivered|erhalten|recibido|reçu"),
    (r"approved|genehmigt|aprobado|approuvée?", r"approved|accepted|completed|refunded|genehmigt|aprobado|approuvé"),
    (r"rejected|declined|abgelehnt|rechazado|refusée?", r"rejected|declined|refused|abgelehnt|rechazado|refusé"),
    (r"changed|updated|geändert|cambiado|modifiée?", r"changed|updated|executed|done|geändert|cambiado|modifié"),
    (r"delayed|verspätet|retrasado|retardée?", r"delayed|late|overdue|verspätet|retrasado|retardé"),
    (r"lost|verloren|perdido|perdue?", r"lost|verloren|perdido|perdu"),
)  # fmt: skip
THINGS = (
    r"(?:orders?|parcels?|packages?|refunds?|returns?|payments?|money|e-?mail(?: address)?|address|invoice|password|"
    r"subscription|account|cancellation|bestellung|paket|r[üu]ckerstattung|adresse|pedido|paquete|reembolso|commande|colis|"
    r"remboursement)"
)
OWN = (
    r"(?:(?:your|this|that|the|my|ihre?|deine?|su|tu|votre|ta|ton) (?:[\w-]{1,30} ){0,3}?" + THINGS + r"|"
    r"orders? #?[\w-]{0,30}\d[\w-]{0,30}|it|everything)"
)
NOW = r"(?: now| already| just| successfully)?"
BEEN = rf"(?:has|have|was|were|is|are|wurde|ist|ha sido|fue|a été|est){NOW}(?: been)?{NOW}"
SENTENCE = re.compile(r"[^.!?\n]+[.!?]?")
AS_IF = r"if|once|when|whether|until|unless|as soon as|as long as|wenn|sobald|falls|cuando|quand|lorsque"
# What makes the words behind it no statement: "if your order has been shipped", "I can't see that it was paid".
NOT_SAID = re.compile(
    rf"\b(?:{AS_IF}|after|before|can|could|may|might|will|would|should|must|not|never|usually|normally|any|nicht|kann|si|pas|peut"
    r")\b|n['’]t\b|\bno\b(?!,)",
    re.IGNORECASE,
)
# And what makes the words before it none: "it is refunded once we have it back".
CONDITION = re.compile(rf"\s*(?:only )?(?:{AS_IF}|after|before)\b", re.IGNORECASE)
PRESENT = re.compile(r"\b(?:is|are|ist|est)\b", re.IGNORECASE)
NOW_SAID = re.compile(r"\b(?:now|already|just)\b", re.IGNORECASE)
# A quotation that a label opens, as a row of a table does, without the mark of a list before it.
LABELLED = re.compile(r"^(?:[-*•] )?((?:[^\s:;][^:;]{0,60}[:;] ){1,4}.+)$")
OF_NOBODY = re.compile(r"(?:that )?the ", re.IGNORECASE)
SPEAKS_TO = re.compile(r"\b(?:you|your|yours|my|our|we|i|this|it)\b", re.IGNORECASE)
QUICK = re.compile("|".join(forms for forms, _ in SHOWN), re.IGNORECASE)
NUMBERS = re.compile(r"[\w-]{0,30}\d[\w-]{0,30}")
_CLAIMS = tuple(
    (
        re.compile(forms, re.IGNORECASE),  # found many times faster than the claim around it
        re.compile(rf"\b(?:{OWN} {BEEN}|(?:I|we)(?:['’]ve| have)?{NOW}) (?:{forms})\b", re.IGNORECASE),
        re.compile(rf"(?<![^\W_])(?<!not )(?<!never )(?:{shown})(?![^\W_])", re.IGNORECASE),
    )
    for forms, shown in SHOWN
)
# An action that was carried out shows what its title says: "Cancel order 456", executed.
DONE = {
    "cancel": "cancelled", "refund": "refunded", "change": "changed", "update": "changed", "send": "sent",
    "resend": "sent", "return": "returned", "start": "done", "reset": "sent", "open": "done", "add": "done",
}  # fmt: skip
PROPOSALS = (
    "proposed",
    "passages",
)  # the keys of what shows nothing: what waits for a button, what an article says
EMPTY = (None, False, "", 0)


def unsupported_statuses(reply: str, evidence: Iterable[str], said: str = "") -> list[str]:
    """The statements of ``reply`` that something was done or has a status, which nothing supports, as written.

    ``evidence`` are tool results; what the customer ``said`` may be said back.
    """
    claims = _claimed(reply)
    if not claims:
        return []
    evidence = list(evidence)
    results = [found for text in evidence if (found := _read(text)) is not None]
    missing: list[str] = []
    for sentence, claim, shown in claims:
        if claim.lower() in said.lower() or _defines(sentence, claim, evidence):
            continue
        if not any(shown.search(text) for text in _speaking(results, sentence)):
            missing.append(claim)
    return missing


@lru_cache(maxsize=4)  # a receipt asks of the same line with one source after the other
def _claimed(reply: str) -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    """(sentence, what it claims, the words that show it)."""
    if not QUICK.search(reply):
        return ()
    return tuple(
        (sentence, found[0], shown)
        for sentence in SENTENCE.findall(reply)
        if not sentence.endswith("?") and QUICK.search(sentence)
        for forms, claim, shown in _CLAIMS
        if forms.search(sentence) and (found := claim.search(sentence)) and not _not_said(sentence, found)
    )


def _defines(sentence: str, claim: str, evidence: Iterable[str]) -> bool:
    """Whether it is an article's own sentence that says what a status means: "Delivered: the carrier reports that
    the parcel was delivered". It names the status first, speaks of nobody's order and stands there word for word.
    """
    quoted = LABELLED.match(sentence.strip())
    if (
        not quoted
        or not OF_NOBODY.match(claim)
        or SPEAKS_TO.search(sentence.rpartition(": ")[2])
        or NUMBERS.search(sentence)
    ):
        return False
    return any(quoted[1] in _sentences(passage) for text in evidence for passage in _passages(text))


def _sentences(passage: str) -> Iterator[str]:
    """Whole lines and sentences: half of one has lost its condition."""
    for line in passage.splitlines():
        plain = line.strip().removeprefix("- ").removeprefix("* ").removeprefix("• ")
        yield plain
        yield as_told(plain)
        yield from (sentence.strip() for sentence in SENTENCE.findall(plain))


def _passages(text: str) -> Iterator[str]:
    """What the articles say that a search found."""
    try:
        found: Any = orjson.loads(text)
    except orjson.JSONDecodeError:
        return
    passages = found.get("passages") if isinstance(found, dict) else None
    for passage in passages if isinstance(passages, list) else ():
        if isinstance(passage, dict):
            quote = passage.get("quote") or ()
            each = (passage.get("text"), *(quote if isinstance(quote, list) else [quote]))
            yield from (part for part in each if isinstance(part, str))


def _not_said(sentence: str, claim: re.Match[str]) -> bool:
    before, behind = sentence[: claim.start()], sentence[claim.end() :]
    conditional = PRESENT.search(claim[0]) and not NOW_SAID.search(claim[0]) and CONDITION.match(behind)
    return bool(NOT_SAID.search(before) or conditional)


def _read(text: str) -> Any:
    """A tool's result; None for what is none, and for what shows no status."""
    try:
        found: Any = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return None if isinstance(found, dict) and any(key in found for key in PROPOSALS) else found


def _speaking(results: list[Any], sentence: str) -> Iterator[str]:
    """What the results say of the things that a sentence names, or all of it where it names none of theirs."""
    named = {number.lower() for number in NUMBERS.findall(sentence)}
    about = [thing for result in results for thing in _things(result) if named & _values(thing)]
    for result in about or results:
        yield from _texts(result)


def _things(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in a result."""
    if isinstance(value, dict):
        thing = cast("dict[str, Any]", value)
        yield thing
        for inner in thing.values():
            yield from _things(inner)
    elif isinstance(value, list):
        for inner in cast("list[Any]", value):
            yield from _things(inner)


def _values(thing: dict[str, Any]) -> set[str]:
    """What an object is known by: its own plain values, and the words of an action's title."""
    own = {str(value).lower() for value in thing.values() if isinstance(value, str | int)}
    return own | set(str(thing.get("title", "")).lower().split())


def _texts(value: Any) -> Iterator[str]:
    """The values of a result as words, and the names of fields that hold something."""
    if isinstance(value, str):
        yield value.replace("_", " ")
    elif isinstance(value, list):
        for inner in cast("list[Any]", value):
            yield from _texts(inner)
    elif isinstance(value, dict):
        thing = cast("dict[str, Any]", value)
        if "title" in thing and "status" in thing:  # an action
            yield from _of_action(thing)
            return
        for key, inner in thing.items():
            if inner not in EMPTY and not isinstance(inner, dict | list):
                yield re.sub(r"_(?:at|on|date|time)$", "", key)
            yield from _texts(inner)


def _of_action(action: dict[str, Any]) -> Iterator[str]:
    if action["status"] == "executed":
        yield f"executed {DONE.get(str(action['title']).lower().partition(' ')[0], '')}"
        yield from _texts(action.get("result"))
    elif action["status"] == "undone":
        yield "undone changed"
