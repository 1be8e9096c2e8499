"""``frontdesk doctor support:desk``: all that a desk needs, looked at one after the other; nothing is changed."""

from __future__ import annotations

import asyncio
import shutil
import smtplib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click
import psycopg
from langchain_core.messages import HumanMessage

from frontdesk.bootstrap import check, database_urls, load_desk, model_named, secret_of
from frontdesk.cli.shown import plain
from frontdesk.database import SCHEMA, Database
from frontdesk.database.migrate import migrations
from frontdesk.desk import Frontdesk
from frontdesk.domain import counted
from frontdesk.errors import FrontdeskError, SettingsError
from frontdesk.people.mail import connected, mail_server
from frontdesk.privacy import signing_keys
from frontdesk.settings import Settings, load, unknown_names
from frontdesk.web.keys import keyring
from frontdesk.web.oidc import CALLBACK, provider
from frontdesk.web.origins import allowed_origins
from frontdesk.web.service_keys import hashes

FREE_BYTES = 1_000_000_000
SKEW_SECONDS = 30  # half of what a token's times may be off by
MODEL_SECONDS = 20.0
SMTP_SECONDS = 5.0


@dataclass(frozen=True)
class Finding:
    """What was looked at, whether it is in order, and what it is or how to mend it."""

    what: str
    ok: bool
    said: str


class Wrong(Exception):
    """Not in order; the text says how to mend it."""


@click.command()
@click.argument("desk", default="support:desk")
def doctor(desk: str) -> None:
    """Look at all that DESK (module:name) needs, and say how to mend what is wrong. Nothing is changed.

    A model behind a key is asked one short question. Exit code 0: all in order. 1: something is wrong.
    """
    findings = examine(desk)
    for finding in findings:
        click.echo(plain(f"{'ok   ' if finding.ok else 'WRONG'}  {finding.what:<10}  {finding.said}"))
    wrong = sum(not finding.ok for finding in findings)
    click.echo(f"\n{wrong} of {len(findings)} to mend." if wrong else "\nAll in order.")
    sys.exit(1 if wrong else 0)


def examine(name: str) -> list[Finding]:
    """Everything, in the order in which it is mended."""
    found = [_looked("settings", load_said)]
    if not found[0].ok:
        return found
    settings = load()
    desks: list[Frontdesk] = []
    found.append(_looked("desk", lambda: _desk(name, desks)))
    database = _looked("database", lambda: _database(settings))
    found.append(database)
    if database.ok and _has_database(settings):
        found += [
            _looked("extension", lambda: _extension(settings)),
            _looked("migrations", lambda: _migrations(settings)),
            _looked("role", lambda: _role(settings)),
            _looked("clock", lambda: _clock(settings)),
        ]
    found += [
        _looked("model", lambda: _model(settings)),
        _looked("identity", lambda: _identity(settings)),
        *[_looked("secret", partial(_secret, desk, settings)) for desk in desks],
        _looked("origins", lambda: _origins(settings)),
        _looked("disk", lambda: _disk(settings)),
    ]
    if settings.oidc_issuer or settings.oidc_client_id or settings.oidc_client_secret or settings.oidc_roles:
        found.append(_looked("oidc", lambda: _oidc(settings)))
    if settings.smtp_url:
        found.append(_looked("smtp", lambda: smtp_said(settings.smtp_url)))
    return found


