"""What runs out, the anchor, and what the command line says of it."""

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from structlog.testing import capture_logs

from frontdesk import Frontdesk
from frontdesk import settings as frontdesk_settings
from frontdesk.cli import cli
from frontdesk.database import SCHEMA, Database, as_owner
from frontdesk.errors import Conflict, DatabaseUnavailable, SettingsError, SourceUnavailable
from frontdesk.privacy import Privacy, signing_keys
from frontdesk.privacy.anchor import keep_anchor
from frontdesk.privacy.retention import run_out
from frontdesk.privacy.scrub import analyze, scrub
from frontdesk.settings import Settings
from frontdesk.store import retention
from frontdesk.store.audit import verify
from frontdesk.store.conversations import show
from frontdesk.store.records import steps_of
from frontdesk.web.app import create_app
from tests.gaps import Chat, owner_of, step


def made(folder: Path, **changes: Any) -> Settings:
    return frontdesk_settings.load(data_dir=folder, **changes)


def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(database.conninfo, options=f"-c search_path={SCHEMA},public") as owner:
        return owner.execute(query.encode()).fetchall()


@pytest.fixture
async def old(database: Database) -> AsyncGenerator[Database]:
    """Conversations of three years, 100 days, and today; the first waits for a person in one of them."""
    owner = await owner_of(database)
    for customer, kind, days in (
        ("old", "customer", 1000),
        ("waiting", "customer", 1000),
        ("anon:1", "visitor", 100),
        ("traced", "customer", 100),
        ("new", "customer", 0),
    ):
        chat = Chat(owner, customer, kind=kind)
        steps = [step("get_order", order_id="SECRET")]
        await chat.turn("hello", "answered", steps, ago=f"{days} days")
        await owner.execute(
            "UPDATE conversations SET active_at = now() - make_interval(days => %s) WHERE id = %s",
            (days, chat.id),
        )
        await owner.execute("SELECT audit_append(%s, 'turn', '{}')", (chat.id,))
        if customer == "waiting":
            await owner.execute("UPDATE conversations SET mode = 'queued' WHERE id = %s", (chat.id,))
    yield database
    await owner.close()


async def test_each_kind_runs_out_in_its_own_time(old: Database, tmp_path: Path) -> None:
    settings = made(tmp_path)
    counted = run_out(old.conninfo, settings, dry_run=True)
    assert (counted["conversations"], counted["visitors"]) == ((730, 1), (90, 1))
    assert len(rows(old, "SELECT 1 FROM messages")) == 10
    found = run_out(old.conninfo, settings)
    assert (found["conversations"], found["visitors"], found["traces"]) == ((730, 1), (90, 1), (90, 4))
    left = rows(old, "SELECT DISTINCT principal FROM messages ORDER BY 1")
    assert left == [("customer:new",), ("customer:traced",), ("customer:waiting",)]
    assert rows(old, "SELECT principal FROM turns WHERE record::text LIKE '%SECRET%'") == [("customer:new",)]
    for (identity,) in rows(old, "SELECT id FROM conversations"):
        (turn,) = show(old.conninfo, identity)["turns"]
        assert [each.tool for each in steps_of(turn["record"]["steps"])] == ["get_order"]
    assert verify(old.conninfo, None, signing_keys(settings)).holds
    assert {count for _, count in run_out(old.conninfo, settings).values()} == {0}


async def test_without_a_secret_only_what_needs_none_runs_out(old: Database, tmp_path: Path) -> None:
    with capture_logs() as logs:
        found = run_out(old.conninfo, Settings(environment="production", data_dir=tmp_path))
    assert ["FRONTDESK_SECRET" in each["problem"] for each in logs] == [True]
    assert (found["conversations"], found["visitors"]) == ((730, 0), (90, 0))
    assert rows(old, "SELECT principal FROM turns WHERE record::text LIKE '%SECRET%'") == [("customer:new",)]
    assert len(rows(old, "SELECT 1 FROM messages")) == 10


async def test_zero_days_keep_for_ever(old: Database, tmp_path: Path) -> None:
    kept = {name: 0 for name in Settings.model_fields if name.startswith("keep_")}
    assert set(run_out(old.conninfo, made(tmp_path, **kept)).values()) == {(0, 0), (1, 0)}
    assert len(rows(old, "SELECT 1 FROM messages")) == 10


