"""What a turn remembers: a bounded window of the transcript, and durable facts that outlive it.

Both are made by code. The window is cut between turns, never inside one: a tool's result without its call is
an error to every provider. The facts are small and bounded, so that turn 500 costs what turn 10 does.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import Any

import orjson
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from frontdesk.desk import Frontdesk
from frontdesk.domain import Json, PastTurn, Step, TurnInput

# Calls the gate refused: shown again they would only invite more, and their names may be no tool's.
REFUSED = frozenset({"unknown_tool", "permission_denied", "too_many_calls"})
MOST_IDS, MOST_SAID, MOST_ANSWERED = 12, 30, 12
MOST_ID_CHARS = 64
MOST_CHARS = 200  # of one remembered sentence
RESULT_CHARS = 4000  # of one tool result in the window

_WORDS = r"([A-ZÀ-Þ][a-zà-ÿ'’-]+(?:[ -][A-ZÀ-Þ][a-zà-ÿ'’-]+){0,2})"
NAMED = re.compile(rf"\b(?:[Mm]y name is|[Mm]y name's|[Mm]y name’s|I am called|I'm called)\s+{_WORDS}")
CALLED = re.compile(rf"\b(?:[Cc]all me|[Tt]his is)\s+{_WORDS}(?=[\s.,!]|$)")
NAMED_ANY_CASE = re.compile(r"\bmy name(?: is|'s|’s)\s+([^\W\d_][\w'’-]{1,30})", re.IGNORECASE)
NO_NAMES = frozenset(
    re.findall(
        r"\w+",
        "back later tomorrow today when not on at in the a an order ticket parcel invoice refund urgent again soon"
        " asap anytime now please your my our it so very really just wrong about regarding monday tuesday"
        " wednesday thursday friday saturday sunday",
    )
)
EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")
# Sentences in which customers tell about themselves, not what they ask.
TELLS = re.compile(
    r"\b(?:my|our|mine|i am|i'm|i’m|i have|i've|i’ve|i live|i work|i bought|i ordered|i prefer|i need|i want|i will"
    r"|i'll|i’ll|i was|i like|i love|i hate|i use|we are|we're|we have|we live|call me|remember|it is for|it's for"
    r"|it’s for|note that|keep in mind|for your information|fyi)\b",
    re.IGNORECASE,
)
SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")


@cache
def prompt_template() -> tuple[str, str]:
    """(version, text) of the system prompt."""
    head, _, text = (resources.files("frontdesk") / "prompt.md").read_text(encoding="utf-8").partition("\n")
    return head.removeprefix("version:").strip(), text.strip()


def to_messages(
    desk: Frontdesk, turn: TurnInput, max_chars: int, held: frozenset[str] | None = None
) -> list[BaseMessage]:
    """The system prompt, the window's turns that fit in ``max_chars``, and the new message.

    Turns that read what this caller may not (``held``: the permissions of a narrowed token) are left out.
    """
    _, text = prompt_template()
    filled = text.format(
        desk=desk.name,
        tone=desk.tone,
        instructions=desk.instructions,
        facts=orjson.dumps(turn.facts).decode() if turn.facts else "nothing yet",
    )
    about: Json = {
        "desk": desk.name,
        "facts": turn.facts,
        "customer": {"kind": turn.principal.kind, "id": turn.principal.id},
        "mode": turn.mode,
    }
    messages: list[BaseMessage] = [SystemMessage(filled, additional_kwargs={"frontdesk": about})]
    readable = [p for p in turn.window if held is None or all(s.permission in held for s in p.steps if s.ok)]
    for past in _fitting(readable, max_chars):
        messages += _past(past)
    return [*messages, HumanMessage(turn.message)]


def _fitting(window: Sequence[PastTurn], max_chars: int) -> list[PastTurn]:
    """The newest whole turns that fit, oldest first."""
    kept: list[PastTurn] = []
    for past in reversed(window):
        max_chars -= len(past.message) + len(past.reply)
        max_chars -= sum(
            min(len(step.result), RESULT_CHARS) + len(str(step.arguments)) for step in past.steps
        )
        if max_chars < 0:
            # "And what about the other one?" needs at least the words of the turn before.
            return kept[::-1] or [replace(past, steps=())]
        kept.append(past)
    return kept[::-1]


def _past(past: PastTurn) -> list[BaseMessage]:
    messages: list[BaseMessage] = [HumanMessage(past.message)]
    steps = [step for step in past.steps if step.error not in REFUSED]
    if steps:
        calls: list[Any] = [
            {"name": step.tool, "args": step.arguments, "id": f"t{past.seq}_{n}", "type": "tool_call"}
            for n, step in enumerate(steps)
        ]
        messages.append(AIMessage("", tool_calls=calls))
        messages += [
            ToolMessage(
                step.result[:RESULT_CHARS],
                tool_call_id=f"t{past.seq}_{n}",
                name=step.tool,
                status="success" if step.ok else "error",
            )
            for n, step in enumerate(steps)
        ]
    return [*messages, AIMessage(past.reply)] if past.reply else messages


def remember(facts: Json, message: str, steps: Sequence[Step]) -> Json:
    """The facts after a turn: who, which objects were spoken of, what was said, what was looked up."""
    new: Json = dict(facts)
    if name := _name(message, known=bool(facts.get("name"))):
        new["name"] = name
    if email := EMAIL.search(message):
        new["email"] = email[0][:MOST_CHARS]
    said = [
        sentence.strip()[:MOST_CHARS]
        for sentence in SENTENCE.split(message)
        if TELLS.search(sentence) and not sentence.rstrip().endswith("?")
    ]
    if said:
        new["said"] = _newest([*facts.get("said", []), *said], MOST_SAID)
    for step in steps:
        _remember_step(new, step)
    return new


def _name(message: str, *, known: bool) -> str:
    """The customer's name, if they say it. "Call me Kim" does not replace a name; "my name is Kim" does."""
    weaker = None if known else CALLED.search(message)
    found = NAMED.search(message) or NAMED_ANY_CASE.search(message) or weaker
    name = found[1].strip()[:80] if found else ""
    return "" if name.split()[:1] and name.split()[0].lower() in NO_NAMES else name


def _remember_step(facts: Json, step: Step) -> None:
    """Ids a successful look-up was made with: ``order_id`` is the one last spoken of, ``order_ids`` all."""
    if not step.ok:
        return
    # The gate keeps only arguments that the tool takes, so the keys are the desk's own, not a model's.
    found = {k: str(v)[:MOST_ID_CHARS] for k, v in step.arguments.items() if k.endswith("_id") and v}
    ids = dict(list(found.items())[:4])
    for key, value in ids.items():
        facts[key] = value
        facts[f"{key}s"] = _newest([*facts.get(f"{key}s", []), value], MOST_IDS)
    if ids:
        line = f"{step.tool} {' '.join(ids.values())}"[:MOST_CHARS]
        facts["answered"] = _newest([*facts.get("answered", []), line], MOST_ANSWERED)


def _newest(values: list[str], most: int) -> list[str]:
    """The last ``most`` different values, in order of their first mention."""
    return list(dict.fromkeys(values))[-most:]
