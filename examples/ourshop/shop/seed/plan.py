"""What is to be said about an order; `world` turns it into rows that agree with each other."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from examples.ourshop.shop import rules
from examples.ourshop.shop.seed.catalog import Item
from examples.ourshop.shop.seed.people import Customer

CARRIERS = ("DHL", "PostNL", "DPD", "UPS", "GLS")


@dataclass(frozen=True, slots=True)
class Parcel:
    """A shipment of the lines at `positions`."""

    carrier: str
    status: str
    positions: tuple[int, ...]
    shipped_on: date
    expected_on: date
    last_scan_on: date
    delivered_on: date | None = None


@dataclass(frozen=True, slots=True)
class RefundPlan:
    """A refund of an amount; `of_return` is the index of the return that caused it."""

    status: str
    amount: Decimal
    reason: str
    requested_at: datetime
    positions: tuple[int, ...] = ()
    decided_on: date | None = None
    of_return: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ReturnPlan:
    """A return of the lines at `positions`."""

    status: str
    positions: tuple[int, ...]
    reason: str
    created_at: datetime
    received_on: date | None = None
    note: str | None = None


@dataclass(slots=True)
class OrderPlan:
    """An order and everything that happened to it. Positions count from 1."""

    id: str
    customer: Customer
    status: str
    placed_at: datetime
    items: list[tuple[Item, int]]
    method: str = "card"
    paid: bool = True
    failed_first: bool = False
    express: bool = False
    expected_on: date | None = None
    note: str | None = None
    cancelled_at: datetime | None = None
    parcels: list[Parcel] = field(default_factory=list[Parcel])
    refunds: list[RefundPlan] = field(default_factory=list[RefundPlan])
    returns: list[ReturnPlan] = field(default_factory=list[ReturnPlan])

    @property
    def zone(self) -> rules.Zone:
        """The shipping zone of the customer's first address."""
        country = self.customer.homes[0].country
        zone = rules.zone_of(country)
        if zone is None:
            raise ValueError(country)
        return zone

    @property
    def positions(self) -> tuple[int, ...]:
        """All line positions."""
        return tuple(range(1, len(self.items) + 1))

    @property
    def fee(self) -> Decimal:
        """The shipping fee."""
        return rules.shipping_fee(self.zone, self.price(self.positions), express=self.express)

    @property
    def total(self) -> Decimal:
        """Lines plus shipping."""
        return self.price(self.positions) + self.fee

    def price(self, positions: tuple[int, ...]) -> Decimal:
        """What the lines at `positions` cost."""
        return sum(
            (self.items[position - 1][0].price * self.items[position - 1][1] for position in positions),
            Decimal(),
        )

    def return_refund(self, plan: ReturnPlan) -> Decimal:
        """What a return pays back by the shop's terms."""
        arrived = max(parcel.delivered_on for parcel in self.parcels if parcel.delivered_on)
        return rules.return_refund(
            self.price(plan.positions),
            self.fee,
            plan.reason,
            whole_order=len(plan.positions) == len(self.items),
            days_since_delivery=(plan.created_at.date() - arrived).days,
        )
