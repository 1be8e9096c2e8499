"""A recorded conversation as a scenario: what was said and done, with personal data exchanged for stand-ins.

What happened becomes what is expected. Whether it was right, a person must say; the file's head tells what to look at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, cast

import orjson
import yaml

from frontdesk.domain import Json
from frontdesk.errors import SettingsError
from frontdesk.evaluation.scenario import VISITOR
from frontdesk.evaluation.standins import Standins
from frontdesk.knowledge.personal import EMAIL, NAME, NUMBER
from frontdesk.store.recorded import Recorded, RecordedAction, RecordedTurn

__all__ = ["scenario_of"]

SEARCH = "search_knowledge"
BY_NAME = {SEARCH, "open_ticket", "list_actions"}  # their arguments are a model's own words
FEW_WORDS = 4  # an argument of more is a model's own words too
DONE = ("executed", "undoing", "undone")
URL = re.compile(r"https?://\S+")
DETAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\b\d+[.,]\d\d\b|\b[\w-]*\d[\w-]*\b")
FEW_DIGITS = 3  # a number of fewer, without decimals, may be a count
HEAD = """\
# Recorded from a conversation of {day:%Y-%m-%d} by `frontdesk eval record`. What happened is what is expected here.
# A person must check:
# - that it was right: an answer that was wrong is written down as wrong as it was
# - that nobody can be recognised: a name in the middle of a sentence that no field holds is not seen
# - that customer and ids are those of the data that the scenario runs on{ids}
"""


@dataclass
class _Event:
    """A message or a press of a button, when it happened."""

    at: datetime
    does: Literal["say", "confirm", "decline", "undo"]
    turn: RecordedTurn | None = None
    action: RecordedAction | None = None


@dataclass
class _Writing:
    """The scenario that is being written."""

    standins: Standins
    recorded: Recorded
    notes: list[str] = field(default_factory=list[str])

    def turn(self, event: _Event) -> Json:
        if event.action is not None:
            return self._press(event.does, event.action)
        turn = cast("RecordedTurn", event.turn)
        made: Json = {"say": self.standins.text(turn.message)}
        if calls := self._calls(turn):
            made["calls"] = calls
        if has := self._facts(turn):
            made["reply"] = {"has": has}
        if cites := list(dict.fromkeys(_stem(c.get("url", "")) for c in turn.record.get("citations", []))):
            made["cites"] = [cite for cite in cites if cite]
        return {**made, "outcome": turn.outcome}

    def _press(self, does: str, action: RecordedAction) -> Json:
        status = action.state["status"]
        if does == "confirm" and status in DONE and not action.state["needs"]:
            return {does: action.state["tool"], "outcome": "answered"}
        return {does: action.state["tool"]}

    def _calls(self, turn: RecordedTurn) -> list[Any]:
        proposed = {a.state["id"]: a.state["arguments"] for a in self.recorded.actions}
        calls: list[Any] = []
        for step in turn.record.get("steps", []):
            if not step.get("ok", True):
                self.notes.append(
                    f"{step['tool']} failed in turn {turn.seq}: it is not expected to be called"
                )
                continue
            arguments = proposed.get(_proposed(step["result"]), step["arguments"])
            call = self._call(step["tool"], arguments)
            if call not in calls:
                calls.append(call)
        return calls

    def _call(self, tool: str, arguments: Json) -> Any:
        if tool in BY_NAME:
            return tool
        kept = {name: value for name, value in arguments.items() if value is not None and not _words(value)}
        return {tool: self.standins.value(kept)} if kept else tool

    def _facts(self, turn: RecordedTurn) -> list[str]:
        """The amounts, numbers and e-mail addresses of the reply that a tool's result of this turn holds."""
        steps = turn.record.get("steps", [])
        source = " ".join(
            step["result"] for step in steps if step["tool"] not in ("open_ticket", "hand_over")
        )
        details = dict.fromkeys(DETAIL.findall(URL.sub(" ", _without_dates(turn.reply))))
        telling = [d for d in details if sum(c.isdigit() for c in d) >= FEW_DIGITS or not d.isalnum()]
        return [self.standins.text(detail) for detail in telling if detail in source]


