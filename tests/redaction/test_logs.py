import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from frontdesk import telemetry
from frontdesk.redaction import knowing

SECRETS = (
    "anna@mail.example",
    "4111 1111 1111 1111",
    "DE89370400440532013000",
    "+49 151 23456789",
    "12 High Street",
)
TEXT = ", ".join(SECRETS)


@pytest.fixture(params=["json", "text"])
def written(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Where logs go, configured as a server does."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    factory, before = logging.getLogRecordFactory(), structlog.get_config()
    monkeypatch.setattr("sys.stderr", stream)
    telemetry.configure("debug", request.param)
    logging.getLogger("somebody.else").addHandler(handler)
    yield stream
    logging.getLogger("somebody.else").removeHandler(handler)
    logging.setLogRecordFactory(factory)
    structlog.configure(**before)
    knowing([])


def test_nothing_personal_is_logged_whatever_writes_it(written: io.StringIO) -> None:
    structlog.get_logger("x").warning("event", text=TEXT, deep={"a": [TEXT]})
    knowing(["Anna Kovač"])
    structlog.get_logger("x").warning("said", text="Anna Kovač was here")
    other = logging.getLogger("somebody.else")
    other.warning("of %s", TEXT)
    try:
        int(TEXT)
    except ValueError:
        other.exception("failed")
        structlog.get_logger("x").exception("failed")
    said = written.getvalue()
    assert said.count("[email]") >= 4
    for secret in (*SECRETS, "Kova"):
        assert secret not in said


def test_ids_and_times_stay(written: io.StringIO) -> None:
    identity = "019acb2c-1234-7123-8123-123456789012"
    structlog.get_logger("x").warning("turn", turn=identity, ms=1234.5, order="456", amount="24.95 EUR")
    for kept in (identity, "1234.5", "456", "24.95 EUR"):
        assert kept in written.getvalue()
