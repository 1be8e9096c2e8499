"""The shop's terms as numbers. The help center states the same ones: change both together."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

CURRENCY = "EUR"

RETURN_WINDOW_DAYS = 30
"""Calendar days after delivery within which a return can be registered."""
RETURN_LABEL_COST = Decimal("3.95")
FREE_LABEL_REASONS = frozenset({"faulty", "wrong_item"})
"""Return reasons that are the shop's own fault, so the label is free."""
RETURNABLE_KINDS = frozenset({"standard"})
"""Gift cards, personalised and final-sale items cannot be returned."""

FEE_BACK_WITHIN_DAYS = 14
"""The shipping fee goes back too when the whole order returns this soon after delivery."""

REFUND_BUSINESS_DAYS = 5
"""To the original payment method, counted from the day the return is received or the refund approved."""
BANK_DAYS = 10
"""How much longer a bank may take to show the money."""

CHANGEABLE_STATES = frozenset({"placed", "processing"})
"""Only in these can an order be cancelled or its address changed."""
LOST_AFTER_BUSINESS_DAYS = 10
"""A parcel without a scan for this long counts as lost: refund or resend."""

EXPRESS_FEE = Decimal("12.95")
EXPRESS_ZONE = 1
EXPRESS_CUTOFF_HOUR = 15
"""Express ordered before this hour arrives on the next business day."""

_HOLIDAYS = frozenset({(1, 1), (12, 25), (12, 26)})

WARRANTY_YEARS = 2
GIFT_CARD_YEARS = 3
INVOICE_YEARS = 7
PASSWORD_RESET_MINUTES = 60


@dataclass(frozen=True, slots=True)
class Zone:
    """Where the shop ships to, for how much and how fast (business days from dispatch)."""

    number: int
    countries: frozenset[str]
    fee: Decimal
    free_over: Decimal | None
    fastest: int
    slowest: int
    customs: bool = False


# fmt: off
_OTHER_EU = frozenset({
    "AT", "BG", "CY", "CZ", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU",
    "IE", "IT", "LT", "LU", "LV", "MT", "PL", "PT", "RO", "SE", "SI", "SK",
})
# fmt: on

ZONES = (
    Zone(1, frozenset({"NL", "BE", "DE"}), Decimal("4.95"), Decimal("50.00"), 2, 3),
    Zone(2, _OTHER_EU, Decimal("9.95"), None, 3, 5),
    Zone(3, frozenset({"GB", "NO", "CH"}), Decimal("14.95"), None, 4, 7, customs=True),
    Zone(4, frozenset({"US", "CA"}), Decimal("24.95"), None, 7, 12, customs=True),
)


def zone_of(country: str) -> Zone | None:
    """The zone of an ISO 3166 country code; None where the shop does not ship."""
    return next((zone for zone in ZONES if country in zone.countries), None)


def shipping_fee(zone: Zone, subtotal: Decimal, *, express: bool = False) -> Decimal:
    """What shipping costs for goods worth `subtotal`."""
    if express:
        return EXPRESS_FEE
    if zone.free_over is not None and subtotal > zone.free_over:
        return Decimal("0.00")
    return zone.fee


def is_business_day(day: date) -> bool:
    """Monday to Friday, without the holidays every country of the shop has."""
    return day.weekday() < 5 and (day.month, day.day) not in _HOLIDAYS


def business_days_after(day: date, count: int) -> date:
    """The `count`-th business day after `day` (before it, if negative)."""
    step = timedelta(days=1 if count > 0 else -1)
    for _ in range(abs(count)):
        day += step
        while not is_business_day(day):
            day += step
    return day


def return_until(delivered_on: date) -> date:
    """The last day on which a return can be registered."""
    return delivered_on + timedelta(days=RETURN_WINDOW_DAYS)


def refund_due(since: date) -> date:
    """The day by which the shop pays a refund out."""
    return business_days_after(since, REFUND_BUSINESS_DAYS)


def label_cost(reason: str) -> Decimal:
    """What the return label costs the customer; `faulty` and `wrong_item` are free."""
    return Decimal("0.00") if reason in FREE_LABEL_REASONS else RETURN_LABEL_COST


def return_refund(
    goods: Decimal, fee: Decimal, reason: str, *, whole_order: bool, days_since_delivery: int
) -> Decimal:
    """What a return pays back: the goods, less the label, plus the shipping fee where the terms say so."""
    fee_too = reason in FREE_LABEL_REASONS or (whole_order and days_since_delivery <= FEE_BACK_WITHIN_DAYS)
    return max(goods - label_cost(reason) + (fee if fee_too else 0), Decimal("0.00"))


def invoice_kept_since(today: date) -> date:
    """The oldest order date whose invoice is still kept."""
    try:
        return today.replace(year=today.year - INVOICE_YEARS)
    except ValueError:  # 29 February of a year that has none seven years before
        return today.replace(year=today.year - INVOICE_YEARS, day=28)
