import psycopg
import pytest

from frontdesk.database import Database
from frontdesk.store.audit import anchor, verify
from tests.test_support import ANNA, BEN, process, say


@pytest.fixture
async def written(database: Database) -> Database:
    """Two conversations with a few turns each."""
    async with process(database) as support:
        for n in range(4):
            await say(support, f"order 789, {n}")
            await say(support, f"order 321, {n}", BEN)
    return database


def tamper(database: Database, statement: str) -> None:
    with psycopg.connect(database.conninfo, autocommit=True, options="-c search_path=frontdesk") as owner:
        owner.execute(statement.encode())


async def test_an_untouched_log_verifies(written: Database) -> None:
    report = verify(written.conninfo)
    assert report.holds, report.problems
    assert (report.rows, report.conversations) == (8, 2)
    assert verify(written.conninfo, anchor(written.conninfo)).holds


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET data = replace(data, 'answered', 'refused') WHERE n = 2",
        "UPDATE audit SET kind = 'other' WHERE n = 1",
        "UPDATE audit SET at = at + interval '1 second' WHERE n = 4",
        "UPDATE audit SET hash = sha256(hash) WHERE n = 3",
        "DELETE FROM audit WHERE n = 1",
        "DELETE FROM audit WHERE n = 2",
        "DELETE FROM audit WHERE n = 4",
        "DELETE FROM audit",
        "UPDATE audit SET n = CASE n WHEN 2 THEN -3 ELSE -2 END WHERE n IN (2, 3); UPDATE audit SET n = -n WHERE n < 0",
        "UPDATE conversations SET audit_n = 3",
        "INSERT INTO audit SELECT conversation_id, 5, at, kind, data, hash FROM audit WHERE n = 4",
        "INSERT INTO audit SELECT gen_random_uuid(), n, at, kind, data, hash FROM audit",
    ],
)
async def test_every_kind_of_tampering_is_found(written: Database, statement: str) -> None:
    tamper(written, statement)
    assert not verify(written.conninfo).holds


async def test_a_tail_cut_off_together_with_its_head_is_found_by_the_anchor(written: Database) -> None:
    taken = anchor(written.conninfo)
    tamper(
        written,
        "DELETE FROM audit WHERE n = 4; UPDATE conversations c SET audit_n = 3, audit_head = a.hash"
        " FROM audit a WHERE a.conversation_id = c.id AND a.n = 3",
    )
    assert verify(written.conninfo).holds
    assert not verify(written.conninfo, taken).holds


async def test_an_anchor_taken_earlier_holds_after_more_was_written(written: Database) -> None:
    taken = anchor(written.conninfo)
    async with process(written) as support:
        await say(support, "one more", ANNA)
    assert verify(written.conninfo, taken).holds


async def test_the_log_holds_no_text_of_a_customers(written: Database) -> None:
    with psycopg.connect(written.conninfo, options="-c search_path=frontdesk") as owner:
        text = str(owner.execute("SELECT data FROM audit").fetchall())
    assert "order 789" not in text
    assert "shipped" not in text
