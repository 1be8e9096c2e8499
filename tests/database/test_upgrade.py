"""A database of the release before, with data in it that its own code wrote, becomes today's."""

import re
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from frontdesk.database import Database, as_owner, migrate
from frontdesk.domain import Principal
from frontdesk.store.actions import ActionStore
from frontdesk.store.audit import verify
from frontdesk.store.conversations import transcript
from frontdesk.testing import temporary_url
from tests.actions.shop import ANNA, process
from tests.database.answering import ask

DATA = Path(__file__).with_name("release_0011.sql")
CONVERSATION = UUID("01a22123-3854-7389-9885-f0e0d8e5fbde")
OPEN = UUID("6ff272b9-a3dd-516a-bfbd-d9811c0b45de")  # a proposal that nobody has answered


@pytest.fixture
def upgraded() -> str:
    """The old release's database, migrated to today's."""
    url = temporary_url(migrated=False)
    migrate(url, to=11)
    data = DATA.read_text(encoding="utf-8")
    with psycopg.connect(url) as owner:
        owner.execute("SET session_replication_role = replica")  # as pg_restore --disable-triggers does
        for table in dict.fromkeys(re.findall(r"^INSERT INTO (\S+) VALUES", data, re.MULTILINE)):
            owner.execute(f"TRUNCATE {table} CASCADE".encode())
        owner.execute(data.encode())
    assert migrate(url)
    return url


async def test_what_the_release_before_wrote_is_read_continued_and_proven(upgraded: str) -> None:
    report = verify(upgraded)
    assert (report.holds, report.conversations, report.rows) == (True, 2, 10)
    database = await Database.open(upgraded)
    try:
        before = await transcript(database, ANNA, CONVERSATION)
        assert [line.role for line in before.lines].count("customer") == 3
        assert [line.role for line in before.lines].count(
            "assistant"
        ) == 4  # one says that the refund was made
        stranger = Principal("customer", "u2")
        assert (
            await ActionStore(database, UUID(int=1), timedelta(seconds=5)).find(ANNA.key, OPEN)
        ).status in ("proposed", "expired")
        async with process(database) as desk:
            answer = await desk.say("Hello again", conversation_id=CONVERSATION)
            assert answer["conversation_id"] == str(CONVERSATION)
            again = await desk.say("Hello", client_message_id="first")
            assert again["turn_id"] == str(before.lines[0].turn_id)  # a message of then, sent again
            assert (await desk.say("Hello", stranger))["conversation_id"] != str(CONVERSATION)
        assert (await transcript(database, ANNA, CONVERSATION)).lines[-1].text == "You said: Hello again"
        assert "30 days" in await ask(database, "How many days do I have to return boots?")
    finally:
        await database.close()
    assert verify(upgraded).holds
    with as_owner(upgraded) as owner:
        row = owner.execute(
            "SELECT count(*) AS n FROM conversations WHERE mode = 'ai' AND assignee IS NULL"
        ).fetchone()
    assert row == {"n": 3}  # and the one in which the question was asked
