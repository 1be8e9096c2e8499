"""A threshold is chosen on a company's own questions, said honestly, and written where it belongs."""

from __future__ import annotations

import random
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.errors import SettingsError
from frontdesk.knowledge import answer_at, calibrate
from frontdesk.knowledge.ask import Ask
from frontdesk.knowledge.calibrate import Question, Tried
from frontdesk.knowledge.retrieve import PostgresRetriever
from frontdesk.store.places import Place, places

HERE = Path(__file__).parent


def read(path: Path, text: str | bytes) -> tuple[list[tuple[str, tuple[str, ...]]], list[int]]:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    found, wrong = calibrate.read(path)
    return [(one.text, one.articles) for one in found], [line for line, _ in wrong]


# ------------------------------------------------------------------ questions in
def test_csv_with_and_without_names_of_columns(tmp_path: Path) -> None:
    expected = [("Where, oh where?", ("shipping",)), ("Do you rent?", ()), ("Size?", ("sizes", "fit"))]
    rows = '"Where, oh where?",shipping\nDo you rent?,\nSize?,sizes | fit\n'
    assert read(tmp_path / "q.csv", rows) == (expected, [])
    assert read(tmp_path / "q.csv", f"\ufeffQuestion,Article\r\n{rows}") == (expected, [])
    swapped = "article,note,question\nshipping,x,When?\n,y,Do you rent?\n"
    assert read(tmp_path / "q.csv", swapped) == ([("When?", ("shipping",)), ("Do you rent?", ())], [])


def test_json_lines_in_either_form(tmp_path: Path) -> None:
    lines = (
        '{"question": "When?", "article": "shipping"}\n\n{"question": "Rent?", "article": ""}\n'
        '{"message": "Size?", "articles": ["sizes", "fit"]}\n{"question": "No?", "answerable": false}\n'
    )
    expected = [("When?", ("shipping",)), ("Rent?", ()), ("Size?", ("sizes", "fit")), ("No?", ())]
    assert read(tmp_path / "q.jsonl", lines) == (expected, [])


def test_malformed_lines_are_told_by_number_and_the_rest_is_kept(tmp_path: Path) -> None:
    lines = '{"question": "When?", "article": "a"}\n{oops\n[1]\n{"article": "a"}\n{"question": "x"}\n{"question": "y", "article": 3}\n'
    assert read(tmp_path / "q.jsonl", lines) == ([("When?", ("a",))], [2, 3, 4, 5, 6])
    assert read(tmp_path / "q.csv", 'When?,a\nalone\n,b\nx,y\n"open') == (
        [("When?", ("a",)), ("x", ("y",))],
        [2, 3, 5],
    )
    assert read(tmp_path / "q.csv", "") == ([], [])


def test_what_is_no_text_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="UTF-8"):
        read(tmp_path / "q.csv", b"\xff\xfe\x00")


@given(st.text(max_size=200))
def test_no_file_breaks_it(text: str) -> None:
    path = Path("/dev/shm/frontdesk-calibrate") if Path("/dev/shm").is_dir() else Path("calibrate.tmp")
    try:
        path.write_bytes(text.encode("utf-8", "replace"))
        found, wrong = calibrate.read(path)
        assert all(one.text.strip() for one in found)
        assert all(line > 0 for line, _ in wrong)
    finally:
        path.unlink()


def test_an_article_is_known_by_slug_address_and_the_last_part_of_either() -> None:
    place = Place(
        "1", "returns/return-policy", "returns/return-policy.md", "https://shop.example/help/return-policy"
    )
    names = calibrate.names_of(place)
    for name in (
        "returns/return-policy",
        "return-policy",
        "returns/return-policy.md",
        "https://shop.example/help/return-policy#how",
        "http://shop.example/help/Return-Policy/",
    ):
        assert calibrate.key(name) in names
    asked = [Question(1, "?", ("return-policy",)), Question(2, "?", ("retrun-policy",)), Question(3, "?", ())]
    assert [line for line, _ in calibrate.unknown(asked, [place])] == [2]


# ------------------------------------------------------------------ choosing
def made(*groups: tuple[int, float, bool, bool]) -> list[Tried]:
    return [
        Tried(confidence, right, answerable) for n, confidence, right, answerable in groups for _ in range(n)
    ]


