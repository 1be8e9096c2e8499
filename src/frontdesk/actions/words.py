"""What the customer is told of an action: made by code from what happened, never by a model."""

from __future__ import annotations

from typing import Any

from frontdesk.domain import Action, Preview
from frontdesk.models.local.says import TemplateError, render
from frontdesk.policies.grounding import clean, without_foreign_links
from frontdesk.tools import Tool

LEFT = "All right, I have left that as it is: {title}."
WAITS = "Thank you. A colleague has to approve this first; you will be told here."
WAITS_FOR_TWO = "Thank you. Two colleagues have to approve this first; you will be told here."
STALE = "Something about this has changed since I asked you, so I have not done it. Please ask me again."
RUN_OUT = "This was not confirmed in time, so it was not done."
REPLACED = "A newer proposal has taken the place of this one, so it was not done."
EXPIRED = (
    "This has waited too long for an approval, so it was not done. Please ask again if you still want it."
)
UNCLEAR = "I can't see yet whether this went through: {title}. I am checking with our system; it will not be done twice."
PERSON = "I could not find out whether this went through: {title}. A colleague is looking into it (reference {reference})."
DECLINED = "A colleague has looked at this and decided not to do it: {title}. The reason: {reason}"
NOT_UNDONE = "I could not take this back: {title}. {reason}"
UNDONE = "That has been taken back: {title}."
RESOLVED = "A colleague has checked: this {what}: {title}. {reason}"
WENT = {
    "executed": "went through",
    "failed": "did not go through",
    "undone": "was taken back",
    "not undone": "was not taken back",
}


def say(template: str, **parts: str) -> str:
    """One of these sentences, filled in. A title may hold a model's words: no markup, no link of theirs is left."""
    return without_foreign_links(clean(template.format(**parts)), ())


def title_of(tool: Tool, preview: Preview) -> str:
    """The verb and its object, for the card."""
    if preview.title:
        return preview.title
    verb = tool.name.replace("_", " ").capitalize()
    return f"{verb}: {preview.object}" if preview.object else verb


def done(tool: Tool | None, action: Action, result: Any) -> str:
    """The true result in a sentence: the tool's own template, or that it was done."""
    said = ""
    if tool and tool.grant.says and isinstance(result, dict):
        try:
            said = render(tool.grant.says, result)
        except (TemplateError, TypeError, ValueError, KeyError, AttributeError):
            said = ""
    return clean(said) or say("Done: {title}.", title=action.preview.title)


def not_done(action: Action, reason: str) -> str:
    """The backend has said no."""
    return say("This was not done: {title}. {reason}", title=action.preview.title, reason=reason)


def waits(needs: int) -> str:
    """The customer has said yes, and staff have not yet."""
    return WAITS_FOR_TWO if needs > 1 else WAITS


def now(tool: Tool | None, action: Action) -> str:
    """How an action stands, in a sentence."""
    title = action.preview.title
    match action.status:
        case "executed":
            return done(tool, action, action.result)
        case "confirmed":
            return waits(action.needs)
        case "failed":
            return not_done(action, action.reason)
        case "undone":
            return say(UNDONE, title=title)
        case "declined" if action.reason == "customer":
            return say(LEFT, title=title)
        case "declined":
            return say(DECLINED, title=title, reason=action.reason)
        case "proposed":
            return action.preview.text
        case "expired":
            return {"stale": STALE, "replaced": REPLACED}.get(
                action.reason, EXPIRED if action.needs else RUN_OUT
            )
        case _:
            return say(UNCLEAR, title=title)
