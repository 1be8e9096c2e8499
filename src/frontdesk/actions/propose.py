"""From a call that a model wants to an action that code has worked out: looked at, ruled on, shown, hashed.

The same look is taken again when the action is to run: whatever has changed since then shows in the basis.
"""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import structlog

from frontdesk.actions.words import title_of
from frontdesk.domain import Action, Json, Money, Preview, Principal
from frontdesk.errors import ToolError, ToolRefused, ToolUnavailable
from frontdesk.policies import decide
from frontdesk.store.actions import ActionStore
from frontdesk.tools import InvalidArguments, Tool, ToolContext, policy_version, storable
from frontdesk.tools.money import money

log = structlog.get_logger("frontdesk.actions")

MOST_SHOWN = 2000  # characters of a preview's text and of each of its values
BLANK = re.compile(r"[ \t\f\v]+")
UNSEEN = ("Cc", "Cf", "Co", "Cs", "Cn")
BLANKS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\ufe0e\ufe0f\uffa0"  # letters and marks that show nothing


@dataclass(frozen=True, slots=True)
class Look:
    """What there was to see: the canonical arguments, the record, and what would change."""

    arguments: Json
    subject: Any
    preview: Preview


class Refused(ToolRefused):
    """Code has decided against this; ``code`` says which rule of the room it was."""

    def __init__(self, detail: str = "", *, code: str = "refused") -> None:
        super().__init__(detail)
        self.code = code


async def look(tool: Tool, arguments: Json, context: ToolContext, seconds: float) -> Look:
    """Read what an action is about and work out its preview; nothing is changed by it.

    Raises ToolError: InvalidArguments, ToolNotFound for what is not the customer's, ToolRefused, ToolUnavailable.
    """
    values, canonical = tool.parse(tidy(arguments))
    if tool.parse(canonical)[0] != values:  # what is stored must be what runs
        raise InvalidArguments("These arguments cannot be kept as they are.")
    subject: Any = None
    if tool.grant.subject is not None:
        subject = await _read(tool, canonical, context, seconds)
    if tool.grant.defaults is not None:
        canonical = _completed(tool, subject, canonical)
    preview = _preview(tool, subject, canonical)
    return Look(canonical, subject, replace(preview, title=title_of(tool, preview)))


async def _read(tool: Tool, arguments: Json, context: ToolContext, seconds: float) -> Any:
    assert tool.grant.subject is not None  # noqa: S101  (the caller asks)
    try:
        async with asyncio.timeout(seconds):
            return await tool.ask(tool.grant.subject, arguments, context)
    except ToolError:
        raise
    except TimeoutError:
        raise ToolUnavailable("This takes too long at the moment.") from None
    except Exception as error:  # noqa: BLE001  the shop's code: whatever it raises must not end the turn
        log.warning("subject failed", tool=tool.name, error=type(error).__name__)
        raise ToolUnavailable("This failed for a reason of our own.") from None


@contextmanager
def _worked_out(tool: Tool, failed: str) -> Generator[None]:
    """The shop's plain code: what it raises that is no ToolError refuses the proposal, and is logged by its type as ``failed``."""
    try:
        yield
    except ToolError:
        raise
    except Exception as error:  # noqa: BLE001  as above
        log.warning(failed, tool=tool.name, error=type(error).__name__)
        raise ToolRefused("This cannot be worked out.") from None


def _completed(tool: Tool, subject: Any, arguments: Json) -> Json:
    """The arguments with what stands in the record for those that were not said: what is shown is what is sent."""
    assert tool.grant.defaults is not None  # noqa: S101  (the caller asks)
    with _worked_out(tool, "defaults failed"):
        more = tool.grant.defaults(subject, arguments)
    said = {name: value for name, value in arguments.items() if value is not None}
    return tool.parse(tidy({**arguments, **more, **said}))[1]


def _preview(tool: Tool, subject: Any, arguments: Json) -> Preview:
    """What the tool's own preview says, else the arguments themselves; in characters a customer can trust."""
    grant = tool.grant
    with _worked_out(tool, "preview failed"):
        made = _ruled(tool, subject, arguments)
    if grant.amount and arguments.get(grant.amount) is not None:
        said = _amount(arguments[grant.amount])
        if made.amount not in (None, said):  # one would be counted and shown, the other sent
            raise ToolRefused("The amount cannot be worked out.")
        made = replace(made, amount=said)
    if made.amount is not None and made.amount.amount <= 0:
        raise InvalidArguments("The amount must be more than nothing.")
    shown = made.shown()
    remembered = storable(shown.pop("remember"))
    texts = [made.title, made.text, made.object, *(change.after for change in made.changes)]
    if any(len(text) > MOST_SHOWN for text in texts):
        raise InvalidArguments("This is too long to be shown; make it shorter.")
    return Preview.read({**cast("Json", tidy(shown)), "remember": remembered})


