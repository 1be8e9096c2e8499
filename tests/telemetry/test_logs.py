"""Log lines carry whose they are, and nobody's words."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import httpx
import pytest

from frontdesk.settings import Settings
from frontdesk.testing import temporary_url
from frontdesk.web.app import create_app
from tests.desk import make_desk
from tests.process import ROOT
from tests.telemetry.shop import SECRET_WORDS

SCRIPT = """
import asyncio, logging, sys, structlog
from frontdesk.telemetry import configure, logs
from tests.telemetry.shop import shop

configure("info", "json")
logs.request.set("r1")
logs.turn.set(("c1", "t1"))
structlog.get_logger("x").info("ours")
logging.getLogger("theirs").warning("said by %s", "another package")
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("theirs").exception("failed")
logs.turn.set(("", ""))


async def served():
    async with shop(sys.argv[1], None) as desk:
        answer = await desk.say(sys.argv[2], x_request_id="req-7")
        print(answer.headers["x-request-id"], answer.json()["turn_id"])


asyncio.run(served())
"""


def test_every_line_is_json_with_the_ids_that_are_known_and_no_text_of_a_customers() -> None:
    message = f"Where is {SECRET_WORDS}, order 789?"
    command = [sys.executable, "-c", SCRIPT, temporary_url(), message]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    ours, theirs, failed, *served = map(json.loads, ran.stderr.splitlines())
    for line in (ours, theirs, failed):
        assert (line["request"], line["conversation"], line["turn"]) == ("r1", "c1", "t1")
        assert line["timestamp"]
    assert (theirs["event"], theirs["logger"]) == ("said by another package", "theirs")
    assert "ZeroDivisionError" in failed["exception"]
    request, turn = ran.stdout.split()
    (line,) = [line for line in served if line["event"] == "turn"]
    assert (line["request"], line["turn"]) == (request, turn) == ("req-7", line["turn"])
    assert SECRET_WORDS not in ran.stderr


@pytest.mark.parametrize("sent", ["", "with blank", "x" * 65, "a\tb", "<script>"])
async def test_a_request_id_that_is_none_is_replaced(sent: str) -> None:
    app = create_app(make_desk(), Settings())
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        answer = await client.get("/healthz", headers={"x-request-id": sent})
    assert re.fullmatch(r"[0-9a-f]{16}", answer.headers["x-request-id"])
