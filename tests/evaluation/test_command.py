"""`frontdesk eval` as a command: processes, databases, files and exit codes, on the example shop."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import orjson
import psutil
import pytest

from tests.process import ROOT

SCENARIOS = "tests/evaluation/scenarios"
Eval = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Of a machine without a key; one data folder for all tests, as a team has it."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("FRONTDESK_", "OPENAI_"))}
    return {**kept, "FRONTDESK_DATA_DIR": str(tmp_path_factory.mktemp("data")), "COLUMNS": "200"}


@pytest.fixture(scope="module")
def evaluate(environment: dict[str, str]) -> Iterator[Eval]:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "frontdesk", "eval", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=110)

    yield run


def test_five_scenarios_pass_are_written_down_and_not_run_again(evaluate: Eval, tmp_path: Path) -> None:
    out = {kind: tmp_path / f"out.{kind}" for kind in ("json", "html", "xml")}
    files = ["--json", str(out["json"]), "--html", str(out["html"]), "--junit", str(out["xml"])]
    first = evaluate(SCENARIOS, "--runs", "2", "--jobs", "2", *files)
    assert first.returncode == 0, first.stdout + first.stderr
    assert re.search(r"all +5 +10/10 +100.0% +100.0% .* free", first.stdout)
    assert "examples.ourshop.support:desk with local: 10 runs" in first.stdout
    stored = orjson.loads(out["json"].read_bytes())
    assert [(r["name"], r["run"]) for r in stored["results"]][:2] == [
        ("cancel/confirmed", 1),
        ("cancel/confirmed", 2),
    ]
    assert all(r["passed"] for r in stored["results"])
    assert ElementTree.parse(out["xml"]).getroot().attrib["tests"] == "10"
    assert "10 of 10 passed" in out["html"].read_text()

    began = time.monotonic()
    again = evaluate(
        SCENARIOS, "--runs", "2", "--json", str(out["json"]), "--resume", "--against", str(out["json"])
    )
    assert again.returncode == 0, again.stdout + again.stderr
    assert "10 of 10 results are kept" in again.stderr
    assert "0 newly failing, 0 newly passing, 0 replies changed" in again.stdout
    assert orjson.loads(out["json"].read_bytes())["results"] == stored["results"]
    assert time.monotonic() - began < 60


@pytest.mark.parametrize(
    ("desk", "fails", "check"),
    [
        ("wrong_status", "order/where", "reply lacks"),
        ("does_nothing", "cancel/confirmed", "ends.backend /orders/456"),
        ("without_article", "policy/how-long-refunds-take", "cites"),
    ],
)
def test_a_broken_tool_and_a_missing_article_are_caught(
    evaluate: Eval, tmp_path: Path, desk: str, fails: str, check: str
) -> None:
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    assert evaluate(SCENARIOS, "--only", fails, "--json", str(before)).returncode == 0
    broken = evaluate(
        SCENARIOS, "--only", fails, "--desk", f"tests.evaluation.broken:{desk}", "--json", str(after), "--against", str(before)
    )  # fmt: skip
    assert broken.returncode == 1, broken.stdout + broken.stderr
    assert f"✗ {fails}" in broken.stdout
    assert "1 newly failing" in broken.stdout
    [result] = orjson.loads(after.read_bytes())["results"]
    assert check in [finding["check"] for finding in result["findings"]]


def test_what_cannot_be_run_is_told_in_a_sentence_and_with_code_2(evaluate: Eval, tmp_path: Path) -> None:
    for text, sentence in (
        (
            "customer: u123\nturns:\n  - say: a\n    calls: [get_order]\n",
            "one.yaml:4: the desk has no tool 'get_order'",
        ),
        ("customer: u999999\nturns: [{say: a}]\n", "one.yaml:1: the backend knows no customer 'u999999'"),
        ("customer: u123\npersona: {who: Mia, wants: all}\n", "a persona needs a chat model to play it"),
    ):
        (tmp_path / "one.yaml").write_text(text)
        (tmp_path / "eval.yaml").write_bytes((ROOT / SCENARIOS / "eval.yaml").read_bytes())
        done = evaluate(str(tmp_path))
        assert (done.returncode, done.stdout) == (2, "")
        assert sentence in done.stderr
        assert "Traceback" not in done.stderr
    for arguments, sentence in (
        ([SCENARIOS, "--resume"], "--resume needs --json FILE"),
        ([SCENARIOS, "--model", "nonsense:x"], "the model 'nonsense:x'"),
        ([SCENARIOS, "--desk", "tests.evaluation.broken:absent"], "is not a desk"),
        (["tests/evaluation/nowhere"], "whose scenarios are these?"),
    ):
        done = evaluate(*arguments)
        assert done.returncode == 2, done.stdout + done.stderr
        assert sentence in done.stderr


def test_ctrl_c_tells_what_was_done_and_resume_goes_on(
    environment: dict[str, str], evaluate: Eval, tmp_path: Path
) -> None:
    kept = tmp_path / "out.json"
    command = [sys.executable, "-m", "frontdesk", "eval", SCENARIOS, "--runs", "100", "--json", str(kept)]
    with (tmp_path / "out.txt").open("w") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=out, stderr=out, start_new_session=True
        )
    end = time.monotonic() + 60
    while not kept.exists() and time.monotonic() < end:
        time.sleep(0.2)
    children = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(30) == 130
    text = (tmp_path / "out.txt").read_text()
    assert "Stopped before the end: these are the runs that were done." in text
    done = len(orjson.loads(kept.read_bytes())["results"])
    assert 0 < done < 500
    assert f"{done} runs" in text
    assert not [child for child in children if child.is_running() and "postgres" not in child.name()]
    rest = evaluate(SCENARIOS, "--runs", "2", "--json", str(kept), "--resume")
    assert rest.returncode == 0, rest.stdout + rest.stderr
    assert re.search(r"\d+ of 10 results are kept", rest.stderr)
    assert len(orjson.loads(kept.read_bytes())["results"]) == 10
