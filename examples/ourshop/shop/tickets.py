"""Tickets in the database."""

from examples.ourshop.shop import users
from examples.ourshop.shop.context import Shop
from examples.ourshop.shop.database import Connection
from examples.ourshop.shop.models import Note, Ticket
from examples.ourshop.shop.problems import NotFound
from examples.ourshop.shop.wishes import TicketWish


async def get(conn: Connection, ticket_id: str) -> Ticket:
    """The ticket with its notes, or a 404."""
    found = await conn.execute(
        "SELECT id, user_id, subject, body, reference, status, created_at FROM tickets WHERE id = %s",
        [ticket_id],
    )
    row = await found.fetchone()
    if row is None:
        raise NotFound(what="ticket", key=ticket_id)
    notes = await conn.execute(
        "SELECT body, created_at FROM ticket_notes WHERE ticket_id = %s ORDER BY position", [ticket_id]
    )
    return Ticket(**row, notes=[Note(**note) for note in await notes.fetchall()])


async def create(shop: Shop, conn: Connection, wish: TicketWish) -> Ticket:
    """Open a ticket."""
    if wish.user_id is not None:
        await users.require(conn, wish.user_id)
    added = await conn.execute(
        "INSERT INTO tickets (id, user_id, subject, body, reference, status, created_at)"
        " VALUES ('TK' || nextval('ticket_ids'), %s, %s, %s, %s, 'open', %s) RETURNING id",
        [wish.user_id, wish.subject, wish.body, wish.reference, shop.clock()],
    )
    row = await added.fetchone() or {}
    return await get(conn, row["id"])


async def add_note(shop: Shop, conn: Connection, ticket_id: str, note: str) -> Ticket:
    """Append a note."""
    await get(conn, ticket_id)
    await conn.execute(
        "INSERT INTO ticket_notes (ticket_id, body, created_at) VALUES (%s, %s, %s)",
        [ticket_id, note, shop.clock()],
    )
    return await get(conn, ticket_id)
