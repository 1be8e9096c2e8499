"""`frontdesk eval` as a command: processes, databases, files and exit codes, on the example shop."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

import orjson
import psutil
import pytest
from click.testing import CliRunner, Result

from frontdesk.cli import cli
from tests.process import ROOT

SCENARIOS = "tests/evaluation/scenarios"


class Eval:
    """The command, with one data folder for all tests, as a team has it."""

    def __init__(self, data: Path) -> None:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("FRONTDESK_", "OPENAI_"))}
        self.environment = {**kept, "FRONTDESK_DATA_DIR": str(data), "COLUMNS": "200"}

    def process(self, *arguments: str, out: IO[str]) -> subprocess.Popen[str]:
        """Started as a shell would."""
        command = [sys.executable, "-m", "frontdesk", "eval", *arguments]
        return subprocess.Popen(
            command, cwd=ROOT, env=self.environment, stdout=out, stderr=out, start_new_session=True, text=True,
            preexec_fn=_with_ctrl_c,
        )  # fmt: skip

    def __call__(self, *arguments: str) -> Result:
        """Run in this process, which spares an import of everything; its workers are processes all the same."""
        return CliRunner().invoke(
            cli, ["eval", *arguments], env={k: self.environment.get(k) for k in self.unset}
        )

    unset = ("FRONTDESK_DATA_DIR", "COLUMNS", "FRONTDESK_MODEL", "OPENAI_API_KEY")


def _with_ctrl_c() -> None:
    """What a shell starts in the background, this suite perhaps, ignores Ctrl+C, and so would all that it starts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture(scope="module")
