"""The bodies of requests."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
LongText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]

# "20" and "20.00" are one request, so they must read the same to an Idempotency-Key.
Amount = Annotated[
    Decimal,
    Field(gt=0, max_digits=10, decimal_places=2),
    AfterValidator(lambda amount: amount.quantize(Decimal("0.01"))),
]


def _as_it_is(where: str) -> Any:
    """Says in the document where in the order this stands already, which is taken where a customer says nothing."""
    return Field(json_schema_extra={"x-frontdesk-default": where})


class Wish(BaseModel):
    """The body of a request; unknown fields are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ShippingAddress(Wish):
    """Where an order goes."""

    name: Annotated[Text, _as_it_is("shipping_address.name")]
    street: Text
    postal_code: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=12)]
    city: Text
    country: Annotated[
        str,
        StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[A-Za-z]{2}$"),
        _as_it_is("shipping_address.country"),
    ]


class EmailChange(Wish):
    """A new e-mail address, with the present one as proof that the caller sees this account."""

    email: Annotated[
        str,
        StringConstraints(strip_whitespace=True, max_length=254, pattern=r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$"),
    ]
    current_email: Text


class RefundWish(Wish):
    """An amount, or lines, or both (part of the lines' price), or neither (all that is left)."""

    amount: Annotated[Amount | None, _as_it_is("refundable")] = None
    line_ids: Annotated[list[str], Field(min_length=1, max_length=100)] | None = None
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


class ReturnWish(Wish):
    """Which lines come back and why: `faulty` and `wrong_item` make the label free."""

    line_ids: Annotated[list[str], Field(min_length=1, max_length=100)]
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


class TicketWish(Wish):
    """A new ticket; a visitor without an account leaves `user_id` out."""

    user_id: str | None = None
    subject: Text
    body: LongText
    reference: Text | None = None


class NoteWish(Wish):
    """A note for a ticket."""

    note: LongText
