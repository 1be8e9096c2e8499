"""What time it is in the shop."""

from collections.abc import Callable
from datetime import UTC, datetime

_BAD_CLOCK = "SHOP_CLOCK must be 'real' or an ISO 8601 moment with an offset, such as 2025-01-15T12:00:00Z"

Clock = Callable[[], datetime]

DEMO_MOMENT = datetime(2025, 1, 15, 12, 0, tzinfo=UTC)
"""The moment at which the demo shop stands still, so that its data stays in every state."""


def real_clock() -> datetime:
    """The true time, in UTC."""
    return datetime.now(UTC)


def frozen_clock(moment: datetime = DEMO_MOMENT) -> Clock:
    """A clock that always shows `moment`."""
    return lambda: moment


def clock_from(text: str) -> Clock:
    """The clock that SHOP_CLOCK names: `real`, or a moment in ISO 8601."""
    if text == "real":
        return real_clock
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(_BAD_CLOCK)
    return frozen_clock(moment.astimezone(UTC))
