"""What stands beside a change that comes from a document: rules over the record, and a preview in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_DOWN, Decimal
from inspect import signature
from typing import Any, Final, cast

from frontdesk.domain import Change, Customer, Done, Json, Money, Preview, Rule
from frontdesk.errors import ToolNotFound, ToolRefused
from frontdesk.models.local.says import look_up, render
from frontdesk.tools import Tool, called
from frontdesk.tools.declare import rule
from frontdesk.tools.openapi.parts import named_parts, parts_of, several

__all__ = ["among", "in_currency", "previewed", "same", "taken", "undoing", "without"]

CENT = Decimal("0.01")
NULL: Final = object()  # in a body: null, where None is what was not said


def among(field: str, values: Sequence[Any], otherwise: str) -> Rule:
    """The record's ``field`` must be one of ``values``; ``otherwise`` is what the customer is told."""
    return rule(otherwise, lambda record, _: look_up(record, field) in values)


def same(argument: str, field: str, otherwise: str) -> Rule:
    """What was said as ``argument`` must be what stands in the record's ``field``; case does not count."""
    return rule(
        otherwise,
        lambda record, said: str(said.get(argument)).lower() == str(look_up(record, field)).lower(),
    )


def without(argument: str, part: str, field: str, otherwise: str) -> Rule:
    """Each ``part`` of the record that ``argument`` names must have nothing in its ``field``.

    ``otherwise`` is a template over the part, "{name}: {return_refusal}".
    """

    def check(record: Any, said: Json) -> str | None:
        for one in named_parts(record, part, said.get(argument)):
            if one is None:
                raise ToolNotFound  # what is not seen cannot be held to the rule
            if one.get(field):
                return render(otherwise, one) or _plain(one[field])
        return None

    check.__doc__ = otherwise
    return check


def in_currency(argument: str) -> Rule:
    """An amount must be in the record's own ``currency``: only its number is sent."""

    def holds(record: Any, said: Json) -> bool:
        wanted = said.get(argument)
        return wanted is None or wanted["currency"] == look_up(record, "currency")

    return rule("The amount has to be in the currency of the purchase.", holds)


def taken(
    fields: Mapping[str, str], *, amount: str = "", parts: Mapping[str, str] | None = None
) -> Callable[[Any, Json], Json]:
    """Arguments that were not said, from where they stand in the record: {"country": "shipping_address.country"}.

    amount   the argument that holds money: in the record's ``currency``, and all that is left
    parts    arguments that name parts of the record, {"line_ids": "line"}: where one was said, the amount is what is
             left of those, or, where they have no such field, not taken: the backend knows what they cost
    """

    def defaults(record: Any, said: Json) -> Json:
        missing = {n: field for n, field in fields.items() if said.get(n) is None}
        found = {name: look_up(record, field) for name, field in missing.items()}
        if amount in found and any(said.get(part) for part in parts or ()):
            found[amount] = left_of(record, said, fields[amount], parts)
            if found[amount] is None:
                del found[amount]
        for name, value in found.items():
            if value is None:
                raise ToolRefused(f"Say the {_words(missing[name].rpartition('.')[2])} as well.")
        if amount in found:
            left = Decimal(str(found.pop(amount))).quantize(CENT, ROUND_DOWN)
            currency = look_up(record, "currency")
            if left > 0:  # else the preview says that nothing is left
                found[amount] = {"amount": str(left), "currency": currency}
        return found

    defaults.__doc__ = f"{dict(fields)} {amount} {[*(parts or ())]}"
    return defaults


def left_of(record: Any, said: Json, field: str, parts: Mapping[str, str] | None) -> Decimal | None:
    """What ``field`` says is left of the record, and not more than of its parts that were named; None: nobody says."""
    left = look_up(record, field)
    if left is None or isinstance(left, dict | list):
        return None
    whole = Decimal(str(left))
    asked = {name: part for name, part in (parts or {}).items() if said.get(name)}
    if not asked:
        return whole
    named = [one for name, part in asked.items() for one in named_parts(record, part, said[name])]
    of_each = [one and one.get(field.rpartition(".")[2]) for one in named]
    if not named or any(one is None for one in of_each):
        return None
    return min(whole, sum((Decimal(str(one)) for one in of_each), Decimal(0)))


def number(said: Any) -> Any:
    """Of money its number, as text; anything else as it is."""
    return str(said.amount) if isinstance(said, Money) else said


