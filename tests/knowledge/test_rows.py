"""A table's row is read out as people say it."""

import pytest

from frontdesk.knowledge.rows import as_told


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("Step: We check the return; How long it takes: 5 business days", "We check the return: 5 business days"),
        ("Zone 2; Shipping cost: 9.95 EUR; Delivery time: 3–5 days", "Zone 2:\n- Shipping cost: 9.95 EUR\n- Delivery time: 3–5 days"),
        ("Note: we close at 6; after that, call us.", "Note: we close at 6; after that, call us."),
        ("Shipping is free; it takes a week.", "Shipping is free; it takes a week."),
    ],
)  # fmt: skip
def test_a_row_is_an_item_and_prose_stays(row: str, told: str) -> None:
    assert as_told(row) == told
