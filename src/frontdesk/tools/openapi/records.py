"""A backend's records, each proved to be the customer's before anything of it is shown: for live and written tools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints, is_typeddict

from frontdesk.domain import Customer, Json
from frontdesk.errors import ToolNotFound, ToolUnavailable
from frontdesk.tools.backend import NOT_FOUND, Backend, path_of
from frontdesk.tools.openapi.identity import named
from frontdesk.tools.openapi.parts import parts_of
from frontdesk.tools.openapi.rules import NULL, number
from frontdesk.tools.openapi.schema import Shape, select

__all__ = ["Call", "Records", "shape_of"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """One request: ``at`` fills in the braces of ``path``; ``owner`` is where in the answer the customer's id stands."""

    method: str
    path: str
    at: Mapping[str, Any]
    query: Mapping[str, Any]
    owner: str | Sequence[str] = ()
    body: Mapping[str, Any] | None = None
    form: bool = False
    multipart: bool = False

    @property
    def place(self) -> str:
        """The path, filled in. Raises ToolNotFound for a value that would lead to another one."""
        return path_of(self.path, self.at)


class Records:
    """The records of ``backend``; ``customer`` is what the customer's id is called in its answers, ["user_id"]."""

    def __init__(self, backend: Backend, *, customer: Sequence[str]) -> None:
        self._backend = backend
        self._identity = named(customer)

    async def read(
        self,
        shows: type[T],
        path: str,
        customer: Customer,
        *,
        at: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        owner: str | Sequence[str] = (),
    ) -> T:
        """What ``shows`` names of the answer at ``path``, whose braces ``at`` fills in.

        ``shows`` is a TypedDict, a list of one, or a plain type: what it does not name never passes. ``owner`` is the
        field of the answer that must be the customer's id, ("data", "user_id") where it lies deeper. Raises
        ToolNotFound alike for what is not there and for what is somebody else's; ToolRefused, ToolUnavailable.
        """
        answer = await self.proved(Call("GET", path, at or {}, query or {}, owner), customer)
        return cast("T", select(answer, shape_of(shows)))

    async def proved(self, call: Call, customer: Customer) -> Any:
        """The whole answer, which is not to be shown; as ``read`` otherwise."""
        answer = await self._backend.read(call.place, call.query, customer=customer)
        names = (call.owner,) if isinstance(call.owner, str) else call.owner
        if names and not _is(_inside(answer, names), customer):
            raise ToolNotFound(NOT_FOUND)
        if self._foreign(answer, customer):
            if names:
                raise ToolNotFound(NOT_FOUND)
            raise ToolUnavailable("The system behind this answered with what is not this customer's.")
        return answer

    async def change(
        self,
        shows: type[T],
        method: str,
        path: str,
        customer: Customer,
        *,
        key: str,
        at: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
        form: bool = False,
        multipart: bool = False,
    ) -> T:
        """Change something, once for each ``key``, and what ``shows`` names of the answer.

        Whose it is has to be proved before. What is None in ``body`` is left away. Raises as ``read`` does.
        """
        call = Call(method, path, at or {}, query or {}, body=body, form=form, multipart=multipart)
        answer = await self.changed(call, customer, key)
        return cast("T", select(answer, shape_of(shows)))

    async def changed(self, call: Call, customer: Customer, key: str) -> Any:
        """The whole answer to a change, which is not to be shown; as ``change`` otherwise."""
        sent = None if call.body is None else _given(call.body)
        answer = await self._backend.change(
            call.method,
            call.place,
            sent,
            key=key,
            query=call.query,
            form=call.form,
            multipart=call.multipart,
            customer=customer,
        )
        if self._foreign(answer, customer):
            raise ToolUnavailable("The system behind this answered with what is not this customer's.")
        return answer

    number = staticmethod(number)

    def holds(self, record: Any, *parts: tuple[str, Any]) -> None:
        """Raises ToolNotFound unless ``record``, which was read, has each part: ("line", a line's id, several or None)."""
        for noun, said in parts:
            wanted = cast("list[Any]", said) if isinstance(said, list) else [said]
            if not {str(one) for one in wanted if one is not None} <= parts_of(record, noun):
                raise ToolNotFound(NOT_FOUND)

    def _foreign(self, value: Any, customer: Customer) -> bool:
        """Whether anything in an answer says that it is another customer's."""
        if isinstance(value, list):
            return any(self._foreign(item, customer) for item in cast("list[Any]", value))
        if not isinstance(value, dict):
            return False
        for name, inner in cast("Json", value).items():
            said = cast("Json", inner).get("id") if isinstance(inner, dict) else inner
            plain = said is not None and not isinstance(said, dict | list)
            if self._identity.named(name) and plain and not _is(said, customer):
                return True
        return any(self._foreign(inner, customer) for inner in value.values())


@cache
def shape_of(shows: Any) -> Shape:
    """What a type lets through: the fields of a TypedDict, of each item of a list, or one plain value."""
    if get_origin(shows) in (Union, UnionType):
        shows = next((part for part in get_args(shows) if part is not type(None)), Any)
    if get_origin(shows) is list:
        return [shape_of(get_args(shows)[0])]
    if is_typeddict(shows):
        return {name: shape_of(hint) for name, hint in get_type_hints(shows).items()}
    return None


def _given(body: Mapping[str, Any]) -> Json:
    """``body`` without what was not said; of an object of which nothing was said, nothing."""
    made: Json = {}
    for name, value in body.items():
        if isinstance(value, Mapping):
            value = _given(cast("Mapping[str, Any]", value)) or None
        if value is not None:
            made[name] = None if value is NULL else value
    return made


def _is(value: Any, customer: Customer) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and str(value) == customer.id


def _inside(answer: Any, names: Sequence[str]) -> Any:
    for name in names:
        answer = cast("Json", answer).get(name) if isinstance(answer, dict) else None
    return answer