async def test_an_erasure_that_was_not_ours_does_not_verify(old: Database, tmp_path: Path) -> None:
    settings = made(tmp_path)
    await Privacy(old.conninfo, settings).erase("old")
    keys = signing_keys(settings)
    assert verify(old.conninfo, None, keys).holds
    assert not verify(old.conninfo, None, [b"another installation's"]).holds
    earlier = made(
        tmp_path, secret="n" * 40, earlier_secrets=((tmp_path / "development-secret").read_text().strip(),)
    )
    assert verify(old.conninfo, None, signing_keys(earlier)).holds
    with psycopg.connect(old.conninfo, autocommit=True, options=f"-c search_path={SCHEMA}") as owner:
        owner.execute("UPDATE audit SET data = '' WHERE kind = 'turn'")
    assert not verify(old.conninfo, None, keys).holds


async def test_the_anchor_is_kept_outside_and_finds_a_chain_that_was_removed(
    old: Database, tmp_path: Path
) -> None:
    second = tmp_path / "elsewhere" / "anchor.json"
    file = await keep_anchor(old.conninfo, made(tmp_path, audit_anchor=str(second)))
    assert file.read_bytes() == second.read_bytes()
    taken = json.loads(file.read_bytes())
    assert verify(old.conninfo, taken).holds
    with psycopg.connect(old.conninfo, autocommit=True, options=f"-c search_path={SCHEMA}") as owner:
        owner.execute("DELETE FROM audit")
        owner.execute("UPDATE conversations SET audit_n = 0, audit_head = ''")
    assert verify(old.conninfo).holds
    assert not verify(old.conninfo, taken).holds
    with pytest.raises(SourceUnavailable):
        await keep_anchor(old.conninfo, made(tmp_path, audit_anchor=str(file / "no" / "folder")))


def test_wrong_settings_are_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="FRONTDESK_SECRET"):
        signing_keys(Settings(environment="production"))
    (tmp_path / "b.json").write_text('[{"name": "x"}]')
    for file in ("b.json", "absent.json"):
        with pytest.raises(SettingsError, match="FRONTDESK_BACKUPS"):
            create_app(Frontdesk("Shop"), Settings(backups=str(tmp_path / file)))


