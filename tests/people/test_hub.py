"""What happened reaches whoever listens, whatever else is said on the channel."""

from __future__ import annotations

import asyncio

import pytest

from frontdesk.people import EVERYTHING
from tests.people.desk import Office


@pytest.mark.parametrize("payload", ["no json", "[]", "{}", "null", '{"conversation": 1}', ""])
async def test_a_notice_that_cannot_be_read_ends_nothing(desk: Office, payload: str) -> None:
    async with desk.service.hub.subscribe() as queue:
        await desk.rows("SELECT pg_notify('frontdesk_people', %s)", payload)
        assert await asyncio.wait_for(queue.get(), 5) == EVERYTHING
        await desk.rows("SELECT pg_notify('frontdesk_people', %s)", '{"conversation": "c", "what": "mode"}')
        assert (await asyncio.wait_for(queue.get(), 5)).what == "mode"
