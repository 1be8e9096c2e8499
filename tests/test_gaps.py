"""``frontdesk knowledge gaps`` and ``calibrate`` as people type them, on a database of their own."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from frontdesk.cli import main
from frontdesk.testing import temporary_url
from tests.gaps import Chat, run_as_owner

HELP = {
    "shipping": "# Shipping\n\nA parcel to Norway costs 14.95 EUR and takes five days.",
    "returns": "# Returns\n\nYou can return boots within 30 days of delivery.",
    "sizes": "# Sizes\n\nOur jackets come in sizes S to XXL.",
}
REPLY = "Yes. You can rent a tent for up to 14 days; a two-person tent costs 25 EUR a week."
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def url() -> str:
    return temporary_url()


@pytest.fixture
def run(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """``frontdesk knowledge …`` in a folder of its own: (exit code, all that was said)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FRONTDESK_DATABASE_URL", url)
    monkeypatch.setenv("COLUMNS", "120")

    def knowledge(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["frontdesk", "knowledge", *arguments])
        code: object = 0
        try:
            main()
        except SystemExit as exit_:
            code = exit_.code or 0
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        assert isinstance(code, int)
        return code, said.out + said.err

    return knowledge


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "help").mkdir()
    for name, text in HELP.items():
        (tmp_path / "help" / f"{name}.md").write_text(text)
    return tmp_path / "help"


def asked(url: str, *questions: str, reply: str = "") -> None:
    async def write(chat: Chat, question: str) -> None:
        await chat.turn(question)
        if reply:
            await chat.reply(reply)

    for n, question in enumerate(questions):
        run_as_owner(url, lambda owner, n=n, q=question: write(Chat(owner, f"u{n}"), q))


def test_from_an_empty_list_to_an_answered_question(run: Run, url: str, folder: Path, tmp_path: Path) -> None:
    code, said = run("gaps")
    assert (code, "There are no open gaps" in said) == (0, True)
    asked(url, "Do you rent out tents?", "can I rent a tent from you?", reply=f"Hi there, {REPLY}")
    asked(url, "Is [red]your packaging[/red] recyclable?")
    run("sync", str(folder))
    code, said = run("gaps")
    assert code == 0
    assert said.index("rent") < said.index("[red]your packaging[/red]")
    assert "drafted" in said
    found = json.loads(run("gaps", "--json")[1])
    assert [(gap["customers"], gap["state"]) for gap in found] == [(2, "drafted"), (1, "open")]
    number = str(found[0]["number"])
    code, said = run("gaps", "show", number)
    assert code == 0
    assert REPLY in " ".join(said.split())
    code, said = run(
        "gaps", "approve", number, "--export", str(tmp_path / "out"), "--url", "https://shop.example/{slug}"
    )
    assert code == 0
    assert "2 of 2 ways it was asked are answered" in said
    (written,) = (tmp_path / "out").iterdir()
    assert REPLY in written.read_text()
    code, said = run("gaps", "dismiss", str(found[1]["number"]), "--reason", "not worth a page")
    assert (code, "dismissed" in said) == (0, True)
    assert "There are no open gaps" in run("gaps")[1]
    assert "published" in run("gaps", "--all")[1]
    shown = run("gaps", "show", number)[1]
    me = f"cli:{pwd.getpwuid(os.getuid()).pw_name}"
    assert shown.index("drafted by desk") < shown.index(f"approved by {me}")
    dismissed = json.loads(run("gaps", "show", str(found[1]["number"]), "--json")[1])["decisions"]
    assert [(decision["what"], decision["by"]) for decision in dismissed] == [("dismissed", me)]


