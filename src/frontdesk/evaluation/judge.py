"""What was expected against what happened. Pure: a scenario and a conversation in, findings out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, cast

from frontdesk.domain import Json, Outcome
from frontdesk.evaluation.faithful import made_up
from frontdesk.evaluation.happened import Deed, Finding, Happened, ToolUse, Turn
from frontdesk.evaluation.scenario import Call, Checks, Scenario

__all__ = ["judge"]

EXECUTED = ("executed", "undoing", "undone")
GONE = ("declined", "expired")
NOTHING = "nothing"


def judge(
    scenario: Scenario, happened: Happened, confirming: Collection[str], known: Sequence[str] = ()
) -> list[Finding]:
    """All that was not as it must be, in the order of the turns.

    ``confirming`` are the tools that need a press of a button; ``known`` are texts that every reply may rest on,
    the desk's instructions.
    """
    findings: list[Finding] = []
    for number, turn in enumerate(happened.turns, 1):
        spoken = scenario.turns[number - 1] if scenario.turns else None
        checks = spoken.checks if spoken else Checks()
        shown = [*known, *chain.from_iterable(map(_shown, happened.turns[:number]))]
        wrong = [
            *_of_turn(checks, turn, confirming),
            *_always(checks, turn, shown),
            *_never(scenario.never, turn),
        ]
        findings += [Finding(number, *found) for found in wrong]
    findings += [Finding(0, *found) for found in _ends(scenario, happened, confirming)]
    return findings


Wrong = tuple[str, str, str]  # the check, what was expected, what was there


# ------------------------------------------------------------------ a turn
def _of_turn(checks: Checks, turn: Turn, confirming: Collection[str]) -> Iterator[Wrong]:
    if turn.missing:
        yield turn.does, f"a button of {turn.said}", turn.missing
        return  # there is nothing else to be looked at
    for call in checks.calls:
        if call.tool in confirming:
            standing = [deed for deed in turn.proposed if deed.status not in GONE]
            if not any(_is(call, deed.tool, deed.arguments) for deed in standing):
                yield "calls", f"{call} proposed", _proposed(turn) or _called(turn.tools)
        elif not any(_is(call, use.tool, use.arguments) for use in turn.tools):
            yield "calls", str(call), _called(turn.tools)
    yield from _never(checks.never, turn)
    yield from _reply(checks, turn)
    if checks.cites and not any(_cites(citation, checks.cites) for citation in turn.citations):
        cited = [
            _stem(str(citation.get("url", ""))) or str(citation.get("title")) for citation in turn.citations
        ]
        yield "cites", " or ".join(checks.cites), ", ".join(cited) or NOTHING
    if checks.outcome and turn.outcome not in checks.outcome:
        yield "outcome", " or ".join(checks.outcome), turn.outcome
    for choice in checks.choices:
        if not any(_contains(offered, choice) for offered in turn.suggestions):
            yield "choices", choice, ", ".join(turn.suggestions) or NOTHING


def _reply(checks: Checks, turn: Turn) -> Iterator[Wrong]:
    for group in checks.has:
        if not any(_contains(turn.reply, text) for text in group):
            yield "reply has", " or ".join(map(repr, group)), turn.reply
    for text in checks.lacks:
        if _contains(turn.reply, text):
            yield "reply lacks", repr(text), turn.reply


def _never(calls: Iterable[Call], turn: Turn) -> Iterator[Wrong]:
    for call in calls:
        if any(_is(call, use.tool, use.arguments) for use in turn.tools):
            yield "never", f"{call} not called", _called(turn.tools)


def _always(checks: Checks, turn: Turn, shown: Sequence[str]) -> Iterator[Wrong]:
    if not turn.reply.strip() and not turn.missing:
        yield "always: a reply", "a reply", "an empty one"
    if turn.outcome == Outcome.FAILED and Outcome.FAILED not in checks.outcome:
        yield "always: no turn fails", "another outcome", turn.outcome
    if unknown := made_up(turn.reply, shown):
        yield (
            "always: faithful",
            "only what tools, articles, previews or the customer say",
            ", ".join(unknown),
        )


def _shown(turn: Turn) -> Iterator[str]:
    """What a turn showed the model or the customer."""
    if turn.does == "say":
        yield turn.said
    yield from (use.result for use in turn.tools)
    yield from (str(citation.get("passage", "")) for citation in turn.citations)
    yield from chain.from_iterable((deed.preview, deed.result) for deed in turn.proposed)


# ------------------------------------------------------------------ the end
def _ends(scenario: Scenario, happened: Happened, confirming: Collection[str]) -> Iterator[Wrong]:
    ends = scenario.ends
    done = [deed for deed in happened.actions if deed.status in EXECUTED]
    if Counter(deed.tool for deed in done) != Counter(ends.actions):
        states = [f"{deed.tool} ({deed.status})" for deed in happened.actions]
        yield "ends.actions", ", ".join(sorted(ends.actions)) or NOTHING, ", ".join(sorted(states)) or NOTHING
    yield from _no_effect_without_a_press(done, happened, confirming)
    for path, expected in ends.backend:
        got = happened.backend.get(path)
        if not _holds(expected, got):
            yield f"ends.backend {path}", str(expected), str(_relevant(expected, got))
    if ends.mode and happened.mode != ends.mode:
        yield "ends.mode", ends.mode, happened.mode
    if ends.ticket is not None and bool(happened.tickets) != ends.ticket:
        yield "ends.ticket", "a ticket" if ends.ticket else "no ticket", f"{happened.tickets} opened"


def _no_effect_without_a_press(
    done: Sequence[Deed], happened: Happened, confirming: Collection[str]
) -> Iterator[Wrong]:
    check = "always: no effect without a press"
    for deed in done:
        if deed.tool in confirming and deed.id not in happened.pressed:
            yield check, f"{deed.tool} waits for its button", deed.status
    strange = [
        change or "one without a name" for change in happened.changes if change not in happened.effects
    ]
    if strange:
        yield check, "the backend is changed by executed actions only", f"changed by {', '.join(strange)}"


# ------------------------------------------------------------------ comparing
def _is(call: Call, tool: str, arguments: Json) -> bool:
    return call.tool == tool and all(
        key in arguments and _equal(value, arguments[key]) for key, value in call.arguments.items()
    )


def _equal(expected: Any, got: Any) -> bool:
    """Equal as a person reads it: 456 and "456", "24.95 EUR" and {"amount": "24.95", "currency": "EUR"}."""
    if isinstance(expected, dict) and isinstance(got, dict):
        one, other = cast("Json", expected), cast("Json", got)
        return one.keys() == other.keys() and all(_equal(one[key], other[key]) for key in one)
    if isinstance(expected, list) and isinstance(got, list):
        one_, other_ = cast("list[Any]", expected), cast("list[Any]", got)
        return len(one_) == len(other_) and all(any(_equal(a, b) for b in other_) for a in one_)
    if isinstance(got, dict) and {"amount", "currency"} == set(cast("Json", got)):
        return sorted(str(expected).split()) == sorted(map(str, cast("Json", got).values()))
    if isinstance(expected, bool) or isinstance(got, bool) or expected is None or got is None:
        return expected is got
    return str(expected) == str(got)


def _holds(expected: Any, got: Any) -> bool:
    """Whether ``expected`` is a part of ``got``; of a list each item must be a part of one of the other's."""
    if isinstance(expected, dict) and isinstance(got, dict):
        table = cast("Json", got)
        return all(
            key in table and _holds(value, table[key]) for key, value in cast("Json", expected).items()
        )
    if isinstance(expected, list) and isinstance(got, list):
        return all(
            any(_holds(one, other) for other in cast("list[Any]", got)) for one in cast("list[Any]", expected)
        )
    return _equal(expected, got)


def _relevant(expected: Any, got: Any) -> Any:
    """Of what the backend says, the keys that were asked for."""
    if isinstance(expected, dict) and isinstance(got, dict):
        table = cast("Json", got)
        return {key: _relevant(value, table.get(key)) for key, value in cast("Json", expected).items()}
    return got


def _contains(text: str, part: str) -> bool:
    """Case, runs of white space, Markdown's emphasis and the shape of an apostrophe do not count."""
    return _plain(part) in _plain(text)


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"[*_`]+", "", text).replace("’", "'")).casefold()


def _cites(citation: Json, articles: Sequence[str]) -> bool:
    return _stem(str(citation.get("url", ""))) in articles


def _stem(url: str) -> str:
    """The last segment of an address or a path, without what follows ``#`` or ``?`` and without .md or .html."""
    last = re.split(r"[#?]", url)[0].rstrip("/").rpartition("/")[2]
    return re.sub(r"\.\w+$", "", last)


def _called(tools: Sequence[ToolUse]) -> str:
    return ", ".join(str(Call(use.tool, use.arguments)) for use in tools) or "no call"


def _proposed(turn: Turn) -> str:
    return ", ".join(f"{Call(deed.tool, deed.arguments)} {deed.status}" for deed in turn.proposed)
