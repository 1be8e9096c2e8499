"""What stands beside a change in @tool(…): limits, rules and its preview, to be called at once or to be written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from frontdesk.domain import Json
from frontdesk.tools import Tool
from frontdesk.tools.names import words_of
from frontdesk.tools.openapi.decision import Decision
from frontdesk.tools.openapi.layout import bracketed, literal
from frontdesk.tools.openapi.naming import noun
from frontdesk.tools.openapi.rules import among, in_currency, previewed, same, taken, undoing, without
from frontdesk.tools.sql.declared import singular

__all__ = ["Made", "beside", "live", "worded"]

PLAIN = ("limit", "approve_above", "approve_twice_above", "expires")


@dataclass(frozen=True, slots=True)
class Made:
    """A call of a function of rules.py."""

    function: Callable[..., Any]
    given: tuple[Any, ...]
    named: dict[str, Any] = field(default_factory=dict[str, Any])

    def now(self) -> Any:
        """What it returns."""
        return self.function(*self.given, **self.named)

    def written(self, before: str, indent: int) -> str:
        """The call in Python, behind ``before``."""
        parts = [_word("", value, indent + 4) for value in self.given]
        parts += [_word(f"{name}=", value, indent + 4) for name, value in self.named.items()]
        return bracketed(f"{before}{self.function.__name__}(", parts, ")", indent).lstrip()


def beside(made: Decision) -> dict[str, Any]:
    """Words of @tool(…) for a change: values, a Made, or a list of such."""
    found: dict[str, Any] = {word: made.words[word] for word in PLAIN if word in made.words}
    rules = [_rule(rule, made) for rule in made.words.get("requires", ())]
    if made.amount:
        found["amount"] = made.amount
        rules.append(Made(in_currency, (made.amount,)))
    if rules:
        found["requires"] = rules
    defaults = {name: parameter.default for name, parameter in made.arguments if parameter.default}
    if defaults:
        found["defaults"] = Made(taken, (defaults,), _of_amount(made) if made.amount in defaults else {})
    return {**found, "preview": _preview(made)}


def live(made: Decision, tools: Callable[[], Sequence[Tool]]) -> dict[str, Any]:
    """The same, called; ``tools`` gives all tools once they are made."""

    def now(value: Any) -> Any:
        if isinstance(value, list):
            return [now(one) for one in value]  # pyright: ignore[reportUnknownVariableType]
        return value.now() if isinstance(value, Made) else value

    undo = {"undo": undoing(tools, made.name, made.standing, made.again)} if made.words.get("undo") else {}
    return {**{word: now(value) for word, value in beside(made).items()}, **undo}


def _rule(rule: dict[str, Any], made: Decision) -> Made:
    if "in" in rule:
        return Made(among, (rule["field"], rule["in"], rule["else"]))
    if "without" in rule:
        part = _parts(made)[rule["argument"]]
        return Made(without, (rule["argument"], part, rule["without"], rule["else"]))
    return Made(same, (rule["argument"], rule["is"], rule["else"]))


def _preview(made: Decision) -> Made:
    """The document's own words, or else the tool's name and what it is done to."""
    said = made.words.get("preview", {})
    path = next((name for name, p in made.arguments if p.where == "path"), "")
    thing = singular(noun(made.operation.path.partition("{")[0])).replace("_", " ") if path else ""
    words = " ".join(words_of(made.name))
    done_to = f"{thing} {{{path}}}" if path else ""
    behind = f"{{{path}}}" if words.endswith(thing) else f"of {done_to}"
    title = str(said.get("title") or f"{words.capitalize()}{f' {behind}' if path else ''}")
    named: dict[str, Any] = {"object": done_to} if path else {}
    named |= {"changes": made.standing} if made.standing else {}
    if made.amount:
        parameter = dict(made.arguments)[made.amount]
        named |= {"amount": made.amount}
        named |= {"most": parameter.default} if parameter.default else {}
    named |= {"parts": parts} if (parts := _parts(made)) else {}
    return Made(previewed, (title, *([said["text"]] if "text" in said else [])), named)


def _of_amount(made: Decision) -> dict[str, Any]:
    parts = _parts(made)
    return {"amount": made.amount, **({"parts": parts} if parts else {})}


def _parts(made: Decision) -> dict[str, str]:
    """The arguments that name parts of the record that is read first: {"line_ids": "line"}."""
    return {name: singular(part) for name, part in made.before[0].parts.items()} if made.before else {}


def worded(said: Mapping[str, Any]) -> list[str]:
    """The words of @tool(…) in Python, as they stand four blanks in."""
    return [_word(f"{word}=", value, 4) for word, value in said.items()]


def _word(before: str, value: Any, indent: int) -> str:
    if isinstance(value, Made):
        return value.written(before, indent)
    if isinstance(value, list):
        parts = [_word("", one, indent + 4) for one in cast("list[Any]", value)]
        return bracketed(f"{before}[", parts, "]", indent).lstrip()
    if isinstance(value, dict):
        pairs = [f"{literal(k)}: {literal(v)}" for k, v in cast("Json", value).items()]
        return bracketed(f"{before}{{", pairs, "}", indent).lstrip()
    return f"{before}{literal(value)}"