def previewed(
    title: str,
    text: str = "",
    *,
    object: str = "",
    changes: Mapping[str, str] | None = None,
    amount: str = "",
    most: str = "",
    parts: Mapping[str, str] | None = None,
) -> Callable[[Any, Json], Preview]:
    """A preview from templates over the record and the arguments; see docs/tools.md for what a template can say.

    object   what it is done to, "order {order_id}"
    changes  arguments that take the place of what stands in the record: {"street": "shipping_address.street"}
    amount   the argument that holds the money
    most     the record's field that holds the most it may be
    parts    arguments that name parts of the record, {"line_ids": "line"}: shown by the parts' names
    """

    def preview(record: Any, said: Json) -> Preview:
        given = {name: value for name, value in said.items() if value is not None}
        money = _money(record, given, amount, most, parts)
        given |= _by_name(record, given, parts or {})
        scope = {**(cast("Json", record) if isinstance(record, dict) else {}), **given}
        scope |= {amount: str(money) if money else None} if amount else {}
        shown = render(title, scope) or title.partition(" {")[0]
        rows = [
            Change(_words(name), _plain(look_up(record, field)), _plain(given[name]))
            for name, field in (changes or {}).items()
            if name in given and _plain(given[name]) != _plain(look_up(record, field))
        ]
        if changes and not rows:
            raise ToolRefused("That is how it is already.")
        return Preview(
            (text and render(text, scope)) or _sentence(shown, given, money),
            tuple(rows),
            money,
            render(object, scope) if object else "",
            shown,
            {name: look_up(record, field) for name, field in (changes or {}).items()},
        )

    return preview


def undoing(
    tools: Callable[[], Sequence[Tool]],
    name: str,
    fields: Mapping[str, str],
    again: Mapping[str, str] | None = None,
) -> Callable[..., Any]:
    """What takes a change by the tool ``name`` back: the same with what stood in the record, as its preview remembers.

    fields  where in the record stands what an argument takes the place of: {"street": "shipping_address.street"};
            ToolRefused where that is no longer what was written
    again   arguments that must be what stands there by now, which is what another one was: {"current_email": "email"}
    """

    async def undo(done: Done, customer: Customer, effect_id: str) -> Any:
        made = next(tool for tool in tools() if tool.name == name)
        subject = made.grant.subject
        if subject is None:
            raise ToolRefused("This cannot be taken back here.")
        given = {**done.arguments, "customer": customer}
        record = await called(subject, {name: given[name] for name in signature(subject).parameters})
        earlier = dict(done.arguments)
        for argument, before in done.remembered.items():
            said, field = done.arguments.get(argument), fields.get(argument, "")
            # What was put back already counts as well: a repeat whose answer was lost must send the same.
            written = {_plain(value) for value in (said, before, look_up(done.result, field) or said)}
            if _plain(look_up(record, field)) not in written:
                raise ToolRefused("It has been changed again since.")
            earlier[argument] = NULL if before is None and said is not None else before
        earlier |= {argument: done.arguments[other] for argument, other in (again or {}).items()}
        return await made.function(**earlier, customer=customer, effect_id=effect_id)

    return undo


def _by_name(record: Any, given: Json, parts: Mapping[str, str]) -> Json:
    """The arguments that name parts, by what those are called. Raises ToolNotFound for one that is not in the record."""
    found: Json = {}
    for argument, part in parts.items():
        if not {str(one) for one in several(given.get(argument))} <= parts_of(record, part):
            raise ToolNotFound
        found_parts = named_parts(record, part, given.get(argument))
        named = [one and (one.get("name") or one.get("title")) for one in found_parts]
        if named and all(named):
            found[argument] = ", ".join(map(str, named))
    return found


def _money(record: Any, given: Json, amount: str, most: str, parts: Mapping[str, str] | None) -> Money | None:
    if not amount:
        return None
    currency = str(look_up(record, "currency") or "")
    limit = left_of(record, given, most, parts) if most else None
    limit = left_of(record, given, most, None) if most and limit is None else limit
    said = given.get(amount)
    if limit is not None and (limit <= 0 or (said and Decimal(said["amount"]) > limit)):
        raise ToolRefused(f"At most {max(limit, Decimal(0)):.2f} {currency} is left of it.")
    return Money(Decimal(said["amount"]), said["currency"]) if said else None


def _sentence(title: str, given: Json, money: Money | None) -> str:
    """The title, and what else was said."""
    words = [
        f"{_words(name.removesuffix('_ids') + 's' * name.endswith('_ids'))}: {_plain(value)}"
        for name, value in given.items()
        if not isinstance(value, dict) and _plain(value) not in title
    ]
    about = [str(money)] if money and str(money) not in title else []
    listed = ", ".join([*about, *words])
    return f"{title}{f' ({listed})' if listed else ''}."


def _words(name: str) -> str:
    return name.replace("_", " ")


def _plain(value: Any) -> str:
    return ", ".join(map(str, cast("list[Any]", value))) if isinstance(value, list) else str(value)
