"""How a change stands to the record it is about: what it takes the place of, what is taken from it, which money it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from frontdesk.domain import Json
from frontdesk.tools.openapi.arguments import LeftOut
from frontdesk.tools.openapi.decision import Decision
from frontdesk.tools.openapi.declared import OF_FIELDS
from frontdesk.tools.openapi.load import Document
from frontdesk.tools.openapi.naming import noun
from frontdesk.tools.openapi.operations import Parameter
from frontdesk.tools.openapi.parts import records
from frontdesk.tools.openapi.schema import is_money, members

__all__ = ["stand"]


def stand(document: Document, made: Decision) -> None:
    """Settle ``made.amount``, ``made.standing`` and what is optional since the record has it.

    Raises LeftOut for a rule or a default over what the record does not show.
    """
    made.amount, made.standing, made.again = "", {}, {}
    record: Any = made.subject.shown.shape if made.subject else None
    fields: Json = cast("Json", record) if isinstance(record, dict) else {}
    arguments: list[tuple[str, Parameter]] = []
    for name, parameter in made.arguments:
        if parameter.default:
            _shown(fields, parameter.default, OF_FIELDS)
            parameter = replace(parameter, required=False)
        if parameter.where == "body" and not made.amount and _is_amount(document, parameter, fields):
            made.amount = name
        elif parameter.where == "body" and made.operation.method in ("put", "patch"):
            place = parameter.default or _place(fields, noun(made.operation.path), parameter)
            made.standing |= {name: place} if place else {}
        arguments.append((name, parameter))
    made.arguments = arguments
    for rule in made.words.get("requires", ()):
        _rule(made, fields, rule)
    stays = {*made.standing, *made.again}
    if made.words.get("undo") and any(p.where != "path" and name not in stays for name, p in arguments):
        raise LeftOut(
            "x-frontdesk: undo is for a PUT or PATCH whose fields all stand in the record that is read first"
        )


def _rule(made: Decision, fields: Json, rule: Json) -> None:
    """Raises LeftOut for a rule over what is not there; what a rule holds to the record is not what is changed in it."""
    if "without" in rule:
        _of_parts(made, rule)
        return
    _shown(fields, str(rule.get("field") or rule.get("is")), "x-frontdesk: a rule")
    argument = str(rule.get("argument") or "")
    if not argument:
        return
    if argument not in dict(made.arguments):
        raise LeftOut(f"x-frontdesk: a rule is about {argument!r}, which is no argument")
    made.standing.pop(argument, "")
    if other := next((n for n, at in made.standing.items() if at == rule["is"]), ""):
        made.again[argument] = other


def _of_parts(made: Decision, rule: Json) -> None:
    """Raises LeftOut unless a rule is about an argument that names parts of the record, and a field that they show."""
    first = made.before[0] if made.before else None
    part = first.parts.get(rule["argument"], "") if first else ""
    if first is None or not part:
        raise LeftOut(
            f"x-frontdesk: a rule is about {rule['argument']!r}, which names no parts of the record"
        )
    if not any(rule["without"] in one for one in records(first.read.shown.shape, part)):
        raise LeftOut(f"x-frontdesk: a rule names {rule['without']!r}, which no {part} shows")


def _shown(fields: Json, place: str, who: str) -> None:
    if _at(fields, place) is None:
        raise LeftOut(f"{who} names {place!r}, which no record that is read first shows")


def _at(fields: Any, place: str) -> Any:
    for part in place.split("."):
        fields = cast("Json", fields).get(part) if isinstance(fields, dict) else None
    return fields


def _place(fields: Json, thing: str, parameter: Parameter) -> str:
    """Where what a field takes the place of stands: under its own name, or in the part that the path names."""
    name = ".".join(parameter.inside)
    return next((place for place in (f"{thing}.{name}", name) if isinstance(_at(fields, place), str)), "")


def _is_amount(document: Document, parameter: Parameter, fields: Json) -> bool:
    """Whether a field holds an amount in the record's currency; a whole number may be one of cents."""
    kind, inner = members(document, parameter.schema)
    said: Any = inner.get("type") if kind == "plain" else None
    kinds = {said} if isinstance(said, str) else set(said or ())
    decimal = bool(kinds & {"number", "string"}) and "integer" not in kinds
    return decimal and is_money(parameter.name) and isinstance(fields.get("currency"), str)
