"""What stands beside a tool, checked when it is declared: a mistake fails at start with what to write instead."""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from difflib import get_close_matches
from itertools import product
from string import Formatter
from typing import Any, Literal, TypedDict

from frontdesk.domain import Grant, Json, Limit, Preview, Rule
from frontdesk.errors import DeclarationError
from frontdesk.knowledge.limit import IN_DESCRIPTION, limit
from frontdesk.tools.money import duration, limits

__all__ = ["Declaration", "described", "policy_version", "rights", "rule"]

PERMISSION = re.compile(r"^[a-z][a-z_]*:[a-z][a-z_]*$")
OF_CHANGES = ("subject", "requires", "defaults", "preview", "amount", "limit", "approve_above", "approve_twice_above",
              "expires", "undo", "undo_within", "reconcile")  # fmt: skip


class Declaration(TypedDict, total=False):
    """The words of ``@tool(…)``; see Grant for what each means, and docs/actions.md for those of actions."""

    permission: str
    changes: bool
    confirm: bool | None
    examples: Sequence[str]
    says: str | Callable[[Any], str]
    step: str
    asks: Mapping[str, str]
    limits: Mapping[str, str]
    subject: Callable[..., Any]
    requires: Sequence[Rule]
    defaults: Callable[[Any, Json], Json]
    preview: Callable[[Any, Json], Preview]
    amount: str
    limit: str | Sequence[str]
    approve_above: str | Sequence[str]
    approve_twice_above: str | Sequence[str]
    expires: str
    undo: Callable[..., Any]
    undo_within: str
    reconcile: Callable[..., Any] | Literal["repeat"]


def rule(sentence: str, holds: Callable[[Any, Json], bool]) -> Rule:
    """A rule for ``requires=``: ``sentence`` is what the customer is told where it does not hold.

    ``rule("Only a pending order can be cancelled.", lambda order, args: order["status"] == "pending")``
    """

    if not isinstance(sentence, str) or not sentence.strip():  # pyright: ignore[reportUnnecessaryIsInstance]
        raise DeclarationError("rule(…) needs the sentence that the customer is told where it does not hold")
    if inspect.iscoroutinefunction(holds):
        raise DeclarationError(
            f"rule({sentence!r}, …) takes a plain function: read in subject= what must be awaited"
        )

    def check(subject: Any, arguments: Json) -> str | None:
        return None if holds(subject, arguments) else sentence

    check.__doc__ = sentence
    return check


def rights(title: str, accepts: Collection[str], takes: Collection[str], declared: Declaration) -> Grant:
    """The grant of a tool whose arguments are ``accepts`` and whose function also takes ``takes``.

    Raises DeclarationError with a sentence that says what to write.
    """
    _known_words(title, declared)
    permission = declared.get("permission", "")
    if not PERMISSION.fullmatch(permission):
        raise DeclarationError(f'{title}: write a permission such as @tool(permission="orders:read")')
    confirm = declared.get("confirm")
    changes = declared.get("changes", False) or bool(confirm)
    words = [word for word in OF_CHANGES if word in declared]
    if words and not changes:
        raise DeclarationError(
            f"{title}: {words[0]}= is for a tool that changes data: write confirm=True beside it"
        )
    if not isinstance(declared.get("limits", {}), Mapping):
        raise DeclarationError(
            f'{title}: write limit="3/day" for what is refused; limits= is what the articles say'
        )
    for thing, quantity in declared.get("limits", {}).items():
        limit(title, thing, quantity)  # refused at start, not in front of a customer
    made = Grant(
        permission,
        changes,
        changes if confirm is None else confirm,
        tuple(declared.get("examples", ())),
        declared.get("says", ""),
        declared.get("step", ""),
        dict(declared.get("asks", {})),
        dict(declared.get("limits", {})),
        declared.get("subject"),
        tuple(declared.get("requires", ())),
        declared.get("preview"),
        declared.get("amount", ""),
        limits(title, "limit", _texts(declared.get("limit"))),
        limits(title, "approve_above", _texts(declared.get("approve_above"))),
        limits(title, "approve_twice_above", _texts(declared.get("approve_twice_above"))),
        duration(title, "expires", declared.get("expires", "10 minutes")),
        declared.get("undo"),
        duration(title, "undo_within", declared.get("undo_within", "10 minutes")),
        declared.get("reconcile"),
        declared.get("defaults"),
    )
    _check(title, made, accepts, takes, declared)
    return made


def _known_words(title: str, declared: Declaration) -> None:
    """A word that is misspelt would be a limit that is not there."""
    for word in declared.keys() - Declaration.__annotations__.keys():
        near = get_close_matches(word, [*Declaration.__annotations__, "name"], 1, 0.5)
        raise DeclarationError(f"{title}: there is no {word}={f'; did you mean {near[0]}=?' if near else ''}")


def _texts(declared: Any) -> list[Any]:
    """The texts of one or several limits; what is none is refused where they are read."""
    return list(declared) if isinstance(declared, list | tuple) else [] if declared is None else [declared]


