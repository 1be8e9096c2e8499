"""A scenario: one conversation as it is written in a YAML file, and what must come of it. See docs/evaluating.md."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Literal, cast

import orjson

from frontdesk.domain import Json, Outcome
from frontdesk.errors import SettingsError
from frontdesk.evaluation.located import Table, each, near, read

__all__ = ["Call", "Checks", "Ends", "Persona", "Scenario", "Spoken", "load"]

VISITOR = "visitor"
CONFIG = "eval.yaml"
Does = Literal["say", "confirm", "decline", "undo"]
DOES: tuple[Does, ...] = ("say", "confirm", "decline", "undo")
MODES = ("ai", "queued", "human")
SHAPE = "a scenario as a table: customer: u123, turns: [{say: …}]"


@dataclass(frozen=True, slots=True)
class Call:
    """A tool by name; ``arguments`` that are given must be equal, others are free."""

    tool: str
    arguments: Json

    def __str__(self) -> str:
        if not self.arguments:
            return self.tool
        return f"{self.tool}({', '.join(f'{key}={value!r}' for key, value in self.arguments.items())})"


@dataclass(frozen=True, slots=True)
class Checks:
    """What must be so after a turn. ``has``: of each group one must be in the reply."""

    calls: tuple[Call, ...] = ()
    never: tuple[Call, ...] = ()
    has: tuple[tuple[str, ...], ...] = ()
    lacks: tuple[str, ...] = ()
    cites: tuple[str, ...] = ()
    outcome: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Spoken:
    """One turn: a message, or a button pressed for ``text``, which is a tool then."""

    does: Does
    text: str
    checks: Checks
    line: int


@dataclass(frozen=True, slots=True)
class Persona:
    """A customer that a model plays."""

    who: str
    wants: str
    knows: Json
    model: str = ""
    turns: int = 8
    confirms: bool = False


@dataclass(frozen=True, slots=True)
class Ends:
    """What must be so after the last turn."""

    actions: tuple[str, ...] = ()
    backend: tuple[tuple[str, Any], ...] = ()
    mode: str = ""
    ticket: bool | None = None
    line: int = 1


@dataclass(frozen=True, slots=True)
class Scenario:
    """One conversation. ``digest`` is of the file, so that a result is known to be of this very scenario."""

    name: str
    kind: str
    customer: str
    turns: tuple[Spoken, ...]
    persona: Persona | None
    ends: Ends
    never: tuple[Call, ...]
    hard: tuple[str, ...]
    why: str
    locale: str
    file: str
    line_of_customer: int
    digest: str

    @property
    def tools(self) -> list[str]:
        """The tools it is about, each once: those that must be called, pressed for or executed."""
        called = [call.tool for turn in self.turns for call in turn.checks.calls]
        pressed = [turn.text for turn in self.turns if turn.does != "say"]
        return sorted({*called, *pressed, *self.ends.actions})


def load(folder: Path, tools: Mapping[str, Collection[str]], only: Sequence[str] = ()) -> list[Scenario]:
    """The scenarios under ``folder`` by name; ``only`` are globs of names.

    ``tools`` are the desk's, with the names of their arguments. Raises one SettingsError with a sentence, file and
    line for each file that cannot be used.
    """
    if not folder.is_dir():
        raise SettingsError(f"there is no folder {str(folder)!r}: name the one that holds the scenarios")
    found = sorted(path for path in folder.rglob("*.yaml") if path.name != CONFIG)
    chosen = [path for path in found if not only or any(fnmatch(_name(folder, path), glob) for glob in only)]
    if not chosen:
        raise SettingsError(
            f"no scenario of {len(found)} is called {', '.join(only)}"
            if found
            else f"{folder} holds no scenarios"
        )
    return each(chosen, lambda path: _Reading(folder, path, tools).scenario())


def _name(folder: Path, path: Path) -> str:
    return path.relative_to(folder).with_suffix("").as_posix()


class _Reading:
    """One file being read."""

    def __init__(self, folder: Path, path: Path, tools: Mapping[str, Collection[str]]) -> None:
        self._name = _name(folder, path)
        self._file = str(path)
        self._tools = tools
        self._table = read(path, self._file, SHAPE)
        self._digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]

    def scenario(self) -> Scenario:
        """The file as a scenario. Raises SettingsError."""
        table = self._table
        parent = self._name.rpartition("/")[0].rpartition("/")[2]
        made = Scenario(
            name=self._name,
            kind=table.text("kind", parent or "scenario"),
            customer=table.text("customer"),
            turns=tuple(self._turn(item) for item in table.items("turns")),
            persona=self._persona(table.table("persona", "the persona as a table: who: …, wants: …")),
            ends=self._ends(table.table("ends", "what must be so in the end as a table: actions: []")),
            never=self._calls(table, "never"),
            hard=table.texts("hard"),
            why=table.text("why", "-"),
            locale=table.text("locale", "en"),
            file=self._file,
            line_of_customer=table.line_of("customer"),
            digest=self._digest,
        )
        table.done()
        if bool(made.turns) == bool(made.persona):
            table.wrong("write either turns: or persona:, what the customer says or who says it")
        return made

    def _turn(self, item: object) -> Spoken:
        turn = Table(self._file, item, self._table.line_of("turns"), "each turn as a table: - say: …")
        does: list[Does] = [does for does in DOES if does in turn]
        if len(does) != 1:
            turn.wrong("a turn is one of say:, confirm:, decline: and undo:")
        text = turn.text(does[0])
        if does[0] != "say":
            self._known(turn, text, turn.line_of(does[0]))
        spoken = Spoken(does[0], text, self._checks(turn), turn.line)
        turn.done()
        return spoken

    def _checks(self, turn: Table) -> Checks:
        reply = turn.table("reply", "what the reply has and lacks: reply: {has: [one]}")
        has: tuple[tuple[str, ...], ...] = ()
        lacks: tuple[str, ...] = ()
        if reply:
            has = tuple(_group(reply, item) for item in _listed(reply.any("has", [])))
            lacks = reply.texts("lacks")
            reply.done()
        outcomes = turn.texts("outcome")
        for outcome in outcomes:
            if outcome not in list(Outcome):
                known = [str(known) for known in Outcome]
                turn.wrong(
                    f"outcome is one of {', '.join(known)}{near(outcome, known)}", turn.line_of("outcome")
                )
        return Checks(
            calls=self._calls(turn, "calls"),
            never=self._calls(turn, "never"),
            has=has,
            lacks=lacks,
            cites=turn.texts("cites"),
            outcome=outcomes,
            choices=turn.texts("choices"),
        )

    def _calls(self, table: Table, key: str) -> tuple[Call, ...]:
        return tuple(self._call(table, item, table.line_of(key)) for item in table.items(key))

    def _call(self, table: Table, item: object, line: int) -> Call:
        if isinstance(item, str):
            return Call(self._known(table, item, line), {})
        if not isinstance(item, dict) or len(cast("Json", item)) != 1:
            table.wrong("write a tool by its name, or with arguments: - get_order: {order_id: '456'}", line)
        [(tool, arguments)] = cast("Json", item).items()
        line = getattr(item, "line", line)
        accepts = self._tools[self._known(table, tool, line)]
        if not isinstance(arguments, dict):
            table.wrong(f"write the arguments of {tool} as a table: {{name: value}}", line)
        given = cast("Json", arguments)
        for name in given:
            if name not in accepts:
                table.wrong(f"{tool} has no argument {name!r}{near(name, accepts)}", line)
        return Call(tool, dict(given))

    def _known(self, table: Table, tool: str, line: int) -> str:
        if tool not in self._tools:
            table.wrong(f"the desk has no tool {tool!r}{near(tool, self._tools)}", line)
        return tool

    def _persona(self, table: Table | None) -> Persona | None:
        if table is None:
            return None
        knows = table.any("knows", {})
        if not isinstance(knows, dict):
            table.wrong(
                "write what the persona knows as a table: knows: {order: '456'}", table.line_of("knows")
            )
        made = Persona(
            who=table.text("who"),
            wants=table.text("wants"),
            knows=dict(cast("Json", knows)),
            model=str(table.any("model", "")),
            turns=table.number("turns", 8),
            confirms=bool(table.flag("confirms")),
        )
        table.done()
        return made

    def _ends(self, table: Table | None) -> Ends:
        if table is None:
            return Ends()
        actions = table.texts("actions")
        for tool in actions:
            self._known(table, tool, table.line_of("actions"))
        backend = table.any("backend", {})
        if not isinstance(backend, dict):
            table.wrong(
                "write what the backend says as a table: /path: {key: value}", table.line_of("backend")
            )
        mode = str(table.any("mode", ""))
        if mode and mode not in MODES:
            table.wrong(f"mode is one of {', '.join(MODES)}", table.line_of("mode"))
        made = Ends(
            actions=actions,
            backend=tuple(
                (path, orjson.loads(orjson.dumps(value))) for path, value in cast("Json", backend).items()
            ),
            mode=mode,
            ticket=table.flag("ticket"),
            line=table.line,
        )
        table.done()
        return made


def _listed(value: object) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else [value]


def _group(reply: Table, item: object) -> tuple[str, ...]:
    """One text, or several of which one must be there."""
    group = _listed(item)
    if not group or any(isinstance(one, bool) or not isinstance(one, str | int) for one in group):
        reply.wrong("has is a list of texts, or of lists of which one must be there", reply.line_of("has"))
    return tuple(str(one) for one in group)
