"""Customers with something in every place there is: each value of theirs is planted, so that it can be looked for.

``python -m chaos.planted FOLDER SEED FIRST MANY`` is the whole life of S7 in a process of its own, whose stderr is its
log: a desk on an embedded PostgreSQL in FOLDER, MANY values planted over HTTP, their customers erased, all stopped. It
prints a line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psycopg

from frontdesk.database import SCHEMA, embedded
from frontdesk.domain import Reply
from frontdesk.privacy.scrub import analyze, scrub
from frontdesk.store.counts import count
from frontdesk.store.heard import replied
from frontdesk.store.identity import create_service_key, create_session
from frontdesk.store.personal import PLACES
from frontdesk.telemetry import configure
from tests.web.console.console import Console, console

EACH = 10  # values of one customer
PNG = b"\x89PNG\r\n\x1a\n"
NAMES = [
    "Albrecht",
    "Benedetta",
    "Casimir",
    "Dorothea",
    "Evander",
    "Friederike",
    "Gwendolyn",
    "Hildegard",
    "Isidora",
    "Joaquim",
]


@dataclass(frozen=True, slots=True)
class Planted:
    """A customer, and what was planted of them."""

    customer: str
    values: tuple[str, ...]


def invent(seed: int, n: int) -> Planted:
    """Customer ``n``: name, e-mail, telephone, card, account, street, a secret, a file's name and content, a note."""
    rng = random.Random(f"{seed} {n}")
    word = "".join(rng.choices("bcdfghjklmnpqrstvwxz", k=9))
    digits = "".join(rng.choices("0123456789", k=18))
    return Planted(
        f"p{n}{word}",
        (
            f"{NAMES[n % len(NAMES)]} Q{word}",
            f"{word}.{n}@mail{digits[:4]}.example",
            f"+49 151 {digits[:8]}",
            _card(f"4{digits[:14]}"),
            _iban(f"{digits}"),
            f"Q{word}straße {digits[:3]}",
            f"my cellar code is {word}{digits[8:12]}",
            f"scan-{word}-{n}.png",
            f"file-{word}-{digits}",
            f"note {word} {digits[:6]}",
        ),
    )


def _card(bare: str) -> str:
    """With the digit that makes it valid, in groups of four."""
    total = sum(
        sum(divmod(int(digit) * 2, 10)) if place % 2 == 0 else int(digit)
        for place, digit in enumerate(reversed(bare))
    )
    whole = f"{bare}{-total % 10}"
    return " ".join(whole[place : place + 4] for place in range(0, 16, 4))


def _iban(account: str) -> str:
    """A German account with its check digits."""
    check = 98 - int(f"{account}131400") % 97
    return f"DE{check:02d}{account}"


async def plant(desk: Console, planted: Planted) -> str:
    """Something of theirs in every place; the conversation."""
    name, email, phone, card, iban, street, secret, file_name, content, note = planted.values
    who, service = planted.customer, desk.service
    first = await desk.say(who, f"My name is {name}. My e-mail is {email}, my phone {phone}. {secret}.")
    talk = first["conversation_id"]
    await desk.say(who, f"refund order 789 to {iban}, card {card}")
    await desk.say(who, f"I want to talk to a person, I live at {street}")
    path, asked = f"/support/conversations/{talk}", {"user_id": who}
    answer = await desk.backend.post(
        f"{path}/attachments",
        params={**asked, "name": file_name},
        content=PNG + content.encode(),
        headers={"content-type": "image/png"},
    )
    assert answer.status_code == 201, answer.text
    answer = await desk.backend.post(f"{path}/email", json={**asked, "email": email, "what": "replies"})
    assert answer.status_code < 300, answer.text
    answer = await desk.backend.post(f"{path}/rating", json={**asked, "rating": "up"})
    assert answer.status_code < 300, answer.text
    staff = (await service.staff.everybody())[0]
    await service.people.take_over(staff, identity := UUID(talk))
    await service.people.reply(staff, identity, f"Dear {name}, we call {phone}.", client_id="r")
    await service.people.note(staff, identity, note, client_id="n")
    await create_session(service.database, f"ws_{who}{card}", who, lifetime=timedelta(hours=1), kid="k1")
    await asyncio.to_thread(_rows_of_others, service.owner_url, planted, talk)
    for number in await asyncio.to_thread(_brought, service.owner_url, talk):
        reply = Reply(f"r{number}", f"{name}, your {content} is here. {secret}.", author=f"Nurse {note}")
        assert await replied(service.database, "zendesk", f"z{number}", [reply])
    return talk


def _brought(owner_url: str, talk: str) -> list[int]:
    """The conversation's tickets, as if a helpdesk had them; their numbers."""
    with psycopg.connect(owner_url, options=f"-c search_path={SCHEMA},public") as owner:
        owner.execute(
            "INSERT INTO helpdesks (name, since, heard_since) VALUES ('zendesk', now(), now()) ON CONFLICT DO NOTHING"
        )
        found = owner.execute(
            "UPDATE tickets SET helpdesk = 'zendesk', external_id = 'z' || number WHERE conversation_id = %s RETURNING number",
            (talk,),
        )
        return [number for (number,) in found]


