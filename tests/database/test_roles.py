"""A PostgreSQL of one's own, where the application's login owns nothing and nobody is a superuser."""

import psycopg
import pytest
from psycopg import conninfo

from frontdesk.database import Database, migrate
from frontdesk.errors import DatabaseUnavailable, SettingsError
from frontdesk.testing import temporary_url

SETUP = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'frontdesk_app') THEN CREATE ROLE frontdesk_app NOLOGIN; END IF;
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'shop_owner') THEN CREATE ROLE shop_owner LOGIN; END IF;
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'shop_login') THEN
    CREATE ROLE shop_login LOGIN IN ROLE frontdesk_app; END IF;
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'stranger') THEN CREATE ROLE stranger LOGIN; END IF;
END $$;
CREATE EXTENSION IF NOT EXISTS vector;
"""


@pytest.fixture
def urls() -> dict[str, str]:
    """Connection strings of one database for its owner, the application's login, and somebody else."""
    url = temporary_url(migrated=False)
    name = conninfo.conninfo_to_dict(url)["dbname"]
    with psycopg.connect(url, autocommit=True) as superuser:
        superuser.execute(SETUP)
        superuser.execute(f'ALTER DATABASE "{name}" OWNER TO shop_owner'.encode())
    return {role: conninfo.make_conninfo(url, user=role) for role in ("shop_owner", "shop_login", "stranger")}


async def test_the_owner_migrates_and_the_applications_login_works_under_row_level_security(
    urls: dict[str, str],
) -> None:
    assert migrate(urls["shop_owner"])
    database = await Database.open(urls["shop_login"])
    async with database.transaction("customer:u1") as connection:
        await connection.execute(
            "INSERT INTO conversations (id, principal, channel) VALUES (gen_random_uuid(), 'customer:u1', 'api')"
        )
    async with database.transaction("customer:u2") as connection:
        assert await (await connection.execute("SELECT * FROM conversations")).fetchall() == []
    await database.close()


async def test_a_login_outside_the_applications_role_is_told_what_to_do(urls: dict[str, str]) -> None:
    migrate(urls["shop_owner"])
    with pytest.raises(SettingsError, match="GRANT frontdesk_app TO stranger"):
        await Database.open(urls["stranger"], wait=5)


def test_an_owner_that_may_not_make_the_role_is_told_what_to_do(urls: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="FRONTDESK_MIGRATION_URL"):
        migrate(urls["stranger"])


async def test_a_server_that_is_not_there_is_said_in_a_sentence() -> None:
    with pytest.raises(DatabaseUnavailable, match="FRONTDESK_DATABASE_URL"):
        await Database.open("postgresql://nobody@127.0.0.1:1/none", wait=1)
    with pytest.raises(DatabaseUnavailable, match="FRONTDESK_DATABASE_URL"):
        migrate("postgresql://nobody@127.0.0.1:1/none")
