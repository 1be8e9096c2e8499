"""Harbour House's desk: a hotel with thirteen tools, written as a developer would who has read docs/tools.md once."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path
from typing import Any, Literal

from evals.other_shop.house import RECORDS, SEEN
from frontdesk import Change, Customer, Frontdesk, Preview, ToolNotFound, rule, tool

Json = dict[str, Any]
WHICH = {"booking_id": "Which booking is it about? Its number starts with HB and is in your confirmation."}


def own_booking(booking_id: str, customer: Customer) -> Json:
    """One of the guest's bookings."""
    booking = RECORDS["bookings"].get(booking_id.upper())
    if booking is None or booking["guest"] != customer.id:
        raise ToolNotFound
    return booking


AHEAD = rule("This stay is over.", lambda booking, _: booking["status"] != "stayed")
NOT_CANCELLED = rule(
    "This booking is cancelled already.", lambda booking, _: booking["status"] != "cancelled"
)


def _preview(what: str, key: str) -> Any:
    """A preview of one changed field of a booking."""

    def preview(booking: Json, arguments: Json) -> Preview:
        return Preview(
            f"{what} of booking {booking['id']}: {arguments[key]}.",
            (Change(what, str(booking.get(key, "")), str(arguments[key])),),
            object=f"booking {booking['id']}",
        )

    return preview


@tool(
    permission="bookings:read",
    examples=[
        "show booking HB4821",
        "when do I check in",
        "is my reservation HB4821 confirmed",
        "what room did I book",
    ],
    asks=WHICH,
    says="Booking {booking_id} is {status}: {room_type} room for {guests}, {arrival|date} to {departure|date},"
    " check-out by {check_out}, {total|money} EUR[ {breakfast}].",
)
async def get_booking(booking_id: str, customer: Customer) -> Json:
    """Dates, room, number of guests, price and status of one booking."""
    booking = own_booking(booking_id, customer)
    return {
        **booking,
        "booking_id": booking["id"],
        "breakfast": "with breakfast" if booking["breakfast"] else None,
    }


@tool(
    permission="bookings:read",
    examples=["list my bookings", "which stays do I have with you", "my reservations"],
    says="{each bookings}- **Booking {id}**: {arrival|date} to {departure|date}, {room_type}, {status}\n"
    "{else}You have no bookings with us yet.{/each}",
)
async def list_bookings(customer: Customer) -> Json:
    """All bookings of the guest, past and coming."""
    keys = ("id", "arrival", "departure", "room_type", "status")
    mine = [b for b in RECORDS["bookings"].values() if b["guest"] == customer.id]
    return {"bookings": [{key: b[key] for key in keys} for b in mine]}


@tool(
    permission="bills:read",
    examples=["what is on my bill for HB4821", "show me the charges of my stay", "how much do I still owe"],
    asks=WHICH,
    says="Bill of booking {booking_id}: room {room|money} EUR[, {extras|join:text}]. Paid so far: {paid|money} EUR.",
)
async def get_bill(booking_id: str, customer: Customer) -> Json:
    """What a stay costs: room, extras such as minibar and spa, and what has been paid."""
    bill = RECORDS["bills"][own_booking(booking_id, customer)["id"]]
    extras = [{**extra, "text": f"{extra['name']} {extra['price']} EUR"} for extra in bill["extras"]]
    return {**bill, "booking_id": booking_id.upper(), "extras": extras}


@tool(
    permission="points:read",
    examples=["how many points do I have", "my loyalty balance"],
    says="You have {points} points.",
)
async def get_points(customer: Customer) -> Json:
    """The guest's loyalty points."""
    return {"points": RECORDS["points"][customer.id]}


@tool(
    permission="rooms:read",
    examples=["is there a suite free from 3 to 5 May", "do you have rooms on 12 June"],
    asks={"arrival": "From which day?", "departure": "Until which day?"},
    says="From {arrival|date} to {departure|date} these are free: {free|join}.",
)
async def check_availability(arrival: date, departure: date) -> Json:
    """Which kinds of room are free between two days."""
    return {"arrival": arrival.isoformat(), "departure": departure.isoformat(), "free": ["standard", "suite"]}


@tool(
    permission="bookings:write",
    confirm=True,
    subject=own_booking,
    requires=[NOT_CANCELLED, AHEAD],
    preview=_preview("Check-out", "until"),
    examples=["late check-out for HB4821 please", "can I leave the room at 14:00 instead"],
    asks={**WHICH, "until": "Until when would you like to stay: 13:00, 14:00 or 16:00?"},
    says="You can stay in your room until {check_out}.",
)
async def request_late_checkout(
    booking_id: str, until: Literal["13:00", "14:00", "16:00"], customer: Customer, effect_id: str
) -> Json:
    """Extend the check-out time on the day of departure."""
    return _set(booking_id, customer, effect_id, check_out=until)


@tool(
    permission="bookings:write",
    confirm=True,
    subject=own_booking,
    requires=[NOT_CANCELLED, AHEAD],
    preview=_preview("Room", "room_type"),
    examples=["upgrade HB4821 to a suite", "I would like a sea view room instead"],
    asks={**WHICH, "room_type": "Which room would you like: standard, sea view, family or suite?"},
    says="Booking {id} is for a {room_type} room now.",
)
async def change_room(
    booking_id: str,
    room_type: Literal["standard", "sea view", "family", "suite"],
    customer: Customer,
    effect_id: str,
) -> Json:
    """Change the kind of room of a booking."""
    return _set(booking_id, customer, effect_id, room_type=room_type)


