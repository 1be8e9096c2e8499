"""Another service the local model has never heard of: bikes for rent, known by schema, description and examples."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from frontdesk.domain import Customer
from frontdesk.tools import tool
from tests.local.tools import BUILT_IN

RENTALS = [
    {"rental_id": "RB-310", "bike": "City bike", "until": "2025-02-01", "status": "active"},
    {"rental_id": "RB-322", "bike": "Cargo bike", "until": "2025-02-04", "status": "active"},
]


@tool(permission="rentals:read", examples=["which bikes have I rented", "show my rentals"])
async def my_rentals(customer: Customer) -> dict[str, Any]:
    """All rentals of the customer."""
    return {"rentals": RENTALS}


@tool(permission="rentals:read", examples=["until when do I have bike RB-310", "details of rental RB-310"])
async def rental_details(rental_id: str, customer: Customer) -> dict[str, Any]:
    """One rental: which bike, until when."""
    return next(rental for rental in RENTALS if rental["rental_id"] == rental_id)


@tool(
    permission="rentals:write",
    changes=True,
    examples=["extend rental RB-310 by two days", "I want to keep the bike longer"],
    asks={"rental_id": "Which rental should be extended?", "days": "By how many days?"},
)
async def extend_rental(rental_id: str, days: int, customer: Customer) -> dict[str, Any]:
    """Extend a rental by a number of days."""
    return {"extended": rental_id}


@tool(
    permission="tours:write",
    changes=True,
    examples=["book a tour", "I want to join the harbour tour"],
    asks={"people": "For how many people?"},
)
async def book_tour(
    tour: Literal["harbour", "forest", "night"], day: date, people: int, customer: Customer
) -> dict[str, Any]:
    """Book a guided tour."""
    return {"booked": tour}


@tool(permission="rentals:write", changes=True, examples=["report a flat tyre", "my bike is broken"])
async def report_problem(rental_id: str, problem: str, customer: Customer) -> dict[str, Any]:
    """Report that a rented bike is broken."""
    return {"reported": rental_id}


TOOLS = [my_rentals, rental_details, extend_rental, book_tour, report_problem, *BUILT_IN]
