"""What a run is shown as: a terminal, HTML, JUnit, JSON, and beside an earlier run."""

import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import orjson
import pytest
from rich.console import Console

from frontdesk.errors import SettingsError
from frontdesk.evaluation import compare, html, junit, report
from frontdesk.evaluation.happened import Finding
from frontdesk.evaluation.run import Run, results_of
from tests.evaluation.results import result, run_of

EVIL = "<script>alert(1)</script> [bold]x[/bold] \x1b[31m & \"q\" 'p'"


def printed(run: Run) -> str:
    out = io.StringIO()
    console = Console(file=out, width=200, highlight=False)
    report.failures(console, run.results)
    report.summary(console, run)
    return out.getvalue()


def test_the_terminal_shows_the_talk_around_a_failure_and_the_difference() -> None:
    turns = [replace(result().turns[0], said=f"message {n}") for n in range(1, 6)]
    wrong = replace(
        result("order/x", passed=False), turns=turns, findings=[Finding(4, "outcome", "asked", "answered")]
    )
    text = printed(run_of(wrong, result("order/y")))
    assert "message 3" in text
    assert "message 4" in text
    assert "message 2" not in text
    assert "message 5" not in text
    assert re.search(r"outcome\n\s+− asked\n\s+\+ answered", text)
    assert 'get_order(order_id=\'7\') → {"status":"shipped"}' in text
    assert re.search(r"all +2 +1/2 +50.0% +10 ms +10 ms +free", text)


def test_the_terminal_obeys_nothing_that_a_model_wrote() -> None:
    text = printed(
        run_of(replace(result(passed=False, reply=EVIL), findings=[Finding(1, "reply has", EVIL, EVIL)]))
    )
    assert "\x1b" not in text
    assert "[bold]x[/bold]" in text


def test_the_html_file_needs_nothing_and_runs_nothing() -> None:
    wrong = replace(
        result("order/<b>", passed=False, reply=EVIL), findings=[Finding(1, EVIL, EVIL, EVIL)], why=EVIL
    )
    page = html.page(run_of(wrong, result("order/y"), result("order/z", error=EVIL)))
    tags: list[tuple[str, dict[str, str | None]]] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attrs: tags.append((tag, dict(attrs)))  # type: ignore[method-assign]
    parser.feed(page)
    assert not {"script", "link", "img", "iframe", "b", "bold"} & {tag for tag, _ in tags}
    assert not [
        name for _, attrs in tags for name in attrs if name in ("src", "href") or name.startswith("on")
    ]
    assert "http://" not in page
    assert "https://" not in page
    assert "prefers-color-scheme: dark" in page
    assert [attrs.get("class") for tag, attrs in tags if tag == "details" and "open" in attrs] == [
        "failed",
        "failed",
    ]
    assert "&lt;script&gt;" in page


def test_junit_has_a_case_for_each_run_and_tells_failures_from_errors() -> None:
    wrong = replace(result("order/x", 2, passed=False), findings=[Finding(1, "outcome", EVIL + "\x00", "b")])
    root = ElementTree.fromstring(
        junit.suites(run_of(result("order/x"), wrong, result("refund/y", error="gone"), runs=2))
    )
    assert root.attrib["tests"] == "3"
    assert (root.attrib["failures"], root.attrib["errors"]) == ("1", "1")
    assert [suite.attrib["name"] for suite in root] == ["order", "refund"]
    assert [case.attrib["name"] for case in root.iter("testcase")] == [
        "order/x (run 1)", "order/x (run 2)", "refund/y (run 1)",
    ]  # fmt: skip
    [failure] = root.iter("failure")
    assert "Where is it?" in str(failure.text)


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    run = run_of(result("order/x", passed=False), result("order/y"))
    run.save(tmp_path / "some" / "out.json")
    again = results_of(tmp_path / "some" / "out.json")
    assert orjson.dumps(again.as_json()) == orjson.dumps(run.as_json())
    assert again.results[0].findings == run.results[0].findings
    assert [path.name for path in (tmp_path / "some").iterdir()] == ["out.json"]


def test_a_file_that_holds_no_results_is_refused(tmp_path: Path) -> None:
    for number, text in enumerate(("", "[]", "{}", '{"frontdesk": "1", "results": [{}]}')):
        path = tmp_path / f"{number}.json"
        path.write_text(text)
        with pytest.raises(SettingsError, match="holds no results"):
            results_of(path)
    with pytest.raises(SettingsError, match="cannot be read"):
        results_of(tmp_path / "absent.json")


def test_a_comparison_names_what_broke_what_was_mended_and_what_is_said_otherwise() -> None:
    before = run_of(
        result("a", reply="It is on its way."),
        result("b", passed=False),
        result("c", reply="T 0f8fad5b-d9cb-469f-a165-70867728950e"),
        result("old"),
        result("d", cost_usd=0.5, ms=100.0),
    )
    after = run_of(
        result("a", passed=False, reply="It is cancelled."),
        result("b"),
        result("c", reply="T 7c9e6679-7425-40de-944b-e07fc1f90ae7"),
        result("new"),
        result("d", cost_usd=0.75, ms=300.0),
    )
    found = compare.compare(before, after)
    assert [name for name, _ in found.failing] == ["a"]
    assert found.passing == ["b"]
    assert (found.added, found.gone) == (["new"], ["old"])
    assert [(changed.name, changed.before, changed.after) for changed in found.replies] == [
        ("a", "It is on its way.", "It is cancelled.")
    ]
    assert found.cost == (0.5, 0.75)
    assert (found.p95[0], found.p95[1]) == (100.0, 300.0)
    text = "\n".join(line.plain for line in compare.told(found))
    assert "1 newly failing, 1 newly passing, 1 reply changed" in text
    assert "It is [-on its way.-] {+cancelled.+}" in text


def test_a_scenario_that_fails_in_one_of_its_runs_is_failing() -> None:
    before = run_of(result("a", 1), result("a", 2))
    after = run_of(result("a", 1), result("a", 2, passed=False))
    assert [name for name, _ in compare.compare(before, after).failing] == ["a"]