def scenario_of(recorded: Recorded, *, keep_ids: bool = False) -> str:
    """The YAML of a scenario. Raises SettingsError where nothing in the conversation can be one."""
    standins = Standins(keep_ids=keep_ids)
    _learn(standins, recorded)
    writing = _Writing(standins, recorded)
    answered = _by_the_agent(recorded, writing.notes)
    if not answered:
        raise SettingsError("the agent answered nothing in this conversation: there is nothing to record")
    events = _events(answered, recorded.actions)
    turns = [writing.turn(event) for event in events]
    made: Json = {
        "why": f"recorded on {recorded.created_at:%Y-%m-%d}",
        "customer": _customer(standins, recorded, keep_ids),
        "turns": turns,
        "ends": _ends(recorded, answered, writing.notes),
    }
    notes = "".join(f"# - {note}\n" for note in dict.fromkeys(writing.notes))
    ids = "" if keep_ids else "; they are invented, --keep-ids keeps them"
    body = yaml.safe_dump(made, sort_keys=False, allow_unicode=True, width=110)
    return f"{HEAD.format(day=recorded.created_at, ids=ids)}{notes}{body}"


def _learn(standins: Standins, recorded: Recorded) -> None:
    """What the conversation knows to be personal: from its facts, its tool calls and its actions."""
    if name := recorded.facts.get("name"):
        standins.know(NAME, name)
    if email := recorded.facts.get("email"):
        standins.know(EMAIL, email)
    for turn in recorded.turns:
        for step in turn.record.get("steps", []):
            if step["tool"] != SEARCH and step.get("ok", True):
                standins.learn(step["arguments"])
                standins.learn(_json(step["result"]))
    for action in recorded.actions:
        standins.learn(
            [action.state["arguments"], action.state["preview"].get("remember"), action.state["result"]]
        )


def _customer(standins: Standins, recorded: Recorded, keep_ids: bool) -> str:
    kind, _, identity = recorded.principal.partition(":")
    if kind != "customer":
        return VISITOR
    return identity if keep_ids else standins.of(NUMBER, identity)


def _by_the_agent(recorded: Recorded, notes: list[str]) -> list[RecordedTurn]:
    """The turns up to where a person took over."""
    found: list[RecordedTurn] = []
    for turn in recorded.turns:
        if not turn.reply:
            notes.append("it goes on behind its last turn here: a person answered from there on")
            break
        found.append(turn)
        if turn.by_staff:
            notes.append(f"a person wrote after turn {turn.seq}: what they said is not here")
    return found


def _events(turns: Sequence[RecordedTurn], actions: Iterable[RecordedAction]) -> list[_Event]:
    """What the customer did, in order."""
    events = [_Event(turn.at, "say", turn=turn) for turn in turns]
    shown = {identity for turn in turns for identity in turn.record.get("actions", [])}
    for action in actions:
        if action.state["id"] not in shown or not action.pressed or action.decided_at is None:
            continue
        status, needs = action.state["status"], action.state["needs"]
        if status == "expired":
            continue
        declined = status == "declined" and not needs
        events.append(_Event(action.decided_at, "decline" if declined else "confirm", action=action))
        if action.undone_at:
            events.append(_Event(action.undone_at, "undo", action=action))
    return sorted(events, key=lambda event: event.at)


def _ends(recorded: Recorded, answered: Sequence[RecordedTurn], notes: list[str]) -> Json:
    turns = {str(turn.turn_id) for turn in answered}
    done: list[str] = []
    for action in recorded.actions:
        state = action.state
        if state["status"] in DONE and state["turn_id"] in turns:
            if state["needs"]:
                notes.append(
                    f"{state['tool']} was approved by staff: a scenario has none, so it is not executed"
                )
            else:
                done.append(state["tool"])
    mode = answered[-1].record.get("mode", "ai")
    return {"actions": done, **({"mode": mode} if mode != "ai" else {}), "ticket": recorded.tickets > 0}


def _proposed(result: str) -> str:
    found = _json(result)
    proposed = cast("Json", found).get("proposed") if isinstance(found, dict) else None
    return str(proposed["id"]) if isinstance(proposed, dict) else ""


def _json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def _words(value: Any) -> bool:
    return isinstance(value, str) and len(value.split()) > FEW_WORDS


def _without_dates(reply: str) -> str:
    """Dates move with the data, so they are no facts to hold on to."""
    month = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
    dates = rf"\d{{4}}-\d\d-\d\d|\b\d{{1,2}}(?:st|nd|rd|th)? {month}(?:,? \d{{4}})?|\b{month} \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?|\b\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}}"
    return re.sub(dates, " ", reply, flags=re.IGNORECASE)


def _stem(url: str) -> str:
    last = re.split(r"[#?]", url)[0].rstrip("/").rpartition("/")[2]
    return re.sub(r"\.\w+$", "", last)
