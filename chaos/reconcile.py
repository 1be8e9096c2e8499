"""What the database, the ledger of effects, the backend's own count and the customers say of a batch must agree."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from chaos.backend import Backend
from chaos.journal import Tally
from frontdesk.database import as_owner

if TYPE_CHECKING:
    from chaos.kills import Customer

OPEN = """
SELECT count(*) AS n FROM actions WHERE principal = ANY (%(who)s) AND status IN ('executing', 'unknown', 'undoing')
"""
TURNS = """
SELECT t.principal, count(*) AS turns, bool_and(t.status = 'done') AS done, min(t.outcome) AS outcome,
  min(m.body) AS reply, count(m.body) AS replies
FROM turns t
LEFT JOIN messages m ON m.conversation_id = t.conversation_id AND m.turn_seq = t.seq AND m.n = 1
WHERE t.principal = ANY (%(who)s) GROUP BY 1
"""
TOLD = """
SELECT principal, body, count(*) AS times FROM messages
WHERE principal = ANY (%(who)s) AND n > 1 AND body IN ('Refunded.', 'Noted.') GROUP BY 1, 2
"""
ACTIONS = "SELECT id::text, principal, tool, status, reason FROM actions WHERE principal = ANY (%(who)s)"
EFFECTS = "SELECT id::text, principal, tool, outcome FROM effects WHERE principal = ANY (%(who)s)"
TICKETS = "SELECT principal, count(*) AS tickets FROM tickets WHERE principal = ANY (%(who)s) GROUP BY 1"
HELD = (
    "SELECT count(*) AS n FROM conversations WHERE principal = ANY (%(who)s) AND turns_done <> turns_accepted"
)


async def reconcile(url: str, shop: Backend, customers: list[Customer]) -> Tally:
    """The figures of a batch, once nothing of it is under way any more."""
    who = {"who": [f"customer:{customer.id}" for customer in customers]}
    for _ in range(200):
        if not (await asyncio.to_thread(_rows, url, OPEN, who))[0]["n"]:
            break
        await asyncio.sleep(0.1)
    found = {
        name: await asyncio.to_thread(_rows, url, query, who)
        for name, query in {
            "turns": TURNS, "told": TOLD, "actions": ACTIONS, "effects": EFFECTS, "tickets": TICKETS, "held": HELD,
        }.items()
    }  # fmt: skip
    tally = Tally()
    turns = {row["principal"]: row for row in found["turns"]}
    told = {(row["principal"], row["body"]): row["times"] for row in found["told"]}
    tickets = {row["principal"]: row["tickets"] for row in found["tickets"]}
    for customer in customers:
        key = f"customer:{customer.id}"
        _turn(tally, customer, turns.get(key), tickets.get(key, 0))
        _effects(tally, customer, shop, [row for row in found["actions"] if row["principal"] == key], told)
    tally.expect(found["held"][0]["n"] == 0, f"{found['held'][0]['n']} conversations with turns left")
    _ledger(tally, shop, found["actions"], found["effects"])
    return tally


def _rows(url: str, query: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    with as_owner(url) as connection:
        return connection.execute(query.encode(), values).fetchall()


def _turn(tally: Tally, customer: Customer, row: dict[str, Any] | None, tickets: int) -> None:
    """One message, one turn, one reply, and it is what the customer was told."""
    tally.counts["turns"] += 1
    if row is None:
        tally.problems.append(f"{customer.id}: the message is lost")
        return
    tally.expect(row["turns"] == 1, f"{customer.id}: {row['turns']} turns for one message")
    tally.expect(bool(row["done"]), f"{customer.id}: never answered")
    tally.expect(row["replies"] == 1, f"{customer.id}: {row['replies']} replies")
    if customer.answer:
        tally.expect(
            customer.answer["reply"] == row["reply"], f"{customer.id}: told something else than is stored"
        )
    handed = row["outcome"] == "handed_off"
    tally.counts["handed to a person"] += handed
    tally.expect(tickets == handed, f"{customer.id}: {tickets} tickets, outcome {row['outcome']}")


def _effects(
    tally: Tally,
    customer: Customer,
    shop: Backend,
    actions: list[dict[str, Any]],
    told: dict[tuple[str, str], int],
) -> None:
    """As many real effects as actions that were carried out, and never two; each is told of once."""
    order = f"o{customer.n}"
    for tool, what, said in (("refund_order", "refund", "Refunded."), ("add_note", "note", "Noted.")):
        executed = sum(row["tool"] == tool and row["status"] == "executed" for row in actions)
        happened = shop.happened[what, order]
        tally.counts[f"{what}s"] += happened
        tally.expect(happened <= 1, f"{customer.id}: the {what} happened {happened} times")
        tally.expect(happened == executed, f"{customer.id}: {happened} {what}s, {executed} executed actions")
        times = told.get((f"customer:{customer.id}", said), 0)
        tally.expect(times == executed, f"{customer.id}: told {times} times of {executed} {what}s")
    if customer.status == "executed":
        tally.expect(shop.happened["refund", order] == 1, f"{customer.id}: told of a refund that never was")


def _ledger(
    tally: Tally, shop: Backend, actions: list[dict[str, Any]], effects: list[dict[str, Any]]
) -> None:
    """The ledger's effects that are done are the actions executed, and the backend did each of them."""
    done = {row["id"] for row in effects if row["outcome"] == "done"}
    executed = {row["id"] for row in actions if row["status"] == "executed"}
    tally.expect(done == executed, f"{len(done ^ executed)} effects differ between ledger and actions")
    tally.expect(done <= shop.keys.keys(), f"{len(done - shop.keys.keys())} effects the backend never had")
    over = ("executed", "expired", "declined", "failed")
    left = [f"{row['tool']} {row['status']} {row['reason']}" for row in actions if row["status"] not in over]
    tally.expect(not left, f"{len(left)} actions without an end, {left[:1]}")
    tally.counts["sent to the backend more than once"] += sum(shop.asked[key] > 1 for key in done)