def _check(
    title: str, made: Grant, accepts: Collection[str], takes: Collection[str], declared: Declaration
) -> None:
    """What fits together and what does not."""
    _check_words(title, made, declared)
    _check_spoken(title, made, accepts, declared)
    if made.amount and made.amount not in accepts:
        raise DeclarationError(
            f"{title}: amount={made.amount!r} names no argument; it has {_listed(accepts)}"
        )
    for cap in made.capped:
        _check_cap(title, cap, made, accepts)
    if (made.approve or made.approve_twice) and not made.confirm:
        raise DeclarationError(
            f"{title}: approve_above= needs confirm=True: staff approve what a customer confirmed"
        )
    for lower, upper in product(made.approve, made.approve_twice):
        same = (lower.currency, lower.window, lower.scope) == (upper.currency, upper.window, upper.scope)
        if same and upper.most < lower.most:
            raise DeclarationError(
                f"{title}: approve_twice_above={upper.said!r} lies below approve_above={lower.said!r}"
            )
    if "undo_within" in declared and made.undo is None:
        raise DeclarationError(f"{title}: undo_within= needs undo=, the function that takes it back")
    if (made.requires or made.defaults) and made.subject is None:
        word = "requires" if made.requires else "defaults"
        raise DeclarationError(f"{title}: {word}= needs subject=, the function that reads what it is about")
    _check_functions(title, made, accepts, takes)


def _check_words(title: str, made: Grant, declared: Declaration) -> None:
    """What would be passed over in silence."""
    if not isinstance(declared.get("requires", ()), list | tuple):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise DeclarationError(f"{title}: requires= is a list: requires=[rule(…)]")
    for word in ("undo", "expires"):
        if word in declared and not made.confirm:
            raise DeclarationError(f"{title}: {word}= needs confirm=True: it belongs to a button")
    if any(inspect.iscoroutinefunction(f) for f in (made.preview, made.defaults, *made.requires)):
        raise DeclarationError(
            f"{title}: preview=, defaults= and requires= are plain functions: await in subject="
        )
    money = {cap.currency for cap in made.capped if cap.currency}
    for group in (made.limit, made.approve, made.approve_twice):
        spoken = {cap.currency for cap in group if cap.currency}
        if spoken and spoken != money:
            raise DeclarationError(
                f"{title}: its limits speak of {_listed(money)}: give each of them in each currency"
            )


def _check_spoken(title: str, made: Grant, accepts: Collection[str], declared: Declaration) -> None:
    """What the built-in local model and the widget say of the tool."""
    listed = not isinstance(declared.get("examples", ()), str)
    if not listed or not all(isinstance(one, str) and one.strip() for one in made.examples):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise DeclarationError(
            f'{title}: examples= is a list of what customers say: examples=["where is order 789"]'
        )
    for name, question in made.asks.items():
        if name not in accepts:
            raise DeclarationError(f"{title}: asks= names {name!r}; it may ask for {_listed(accepts)}")
        if not isinstance(question, str) or not question.strip():  # pyright: ignore[reportUnnecessaryIsInstance]
            raise DeclarationError(
                f'{title}: asks= has a question for each argument: {{{name!r}: "Which one?"}}'
            )
    # A width such as {order_id:>400000000} would take as much memory, an attribute would say what is nobody's business.
    try:
        named = [part[1:] for part in Formatter().parse(made.step) if part[1] is not None]
    except ValueError:
        named = [("", "", None)]
    if any(name not in accepts or spec or conversion for name, spec, conversion in named):
        raise DeclarationError(
            f'{title}: step= may name an argument as it is, "Looking up order {{order_id}}"; it has {_listed(accepts)}'
        )


def _check_functions(title: str, made: Grant, accepts: Collection[str], takes: Collection[str]) -> None:
    """Each function beside the tool asks only for what it can be given."""
    _takes(title, "subject", made.subject, {*accepts, "customer", "context"})
    _takes(title, "undo", made.undo, {"done", "customer", "effect_id"})
    if made.reconcile != "repeat":
        _takes(title, "reconcile", made.reconcile, {*accepts, "customer", "effect_id"})
    elif "effect_id" not in takes:
        raise DeclarationError(
            f'{title}: reconcile="repeat" needs the argument effect_id, sent to the backend as Idempotency-Key'
        )


def _check_cap(title: str, cap: Limit, made: Grant, accepts: Collection[str]) -> None:
    if cap.currency and not made.amount and made.preview is None:
        raise DeclarationError(
            f'{title}: {cap.said!r} counts money: name the argument that holds it, amount="…", '
            "or give a preview= that says it"
        )
    if cap.scope not in ("customer", "shop", "call") and cap.scope not in accepts:
        raise DeclarationError(
            f"{title}: {cap.said!r} is per {cap.scope}, which is no argument; it has {_listed(accepts)}, customer, shop"
        )


def _takes(title: str, word: str, function: Any, may: Collection[str]) -> None:
    if function is None:
        return
    if not callable(function):
        raise DeclarationError(f"{title}: {word}= is a function")
    for name in inspect.signature(function).parameters:
        if name not in may:
            raise DeclarationError(f"{title}: {word}= asks for {name!r}; it may ask for {_listed(may)}")


def _listed(names: Collection[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def described(description: str, made: Grant) -> str:
    """What a model reads of a tool: its docstring, and what it allows."""
    listed = "; ".join(f"{thing}: {quantity}" for thing, quantity in made.limits.items())
    return f"{description}{IN_DESCRIPTION}{listed}." if listed else description


def policy_version(made: Grant) -> str:
    """12 hex digits that change with what is declared; each action keeps those it was proposed under."""
    caps = [[cap.said for cap in group] for group in (made.limit, made.approve, made.approve_twice)]
    beside = (made.subject, made.preview, made.undo, made.reconcile, *made.requires)
    names = [_name(f) for f in (*beside, *([made.defaults] if made.defaults else []))]
    parts = [
        made.permission,
        made.confirm,
        made.amount,
        caps,
        str(made.expires),
        str(made.undo_within),
        names,
    ]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def _name(function: Any) -> str:
    return f"{getattr(function, '__qualname__', function)} {getattr(function, '__doc__', '')}"
