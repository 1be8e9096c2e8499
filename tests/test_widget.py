"""What a desk declares of its widget: checked at start, told in the page's language."""

from typing import Any

import pytest

from frontdesk import Frontdesk, Widget
from frontdesk.errors import DeclarationError


@pytest.mark.parametrize(
    ("declared", "sentence"),
    [
        ({"accent": "blue"}, 'is no colour: write "#17506b"'),
        ({"locale": "it"}, "write one of en, de, es, fr, ar"),
        ({"proactive_after": -1}, "in seconds"),
        ({"greeting": {"it": "Ciao"}}, "greeting in 'it' is not shown"),
        ({"greeting": "x" * 301}, "at most 300 characters"),
        ({"greeting": 7}, "is text"),
        ({"suggestions": "Where is my order?"}, "a list of at most 3"),
        ({"suggestions": {"de": ["a", "b", "c", "d"]}}, "a list of at most 3"),
    ],
)
def test_what_cannot_be_shown_stops_the_start(declared: dict[str, Any], sentence: str) -> None:
    with pytest.raises(DeclarationError, match=sentence):
        Widget(**declared)


def test_texts_come_in_the_pages_language_else_in_the_desks() -> None:
    widget = Widget(
        greeting={"de": "Moin!", "en": "Hi!"}, proactive="Need help?", proactive_after=5, locale="de"
    )
    assert widget.told("en")["greeting"] == "Hi!"
    assert widget.told("it")["greeting"] == "Moin!"
    assert widget.told("fr")["proactive"] == {"text": "Need help?", "after_seconds": 5}
    assert Frontdesk("Shop").widget.told("en") == {"locale_default": "en"}
