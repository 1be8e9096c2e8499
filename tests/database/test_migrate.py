import hashlib

import psycopg
import pytest

from frontdesk.database import Database, migrate
from frontdesk.database.migrate import migrations
from frontdesk.errors import SettingsError
from frontdesk.testing import temporary_url

# The first 16 hex digits of each landed migration's SHA-256. A new migration adds a line; none is ever changed.
LANDED = {
    "0001_conversations": "aa92453577e36a64",
    "0002_knowledge": "2d2035aff0e1dcd2",
    "0003_identity": "2412a14902d064b7",
    "0004_models": "0b1e68e32239551c",
    "0005_gaps": "001be7709eb2c4a0",
    "0006_jobs": "3e74e4e087f84d6c",
    "0007_conflicts": "f7f80333341b060b",
    "0008_key_rights": "7a246534d57f91a7",
    "0009_actions": "f566d0a43bd09efc",
    "0010_actions_waiting": "61c20d93c0e9e0ec",
    "0011_outcomes": "55f819d1ba6990e6",
    "0012_people": "fb9ec17cafa83e61",
    "0013_customers_side": "e8879949b32781da",
    "0014_helpdesks": "e31e872f8e35ad79",
    "0015_limits": "e5c57324375fc5c3",
    "0016_privacy": "f1521e0bb401ccfe",
    "0017_passwords": "31043b53e0abb850",
    "0018_reports": "ffd05de83f67e311",
    "0019_replies": "a68e723d9cd1d748",
    "0020_desk": "c9d73a3b4fb793bc",
    "0021_staff_oidc": "c3653b0db340acd7",
    "0022_told_files": "206ccb6931853c6f",
    "0023_action_ends": "476e67e3cb3d46b0",
}
NUMBERS = [number for number, _, _ in migrations()]


@pytest.mark.parametrize("earlier", [0, *NUMBERS])
def test_every_earlier_state_migrates_to_the_newest(earlier: int) -> None:
    url = temporary_url(migrated=False)
    migrate(url, to=earlier)
    applied = migrate(url)
    assert [int(name[:4]) for name in applied] == [n for n in NUMBERS if n > earlier]
    assert migrate(url) == []


def test_a_migration_that_changed_after_it_was_applied_is_refused() -> None:
    url = temporary_url()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("UPDATE frontdesk.migrations SET sha256 = 'x' WHERE number = 1")
    with pytest.raises(SettingsError, match="has changed"):
        migrate(url)


async def test_a_database_whose_tables_lost_row_level_security_is_refused() -> None:
    url = temporary_url()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER TABLE frontdesk.conversations DISABLE ROW LEVEL SECURITY")
    with pytest.raises(SettingsError, match="row-level security"):
        await Database.open(url)


def test_no_landed_migration_was_changed() -> None:
    now = {
        f"{n:04d}_{name}": hashlib.sha256(text.encode()).hexdigest()[:16] for n, name, text in migrations()
    }
    assert now == LANDED