def _ruled(tool: Tool, subject: Any, arguments: Json) -> Preview:
    decision = decide.holds(tool.grant, subject, arguments)  # first: a preview may rest on the rules
    if decision.verdict == "refuse":
        raise ToolRefused(decision.message)
    return tool.grant.preview(subject, arguments) if tool.grant.preview else _plain(tool, arguments)


def _amount(value: object) -> Money:
    try:
        return money(value)
    except ValueError:
        raise InvalidArguments("Say the amount with its currency.") from None


def _plain(tool: Tool, arguments: Json) -> Preview:
    """Without a preview of the tool's own: its name, and what it would be called with."""
    said = {name: value for name, value in arguments.items() if value is not None}
    words = ", ".join(f"{name.replace('_', ' ')}: {_said(value)}" for name, value in said.items())
    named = next((f"{n[:-3].replace('_', ' ')} {_said(v)}" for n, v in said.items() if n.endswith("_id")), "")
    title = tool.name.replace("_", " ").capitalize()
    return Preview(f"{title}{f' ({words})' if words else ''}.", object=named)


def _said(value: Any) -> str:
    if isinstance(value, dict) and set(cast("Json", value)) == {"amount", "currency"}:
        return f"{value['amount']} {value['currency']}"
    return ", ".join(map(str, cast("list[Any]", value))) if isinstance(value, list) else str(value)


def tidy(value: Any, *, most: int = 8000) -> Any:
    """Text as the customer will see it: composed, without invisible or direction-changing characters."""
    if isinstance(value, str):
        text = value[:most].replace("\u2028", " ").replace("\u2029", " ")
        kept = "".join(
            c for c in text if c == "\n" or (unicodedata.category(c) not in UNSEEN and c not in BLANKS)
        )
        return BLANK.sub(" ", unicodedata.normalize("NFC", kept)).strip()
    if isinstance(value, dict):
        return {key: tidy(item, most=most) for key, item in cast("Json", value).items()}
    if isinstance(value, list | tuple):
        return [tidy(item, most=most) for item in cast("list[Any]", value)]
    return value


class Proposer:
    """Makes actions of calls, for the gate."""

    def __init__(self, store: ActionStore, seconds: float) -> None:
        self._store = store
        self._seconds = seconds

    async def propose(self, tool: Tool, arguments: Json, context: ToolContext, effect: UUID) -> Action:
        """The action that this call would be. Raises ToolError where it is not to be had."""
        seen = await look(tool, arguments, context, self._seconds)
        action = made(tool, seen, context, effect)
        used = await self._store.used(action, tool.grant.capped)
        decision = decide.within(tool.grant, action.preview.amount, used)
        if decision.verdict == "refuse":
            raise Refused(decision.message, code=decision.code)
        action = replace(action, needs=decide.approvals_needed(tool.grant, action.preview.amount, used))
        return await self._store.identical(action) or action


def made(tool: Tool, seen: Look, context: ToolContext, effect: UUID) -> Action:
    """The action, as it would be recorded."""
    now = datetime.now(UTC)
    return Action(
        id=effect,
        conversation_id=context.conversation_id,
        turn_id=context.turn_id,
        principal=context.principal.key,
        tool=tool.name,
        arguments=seen.arguments,
        digest=decide.digest(seen.arguments),
        preview=seen.preview,
        basis=decide.basis(seen.preview),
        policy=policy_version(tool.grant),
        status="proposed",
        expires_at=now + tool.grant.expires,
        created_at=now,
    )


def context_of(action: Action, principal: Principal | None = None) -> ToolContext:
    """The context in which an action's own functions run: its customer's, with its own name for the effect."""
    kind, _, identity = action.principal.partition(":")
    caller = principal or Principal(kind, identity)  # pyright: ignore[reportArgumentType]
    return ToolContext(caller, action.turn_id, action.conversation_id, effect_id=str(action.id))
