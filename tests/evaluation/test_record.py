"""A conversation of the example desk, as a scenario: it passes, and its customer is not in it."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from frontdesk.cli import main
from tests.demo import Demo
from tests.process import ROOT

pytestmark = pytest.mark.timeout(300)  # processes of two servers, on whatever machine
CANARIES = ("Leonie", "Kowalczyk", "posteo", "5551234", "Lindenstraße", "4111", "ABNA")
SAID = (
    "Hi, my name is Leonie Kowalczyk. Where is my order 789?",
    "What does shipping to Norway cost?",
    "please cancel order 456",
    "I'd like to talk to a person, mail leonie.k@posteo.example",
)
TOLD = (
    "my card is 4111 1111 1111 1111 and my account NL91 ABNA 0417 1643 00",
    "call me at +49 170 5551234, I live in Lindenstraße 12",
    "my name is Leonie Kowalczyk, where is order 456? leonie.k@posteo.example. Thanks, Leonie",
    "What is the status of 456?",
)
Frontdesk = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    demo = Demo(tmp_path_factory.mktemp("demo") / "data")
    yield demo
    demo.stop()


@pytest.fixture(scope="module")
def conversation(demo: Demo) -> str:
    return talk(demo, SAID)


def talk(demo: Demo, said: tuple[str, ...]) -> str:
    conversation = demo.begin()
    for message in said:
        answer = demo.say(message, conversation_id=conversation)
        for action in answer["actions"]:
            body = {"user_id": "u123", "confirm_token": action["confirm_token"]}
            pressed = demo.desk.post(f"/support/actions/{action['id']}/confirm", json=body)
            assert pressed.status_code == 200, pressed.text
    return conversation


@pytest.fixture(scope="module")
def run(demo: Demo) -> Frontdesk:
    """The command as a process of its own."""

    def frontdesk(*arguments: str, data: Path = demo.data_dir) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("FRONTDESK_", "OPENAI_"))}
        return subprocess.run(
            [sys.executable, "-m", "frontdesk", *arguments],
            cwd=ROOT,
            env={**kept, "FRONTDESK_DATA_DIR": str(data), "COLUMNS": "200"},
            capture_output=True,
            text=True,
            timeout=250,
        )

    return frontdesk


@pytest.fixture
def record(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> Frontdesk:
    """The command in this process, which spares an import of everything each time."""

    def frontdesk(*arguments: str) -> subprocess.CompletedProcess[str]:
        monkeypatch.setenv("FRONTDESK_DATA_DIR", str(demo.data_dir))
        monkeypatch.setattr("frontdesk.cli.eval_replay.configure", lambda _: None)  # the log is the tests'
        monkeypatch.setattr(sys, "argv", ["frontdesk", *arguments])
        out, err, code = StringIO(), StringIO(), 0
        with redirect_stdout(out), redirect_stderr(err):
            try:
                main()
            except SystemExit as end:
                code = end.code
        return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())  # type: ignore[arg-type]

    return frontdesk


def test_what_was_recorded_passes_on_fresh_data(
    run: Frontdesk, record: Frontdesk, conversation: str, tmp_path: Path
) -> None:
    folder = tmp_path / "scenarios"
    folder.mkdir()
    (folder / "eval.yaml").write_text((ROOT / "examples/ourshop/scenarios/eval.yaml").read_text())
    made = record(
        "eval", "record", conversation, "--keep-ids", "--out", str(folder / "recorded" / "one.yaml")
    )
    assert made.returncode == 0, made.stderr
    text = (folder / "recorded" / "one.yaml").read_text()
    assert "customer: u123" in text
    assert "- confirm: cancel_order" in text
    assert "order_id: '789'" in text
    # Not below pytest's own folder: PostgreSQL runs as another user, and each session closes that to others again.
    with tempfile.TemporaryDirectory(prefix="frontdesk-test-", ignore_cleanup_errors=True) as fresh:
        passed = run("eval", str(folder), data=Path(fresh))
    assert passed.returncode == 0, text + passed.stdout + passed.stderr
    for canary in CANARIES:
        assert canary not in text
    refused = record("eval", "record", conversation, "--out", str(folder / "recorded" / "one.yaml"))
    assert (refused.returncode, "is there already" in refused.stderr) == (1, True)


def test_nothing_of_the_customer_is_left(record: Frontdesk, demo: Demo) -> None:
    conversation = talk(demo, TOLD)
    kept = record("eval", "record", conversation, "--keep-ids").stdout
    assert "order_id: '456'" in kept
    text = record("eval", "record", conversation).stdout
    for canary in (*CANARIES, "0417", "1643"):
        assert canary not in text + kept
    for canary in ("456", "u123", conversation):
        assert canary not in text
    [order] = set(re.findall(r"get_order_status:\n +order_id: '(\d+)'", text))
    assert f"where is order {order}?" in text
    assert f"What is the status of {order}?" in text
    assert "A person must check" in text


def test_what_the_agent_did_not_answer_is_no_scenario(record: Frontdesk, demo: Demo) -> None:
    empty = record("eval", "record", demo.begin())
    assert (empty.returncode, "there is nothing to record" in empty.stderr) == (1, True)
    unknown = record("eval", "record", "00000000-0000-4000-8000-000000000000")
    assert (unknown.returncode, "there is no conversation" in unknown.stderr) == (1, True)


def test_a_replay_asks_no_backend_and_tells_what_changes(
    run: Frontdesk, conversation: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SHOP_URL", "http://127.0.0.1:1")  # where nobody answers
    desk = ("--desk", "examples.ourshop.support:desk")
    since = run("eval", "replay", "--since", "1h", *desk)
    assert since.returncode == 0, since.stdout + since.stderr
    assert re.search(r"(\d) of \1 conversations? go as they did", since.stdout), since.stdout
    without = tmp_path / "without.py"
    without.write_text(
        "from examples.ourshop.support import desk as full\n"
        "from frontdesk import Frontdesk\n"
        "desk = Frontdesk(full.name, knowledge=full.help_center,\n"
        "    tools=[t for t in full.tools if t.name != 'cancel_order'])\n"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    changed = run("eval", "replay", conversation, "--desk", "without:desk")
    assert changed.returncode == 1, changed.stdout + changed.stderr
    assert "not in the record (which has cancel_order(order_id='456'))" in changed.stdout
    assert "0 of 1 conversation go as they did" in changed.stdout


@pytest.mark.parametrize("arguments", [(), ("--since", "a week")])
def test_a_mistake_is_one_sentence(record: Frontdesk, arguments: tuple[str, ...]) -> None:
    refused = record("eval", "replay", *arguments)
    assert refused.returncode == 2
    assert re.search(r"name conversations, or --since 7d|write hours, days or weeks", refused.stderr)
