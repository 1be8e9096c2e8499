"""``frontdesk chat`` with a key that the desk does not know."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from frontdesk.cli.chat import chat
from frontdesk.errors import SettingsError


class Refusing(BaseHTTPRequestHandler):
    """What any desk says to a key of another one."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(401)
        self.end_headers()
        self.wfile.write(b'{"detail": "The token was not accepted."}')

    def log_message(self, *args: object) -> None:
        """Silent."""


def test_a_key_of_another_desk_is_answered_with_what_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with HTTPServer(("127.0.0.1", 0), Refusing) as desk:
        threading.Thread(target=desk.handle_request, daemon=True).start()  # it is asked once
        url = f"http://127.0.0.1:{desk.server_port}"
        ended = CliRunner().invoke(
            chat, ["--url", url, "--key", f"sk_{'0' * 32}"], input="Hello\nHello again\n"
        )
    assert isinstance(ended.exception, SettingsError)
    assert f"the desk at {url} does not know this key" in ended.exception.detail
    assert "in the folder that the desk was started in" in ended.exception.detail
    assert "401 The token was not accepted." in ended.output
