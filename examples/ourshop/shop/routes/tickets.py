"""Tickets: /tickets."""

from typing import Annotated

from fastapi import APIRouter, Path

from examples.ourshop.shop import tickets
from examples.ourshop.shop.context import CurrentShop
from examples.ourshop.shop.idempotency import OptionalKey, once
from examples.ourshop.shop.models import Ticket
from examples.ourshop.shop.wishes import NoteWish, TicketWish

TicketId = Annotated[str, Path(examples=["TK1043"])]

router = APIRouter(prefix="/tickets", tags=["tickets"])


@router.post("", status_code=201)
async def create_ticket(shop: CurrentShop, wish: TicketWish, key: OptionalKey = None) -> Ticket:
    """Open a ticket for the shop's own staff, its warehouse or its workshop."""
    return await once(shop, "ticket", key, ("", wish), Ticket, lambda conn: tickets.create(shop, conn, wish))


@router.get("/{ticket_id}")
async def get_ticket(shop: CurrentShop, ticket_id: TicketId) -> Ticket:
    """A ticket and its notes."""
    async with shop.connection() as conn:
        return await tickets.get(conn, ticket_id)


@router.patch("/{ticket_id}")
async def add_note(shop: CurrentShop, ticket_id: TicketId, wish: NoteWish, key: OptionalKey = None) -> Ticket:
    """Append a note."""
    return await once(
        shop,
        "ticket_note",
        key,
        (ticket_id, wish),
        Ticket,
        lambda conn: tickets.add_note(shop, conn, ticket_id, wish.note),
    )
