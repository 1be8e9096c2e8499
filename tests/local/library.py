"""A service the local model has never heard of: a city library, known by schema, description and examples."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from frontdesk.domain import Customer
from frontdesk.tools import tool
from tests.local.tools import BUILT_IN, NotFound

LOANS = [
    {"loan_id": "LN-2041", "title": "The Left Hand of Darkness", "due_on": "2025-02-01", "status": "on_loan"},
    {"loan_id": "LN-2077", "title": "Dune", "due_on": "2025-01-20", "status": "overdue"},
]


@tool(
    permission="loans:read",
    examples=["what books do I have at home", "which loans do I have", "what have I borrowed"],
    says="You have borrowed:\n{each loans}- {title}, due {due_on|date}{else}Nothing at the moment.{/each}",
)
async def my_loans(customer: Customer) -> dict[str, Any]:
    """All books the member has borrowed, with due dates."""
    return {"loans": LOANS}


@tool(
    permission="loans:read",
    examples=["when is LN-1234 due", "is loan LN-1234 overdue?", "when do I have to bring LN-1234 back"],
)
async def loan_details(loan_id: str, customer: Customer) -> dict[str, Any]:
    """Due date and fees of one loan."""
    for loan in LOANS:
        if loan["loan_id"] == loan_id:
            return loan
    raise NotFound("No such loan.")


@tool(
    permission="branches:read",
    examples=["is the central branch open today", "opening hours of the harbour branch"],
    says="The {branch} branch is open {hours}.",
)
async def branch_hours(branch: Literal["central", "harbour", "north"]) -> dict[str, str]:
    """Opening hours of a branch of the library."""
    return {"branch": branch, "hours": "9:00 to 18:00"}


@tool(
    permission="rooms:write",
    changes=True,
    examples=["book a study room for tomorrow", "I'd like to reserve a room for 4 people"],
    asks={"day": "For which day would you like the room?", "people": "How many people will come?"},
)
async def book_room(day: date, people: int, customer: Customer) -> dict[str, Any]:
    """Reserve a study room on a day for a number of people."""
    return {"day": day, "people": people, "room": "R2"}


LIBRARY = [my_loans, loan_details, branch_hours, book_room, *BUILT_IN]
