"""Random orders, one function per state; today is the demo's frozen day."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from examples.ourshop.shop import rules
from examples.ourshop.shop.clock import DEMO_MOMENT
from examples.ourshop.shop.seed.catalog import Item
from examples.ourshop.shop.seed.people import Customer
from examples.ourshop.shop.seed.plan import CARRIERS, OrderPlan, Parcel, RefundPlan, ReturnPlan

TODAY = DEMO_MOMENT.date()

_METHODS = ("card", "paypal", "ideal", "klarna", "gift_card")
_METHOD_WEIGHTS = (40, 22, 22, 12, 4)
_RETURN_REASONS = ("changed_mind", "wrong_size", "not_as_described", "faulty", "wrong_item")
_DELAYS = (
    "The carrier reports a delay in its sorting centre.",
    "Bad weather on the route holds the parcel up.",
    "The parcel waits for customs clearance.",
)


def at(day: date, rng: Random) -> datetime:
    """A moment on `day`, before noon, so that today's are past."""
    return datetime(
        day.year, day.month, day.day, rng.randrange(7, 12), rng.randrange(60), tzinfo=DEMO_MOMENT.tzinfo
    )


def draw(rng: Random, order_id: str, customer: Customer, catalog: list[Item], status: str) -> OrderPlan:
    """An order in `status`, complete with what led there."""
    returned = status == "returned"
    count = rng.choice((1, 1, 2, 2, 3, 4)) if status != "partly_shipped" else rng.choice((2, 3, 4))
    choice = [item for item in catalog if item.kind in rules.RETURNABLE_KINDS] if returned else catalog
    plan = OrderPlan(
        id=order_id,
        customer=customer,
        status=status,
        placed_at=DEMO_MOMENT,
        items=[(item, rng.choice((1, 1, 1, 2, 3))) for item in rng.sample(choice, count)],
        method=rng.choices(_METHODS, _METHOD_WEIGHTS)[0],
    )
    made_to_order = any(item.kind == "personalised" for item, _ in plan.items)
    plan.express = plan.zone.number == rules.EXPRESS_ZONE and not made_to_order and rng.random() < 0.1
    plan.failed_first = rng.random() < 0.05
    _STORIES[status](plan, rng)
    return plan


def _transit(plan: OrderPlan) -> int:
    return 1 if plan.express else plan.zone.slowest


def _ship(
    plan: OrderPlan, rng: Random, shipped_on: date, status: str, positions: tuple[int, ...] = ()
) -> Parcel:
    expected_on = rules.business_days_after(shipped_on, _transit(plan))
    delivered_on = None
    if status == "delivered":
        fastest = 1 if plan.express else plan.zone.fastest
        delivered_on = rules.business_days_after(shipped_on, rng.randint(fastest, _transit(plan)))
    parcel = Parcel(
        carrier=rng.choice(CARRIERS),
        status=status,
        positions=positions or plan.positions,
        shipped_on=shipped_on,
        expected_on=expected_on,
        last_scan_on=delivered_on or max(shipped_on, rules.business_days_after(TODAY, -1)),
        delivered_on=delivered_on,
    )
    plan.parcels.append(parcel)
    plan.placed_at = at(rules.business_days_after(shipped_on, -1), rng)
    plan.expected_on = expected_on
    return parcel


def _placed(plan: OrderPlan, rng: Random) -> None:
    plan.placed_at = at(TODAY, rng)
    plan.paid = rng.random() < 0.8
    plan.expected_on = rules.business_days_after(TODAY, 1 + _transit(plan))


def _processing(plan: OrderPlan, rng: Random) -> None:
    plan.placed_at = at(rules.business_days_after(TODAY, -rng.randrange(1, 3)), rng)
    plan.expected_on = rules.business_days_after(TODAY, 1 + _transit(plan))


def _partly_shipped(plan: OrderPlan, rng: Random) -> None:
    sent = plan.positions[: rng.randrange(1, len(plan.items))]
    _ship(plan, rng, rules.business_days_after(TODAY, -1), "in_transit", sent)
    plan.expected_on = rules.business_days_after(TODAY, 2 + _transit(plan))
    plan.note = "The rest follows in a second parcel."


def _shipped(plan: OrderPlan, rng: Random) -> None:
    _ship(plan, rng, rules.business_days_after(TODAY, -rng.randrange(_transit(plan))), "in_transit")


def _out_for_delivery(plan: OrderPlan, rng: Random) -> None:
    _ship(plan, rng, rules.business_days_after(TODAY, -_transit(plan)), "out_for_delivery")


def _delayed(plan: OrderPlan, rng: Random) -> None:
    late = rng.randrange(1, 4)
    sent = _ship(plan, rng, rules.business_days_after(TODAY, -_transit(plan) - late), "delayed")
    plan.expected_on = rules.business_days_after(TODAY, rng.randrange(1, 5))
    plan.parcels = [replace(sent, expected_on=plan.expected_on)]
    plan.note = (
        f"{rng.choice(_DELAYS if plan.zone.customs else _DELAYS[:2])} It was due on {sent.expected_on}."
    )


def _lost(plan: OrderPlan, rng: Random) -> None:
    last_scan = rules.business_days_after(TODAY, -rules.LOST_AFTER_BUSINESS_DAYS - rng.randrange(1, 15))
    sent = _ship(plan, rng, rules.business_days_after(last_scan, -1), "lost")
    plan.parcels = [replace(sent, last_scan_on=last_scan)]
    plan.expected_on = None
    plan.note = f"No scan since {last_scan}."
    if rng.random() < 0.6:
        decided = rules.business_days_after(last_scan, rules.LOST_AFTER_BUSINESS_DAYS)
        _refund(plan, rng, plan.total, "Parcel lost", decided)