async def test_the_command_line_exports_erases_and_verifies(
    old: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRONTDESK_DATABASE_URL", old.conninfo)
    monkeypatch.setenv("FRONTDESK_DATA_DIR", str(tmp_path))

    def run(*given: Any, **more: Any) -> Any:
        return asyncio.to_thread(CliRunner().invoke, *given, **more)

    exported = json.loads((await run(cli, ["customer", "export", "new"])).stdout)
    assert [m["body"] for m in exported["messages"]] == ["hello", "I don't know that."]
    asked = await run(cli, ["customer", "erase", "new"], input="n\n")
    assert asked.exit_code == 1
    assert "messages: 2" in asked.stderr
    file = tmp_path / "receipt.json"
    assert (await run(cli, ["customer", "erase", "new", "--yes", "--out", str(file)])).exit_code == 0
    assert not rows(old, "SELECT 1 FROM messages WHERE principal = 'customer:new'")
    assert (await run(cli, ["customer", "verify-receipt", str(file)])).exit_code == 0
    assert (await run(cli, ["audit", "verify"])).exit_code == 0
    assert json.loads((await run(cli, ["customer", "erase", "new", "--yes"])).stdout)["customer"] == "new"
    file.write_text(file.read_text().replace('"new"', '"old"'))
    assert (await run(cli, ["customer", "verify-receipt", str(file)])).exit_code == 1
    counted = await run(cli, ["retention", "run", "--dry-run"])
    assert "conversations" in counted.stdout
    assert "Nothing was changed." in counted.stdout


async def test_the_planners_samples_go_too_when_nobody_is_left(old: Database, tmp_path: Path) -> None:
    analyze(old.conninfo)
    samples = "SELECT 1 FROM pg_stats WHERE schemaname = 'frontdesk' AND tablename = 'messages'"
    assert rows(old, samples)
    for customer in ("old", "waiting", "anon:1", "traced", "new"):
        await Privacy(old.conninfo, made(tmp_path)).erase(customer)
    assert rows(old, samples) == []


async def test_samples_go_before_postgresql_18_too(
    old: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("frontdesk.privacy.scrub.CLEARS_FROM", 10**9)
    analyze(old.conninfo)
    samples = "SELECT 1 FROM pg_stats WHERE schemaname = 'frontdesk' AND tablename = 'messages'"
    assert rows(old, samples)
    monkeypatch.setattr("frontdesk.privacy.scrub._superuser", lambda _: False)
    for customer in ("old", "waiting", "anon:1", "traced", "new"):
        receipt = await Privacy(old.conninfo, made(tmp_path)).erase(customer)
    assert "pg_statistic" in receipt["planner_samples"]
    assert rows(old, samples)
    monkeypatch.undo()
    monkeypatch.setattr("frontdesk.privacy.scrub.CLEARS_FROM", 10**9)
    assert analyze(old.conninfo)
    assert rows(old, samples) == []


async def test_an_erasure_has_its_receipt_whatever_becomes_of_the_samples(
    old: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: str) -> None:
        raise psycopg.OperationalError

    monkeypatch.setattr("frontdesk.privacy.scrub._connected", gone)
    receipt = await Privacy(old.conninfo, made(tmp_path)).erase("new")
    assert receipt["planner_samples"].startswith("may hold")
    assert receipt["stores"]["messages"]["rows"] == 2


TAKEN_UP = {
    "a person": "UPDATE conversations SET mode = 'human' WHERE principal = 'customer:old'",
    "a ticket": "INSERT INTO tickets (id, principal, conversation_id, subject, body, reason)"
    " SELECT gen_random_uuid(), principal, id, 's', 'b', 'r' FROM conversations WHERE principal = 'customer:old'",
}


@pytest.mark.parametrize("what", [*TAKEN_UP, ""])
async def test_what_was_taken_up_since_it_was_listed_does_not_run_out(old: Database, what: str) -> None:
    with as_owner(old.conninfo) as owner:
        ids = retention.resting(owner, 730, visitors=False)
        assert len(ids) == 1
        if what:
            owner.execute(TAKEN_UP[what].encode())
        assert retention.lock_resting(owner, ids, 730) == ([] if what else ids)


async def test_what_another_holds_is_left_to_the_next_run(old: Database) -> None:
    with as_owner(old.conninfo) as other, as_owner(old.conninfo) as owner:
        ids = retention.resting(owner, 730, visitors=False)
        other.execute("SELECT FROM conversations WHERE id = ANY (%s) FOR UPDATE", (ids,))
        assert retention.lock_resting(owner, ids, 730) == []


@pytest.mark.parametrize("customer", ["new", "anon:1"])
async def test_what_a_customer_or_a_visitor_has_spent_goes_too(
    old: Database, tmp_path: Path, customer: str
) -> None:
    with as_owner(old.conninfo) as owner:
        owner.execute(
            "INSERT INTO spent SELECT current_date, sha256(principal::bytea), 7, 0 FROM conversations"
            " UNION ALL SELECT current_date, int4send(1), 7, 0"
        )
    receipt = await Privacy(old.conninfo, made(tmp_path)).erase(customer)
    assert receipt["stores"]["spent"]["rows"] == 1
    assert len(rows(old, "SELECT 1 FROM spent")) == 5


async def test_a_window_is_forgotten_once_the_erasure_stands(old: Database, tmp_path: Path) -> None:
    left: list[tuple[str, int]] = []

    async def forget(principal: str) -> None:
        left.append((principal, len(rows(old, "SELECT 1 FROM messages WHERE principal = 'customer:new'"))))

    await Privacy(old.conninfo, made(tmp_path), forget=forget).erase("new")
    assert left == [("customer:new", 0)]


async def test_no_lock_is_waited_for_for_ever(
    old: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("customers", "retention", "scrub"):
        monkeypatch.setattr(f"frontdesk.privacy.{module}.LOCK_SECONDS", 1)
    with as_owner(old.conninfo) as other:
        other.execute("LOCK TABLE outbox")
        with pytest.raises(DatabaseUnavailable):
            await Privacy(old.conninfo, made(tmp_path)).erase("new")
        with pytest.raises(Conflict, match="outbox"):
            await asyncio.to_thread(scrub, old.conninfo)
        assert not await asyncio.to_thread(analyze, old.conninfo)
    assert (await Privacy(old.conninfo, made(tmp_path)).erase("new"))["stores"]["messages"]["rows"] == 2


def test_an_owners_connection_gives_up_on_a_server_that_is_gone(old: Database) -> None:
    with as_owner(old.conninfo) as owner:
        given = owner.info.get_parameters()
    assert (given["connect_timeout"], given["tcp_user_timeout"]) == ("5", "4000")