def test_a_draft_from_a_file_that_misses_the_question_is_said_to(run: Run, url: str, tmp_path: Path) -> None:
    asked(url, "Do you rent out tents?")
    run("gaps")
    (tmp_path / "answer.md").write_text("Boots are covered for two years.")
    code, said = run("gaps", "draft", "1", "--title", "Warranty", "--file", "answer.md")
    assert (code, "Nobody sees it yet" in said) == (0, True)
    code, said = run("gaps", "approve", "1")
    assert (code, "still not answered" in said) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("gaps", "show", "7"), "there is no gap 7"),
        (("gaps", "show", "seven"), "a gap is named by its number"),
        (("gaps", "show", "9" * 40), "a gap is named by its number"),
        (("gaps", "draft", "7", "--text", "x"), "there is no gap 7"),
        (("gaps", "draft", "1"), "nobody has replied to gap 1 yet"),
        (("gaps", "draft", "1", "--file", "latin.md"), "not a text file in UTF-8"),
        (("gaps", "approve", "1"), "gap 1 has no draft yet"),
        (("gaps", "dismiss", "7", "--reason", "x"), "there is no gap 7"),
        (("calibrate", "questions.csv"), "the knowledge base is empty"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_1(
    run: Run, url: str, tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    asked(url, "Do you rent out tents?")
    run("gaps")
    (tmp_path / "latin.md").write_bytes(b"Stra\xdfe")
    (tmp_path / "questions.csv").write_text("When?,shipping\n")
    code, said = run(*arguments)
    assert (code, sentence in said) == (1, True), said


def test_calibrate_chooses_warns_and_writes(run: Run, folder: Path, tmp_path: Path) -> None:
    run("sync", str(folder))
    rows = [
        "question,article",
        "What does a parcel to Norway cost?,shipping",
        "Can I return boots?,returns.md",
    ]
    rows += ["What sizes do your jackets have?,sizes", "Who is your CEO?,", "Do you rent out tents?,"]
    (tmp_path / "q.csv").write_text("\n".join(rows))
    (tmp_path / "knowledge.toml").write_text("# ours\n[knowledge]\nlocale = 'en'\n")
    code, said = run("calibrate", "q.csv", "--write")
    assert code == 0
    assert "5 questions, 3 with an answer" in said
    assert "5 questions say little" in said
    assert "Written to knowledge.toml" in said
    assert (tmp_path / "knowledge.toml").read_text().startswith("# ours\n[knowledge]\nanswer_at = 0.")
    (tmp_path / "knowledge.toml").unlink()
    assert "FRONTDESK_ANSWER_AT=0." in run("calibrate", "q.csv", "--write")[1]
    (tmp_path / "q.csv").write_text("\n".join([*rows, "alone", "When?,nowhere"]))
    code, said = run("calibrate", "q.csv")
    assert code == 2
    assert "line 7 has one column" in said
    assert "line 8 names an article that the knowledge base does not hold" in said
    (tmp_path / "q.csv").write_text("What does a parcel to Norway cost?,returns\n")
    code, said = run("calibrate", "q.csv")
    assert (code, "no threshold makes 95% of the answers right" in said) == (1, True)
    assert "no question is without an answer" in said


def test_a_sweep_that_is_killed_loses_and_doubles_nothing(url: str, tmp_path: Path) -> None:
    words = ("tents", "drones", "kayaks", "boats", "skis", "ropes", "lamps", "stoves", "maps", "bikes")
    questions = [f"Do you rent out {one} and {other}?" for one in words for other in words if one != other]

    async def write(owner: psycopg.AsyncConnection[object]) -> None:
        for n, question in enumerate(questions):
            await Chat(owner, f"u{n}").turn(question)

    run_as_owner(url, write)
    code = (
        "import asyncio, sys\nfrom frontdesk.database import Database\nfrom frontdesk.knowledge import gaps\n"
        "gaps.BATCH = 10\n"
        "async def run():\n    database = await Database.open(sys.argv[1])\n    print('on', flush=True)\n"
        "    await gaps.sweep(database, progress=lambda n: print(n, flush=True))\n    await database.close()\n"
        "asyncio.run(run())"
    )
    for lines in (2, 4, 1000):
        with subprocess.Popen([sys.executable, "-c", code, url], stdout=subprocess.PIPE) as sweep:
            assert sweep.stdout is not None
            for _ in range(lines):
                if not sweep.stdout.readline():
                    break
            else:
                sweep.kill()
    with psycopg.connect(url, options="-c search_path=frontdesk,public") as connection:
        row = connection.execute(
            "SELECT count(*), count(gap), count(DISTINCT turn_id) FROM knowledge_gap_questions"
        ).fetchone()
    assert row == (len(questions),) * 3