def _delivered(plan: OrderPlan, rng: Random) -> None:
    # Recent orders are what customers ask about, so there are more of them.
    _deliver(plan, rng, rng.randrange(2 + plan.zone.slowest, 40 if rng.random() < 0.4 else 380))
    chance = rng.random()
    recent = (TODAY - _arrival(plan)).days <= rules.RETURN_WINDOW_DAYS
    if recent and chance < 0.25:
        _open_return(plan, rng)
    elif chance > 0.95:
        _undecided_refund(plan, rng)


def _undecided_refund(plan: OrderPlan, rng: Random) -> None:
    status = rng.choice(("requested", "rejected"))
    arrival = _arrival(plan)
    asked = TODAY if status == "requested" else min(TODAY, arrival + timedelta(days=rng.randrange(1, 5)))
    note = "The carrier has a signature for this parcel." if status == "rejected" else None
    plan.refunds.append(
        RefundPlan(
            status,
            plan.price((1,)),
            "An item was missing from the parcel",
            at(max(asked, arrival), rng),
            positions=(1,),
            decided_on=min(TODAY, asked + timedelta(days=1)) if status == "rejected" else None,
            note=note,
        )
    )


def _cancelled(plan: OrderPlan, rng: Random) -> None:
    plan.placed_at = at(TODAY - timedelta(days=rng.choice((1, 2, rng.randrange(3, 300)))), rng)
    plan.cancelled_at = plan.placed_at + timedelta(minutes=rng.randrange(10, 600))
    plan.paid = rng.random() < 0.85
    plan.note = "Cancelled by the customer." if plan.paid else "Cancelled: the payment did not arrive."
    if plan.paid:
        _refund(plan, rng, plan.total, "Order cancelled", plan.cancelled_at.date())


def _returned(plan: OrderPlan, rng: Random) -> None:
    _deliver(plan, rng, rng.randrange(45, 300))
    _finished_return(plan, rng, plan.positions)


def _partly_refunded(plan: OrderPlan, rng: Random) -> None:
    _deliver(plan, rng, rng.randrange(45, 300))
    standard = tuple(
        place for place in plan.positions if plan.items[place - 1][0].kind in rules.RETURNABLE_KINDS
    )
    if standard and len(plan.items) > 1:
        _finished_return(plan, rng, standard[:1])
    else:
        decided = _arrival(plan) + timedelta(days=4)
        _refund(
            plan, rng, (plan.price((1,)) / 5).quantize(plan.total), "Damaged on arrival, kept", decided, (1,)
        )


def _deliver(plan: OrderPlan, rng: Random, days_ago: int) -> None:
    # The slowest parcel must have arrived by yesterday, whatever the calendar between.
    shipped_on = TODAY - timedelta(days=days_ago)
    latest = rules.business_days_after(TODAY, -_transit(plan) - 1)
    _ship(plan, rng, rules.business_days_after(min(shipped_on, latest), -1), "delivered")


def _arrival(plan: OrderPlan) -> date:
    return max(parcel.delivered_on for parcel in plan.parcels if parcel.delivered_on)


def _open_return(plan: OrderPlan, rng: Random) -> None:
    positions = tuple(
        place for place in plan.positions if plan.items[place - 1][0].kind in rules.RETURNABLE_KINDS
    )[:1]
    if not positions:
        return
    status = rng.choice(("label_sent", "in_transit", "received", "rejected"))
    created = min(TODAY, _arrival(plan) + timedelta(days=rng.randrange(1, 6)))
    if status in {"in_transit", "received"}:  # else the refund would be overdue
        created = max(created, TODAY - timedelta(days=5))
    received = min(TODAY, created + timedelta(days=4)) if status in {"received", "rejected"} else None
    note = "Sent back to you: the item shows signs of wear." if status == "rejected" else None
    back = ReturnPlan(status, positions, rng.choice(_RETURN_REASONS), at(created, rng), received, note)
    plan.returns.append(back)


def _finished_return(plan: OrderPlan, rng: Random, positions: tuple[int, ...]) -> None:
    created = _arrival(plan) + timedelta(days=rng.randrange(1, 20))
    received = rules.business_days_after(created, rng.randrange(2, 6))
    back = ReturnPlan("refunded", positions, rng.choice(_RETURN_REASONS), at(created, rng), received)
    plan.returns.append(back)
    _refund(plan, rng, plan.return_refund(back), "Return received", received, positions, of_return=0)


def _refund(
    plan: OrderPlan,
    rng: Random,
    amount: Decimal,
    reason: str,
    decided_on: date,
    positions: tuple[int, ...] = (),
    of_return: int | None = None,
) -> None:
    paid_out = rules.business_days_after(decided_on, 2) <= TODAY
    plan.refunds.append(
        RefundPlan(
            "paid_out" if paid_out else "approved",
            amount,
            reason,
            plan.cancelled_at or at(decided_on, rng),
            positions,
            decided_on,
            of_return,
        )
    )


_STORIES: dict[str, Callable[[OrderPlan, Random], None]] = {
    "placed": _placed,
    "processing": _processing,
    "partly_shipped": _partly_shipped,
    "shipped": _shipped,
    "out_for_delivery": _out_for_delivery,
    "delivered": _delivered,
    "delayed": _delayed,
    "lost": _lost,
    "cancelled": _cancelled,
    "returned": _returned,
    "partly_refunded": _partly_refunded,
}
SHARES = {
    "placed": 3,
    "processing": 5,
    "partly_shipped": 2,
    "shipped": 6,
    "out_for_delivery": 3,
    "delivered": 61,
    "delayed": 3,
    "lost": 2,
    "cancelled": 6,
    "returned": 4,
    "partly_refunded": 5,
}
"""How many of a hundred orders are in each state."""
