"""The tools every desk has: search the help center, open a ticket, hand over to a person, show what is under way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from frontdesk.domain import Action, HandoffReason, Json, Passage, Principal, Ticket, Visibility
from frontdesk.knowledge.answer import SURE_AT, related
from frontdesk.knowledge.ask import Found
from frontdesk.knowledge.quote import answering, best_sentences
from frontdesk.tools import Tool, ToolContext, tool

REPLY_WITHIN = "1 business day"


class Search(Protocol):
    """What searches the help center: passages, best first, and whether the best of them answers."""

    async def __call__(
        self, query: str, visibility: Sequence[Visibility], said: Sequence[str] = (), message: str = ""
    ) -> Found:
        """What was found; ``said`` are the customer's own earlier messages, oldest first, ``message`` is this one."""
        ...


class OpenTicket(Protocol):
    """What opens a ticket, once per effect_id."""

    async def __call__(
        self,
        principal: Principal,
        *,
        effect_id: UUID,
        conversation_id: UUID,
        turn_id: UUID,
        subject: str,
        body: str,
        reason: str,
        handover: bool = False,
    ) -> Ticket:
        """The ticket, or the one an earlier try has left."""
        ...


def search_knowledge(search: Search) -> Tool:
    """The tool that reads the help center; it never sees what is marked internal."""

    @tool(permission="knowledge:read", step="Reading the help center")
    async def search_knowledge(query: str, context: ToolContext) -> Json:
        """Search the help center: rules, prices, delivery, returns, accounts, how things are done.

        "sure": false with "answerable": true means: the closest there is, perhaps not the answer; say so.
        "language" means: found in another language than the customer's only; say so.
        """
        allowed: tuple[Visibility, ...] = ("public", "customers")
        if context.principal.kind != "customer":
            allowed = ("public",)
        found = await search(query, allowed, context.said, context.message)
        first = len(context.passages) + 1
        context.passages.extend(found.passages)
        if found.conflict:
            context.conflicts.append(found.conflict)
        return _result(found, first)

    return search_knowledge


def _result(found: Found, first: int) -> Json:
    """What a model reads. ``query`` and ``language`` stand there where they say something new."""
    asked = found.query
    beside = related(found.passages) if found.answerable else set[str]()
    quotes = [] if found.conflict else answering(asked, found.passages)
    answers = {quote.passage.chunk_id for quote in quotes}
    told: Json = {
        "answerable": found.answerable,
        "sure": found.answerable and found.confidence >= SURE_AT,
        "confidence": round(found.confidence, 3),
        "query": asked,
        "passages": [
            _told(n, passage, asked, beside) | ({"answers": True} if passage.chunk_id in answers else {})
            for n, passage in enumerate(found.passages, start=first)
        ],
    }
    if found.asked:
        told["language"] = {"asked": found.asked, "answered": found.answered}
    if found.conflict:
        told["passages"][0]["quote"] = [found.conflict.chosen_sentence]
        told["conflict"] = "Two pages disagree; the first is preferred. The reply will say so by itself."
    return told


def _told(n: int, passage: Passage, query: str, beside: set[str]) -> Json:
    told: Json = {
        "n": n,
        "title": passage.title,
        "heading": passage.heading,
        "url": passage.url,
        "text": passage.text,
        "quote": best_sentences(query, passage),
        "score": round(passage.score, 3),
        "cosine": round(passage.cosine, 3),
    }
    return told | {"related": True} if passage.chunk_id in beside else told


class Lately(Protocol):
    """What reads a conversation's actions."""

    async def __call__(self, principal: Principal, conversation_id: UUID) -> list[Action]:
        """Those of the last day, newest first."""
        ...


def list_actions(lately: Lately, rights: Mapping[str, str]) -> Tool:
    """The tool that shows again what waits for the customer, and what can still be taken back.

    ``rights`` are the permissions of the desk's tools: a narrowed token reads no more here than it may do.
    """

    @tool(permission="actions:read", step="Looking at what was asked for")
    async def list_actions(context: ToolContext) -> Json:
        """What was to be changed in this conversation, and what became of it; for "did it go through?", "undo that".

        What still waits for the customer's button, or can be taken back, is shown again beside the reply, with it.
        """
        now = datetime.now(UTC)
        found = await lately(context.principal, context.conversation_id)
        told: list[Json] = []
        held = context.principal.permissions
        for action in found:
            if held is not None and rights.get(action.tool) not in held:
                continue
            undo = action.status == "executed" and action.undo_until is not None and action.undo_until > now
            shown = {known.id for known in context.actions}
            if (undo or action.status == "proposed") and action.id not in shown:
                context.actions.append(action)
            told.append(
                {
                    "id": str(action.id),
                    "tool": action.tool,
                    "title": action.preview.title,
                    "status": action.status,
                    "reason": action.reason,
                    "result": action.result,
                    "can_be_undone": undo,
                }
            )
        return {"actions": told}

    return list_actions


def open_ticket(open_: OpenTicket) -> Tool:
    """The tool that leaves a question for a colleague. It is a small write, so it needs no confirmation."""

    @tool(permission="tickets:write", changes=True, confirm=False, step="Opening a ticket")
    async def open_ticket(subject: str, details: str, context: ToolContext) -> Json:
        """Open a ticket, so that a colleague does something later that cannot be done here."""
        ticket = await _open(open_, context, subject, details, "customer_wish")
        return {"reference": ticket.reference, "reply_within": REPLY_WITHIN}

    open_ticket.own = True
    return open_ticket


def hand_over(open_: OpenTicket) -> Tool:
    """The tool that brings a person in."""

    @tool(permission="tickets:write", changes=True, confirm=False, step="Calling a colleague")
    async def hand_over(
        reason: HandoffReason,
        summary: str,
        context: ToolContext,
    ) -> Json:
        """Hand the conversation over to a person, with the reason and a summary of what it is about."""
        subject = f"Handover: {reason.replace('_', ' ')}"
        ticket = await _open(open_, context, subject, summary, reason, handover=True)
        return {"reference": ticket.reference, "status": "queued", "reply_within": REPLY_WITHIN}

    hand_over.own = True
    return hand_over


async def _open(
    open_: OpenTicket, context: ToolContext, subject: str, body: str, reason: str, *, handover: bool = False
) -> Ticket:
    return await open_(
        context.principal,
        effect_id=UUID(context.effect_id),
        conversation_id=context.conversation_id,
        turn_id=context.turn_id,
        subject=subject[:200],
        body=body,
        reason=reason,
        handover=handover,
    )