def test_the_lowest_threshold_that_is_right_often_enough_is_chosen() -> None:
    tried = made((95, 0.9, True, True), (5, 0.6, False, False), (20, 0.3, False, False))
    assert calibrate.choose(tried, 0.95) == 0.31
    assert calibrate.choose(tried, 0.96) == 0.61
    assert calibrate.choose(made((5, 0.9, False, False)), 0.95) is None
    assert calibrate.choose(made((5, 0.2, False, False)), 0.95) is None, "nothing answered is no threshold"
    found = calibrate.counts(tried, 0.31)
    assert (found.right, found.wrong, found.missed, found.turned_away) == (95, 5, 0, 20)
    assert (found.precision, found.answered) == (0.95, 1.0)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.booleans()), max_size=60),
    st.floats(0.5, 1),
)
def test_what_is_chosen_holds_and_nothing_lower_does(
    rows: list[tuple[float, bool, bool]], precision: float
) -> None:
    tried = [Tried(confidence, right and answerable, answerable) for confidence, right, answerable in rows]
    chosen = calibrate.choose(tried, precision)
    good = [
        at for at in calibrate.GRID
        if (found := calibrate.counts(tried, at)).right and found.right >= precision * (found.right + found.wrong)
    ]  # fmt: skip
    assert chosen == min(good, default=None)


def test_on_noise_the_cross_check_is_lower_than_what_was_fitted() -> None:
    dice = random.Random(1)
    tried = [Tried(dice.random(), dice.random() < 0.8, True) for _ in range(60)]
    chosen = calibrate.choose(tried, 0.85)
    assert chosen is not None
    checked = calibrate.check(tried, chosen, 0.85)
    assert checked.precision < calibrate.counts(tried, chosen).precision
    assert checked.low < calibrate.counts(tried, chosen).precision < checked.high


async def test_on_the_example_shops_questions_it_finds_a_threshold_that_holds(
    shop: PostgresRetriever,
) -> None:
    questions, wrong = calibrate.read(HERE / "questions.jsonl")
    assert (len(questions), wrong) == (120, [])
    known = await places(shop._database)
    assert calibrate.unknown(questions, known) == []
    tried = await calibrate.ask_all(questions, known, Ask(shop, answer_at=1e-9))
    chosen = calibrate.choose(tried, 0.95)
    assert chosen is not None
    found = calibrate.counts(tried, chosen)
    assert found.precision >= 0.95
    assert found.answered >= 0.6
    assert calibrate.check(tried, chosen, 0.95).precision >= 0.85


# ------------------------------------------------------------------ written down
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "[knowledge]\nanswer_at = 0.41\n"),
        ("# ours\n[knowledge]\n", "# ours\n[knowledge]\nanswer_at = 0.41\n"),
        ("[knowledge]", "[knowledge]\nanswer_at = 0.41\n"),
        (
            '[knowledge] # top\nlocale = "en"  # ours\nanswer_at = 0.3 # was a guess\n\n[[source]]\nanswer_at = 9\n',
            '[knowledge] # top\nlocale = "en"  # ours\nanswer_at = 0.41 # was a guess\n\n[[source]]\nanswer_at = 9\n',
        ),
        (
            '[[source]]\nname = "x"\n[knowledge]\r\nlocale = "de"\r\n',
            '[[source]]\nname = "x"\n[knowledge]\r\nanswer_at = 0.41\r\nlocale = "de"\r\n',
        ),
        ('[[source]]\nname = "x"', '[[source]]\nname = "x"\n\n[knowledge]\nanswer_at = 0.41\n'),
    ],
)
def test_the_threshold_is_written_and_all_else_stays(tmp_path: Path, before: str, after: str) -> None:
    path = tmp_path / "knowledge.toml"
    path.write_bytes(before.encode())
    path.chmod(0o640)
    answer_at.write(path, 0.41)
    assert path.read_bytes().decode() == after
    assert tomllib.loads(after)["knowledge"]["answer_at"] == 0.41
    assert path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "text",
    [
        "knowledge = {locale = 'en'}\n",
        "knowledge.locale = 'en'\n",
        "x = '''\n[knowledge]\n'''\n",
        "[knowledge]\nx = '''\nanswer_at = 0.3\n'''\n",
        "[knowledge\n",
        "knowledge = 3\n",
    ],
)
def test_a_file_that_cannot_be_changed_safely_stays_as_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "knowledge.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=r"knowledge\.toml"):
        answer_at.write(path, 0.41)
    assert path.read_text() == text
