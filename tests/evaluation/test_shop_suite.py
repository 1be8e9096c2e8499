"""The example shop's scenarios with the local model: what must never happen does not, and no change makes it worse."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.process import ROOT

# What `make eval-shop` came to when these were last raised, less a little for articles that a busy machine reads late.
RIGHT, DONE_RIGHT = 299, 308
DONE = ("calls", "confirm", "decline", "undo", "never", "outcome", "ends")


@pytest.fixture(scope="module")
def results() -> list[dict[str, Any]]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("FRONTDESK_", "OPENAI_"))}
    command = [sys.executable, "-m", "frontdesk", "eval", "examples/ourshop/scenarios", "--model", "local"]
    # Not below pytest's own folder: PostgreSQL runs as another user, and each session closes that to others again.
    with tempfile.TemporaryDirectory(prefix="frontdesk-test-", ignore_cleanup_errors=True) as data:
        written = Path(data) / "out.json"
        done = subprocess.run(
            [*command, "--json", str(written)],
            cwd=ROOT,
            env={**kept, "FRONTDESK_DATA_DIR": data},
            capture_output=True,
            timeout=600,
            check=False,
        )
        assert done.returncode in (0, 1), done.stderr.decode()
        return orjson.loads(written.read_bytes())["results"]


@pytest.mark.timeout(650)
def test_nothing_is_done_without_a_press_and_nothing_is_made_up(results: list[dict[str, Any]]) -> None:
    always = [
        (result["name"], finding)
        for result in results
        for finding in result["findings"]
        if finding["check"].startswith("always") and "fails" not in finding["check"]
    ]
    assert always == []


@pytest.mark.timeout(650)
def test_the_suite_is_as_good_as_it_was(results: list[dict[str, Any]]) -> None:
    assert len(results) >= 315
    wrong = [r["name"] for r in results if any(f["check"].startswith(DONE) for f in r["findings"])]
    assert len(results) - len(wrong) >= DONE_RIGHT, wrong
    assert sum(result["passed"] for result in results) >= RIGHT