def evaluate() -> Iterator[Eval]:
    # Not below pytest's own folder: PostgreSQL runs as another user, and each session closes that to others again.
    with (
        tempfile.TemporaryDirectory(prefix="frontdesk-test-", ignore_cleanup_errors=True) as data,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr("frontdesk.cli.evaluate_run.configure", lambda _: None)
        patch.chdir(ROOT)
        yield Eval(Path(data))


@pytest.fixture(scope="module")
def passed(evaluate: Eval, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of a run in which all five pass, and what it printed."""
    folder = tmp_path_factory.mktemp("out")
    with (folder / "out.txt").open("w") as out:
        process = evaluate.process(
            SCENARIOS, "--runs", "2", "--jobs", "2", "--json", f"{folder}/out.json", "--html", f"{folder}/out.html",
            "--junit", f"{folder}/out.xml", out=out,
        )  # fmt: skip
        code = process.wait(110)
    text = (folder / "out.txt").read_text()
    assert code == 0, text
    return folder, text


def test_five_scenarios_pass_and_are_written_down(passed: tuple[Path, str]) -> None:
    folder, text = passed
    assert re.search(r"all +5 +10/10 +100.0% +100.0% .* free", text)
    assert "examples.ourshop.support:desk with local: 10 runs" in text
    stored = orjson.loads((folder / "out.json").read_bytes())["results"]
    assert [(r["name"], r["run"]) for r in stored][:2] == [("cancel/confirmed", 1), ("cancel/confirmed", 2)]
    assert all(r["passed"] for r in stored)
    assert ElementTree.parse(folder / "out.xml").getroot().attrib["tests"] == "10"
    assert "10 of 10 passed" in (folder / "out.html").read_text()


def test_what_was_done_is_not_done_again(evaluate: Eval, passed: tuple[Path, str], tmp_path: Path) -> None:
    whole, kept = passed[0] / "out.json", tmp_path / "out.json"
    before = orjson.loads(whole.read_bytes())
    kept.write_bytes(orjson.dumps({**before, "results": before["results"][:-1]}))
    again = evaluate(SCENARIOS, "--runs", "2", "--json", str(kept), "--resume", "--against", str(whole))
    assert again.exit_code == 0, again.output
    assert "9 of 10 results are kept" in again.stderr
    assert "0 newly failing, 0 newly passing, 0 replies changed" in again.stdout
    after = orjson.loads(kept.read_bytes())["results"]
    assert after[:-1] == before["results"][:-1]
    assert after[-1] != before["results"][-1]  # it took another time


def test_results_of_another_desk_are_not_kept(
    evaluate: Eval, passed: tuple[Path, str], tmp_path: Path
) -> None:
    kept = tmp_path / "out.json"
    kept.write_bytes((passed[0] / "out.json").read_bytes())
    one = [SCENARIOS, "--only", "order/where", "--json", str(kept), "--resume"]
    other = evaluate(*one, "--desk", "tests.evaluation.broken:wrong_status")
    assert other.exit_code == 1, other.output
    assert "are kept" not in other.stderr


@pytest.mark.parametrize(
    ("desk", "fails", "check"),
    [
        ("wrong_status", "order/where", "reply lacks"),
        ("does_nothing", "cancel/confirmed", "ends.backend /orders/456"),
        ("without_article", "policy/how-long-refunds-take", "cites"),
    ],
)
def test_a_broken_tool_and_a_missing_article_are_caught(
    evaluate: Eval, passed: tuple[Path, str], tmp_path: Path, desk: str, fails: str, check: str
) -> None:
    after = tmp_path / "after.json"
    broken = evaluate(
        SCENARIOS, "--only", fails, "--desk", f"tests.evaluation.broken:{desk}", "--json", str(after),
        "--against", str(passed[0] / "out.json"),
    )  # fmt: skip
    assert broken.exit_code == 1, broken.output
    assert f"✗ {fails}" in broken.stdout
    assert "1 newly failing" in broken.stdout
    [result] = orjson.loads(after.read_bytes())["results"]
    assert check in [finding["check"] for finding in result["findings"]]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "customer: u123\nturns:\n  - say: a\n    calls: [get_order]\n",
            "one.yaml:4: the desk has no tool 'get_order'",
        ),
        ("customer: u999999\nturns: [{say: a}]\n", "one.yaml:1: the backend knows no customer 'u999999'"),
        ("customer: u123\npersona: {who: Mia, wants: all}\n", "a persona needs a chat model to play it"),
    ],
)
def test_a_scenario_that_cannot_be_run_is_told_with_its_line(
    evaluate: Eval, tmp_path: Path, text: str, sentence: str
) -> None:
    (tmp_path / "one.yaml").write_text(text)
    (tmp_path / "eval.yaml").write_bytes((ROOT / SCENARIOS / "eval.yaml").read_bytes())
    done = evaluate(str(tmp_path))
    assert (done.exit_code, done.stdout) == (2, "")
    assert sentence in done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([SCENARIOS, "--resume"], "--resume needs --json FILE"),
        ([SCENARIOS, "--model", "nonsense:x"], "the model 'nonsense:x'"),
        ([SCENARIOS, "--desk", "tests.evaluation.broken:absent"], "is not a desk"),
        ([SCENARIOS, "--against", "tests/evaluation/absent.json"], "cannot be read"),
        (["tests/evaluation/nowhere"], "whose scenarios are these?"),
    ],
)
def test_a_run_that_cannot_begin_is_told_in_a_sentence(
    evaluate: Eval, arguments: list[str], sentence: str
) -> None:
    done = evaluate(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert sentence in done.stderr


def test_ctrl_c_tells_what_was_done_and_leaves_no_process_behind(evaluate: Eval, tmp_path: Path) -> None:
    kept = tmp_path / "out.json"
    with (tmp_path / "out.txt").open("w") as out:
        process = evaluate.process(SCENARIOS, "--runs", "100", "--jobs", "1", "--json", str(kept), out=out)
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
    assert f"{done} run" in text
    ours = [child for child in children if "python" in " ".join(_command(child))]
    assert not psutil.wait_procs(ours, timeout=10)[1]


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
