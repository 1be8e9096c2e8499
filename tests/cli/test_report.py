"""``frontdesk report`` as people type it, and its definitions beside those in the docs."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from frontdesk.cli import main
from frontdesk.cli.report import console
from frontdesk.store.figures import DEFINITIONS
from frontdesk.testing import temporary_url
from tests.outcomes import ARTICLE, READ, SEARCHED, Past, step

Run = Callable[..., tuple[int, str]]
DOCS = Path(__file__).parents[2] / "docs" / "report.md"


@pytest.fixture
def url() -> str:
    return temporary_url()


@pytest.fixture
def run(url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("FRONTDESK_DATABASE_URL", url)
    monkeypatch.setattr(console, "width", 140)

    def report(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["frontdesk", "report", *arguments])
        code: object = 0
        try:
            main()
        except SystemExit as exit_:
            code = exit_.code or 0
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        assert isinstance(code, int)
        return code, said.out + said.err

    return report


def test_a_desk_nobody_wrote_to_says_so(run: Run, url: str) -> None:
    assert run() == (0, run()[1])
    assert "Nothing yet" in run()[1]
    Past(url, principal="staff:ann").turn("answered", READ)
    assert "1 by staff or backends left out" in run()[1]
    assert json.loads(run("--json")[1])["figures"]["resolution"] is None


def test_a_young_desk_claims_nothing(run: Run, url: str) -> None:
    Past(url, days=2).turn("answered", READ)
    Past(url, days=2, principal="customer:u2").turn("handed_off", step("hand_over", reason="legal"))
    said = run("--since", "7d")[1]
    assert "nobody's 7 days are over; 1 not yet known; at most 50.0%" in said
    assert "Cost per resolved conversation  not yet known" in said


def test_the_whole_report(run: Run, url: str) -> None:
    Past(url, principal="customer:u1").turn("answered", SEARCHED, citations=[ARTICLE])
    bought, action = Past(url, principal="customer:u2"), uuid4()
    bought.action(
        bought.turn("awaiting_confirmation", step("refund_order"), actions=[str(action)]), "executed", action
    )
    bought.rate("up")
    Past(url, principal="customer:u3").turn("handed_off", step("hand_over", reason="[red]anger"))
    Past(url, principal="customer:u4").turn("unanswered", SEARCHED)
    said = run("--explain")[1]
    assert "4 conversations begun" in said
    assert "2 of 4 whose 7 days are over" in said
    assert "1 of 2 help-center questions" in said
    assert "[red]anger" in said
    assert "refund_order" in said
    for meaning in DEFINITIONS.values():
        assert meaning in said
    found = json.loads(run("--json", "--explain")[1])
    assert found["figures"]["automation"] == 0.5
    assert found["figures"]["thumbs_up"] == 1.0
    assert found["definitions"] == DEFINITIONS


def test_in_a_narrow_terminal_no_figure_gives_way(
    run: Run, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "width", 80)
    past = Past(url)
    past.turn("answered", SEARCHED, citations=[ARTICLE])
    past.rate("up")
    past.action(past.turn("awaiting_confirmation", step("refund_order")), "executed")
    young = Past(url, days=1, principal="customer:u2")
    young.turn("answered", READ)
    said = run()[1]
    assert "…" not in said
    assert [line for line in said.splitlines() if len(line.rstrip()) > 80] == []
    for name in ("Involvement", "Resolution", "Automation", "Answered with a citation", "Thumbs up"):
        assert re.search(rf"^{name} +[\d.]+% ", said, re.MULTILINE), said
    assert "refund_order" in said


def test_a_period_is_chosen_by_its_days(run: Run, url: str) -> None:
    past = Past(url, days=10)
    past.turn("answered", READ)
    day = f"{past._last:%Y-%m-%d}"
    assert "1 conversation begun" in run("--from", day, "--to", day)[1]
    assert "0 conversations" in run("--since", "7d")[1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--since", "a week"), "--since a week: write hours, days or weeks"),
        (("--since", "0d"), "write hours, days or weeks"),
        (("--from", "yesterday"), "--from yesterday: write a day as 2026-11-01"),
        (("--from", "2026-11-02", "--to", "2026-10-01"), "--from must be before --to"),
    ],
)
def test_a_mistake_is_one_sentence(run: Run, arguments: tuple[str, ...], sentence: str) -> None:
    code, said = run(*arguments)
    assert (code, sentence in said) == (1, True), said


def test_the_docs_define_what_the_report_shows() -> None:
    text = DOCS.read_text()
    for name, meaning in DEFINITIONS.items():
        assert f"| {name.replace('_', ' ')} | {meaning} |" in text
