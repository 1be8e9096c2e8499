"""R2 to R5: messages at once, clicks at once, repeats, and streams that are hung up."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable

import httpx
import psycopg

from frontdesk.domain import Principal
from frontdesk.errors import ActionDecided
from frontdesk.testing import temporary_database, temporary_url
from tests.actions.shop import Shop, make_desk, process
from tests.process import Server

Shown = Callable[[str], None]


async def messages_at_once(conversations: int, each: int, _: Shown) -> tuple[dict[str, int], list[str]]:
    """R2: on two server processes; all stored, each answered, in order."""
    url = temporary_url()
    with Server(url) as one, Server(url) as two:
        async with one.client() as a, two.client() as b:
            gate = asyncio.Semaphore(200)

            async def send(c: int, n: int) -> int:
                async with gate:
                    body = {"user_id": f"c{c}", "message": f"note {n}"}
                    return (await (a if n % 2 else b).post("/support/chat", json=body)).status_code

            codes = await asyncio.gather(*(send(c, n) for c in range(conversations) for n in range(each)))
    with psycopg.connect(url, options="-c search_path=frontdesk,public") as owner:
        stored = owner.execute("SELECT count(*) FROM messages WHERE n = 0").fetchone()
        answered = owner.execute("SELECT count(*) FROM messages WHERE n = 1").fetchone()
        gaps = owner.execute("SELECT count(*) FROM conversations WHERE turns_done <> %s", (each,)).fetchone()
    problems = [f"status {code}" for code in set(codes) - {200}]
    problems += (
        [] if (stored, answered, gaps) == ((conversations * each,),) * 2 + ((0,),) else ["not all in order"]
    )
    return {"stored": stored[0] if stored else 0, "answered": answered[0] if answered else 0}, problems


async def clicks_at_once(count: int, clicks: int, shown: Shown) -> tuple[dict[str, int], list[str]]:
    """R3: on two processes that share a database; one effect an action, all other clicks 409."""
    shop = Shop(
        orders={
            str(n): {"id": str(n), "owner": f"c{n}", "status": "x", "paid": "10.00"} for n in range(count)
        }
    )
    desk_of = make_desk(shop)
    outcomes: Counter[str] = Counter()
    async with (
        temporary_database() as database,
        process(database, shop, desk=desk_of) as one,
        process(database, shop, desk=desk_of) as two,
    ):
        for n in range(count):
            who = Principal("customer", f"c{n}")
            action = await one.propose("refund_order", who, order_id=str(n), amount="5 EUR")
            done = await asyncio.gather(
                *((one if k % 2 else two).confirm(action, who) for k in range(clicks)), return_exceptions=True
            )
            outcomes.update(
                "409" if isinstance(o, ActionDecided) else getattr(o, "status", repr(o)) for o in done
            )
            shown(f"R3: {n + 1} of {count} actions")
    expected = {"executed": count, "409": count * (clicks - 1)}
    problems = [] if dict(outcomes) == expected else [f"clicks came to {dict(outcomes)}"]
    problems += [] if sorted(shop.effects.values()) == [1] * count else ["an effect that is not one"]
    return {"effects": sum(shop.effects.values()), "409": outcomes["409"]}, problems


async def repeats(count: int, _: Shown) -> tuple[dict[str, int], list[str]]:
    """R4: the same client_message_id again and again; one row, the same answer."""
    url = temporary_url()
    body = {"user_id": "u1", "message": "order 789", "client_message_id": "m1"}
    with Server(url) as server:
        async with server.client() as client:
            first = (await client.post("/support/chat", json=body)).content
            gate = asyncio.Semaphore(32)

            async def again() -> bytes:
                async with gate:
                    return (await client.post("/support/chat", json=body)).content

            answers = set(await asyncio.gather(*(again() for _ in range(count))))
    with psycopg.connect(url, options="-c search_path=frontdesk,public") as owner:
        rows = owner.execute("SELECT count(*) FROM turns").fetchone()
    problems = ([] if answers == {first} else ["another answer"]) + ([] if rows == (1,) else ["another row"])
    return {"repeats": count, "answers": len(answers)}, problems


async def hang_ups(count: int, shown: Shown) -> tuple[dict[str, int], list[str]]:
    """R5: the stream is dropped after its first event; the turn is recorded whole and can be read on."""
    url, whole = temporary_url(), 0
    with Server(url) as server:
        async with server.client() as client:
            for n in range(count):
                whole += await _hang_up(client, n)
                shown(f"R5: {n + 1} of {count} hang-ups")
    return {"hang-ups": count, "read on": whole}, [] if whole == count else [f"{count - whole} not whole"]


async def _hang_up(client: httpx.AsyncClient, n: int) -> bool:
    body = {"user_id": f"h{n}", "message": "order 789"}
    stream = {"accept": "text/event-stream"}
    last = ""
    async with client.stream("POST", "/support/chat", json=body, headers=stream) as answer:
        async for line in answer.aiter_lines():
            if line.startswith("id: "):
                last = line[4:]
                break
    again = await client.post("/support/chat", json=body, headers={**stream, "last-event-id": last})
    return "event: done" in again.text and "event: accepted" not in again.text