@tool(
    permission="bookings:write",
    confirm=True,
    subject=own_booking,
    requires=[NOT_CANCELLED, AHEAD],
    preview=_preview("Arrival", "arrival"),
    examples=["move HB4821 to 3 to 5 May", "reschedule my stay", "other dates for my booking"],
    asks={
        **WHICH,
        "arrival": "What is the new day of arrival?",
        "departure": "And the new day of departure?",
    },
    says="Booking {id} is from {arrival|date} to {departure|date} now.",
)
async def move_booking(
    booking_id: str, arrival: date, departure: date, customer: Customer, effect_id: str
) -> Json:
    """Move a stay to other dates."""
    days = {"arrival": arrival.isoformat(), "departure": departure.isoformat()}
    return _set(booking_id, customer, effect_id, **days)


@tool(
    permission="bookings:write",
    confirm=True,
    subject=own_booking,
    requires=[NOT_CANCELLED, AHEAD],
    preview=lambda booking, _: Preview(
        f"Cancel booking {booking['id']}.", (Change("Booking", booking["status"], "cancelled"),),
        object=f"booking {booking['id']}",
    ),
    examples=["cancel HB4821", "I can't come, please cancel my booking"],
    asks=WHICH,
    says="Booking {id} is cancelled.",
)  # fmt: skip
async def cancel_booking(booking_id: str, customer: Customer, effect_id: str) -> Json:
    """Cancel a stay."""
    return _set(booking_id, customer, effect_id, status="cancelled")


@tool(
    permission="bookings:write",
    confirm=True,
    subject=own_booking,
    requires=[NOT_CANCELLED, AHEAD],
    preview=_preview("Breakfast for", "people"),
    examples=["add breakfast for 2 to HB4821", "we'd like breakfast as well"],
    asks={**WHICH, "people": "For how many people?"},
    says="Breakfast is booked with {id}.",
)
async def add_breakfast(booking_id: str, people: int, customer: Customer, effect_id: str) -> Json:
    """Add breakfast to a booking."""
    return _set(booking_id, customer, effect_id, breakfast=people > 0)


@tool(
    permission="tables:write",
    confirm=True,
    preview=lambda _, wish: Preview(f"A table for {wish['people']} on {wish['day']} at {wish['at']}."),
    examples=["book a table for 2 tonight at 19:00", "reserve dinner in the restaurant"],
    asks={"day": "On which day?", "at": "At what time?", "people": "For how many people?"},
    says="Your table is booked: {people} people, {day|date}, {at}.",
)
async def book_table(day: date, at: time, people: int, customer: Customer, effect_id: str) -> Json:
    """Reserve a table in the hotel's restaurant."""
    table = {"day": day.isoformat(), "at": at.isoformat("minutes"), "people": people, "guest": customer.id}
    RECORDS["tables"][effect_id] = table
    SEEN.append(effect_id)
    return table


@tool(
    permission="transfers:write",
    confirm=True,
    preview=lambda _, wish: Preview(
        f"A transfer from the airport on {wish['day']}, flight {wish['flight_number']}."
    ),
    examples=["pick me up from the airport, flight KL1234", "I need a shuttle from the airport on 3 May"],
    asks={"flight_number": "What is your flight's number?", "day": "On which day do you land?"},
    says="Your driver waits for flight {flight_number} on {day|date}.",
)
async def book_transfer(flight_number: str, day: date, customer: Customer, effect_id: str) -> Json:
    """Order a car from the airport to the hotel."""
    transfer = {"flight_number": flight_number, "day": day.isoformat(), "guest": customer.id}
    RECORDS["transfers"][effect_id] = transfer
    SEEN.append(effect_id)
    return transfer


@tool(
    permission="repairs:write",
    changes=True,
    confirm=False,
    examples=[
        "the shower in room 214 is broken",
        "heating does not work in my room",
        "there is no hot water in 310",
    ],
    asks={"room_number": "Which room are you in?", "problem": "What is wrong?"},
    says="Our house technician has been told about room {room_number}.",
)
async def report_room_problem(room_number: int, problem: str, customer: Customer, effect_id: str) -> Json:
    """Tell the house technician about something in the guest's room that does not work."""
    RECORDS["repairs"][str(room_number)] = {
        "room_number": room_number,
        "problem": problem,
        "guest": customer.id,
    }
    SEEN.append(effect_id)
    return {"room_number": room_number}


def _set(booking_id: str, customer: Customer, effect_id: str, **fields: Any) -> Json:
    booking = own_booking(booking_id, customer)
    booking.update(fields)
    SEEN.append(effect_id)
    return booking


desk = Frontdesk(
    "Harbour House",
    tools=[
        get_booking, list_bookings, get_bill, get_points, check_availability, request_late_checkout, change_room,
        move_booking, cancel_booking, add_breakfast, book_table, book_transfer, report_room_problem,
    ],
    knowledge=Path(__file__).parent / "help-center",
    knowledge_url="https://harbourhouse.example/help/{slug}",
)  # fmt: skip
