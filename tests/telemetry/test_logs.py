"""Log lines carry whose they are, and nobody's words."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from frontdesk.settings import Settings
from frontdesk.testing import temporary_url
from frontdesk.web.app import create_app
from tests.desk import make_desk
from tests.process import AUTH, KEY, ROOT, free_port
from tests.telemetry.shop import SECRET_WORDS

SCRIPT = """
import logging, structlog
from frontdesk.telemetry import configure, logs
configure("info", "json")
logs.request.set("r1")
logs.turn.set(("c1", "t1"))
structlog.get_logger("x").info("ours")
logging.getLogger("theirs").warning("said by %s", "another package")
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("theirs").exception("failed")
"""


def test_every_line_is_json_with_the_ids_that_are_known_here() -> None:
    ran = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=True)
    ours, theirs, failed = map(json.loads, ran.stderr.splitlines())
    for line in (ours, theirs, failed):
        assert (line["request"], line["conversation"], line["turn"]) == ("r1", "c1", "t1")
        assert line["timestamp"]
    assert (theirs["event"], theirs["logger"]) == ("said by another package", "theirs")
    assert "ZeroDivisionError" in failed["exception"]


def test_a_served_turns_lines_name_its_request_and_no_text_of_the_customers(tmp_path: Path) -> None:
    port = free_port()
    script = (
        "from frontdesk.telemetry import configure; configure('info', 'json');"
        f"import sys; sys.argv[1:] = ['{port}']; import runpy; runpy.run_module('tests.served', run_name='__main__')"
    )
    environment = os.environ | {"FRONTDESK_DATABASE_URL": temporary_url(), "FRONTDESK_SERVICE_KEYS": KEY}
    log = tmp_path / "log"
    with log.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-c", script], cwd=ROOT, env=environment, stderr=file, stdout=file
        )
    try:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers=AUTH, trust_env=False, timeout=30,
            transport=httpx.HTTPTransport(retries=0),
        ) as client:  # fmt: skip
            _until_up(client, process)
            body = {"user_id": "u1", "message": f"Where is {SECRET_WORDS}, order 789?"}
            answer = client.post("/support/chat", json=body, headers={"x-request-id": "req-7"})
            assert answer.headers["x-request-id"] == "req-7"
    finally:
        process.terminate()
        process.wait(20)
    text = log.read_text()
    (line,) = [json.loads(line) for line in text.splitlines() if '"event": "turn"' in line]
    assert line["request"] == "req-7"
    assert line["turn"] == answer.json()["turn_id"]
    assert SECRET_WORDS not in text


def _until_up(client: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    while True:
        assert process.poll() is None
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.HTTPError:
            pass


@pytest.mark.parametrize("sent", ["", "with blank", "x" * 65, "a\tb", "<script>"])
async def test_a_request_id_that_is_none_is_replaced(sent: str) -> None:
    app = create_app(make_desk(), Settings())
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        answer = await client.get("/healthz", headers={"x-request-id": sent})
    assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["x-request-id"])
