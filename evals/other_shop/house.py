"""The hotel's books: a few guests and bookings in memory, brought back before each scenario."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

Json = dict[str, Any]
FIRST: dict[str, Json] = {
    "bookings": {
        "HB4821": {
            "id": "HB4821", "guest": "maria", "status": "confirmed", "arrival": "2031-03-12", "departure": "2031-03-15",
            "room_type": "standard", "guests": 2, "nights": 3, "breakfast": False, "total": "387.00", "check_out": "11:00",
        },
        "HB5307": {
            "id": "HB5307", "guest": "maria", "status": "stayed", "arrival": "2030-08-02", "departure": "2030-08-05",
            "room_type": "sea view", "guests": 2, "nights": 3, "breakfast": True, "total": "612.00", "check_out": "11:00",
        },
        "HB6110": {
            "id": "HB6110", "guest": "tom", "status": "confirmed", "arrival": "2031-05-20", "departure": "2031-05-22",
            "room_type": "family", "guests": 4, "nights": 2, "breakfast": True, "total": "418.00", "check_out": "11:00",
        },
        "HB7002": {
            "id": "HB7002", "guest": "ines", "status": "in house", "arrival": "2031-02-27", "departure": "2031-03-04",
            "room_type": "sea view", "guests": 1, "nights": 5, "breakfast": False, "total": "940.00", "check_out": "11:00",
        },
    },
    "bills": {
        "HB5307": {"room": "558.00", "extras": [{"name": "minibar", "price": "18.00"}, {"name": "spa", "price": "36.00"}],
                   "paid": "612.00"},
        "HB4821": {"room": "387.00", "extras": [], "paid": "50.00"},
        "HB6110": {"room": "418.00", "extras": [], "paid": "418.00"},
        "HB7002": {"room": "905.00", "extras": [{"name": "minibar", "price": "35.00"}], "paid": "0.00"},
    },
    "points": {"maria": 1240, "tom": 80, "ines": 5600, "lena": 0},
    "tables": {},
    "transfers": {},
    "repairs": {},
}  # fmt: skip
RECORDS: dict[str, Json] = deepcopy(FIRST)
SEEN: list[str] = []


class Backend:
    """What `frontdesk eval` needs: the books in their first state before each scenario."""

    def start(self, folder: Path, worker: int) -> dict[str, str]:  # noqa: ARG002
        """Nothing to start: the books are in the worker itself."""
        return {}

    def reset(self) -> None:
        """Bring every record back."""
        RECORDS.clear()
        RECORDS.update(deepcopy(FIRST))
        SEEN.clear()

    def knows(self, customer: str) -> bool:
        """Whether there is such a guest."""
        return customer in RECORDS["points"]

    def state(self, path: str) -> Any:
        """What stands at ``/bookings/HB4821``; None where there is nothing."""
        found: Any = RECORDS
        for part in path.strip("/").split("/"):
            found = found.get(part) if isinstance(found, dict) else None
        return found

    def changes(self) -> list[str]:
        """The effect id of each change."""
        return list(SEEN)

    def stop(self) -> None:
        """Nothing to end."""
