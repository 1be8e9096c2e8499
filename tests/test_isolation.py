"""Row-level security: the application's role sees the rows of the principal it names, and no others."""

from uuid import uuid4

import psycopg
import pytest

from frontdesk.database import Database
from tests.test_support import ANNA, BEN, process, say

TABLES = ("conversations", "turns", "messages", "tickets", "ratings")


@pytest.mark.parametrize("table", TABLES)
async def test_a_query_without_a_filter_shows_only_the_principals_rows(
    database: Database, table: str
) -> None:
    async with process(database) as support:
        for principal in (ANNA, BEN):
            await say(support, "hello", principal)
        await _open_tickets(database)
    query = f"SELECT DISTINCT principal FROM {table}"
    for key, seen in (
        (ANNA.key, [(ANNA.key,)]),
        (BEN.key, [(BEN.key,)]),
        ("customer:nobody", []),
        (None, []),
    ):
        async with database.transaction(key) as connection:
            assert await (await connection.execute(query)).fetchall() == seen


async def _open_tickets(database: Database) -> None:
    with psycopg.connect(database.conninfo, options="-c search_path=frontdesk") as owner:
        owner.execute(
            "INSERT INTO tickets (id, principal, conversation_id, turn_id, subject, body, reason)"
            " SELECT gen_random_uuid(), principal, conversation_id, id, 's', 'b', 'r' FROM turns"
        )
        owner.execute(
            "INSERT INTO ratings (conversation_id, principal, rating) SELECT id, principal, 'up' FROM conversations"
        )


@pytest.mark.parametrize("table", TABLES)
async def test_nobody_can_write_a_row_in_anothers_name(database: Database, table: str) -> None:
    async with process(database) as support:
        await say(support, "hello")
    if table == "conversations":
        statement = "INSERT INTO conversations (id, principal, channel) VALUES (gen_random_uuid(), %s, 'api')"
    else:
        columns = {
            "turns": "id, conversation_id, principal, seq",
            "messages": "conversation_id, turn_seq, n, principal, role, body",
            "tickets": "id, principal, conversation_id, turn_id, subject, body, reason",
            "ratings": "conversation_id, principal, rating",
        }[table]
        values = {
            "turns": "gen_random_uuid(), gen_random_uuid(), %s, 9",
            "messages": "gen_random_uuid(), 9, 9, %s, 'staff', 'x'",
            "tickets": "gen_random_uuid(), %s, gen_random_uuid(), gen_random_uuid(), 's', 'b', 'r'",
            "ratings": "gen_random_uuid(), %s, 'up'",
        }[table]
        statement = f"INSERT INTO {table} ({columns}) VALUES ({values})"
    # Refused by row-level security, or before it by the trigger that finds no such conversation of Anna's.
    with pytest.raises(
        (psycopg.errors.InsufficientPrivilege, psycopg.errors.ForeignKeyViolation),
        match=r"row-level security|was erased",
    ):
        async with database.transaction(ANNA.key) as connection:
            await connection.execute(statement, (BEN.key,))


async def test_the_application_can_neither_read_nor_change_the_audit_log(database: Database) -> None:
    async with process(database) as support:
        await say(support, "hello")
    for statement in (
        "SELECT * FROM audit",
        "UPDATE audit SET data = ''",
        "DELETE FROM audit",
        f"INSERT INTO audit VALUES ('{uuid4()}', 1, now(), 'k', 'd', '')",
        "TRUNCATE audit",
        "ALTER TABLE messages DISABLE ROW LEVEL SECURITY",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with database.transaction(ANNA.key) as connection:
                await connection.execute(statement)
