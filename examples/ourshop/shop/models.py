"""The JSON the shop answers with. Money is a decimal string, a `_on` is a date, an `_at` a moment in UTC."""

from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from pydantic import BaseModel

from examples.ourshop.shop.wishes import ShippingAddress

OrderStatus = Literal[
    "placed",
    "processing",
    "partly_shipped",
    "shipped",
    "out_for_delivery",
    "delivered",
    "delayed",
    "lost",
    "cancelled",
    "returned",
    "partly_refunded",
]


STATUS_TEXT: dict[OrderStatus, str] = {
    "placed": "has been placed and is waiting for our warehouse",
    "processing": "is processing in our warehouse and has not been shipped yet",
    "partly_shipped": "has been partly shipped: one part is on its way, the rest is still in our warehouse",
    "shipped": "has been shipped",
    "out_for_delivery": "is out for delivery",
    "delivered": "has been delivered",
    "delayed": "is delayed",
    "lost": "seems to be lost with the carrier",
    "cancelled": "has been cancelled",
    "returned": "has been returned",
    "partly_refunded": "has been partly refunded",
}


class Address(BaseModel):
    """An entry of a customer's address book."""

    id: str
    name: str
    street: str
    postal_code: str
    city: str
    country: str
    default: bool


class User(BaseModel):
    """A customer's account."""

    id: str
    name: str
    email: str
    phone: str
    locale: str
    customer_since: date
    addresses: list[Address]


class Line(BaseModel):
    """One product in an order.

    ``refundable`` is what of its price is not promised back; ``return_refusal`` says why it cannot be returned today,
    and is null where it can.
    """

    id: str
    product_id: str
    name: str
    quantity: int
    unit_price: Decimal
    status: str
    returnable: bool
    refundable: Decimal
    return_refusal: str | None


class Shipment(BaseModel):
    """A parcel and the lines in it."""

    id: str
    carrier: str
    tracking_number: str
    tracking_url: str
    status: str
    shipped_on: date
    expected_on: date
    delivered_on: date | None
    last_scan_on: date
    line_ids: list[str]


class Order(BaseModel):
    """An order with its lines and parcels.

    ``refundable`` is what was paid and is not promised back; ``expected_delivery`` is null once nothing is on its way.
    """

    id: str
    user_id: str
    status: OrderStatus
    status_text: str
    status_note: str | None
    placed_on: date
    currency: str
    total: Decimal
    shipping_fee: Decimal
    shipping_method: str
    refunded_total: Decimal
    refundable: Decimal
    lines: list[Line]
    shipping_address: ShippingAddress
    shipments: list[Shipment]
    shipped_on: date | None
    expected_delivery: date | None
    delivered_on: date | None
    return_until: date | None
    cancelled_on: date | None


class OrderSummary(BaseModel):
    """An order as a list shows it."""

    id: str
    status: OrderStatus
    placed_on: date
    total: Decimal
    currency: str
    item_count: int
    summary: str
    expected_delivery: date | None


class OrderPage(BaseModel):
    """Orders, newest first, and how many there are in all."""

    orders: list[OrderSummary]
    total: int


class Payment(BaseModel):
    """One attempt to pay for an order."""

    id: str
    order_id: str
    user_id: str
    method: str
    description: str
    status: str
    amount: Decimal
    refunded_amount: Decimal
    currency: str
    created_at: datetime
    paid_on: date | None


class Payments(BaseModel):
    """Payments, newest first."""

    payments: list[Payment]


class Refund(BaseModel):
    """Money on its way back; `expected_by` is when the shop pays it, not when the bank shows it."""

    id: str
    order_id: str
    user_id: str
    payment_id: str
    return_id: str | None
    method: str
    amount: Decimal
    currency: str
    status: str
    reason: str
    line_ids: list[str]
    requested_on: date
    approved_on: date | None
    paid_out_on: date | None
    rejected_on: date | None
    expected_by: date | None
    note: str | None


class Refunds(BaseModel):
    """Refunds, newest first; ``order_id`` where they are those of one order."""

    order_id: str | None = None
    refunds: list[Refund]


class CancelledOrder(Order):
    """A cancelled order and the refund the cancellation caused, if it was paid."""

    refund: Refund | None


class Label(BaseModel):
    """The label of a return; `cost` is taken off the refund."""

    carrier: str
    tracking_number: str
    url: str
    cost: Decimal


class ReturnableLine(BaseModel):
    """A line that can be returned, or the sentence that says why it cannot."""

    id: str
    name: str
    refusal: str | None


class Returnable(BaseModel):
    """The lines of an order, as far as a return goes."""

    lines: list[ReturnableLine]


class Return(BaseModel):
    """Goods on their way back."""

    id: str
    order_id: str
    user_id: str
    status: str
    reason: str
    line_ids: list[str]
    label: Label
    refund_amount: Decimal
    currency: str
    created_on: date
    received_on: date | None
    refund_id: str | None
    note: str | None


class Returns(BaseModel):
    """Returns, newest first; ``order_id`` where they are those of one order."""

    order_id: str | None = None
    returns: list[Return]


class Product(BaseModel):
    """Something the shop sells."""

    id: str
    name: str
    category: str
    description: str
    kind: str
    returnable: bool
    price: Decimal
    currency: str
    stock: int
    in_stock: bool


class ProductPage(BaseModel):
    """Products that match, by name, and how many there are in all."""

    products: list[Product]
    total: int


class Note(BaseModel):
    """An addition to a ticket."""

    body: str
    created_at: datetime


class Ticket(BaseModel):
    """A question for the shop's staff."""

    id: str
    user_id: str | None
    subject: str
    body: str
    reference: str | None
    status: str
    created_at: datetime
    notes: list[Note]


class SentEmail(BaseModel):
    """An e-mail the shop is sending."""

    id: str
    kind: str
    sent_to: str
    subject_id: str
    sent_at: datetime


class PasswordReset(BaseModel):
    """A reset link on its way; the link itself is only in the e-mail."""

    id: str
    user_id: str
    sent_to: str
    expires_at: datetime
