"""Names are taken apart alike however they are written, and in a time that grows with their length."""

import pytest

from frontdesk.tools import names
from frontdesk.tools.names import is_secret, snake, words_of


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("customerId", ["customer", "id"]),
        ("HTTPServerURL", ["http", "server", "url"]),
        ("orderIDs", ["order", "ids"]),
        ("A" * 199 + "b", ["a" * 198, "ab"]),
    ],
)
def test_a_name_is_its_words(name: str, words: list[str]) -> None:
    assert words_of(name) == words


def test_a_name_too_long_to_be_one_is_taken_apart_by_nobody_and_shown_to_nobody() -> None:
    long = "userId" * 50
    before = names._words.cache_info().currsize  # pyright: ignore[reportPrivateUsage]
    assert (words_of(long), is_secret(long)) == ([long.lower()], True)
    assert names._words.cache_info().currsize == before  # pyright: ignore[reportPrivateUsage]


def test_a_run_of_capitals_is_read_once() -> None:
    """Two million of them: what went back over the run would take hours."""
    assert snake("A" * 2_000_000 + "b") == "a" * 1_999_999 + "_ab"