def _rows_of_others(owner_url: str, planted: Planted, talk: str) -> None:
    """What sweeps, couriers and staff would have made of it by and by."""
    name, email, *_, secret = planted.values[:7]
    vector = "[" + ",".join(["0.1"] * 384) + "]"
    with psycopg.connect(owner_url, options=f"-c search_path={SCHEMA},public") as owner:
        number = owner.execute(
            "INSERT INTO knowledge_gaps (model, centre, state, title, body, drafted_at)"
            " VALUES ('m', %s, 'drafted', %s, %s, now()) RETURNING number",
            (vector, f"What {name} asked", f"We told {email}: {secret}"),
        ).fetchone()
        assert number is not None
        owner.execute(
            "INSERT INTO knowledge_gap_questions (turn_id, gap, principal, question, asked_at, embedding)"
            " SELECT id, %s, principal, %s, now(), %s FROM turns WHERE conversation_id = %s AND seq = 1",
            (number[0], f"Is {secret}?", vector, talk),
        )
        owner.execute(
            "INSERT INTO spent (day, who, tokens, usd) VALUES (current_date, sha256(convert_to(%s, 'UTF8')), 7, 0.1)",
            (f"customer:{planted.customer}",),
        )
        owner.execute(
            "INSERT INTO deliveries (ticket_id, helpdesk, how) SELECT id, 'zendesk', %s FROM tickets"
            " WHERE conversation_id = %s",
            (f"refused {email}", talk),
        )
        owner.execute(
            "INSERT INTO approvals (action_id, principal, staff) SELECT id, principal, 'mara' FROM actions"
            " WHERE conversation_id = %s",
            (talk,),
        )
        owner.execute(
            "INSERT INTO effects (id, action_id, kind, conversation_id, principal, tool, keys, amount, currency, outcome)"
            " SELECT gen_random_uuid(), id, 'do', conversation_id, principal, tool, jsonb_build_object('to', %s::text),"
            " amount, currency, 'done' FROM actions WHERE conversation_id = %s",
            (planted.values[4], talk),
        )


def dump(owner_url: str) -> bytes:
    """Every row of every table, and the samples that the planner has of them, as text."""
    with psycopg.connect(owner_url, options=f"-c search_path={SCHEMA},public") as owner:
        tables = owner.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY 1", (SCHEMA,)
        ).fetchall()
        found = bytearray()
        for (table,) in tables:
            with owner.cursor().copy(f"COPY {SCHEMA}.{table} TO STDOUT".encode()) as copy:
                for block in copy:
                    found += bytes(block)
        samples = owner.execute("SELECT s::text FROM pg_stats s WHERE schemaname = %s", (SCHEMA,))
        found += "".join(text for (text,) in samples).encode()
        for (content,) in owner.execute("SELECT content FROM attachments"):  # hexadecimal, above
            found += content
    return bytes(found)


def left_of(planted: Planted, text: bytes) -> list[str]:
    """Which of a customer's values, or their id, stand in ``text``, in one spelling or another."""
    spelt = [
        (value, value.encode(), value.replace(" ", "").encode())
        for value in (*planted.values, planted.customer)
    ]
    return [value for value, said, bare in spelt if said in text or bare in text]


async def live(folder: Path, seed: int, first: int, many: int) -> dict[str, Any]:
    """Plant, look, erase, look again; what is in files and in the log is looked for by who called."""
    server = embedded.start(folder / "data" / "postgres")
    url = embedded.database(server, "frontdesk")
    everybody = [invent(seed, n) for n in range(first, first + many // EACH)]
    async with console(
        folder / "data",
        database_url=url,
        log_level="debug",
        smtp_url="smtp://127.0.0.1:9",
        mail_from="desk@shop.example",
    ) as desk:
        for planted in everybody:
            await plant(desk, planted)
        await asyncio.to_thread(count, url)
        await asyncio.to_thread(analyze, url)
        before = await asyncio.to_thread(dump, url)
        key = await create_service_key(desk.service.database, "dpo", rights=["privacy"])
        async with httpx.AsyncClient(
            base_url=desk.url, headers={"authorization": f"Bearer {key}"}, timeout=60, trust_env=False
        ) as officer:
            receipts = [
                (await officer.post(f"/support/customers/{planted.customer}/erase")).json()
                for planted in everybody
            ]
    after = await asyncio.to_thread(dump, url)
    await asyncio.to_thread(scrub, url)
    server.cleanup()
    return {
        "planted": sum(len(left_of(planted, before)) - 1 for planted in everybody),
        "left": [value for planted in everybody for value in left_of(planted, after)],
        "unlisted": [
            place.table
            for place in PLACES
            for receipt in receipts
            if not receipt["stores"][place.table]["rows"]
        ],
    }


def main() -> None:
    """See above."""
    folder, seed, first, many = Path(sys.argv[1]), *map(int, sys.argv[2:5])
    configure("debug", "json")
    print(json.dumps(asyncio.run(live(folder, seed, first, many))))


if __name__ == "__main__":
    main()
