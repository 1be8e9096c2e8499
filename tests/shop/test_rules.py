"""The shop's terms, as the help center states them."""

from datetime import date
from decimal import Decimal

import pytest

from examples.ourshop.shop import rules


@pytest.mark.parametrize(
    ("country", "subtotal", "express", "fee"),
    [
        ("NL", "50.00", False, "4.95"),
        ("NL", "50.01", False, "0.00"),
        ("DE", "200.00", True, "12.95"),
        ("FR", "200.00", False, "9.95"),
        ("GB", "200.00", False, "14.95"),
        ("US", "10.00", False, "24.95"),
    ],
)
def test_shipping_fee_follows_zone_and_value(country: str, subtotal: str, express: bool, fee: str) -> None:
    zone = rules.zone_of(country)
    assert zone is not None
    assert rules.shipping_fee(zone, Decimal(subtotal), express=express) == Decimal(fee)


def test_shop_ships_nowhere_else() -> None:
    assert rules.zone_of("JP") is None
    assert sum(len(zone.countries) for zone in rules.ZONES) == 32


def test_business_days_skip_weekends_and_holidays() -> None:
    assert rules.business_days_after(date(2025, 1, 10), 3) == date(2025, 1, 15)
    assert rules.business_days_after(date(2024, 12, 24), 1) == date(2024, 12, 27)
    assert rules.business_days_after(date(2025, 1, 2), -1) == date(2024, 12, 31)
    assert rules.business_days_after(date(2025, 1, 11), 0) == date(2025, 1, 11)


def test_whole_order_brought_back_early_includes_the_shipping_fee() -> None:
    def refund(days: int, *, whole: bool) -> Decimal:
        goods, fee = Decimal("40.00"), Decimal("4.95")
        return rules.return_refund(goods, fee, "changed_mind", whole_order=whole, days_since_delivery=days)

    assert refund(14, whole=True) == Decimal("41.00")
    assert refund(15, whole=True) == refund(1, whole=False) == Decimal("36.05")


def test_invoices_are_kept_for_seven_years_even_from_a_leap_day() -> None:
    assert rules.invoice_kept_since(date(2024, 2, 29)) == date(2017, 2, 28)
