"""The customers and orders that documentation and tests name."""

from datetime import UTC, date, datetime
from decimal import Decimal

from examples.ourshop.shop.seed.catalog import Item
from examples.ourshop.shop.seed.people import Customer, Home
from examples.ourshop.shop.seed.plan import OrderPlan, Parcel, RefundPlan, ReturnPlan

ANNA = Customer(
    "u123",
    "Anna Visser",
    "anna.visser@example.com",
    "+31 20 555 0123",
    "nl-NL",
    datetime(2021, 5, 17, 9, 24, tzinfo=UTC),
    (
        Home("Anna Visser", "Lindenlaan 12", "3512 AB", "Utrecht", "NL"),
        Home("Anna Visser", "Havenweg 4", "1019 CD", "Amsterdam", "NL"),
    ),
)
BEN = Customer(
    "u124",
    "Ben Okafor",
    "ben.okafor@example.org",
    "+44 20 7946 0124",
    "en-GB",
    datetime(2022, 9, 3, 14, 5, tzinfo=UTC),
    (Home("Ben Okafor", "27 Orchard Close", "SE5 8TR", "London", "GB"),),
)


def _moment(month: int, day: int, hour: int, year: int = 2025) -> datetime:
    return datetime(year, month, day, hour, 20, tzinfo=UTC)


class _Shelf:
    """Products by name."""

    def __init__(self, catalog: list[Item]) -> None:
        self._items = {item.name: item for item in catalog}

    def __call__(self, *names: str) -> list[tuple[Item, int]]:
        return [(self._items[name], 1) for name in names]


def make_story(catalog: list[Item]) -> list[OrderPlan]:
    """Anna's and Ben's orders."""
    shelf = _Shelf(catalog)
    return [*_annas_open_orders(shelf), *_annas_past_orders(shelf), *_bens_orders(shelf)]


def _annas_open_orders(shelf: _Shelf) -> list[OrderPlan]:
    jan_15 = date(2025, 1, 15)
    return [
        OrderPlan(
            "123",
            ANNA,
            "shipped",
            _moment(1, 9, 18),
            shelf("Fjell rain jacket", "Wool hiking socks, pair"),
            method="ideal",
            expected_on=jan_15,
            parcels=[Parcel("DHL", "in_transit", (1, 2), date(2025, 1, 10), jan_15, date(2025, 1, 14))],
        ),
        OrderPlan(
            "456",
            ANNA,
            "processing",
            _moment(1, 14, 20),
            shelf("Arc desk lamp", "Mug with your name"),
            method="card",
            expected_on=date(2025, 1, 21),
            note="Being packed in the warehouse.",
        ),
        OrderPlan(
            "789",
            ANNA,
            "out_for_delivery",
            _moment(1, 12, 11),
            shelf("Kestrel hiking boots"),
            method="paypal",
            expected_on=jan_15,
            parcels=[Parcel("PostNL", "out_for_delivery", (1,), date(2025, 1, 13), jan_15, jan_15)],
        ),
    ]


def _home(carrier: str, positions: tuple[int, ...], shipped: date, delivered: date) -> list[Parcel]:
    return [Parcel(carrier, "delivered", positions, shipped, delivered, delivered, delivered)]


def _annas_past_orders(shelf: _Shelf) -> list[OrderPlan]:
    """A return under way (2210), a refund under way (2187), and two that are simply delivered."""
    return [
        OrderPlan(
            "2210",
            ANNA,
            "delivered",
            _moment(12, 29, 16, 2024),
            shelf("Dune windbreaker", "Cedar merino T-shirt"),
            method="ideal",
            expected_on=date(2025, 1, 3),
            parcels=_home("PostNL", (1, 2), date(2024, 12, 30), date(2025, 1, 3)),
            returns=[ReturnPlan("in_transit", (1,), "wrong_size", _moment(1, 10, 8))],
        ),
        OrderPlan(
            "2187",
            ANNA,
            "partly_refunded",
            _moment(12, 16, 13, 2024),
            shelf("Stoneware mugs, set of 4", "Pour-over coffee set", "Gift card 25 EUR"),
            method="card",
            expected_on=date(2024, 12, 20),
            parcels=_home("DPD", (1, 2, 3), date(2024, 12, 17), date(2024, 12, 20)),
            returns=[ReturnPlan("received", (1,), "faulty", _moment(1, 8, 9), date(2025, 1, 13))],
            refunds=[
                RefundPlan(
                    "approved",
                    Decimal("52.00"),
                    "Return received",
                    _moment(1, 13, 15),
                    (1,),
                    date(2025, 1, 13),
                    of_return=0,
                )
            ],
        ),
        OrderPlan(
            "1954",
            ANNA,
            "delivered",
            _moment(10, 21, 10, 2024),
            shelf("Firefly head torch"),
            method="ideal",
            expected_on=date(2024, 10, 25),
            parcels=_home("DHL", (1,), date(2024, 10, 22), date(2024, 10, 24)),
        ),
        OrderPlan(
            "1502",
            ANNA,
            "delivered",
            _moment(6, 3, 19, 2024),
            shelf("Lynx tent, 2 persons", "Titanium tent pegs, set of 8"),
            method="klarna",
            expected_on=date(2024, 6, 7),
            parcels=_home("GLS", (1, 2), date(2024, 6, 4), date(2024, 6, 7)),
        ),
    ]


def _bens_orders(shelf: _Shelf) -> list[OrderPlan]:
    return [
        OrderPlan(
            "321",
            BEN,
            "delayed",
            _moment(1, 2, 12),
            shelf("Crane trekking pack 55 l", "Vacuum flask 1 l"),
            method="card",
            expected_on=date(2025, 1, 17),
            note="The parcel waits for customs clearance. It was due on 2025-01-14.",
            parcels=[
                Parcel("UPS", "delayed", (1, 2), date(2025, 1, 3), date(2025, 1, 17), date(2025, 1, 13))
            ],
        ),
        OrderPlan(
            "654",
            BEN,
            "delivered",
            _moment(12, 30, 9, 2024),
            shelf("Loch fleece", "Engraved pocket knife"),
            method="paypal",
            expected_on=date(2025, 1, 10),
            parcels=_home("UPS", (1, 2), date(2024, 12, 31), date(2025, 1, 8)),
        ),
        OrderPlan(
            "987",
            BEN,
            "placed",
            _moment(1, 15, 9),
            shelf("Halo floor lamp"),
            method="card",
            expected_on=date(2025, 1, 27),
        ),
        OrderPlan(
            "1733",
            BEN,
            "delivered",
            _moment(8, 5, 17, 2024),
            shelf("Ember gas stove", "Nesting cook set"),
            method="card",
            expected_on=date(2024, 8, 15),
            parcels=_home("DPD", (1, 2), date(2024, 8, 6), date(2024, 8, 13)),
        ),
    ]