def _looked(what: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(what, True, look())
    except Wrong as error:
        return Finding(what, False, str(error))
    except FrontdeskError as error:
        return Finding(what, False, error.detail)
    except Exception as error:  # noqa: BLE001  a desk is the shop's code: whatever it raises is one line here
        return Finding(what, False, f"{type(error).__name__} while looking at it")


def load_said() -> str:
    """The environment, read and checked."""
    settings = load()
    if misspelt := unknown_names():
        raise Wrong("; ".join(misspelt))
    return f"{settings.environment}, listening on {settings.host}:{settings.port}"


def _desk(name: str, found: list[Frontdesk]) -> str:
    """The desk, and with it the databases and MCP servers that its tools are made from."""
    desk = load_desk(name)
    check(desk)
    found.append(desk)
    center = desk.help_center
    return f"{desk.name}: {counted(len(desk.tools), 'tool')}, {'a' if center else 'no'} help center; what its tools need at start answers"


# ------------------------------------------------------------------ the database
def _has_database(settings: Settings) -> bool:
    """Whether there is one to look at: the embedded one is made when a desk first starts."""
    return bool(settings.database_url) or (settings.data_dir / "postgres" / "PG_VERSION").exists()


def _database(settings: Settings) -> str:
    if not _has_database(settings):
        return f"embedded; it is made in {settings.data_dir} when the desk first starts"
    with _owner(settings) as connection:
        version = connection.info.server_version // 10000
    if version < 14:
        raise Wrong(f"PostgreSQL {version} is too old: use 14 or newer")
    return f"PostgreSQL {version}, {'your own' if settings.database_url else 'embedded'}"


def _owner(settings: Settings) -> psycopg.Connection[tuple[object, ...]]:
    _, owner = database_urls(settings)
    try:
        return psycopg.connect(owner, connect_timeout=5, autocommit=True)
    except psycopg.ProgrammingError:
        raise Wrong("FRONTDESK_DATABASE_URL: write postgresql://user:password@host:5432/database") from None
    except psycopg.OperationalError:
        raise Wrong(
            "PostgreSQL does not answer, or refuses: check FRONTDESK_DATABASE_URL, FRONTDESK_MIGRATION_URL and the server"
        ) from None


def _extension(settings: Settings) -> str:
    query = "SELECT default_version, installed_version FROM pg_available_extensions WHERE name = 'vector'"
    with _owner(settings) as connection:
        row = connection.execute(query).fetchone()
    if row is None:
        raise Wrong("this PostgreSQL has no pgvector: install the extension 'vector' on its server")
    if row[1] is None:
        return f"pgvector {row[0]} is there; it is created when the desk first starts"
    return f"pgvector {row[1]}"


def _migrations(settings: Settings) -> str:
    with _owner(settings) as connection:
        there = connection.execute("SELECT to_regclass(%s)", (f"{SCHEMA}.migrations",)).fetchone()
        if not there or there[0] is None:
            return "none yet; they are applied when the desk first starts"
        query = f"SELECT number FROM {SCHEMA}.migrations"  # noqa: S608  (a constant)
        applied = {row[0] for row in connection.execute(query.encode())}
    known = [number for number, _, _ in migrations()]
    if newer := [number for number in applied if number not in known]:
        raise Wrong(
            f"the database is ahead ({newer[-1]}): start the newer version of Frontdesk that migrated it"
        )
    waiting = len(known) - len(applied)
    return f"{waiting} waiting; applied when the desk starts" if waiting else f"all {len(known)} applied"


def _role(settings: Settings) -> str:
    async def look() -> None:
        database = await Database.open(database_urls(settings)[0], size=1)
        await database.close()

    if "none yet" in _migrations(settings):
        return "made with the first start"
    asyncio.run(look())
    return "row-level security binds it"


def _clock(settings: Settings) -> str:
    with _owner(settings) as connection:
        row = connection.execute("SELECT clock_timestamp()").fetchone()
    off = abs((datetime.now(UTC) - row[0]).total_seconds()) if row and isinstance(row[0], datetime) else 0.0
    if off > SKEW_SECONDS:
        raise Wrong(
            f"this machine and the database differ by {off:.0f} s: set both by NTP, or tokens are refused"
        )
    return "agrees with the database"


# ------------------------------------------------------------------ the rest
def _model(settings: Settings) -> str:
    model = model_named(settings.model_name, settings) if "cascade:" not in settings.model_name else None
    if settings.model_name == "local" or model is None:
        return f"{settings.model_name}: needs no key" if model else settings.model_name

    async def ask() -> None:
        try:
            async with asyncio.timeout(MODEL_SECONDS):
                await model.ainvoke([HumanMessage("Reply with: ok")])
        finally:
            if close := getattr(model, "aclose", None):
                await close()

    try:
        asyncio.run(ask())
    except FrontdeskError as error:
        raise Wrong(f"{settings.model_name}: {error}: check its key, its name and OPENAI_BASE_URL") from None
    except TimeoutError:
        raise Wrong(f"{settings.model_name}: no answer in {MODEL_SECONDS:.0f} s: check its address") from None
    except Exception as error:  # noqa: BLE001  each provider raises its own; their words may quote a key
        raise Wrong(f"{settings.model_name}: {type(error).__name__}: check its key and its name") from None
    return f"{settings.model_name} answers"


def _identity(settings: Settings) -> str:
    hashes(settings)
    if settings.jwt_keys or not settings.development:  # in development it would make a key
        keyring(settings)
    ways = [
        name
        for name, given in (("service keys", settings.service_keys), ("customers' tokens", settings.jwt_keys))
        if given
    ]
    if not ways and not settings.development:
        raise Wrong(
            "nobody can ask: make a key with `frontdesk keys create NAME` (one in the database counts, it is not looked"
            " at here), or set FRONTDESK_SERVICE_KEYS or FRONTDESK_JWT_KEYS"
        )
    return " and ".join(ways) or "development: a key is made at start"


def _oidc(settings: Settings) -> str:
    """Whether the identity provider describes itself as we need it, and publishes keys."""
    found = provider(settings)
    assert found is not None  # noqa: S101  (settings name one)
    keys = asyncio.run(found.looked())
    return f"{found.issuer} answers with {counted(keys, 'key')}; register there https://YOUR-HOST{CALLBACK}"


def _secret(desk: Frontdesk, settings: Settings) -> str:
    if settings.development and not settings.secret:
        return "development: made at start"
    secret_of(desk, settings)
    signing_keys(settings)
    return "set"


def _origins(settings: Settings) -> str:
    allowed_origins(settings)
    return ", ".join(settings.allowed_origins) or "none: no page of another origin may use the desk"


def _disk(settings: Settings) -> str:
    folder = settings.data_dir.resolve()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < FREE_BYTES:
        raise Wrong(f"{free / 1e9:.1f} GB free where {Path(settings.data_dir)} is: make room, 1 GB at least")
    return f"{free / 1e9:.0f} GB free"


def smtp_said(url: str) -> str:
    """Whether the mail server at ``url`` answers and lets us in, as it does for mail; none is sent."""
    try:
        server = mail_server(url)
    except SettingsError as error:
        raise Wrong(error.detail) from None
    try:
        with connected(server, SMTP_SECONDS):
            return f"{server.host}:{server.port} answers"
    except (OSError, smtplib.SMTPException) as error:
        raise Wrong(
            f"FRONTDESK_SMTP_URL: {server.host}:{server.port} does not let us in ({type(error).__name__}): check host, port and password"
        ) from None
