"""The tables of the job queue are procrastinate's own, and the application may do with them what it must."""

import procrastinate.schema
import psycopg
import pytest

from frontdesk.database.migrate import migrations
from frontdesk.testing import temporary_url


def test_the_schema_is_that_of_the_installed_procrastinate() -> None:
    ours = next(text for _, name, text in migrations() if name == "jobs")
    theirs = procrastinate.schema.SchemaManager.get_schema()
    assert theirs[theirs.index("-- Enums") :].strip() in ours


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE procrastinate_jobs",
        "TRUNCATE procrastinate_jobs",
        "UPDATE procrastinate_events SET at = now()",
    ],
)
def test_the_application_may_not_change_what_it_need_not(statement: str) -> None:
    with psycopg.connect(temporary_url(), autocommit=True) as connection:
        connection.execute("SET ROLE frontdesk_app")
        connection.execute("SET search_path = frontdesk, public")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())


def test_nothing_of_the_queue_stands_outside_frontdesks_schema() -> None:
    with psycopg.connect(temporary_url()) as connection:
        found = connection.execute(
            "SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relname LIKE 'procrastinate%' UNION"
            " SELECT n.nspname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
            " WHERE p.proname LIKE 'procrastinate%'"
        ).fetchall()
    assert found == [("frontdesk",)]
