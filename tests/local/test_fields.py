from dataclasses import dataclass
from typing import Any, TypedDict

import pytest
from pydantic import BaseModel

from frontdesk.models.local.fields import check_fields
from frontdesk.models.local.says import TemplateError


class Line(TypedDict):
    name: str


class Order(TypedDict):
    id: str
    lines: list[Line]
    eta: str | None


@dataclass
class Book:
    id: str


@dataclass
class Shelf:
    book: Book


class Loan(BaseModel):
    due: str
    shelf: Shelf | None


def order() -> Order: ...


async def loan() -> Loan | None: ...


def anything() -> dict[str, Any]: ...


@pytest.mark.parametrize(
    ("template", "function"),
    [
        ("{id}[ by {eta|date}] {lines|join:name}{each lines}{name}{/each} {lines.0.name}", order),
        ("{due|date}[ {shelf.book.id}]", loan),
        ("{whatever.it.is}", anything),
    ],
)
def test_what_the_result_has_may_be_named(template: str, function: Any) -> None:
    check_fields(template, function)


@pytest.mark.parametrize(
    ("template", "function", "named"),
    [
        ("{idd}", order, "has no 'idd'; it has id, lines, eta"),
        ("[@when {etta|date}]", order, "'etta'"),
        ("{lines|join:title}", order, "'title'"),
        ("{each lines}{title}{/each}", order, "'title'"),
        ("{each lines}{name}{else}{nothing}{/each}", order, "'nothing'"),
        ("{shelf.book.isbn}", loan, "names 'shelf.book.isbn', but the result has no 'isbn'"),
    ],
)
def test_what_the_result_does_not_have_is_refused_with_what_it_has(
    template: str, function: Any, named: str
) -> None:
    with pytest.raises(TemplateError, match=named.replace(".", r"\.")):
        check_fields(template, function)
