"""A customer's words become plain ones; what the help center says itself is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.knowledge.wording import names, plain, suspects


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("wana change my adress pls", "want to change my address please"),
        ("can u send it b4 fri", "can you send it before friday"),
        ("my rucksack's zip packed in", "my backpack's zipper broken"),
        ("I want my money back", "I want my refund"),
        ("someone nicked the parcl", "someone stolen the parcel"),
        ("Wie lange ist die Garantie?", "how long ist die warranty?"),
    ],
)
def test_slang_shorthand_and_slips_are_put_in_plain_words(written: str, meant: str) -> None:
    assert plain(written) == meant


def test_a_word_that_the_help_center_uses_is_kept() -> None:
    assert suspects("Is there a guarantee on the rucksack?") == ["guarantee", "rucksack"]
    assert plain("a guarantee on the rucksack", known={"guarantee"}) == "a guarantee on the backpack"


def test_shorthand_is_replaced_though_the_help_center_may_use_it() -> None:
    assert "u" not in suspects("can u help")
    assert plain("can u help", known={"u"}) == "can you help"


@pytest.mark.parametrize("text", ["U.S. law", "R&D", "user@pls.example", "co-op's e-mail", "http://a.b/acc"])
def test_what_only_looks_like_shorthand_is_left_alone(text: str) -> None:
    assert plain(text) == text


def test_names_are_quoted_words_and_capitals_that_begin_no_sentence() -> None:
    assert names("Do you take American Express?") == ["american express"]
    assert names('What does "label created" mean?') == ["label created"]
    assert names("Can I send it to Norway? Please say.") == ["norway"]
    assert names("do you take american express") == []


@given(st.text(max_size=80))
def test_any_text_is_taken(text: str) -> None:
    assert isinstance(plain(text, known=suspects(text)), str)
    assert all(names(text))
