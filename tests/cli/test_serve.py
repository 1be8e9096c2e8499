"""What a desk says at its start is true when it says it."""

import socket

import pytest
import uvicorn

from frontdesk import settings
from frontdesk.cli import serve
from tests.process import free_port


async def _app(scope: object, receive: object, send: object) -> None: ...


async def test_it_says_that_it_is_up_once_its_port_answers() -> None:
    port, said = free_port(), []

    def listening() -> None:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        said.append("up")
        server.should_exit = True

    config = uvicorn.Config(_app, port=port, log_level="error", lifespan="off")
    server = serve._Server(config, listening)
    await server.serve()
    assert said == ["up"]


def test_the_line_to_paste_asks_as_the_customer_whom_the_page_offers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    serve._say(settings.load(service_keys=("sk_demo_x",)), "anna")
    assert '{"user_id":"anna","message":"Hello!"}' in capsys.readouterr().err
