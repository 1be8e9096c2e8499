"""`frontdesk doctor`: each thing that can be wrong is said, with how to mend it; nothing is changed."""

import asyncio
import sys
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner, Result

from frontdesk.cli import cli
from frontdesk.cli import doctor as doctor_module
from frontdesk.testing import temporary_url
from tests.process import KEY, free_port
from tests.web.console.provider import identity_provider

DESK = "tests.tools.mcp.desk:desk"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FRONTDESK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("FRONTDESK_MODEL", "local")


@pytest.fixture(scope="module")
def url() -> str:
    return temporary_url()


def examined(desk: str = DESK) -> Result:
    return CliRunner().invoke(cli, ["doctor", desk])


def line(result: Result, what: str) -> str:
    return next(line for line in result.output.splitlines() if line[7:].startswith(what))


def test_a_desk_that_is_in_order(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("FRONTDESK_DATABASE_URL", url)
    result = examined()
    assert result.exit_code == 0, result.output
    for what in (
        "settings",
        "desk",
        "database",
        "extension",
        "migrations",
        "role",
        "clock",
        "model",
        "identity",
        "origins",
        "disk",
    ):
        assert line(result, what).startswith("ok")


def test_before_the_first_start_nothing_is_wrong_and_nothing_is_made(tmp_path: Path) -> None:
    result = examined()
    assert result.exit_code == 0, result.output
    assert "made in" in line(result, "database")
    assert not (tmp_path / "data").exists()


def test_an_empty_database_is_left_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    url = temporary_url(migrated=False)
    monkeypatch.setenv("FRONTDESK_DATABASE_URL", url)
    assert examined().exit_code == 0
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT to_regnamespace('frontdesk')").fetchone() == (None,)


@pytest.mark.parametrize(
    ("variables", "what", "said"),
    [
        ({"FRONTDESK_PORT": "no"}, "settings", "FRONTDESK_PORT"),
        ({"FRONTDESK_MODLE": "local"}, "settings", "did you mean FRONTDESK_MODEL?"),
        ({"FRONTDESK_DATABASE_URL": "postgresql://x:hunter2@127.0.0.1:1/x"}, "database", "does not answer"),
        ({"FRONTDESK_DATABASE_URL": "nonsense"}, "database", "write postgresql://"),
        ({"FRONTDESK_MODEL": "nobody:knows"}, "model", "nobody"),
        ({"FRONTDESK_ENVIRONMENT": "production"}, "identity", "frontdesk keys create"),
        ({"FRONTDESK_SERVICE_KEYS": "weak"}, "identity", "FRONTDESK_SERVICE_KEYS"),
        ({"FRONTDESK_ALLOWED_ORIGINS": "shop"}, "origins", "FRONTDESK_ALLOWED_ORIGINS"),
        ({"FRONTDESK_ENVIRONMENT": "production"}, "secret", "FRONTDESK_SECRET: set 32 characters"),
        ({"FRONTDESK_SECRET": "short"}, "secret", "32 characters"),
    ],
)
def test_what_is_wrong_is_said_with_how_to_mend_it(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], what: str, said: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    result = examined()
    assert result.exit_code == 1
    assert line(result, what).startswith("WRONG")
    assert said in line(result, what)
    assert "hunter2" not in result.output


def test_a_desk_that_is_not_there() -> None:
    result = examined("no_such_module:desk")
    assert result.exit_code == 1
    assert "there is no module" in line(result, "desk")


def test_where_no_desk_stands_it_is_said_which_to_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "support", raising=False)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    assert "write MODULE:NAME behind the command" in line(CliRunner().invoke(cli, ["doctor"]), "desk")
    (tmp_path / "examples" / "ourshop").mkdir(parents=True)
    (tmp_path / "examples" / "ourshop" / "support.py").touch()
    said = line(CliRunner().invoke(cli, ["doctor"]), "desk")
    assert "write examples.ourshop.support:desk behind the command" in said
    assert "frontdesk new myshop" in said


def test_a_database_that_is_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    url = temporary_url()
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO frontdesk.migrations VALUES (9999, 'later', 'x')")
    monkeypatch.setenv("FRONTDESK_DATABASE_URL", url)
    assert "newer version" in line(examined(), "migrations")


def test_a_clock_that_is_off_and_a_disk_that_is_full(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("FRONTDESK_DATABASE_URL", url)
    monkeypatch.setattr(doctor_module, "SKEW_SECONDS", -1)
    monkeypatch.setattr(doctor_module, "FREE_BYTES", 10**30)
    result = examined()
    assert "NTP" in line(result, "clock")
    assert "make room" in line(result, "disk")


def test_a_model_is_asked_and_its_key_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-hunter2")
    monkeypatch.setenv("FRONTDESK_MODEL", "openai:gpt-4o-mini")
    monkeypatch.setenv("FRONTDESK_SERVICE_KEYS", KEY)
    monkeypatch.setenv("FRONTDESK_OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    result = examined()
    assert line(result, "model").startswith("WRONG")
    assert "hunter2" not in result.output


def test_a_mail_server_is_spoken_to_and_its_password_is_not_repeated() -> None:
    from aiosmtpd.controller import Controller
    from aiosmtpd.handlers import Sink

    server = Controller(Sink(), hostname="127.0.0.1", port=free_port())
    server.start()
    try:
        assert doctor_module.smtp_said(f"smtp://127.0.0.1:{server.port}").endswith("answers")
        with pytest.raises(doctor_module.Wrong, match="does not let us in") as error:
            doctor_module.smtp_said(f"smtp://anna:hunter2@127.0.0.1:{server.port}")
        assert "hunter2" not in str(error.value)
    finally:
        server.stop()
    for wrong in ("mail.example", "smtp://", "http://x", "smtp://x:y@z:port"):
        with pytest.raises(doctor_module.Wrong, match="write smtp://"):
            doctor_module.smtp_said(wrong)


async def test_the_identity_provider_is_asked_what_it_says_of_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    async with identity_provider() as idp:
        for name, value in {
            "ISSUER": idp.url,
            "CLIENT_ID": "desk",
            "CLIENT_SECRET": "s",
            "ROLES": "it=admin",
        }.items():
            monkeypatch.setenv(f"FRONTDESK_OIDC_{name}", value)
        result = await asyncio.to_thread(examined)
        assert line(result, "oidc").startswith("ok")
        assert "1 keys" not in line(result, "oidc")
        assert "/console/oidc/callback" in line(result, "oidc")
        idp.said = {"issuer": "https://id.shop.example/"}
        assert "another name" in line(await asyncio.to_thread(examined), "oidc")
    assert "does not answer" in line(await asyncio.to_thread(examined), "oidc")
    monkeypatch.delenv("FRONTDESK_OIDC_ROLES")
    assert "FRONTDESK_OIDC_ROLES: set it as well" in line(await asyncio.to_thread(examined), "oidc")
    monkeypatch.delenv("FRONTDESK_OIDC_ISSUER")
    monkeypatch.delenv("FRONTDESK_OIDC_CLIENT_ID")  # what serve would not start with
    assert "FRONTDESK_OIDC_ISSUER: set it as well" in line(await asyncio.to_thread(examined), "oidc")
