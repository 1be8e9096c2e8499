"""What happened reaches whoever listens, whatever else is said on the channel."""

from __future__ import annotations

import asyncio

import pytest

from frontdesk.people import EVERYTHING, Happened
from tests.people.desk import Office


@pytest.mark.parametrize("payload", ["no json", "[]", "{}", "null", '{"conversation": 1}', ""])
async def test_a_notice_that_cannot_be_read_ends_nothing(desk: Office, payload: str) -> None:
    async with desk.service.hub.subscribe() as queue:
        await desk.rows("SELECT pg_notify('frontdesk_people', %s)", payload)
        await desk.rows("SELECT pg_notify('frontdesk_people', %s)", '{"conversation": "c", "what": "mode"}')
        told = [await asyncio.wait_for(queue.get(), 5)]
        while told[-1] == EVERYTHING:
            told.append(await asyncio.wait_for(queue.get(), 5))
    assert told[0] == EVERYTHING
    assert told[-1] == Happened("c", "mode")
