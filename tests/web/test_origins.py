from pathlib import Path

import pytest

from frontdesk.database import Database
from frontdesk.errors import SettingsError
from frontdesk.web.origins import OriginPolicy, allowed_origins
from tests.web.service import make_app, make_client, make_settings


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "https://*.shop.example",
        "null",
        "shop.example",
        "https://shop.example/",
        "https://shop.example/help",
        "https://Shop.example",
        "https://shop.example:443",
        "https://u:p@shop.example",
        "https://shop.example:port",
        "https://",
        "https://[::1",
        "https://schön.example",
        "ftp://shop.example",
    ],
)
def test_an_origin_that_no_browser_sends_stops_the_start(tmp_path: Path, origin: str) -> None:
    with pytest.raises(SettingsError, match="FRONTDESK_ALLOWED_ORIGINS, origin 1"):
        allowed_origins(make_settings(tmp_path, allowed_origins=(origin,)))


def test_plain_http_is_for_development_only(tmp_path: Path) -> None:
    origins = ("http://localhost:3000",)
    assert allowed_origins(make_settings(tmp_path, allowed_origins=origins)) == {*origins}
    with pytest.raises(SettingsError, match="https"):
        allowed_origins(make_settings(tmp_path, allowed_origins=origins, environment="production"))


@pytest.mark.parametrize(
    ("origin", "host", "status"),
    [
        ("https://help.shop.example", "help.shop.example", 201),
        ("https://help.shop.example", "help.shop.example:443", 201),
        ("https://help.shop.example", "HELP.shop.example", 201),
        ("https://help.shop.example:8443", "help.shop.example:8443", 201),
        ("http://[2001:db8::1]:8000", "[2001:db8::1]:8000", 201),
        ("https://help.shop.example", "help.shop.example:8443", 403),
        ("https://help.shop.example", "shop.example", 403),
        ("https://[", "[", 403),
        ("https://", "", 403),
        ("https://a@b", "a@b", 403),
    ],
)
async def test_behind_a_proxy_a_page_of_this_server_is_known_by_host(
    shared: Database, tmp_path: Path, origin: str, host: str, status: int
) -> None:
    app = make_app(make_settings(tmp_path, environment="production"), shared)
    async with make_client(app, Origin=origin, Host=host) as client:
        assert (await client.post("/support/sessions")).status_code == status


async def test_production_has_no_development_token(shared: Database, tmp_path: Path) -> None:
    app = make_app(make_settings(tmp_path, environment="production"), shared)
    async with make_client(app) as client:
        answer = await client.post("/dev/token", json={"user_id": "u1"})
    assert answer.status_code == 404


async def test_a_websocket_of_a_foreign_page_is_closed(tmp_path: Path) -> None:
    reached: list[str] = []
    sent: list[dict[str, object]] = []

    async def inner(scope: object, receive: object, send: object) -> None:
        reached.append("inner")

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    async def receive() -> dict[str, object]:
        return {"type": "websocket.connect"}

    policy = OriginPolicy(inner, settings=make_settings(tmp_path))
    headers = [(b"origin", b"https://evil.example"), (b"host", b"127.0.0.1:8000")]
    await policy({"type": "websocket", "headers": headers, "scheme": "ws"}, receive, send)
    assert reached == []
    assert sent == [{"type": "websocket.close", "code": 1008}]
