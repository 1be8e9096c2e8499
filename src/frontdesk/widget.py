"""How the chat widget looks and what it says before anybody has said anything, as a desk declares it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

from frontdesk.domain import Json
from frontdesk.errors import DeclarationError

__all__ = ["LOCALES", "Widget"]

LOCALES = ("en", "de", "es", "fr", "ar")
T = TypeVar("T")
Texts = str | Mapping[str, str]
Lists = Sequence[str] | Mapping[str, Sequence[str]]
MOST = 3  # suggestions that are shown
LONGEST = 300  # characters of a text


@dataclass(frozen=True)
class Widget:
    """``Widget(accent="#17506b", greeting={"en": "Hi!", "de": "Hallo!"}, suggestions=["Where is my order?"])``.

    accent       the shop's colour, ``#rrggbb``
    greeting     the first thing it says
    suggestions  at most three questions to choose from; by default the first tools' examples
    proactive    said beside the button once per customer, ``proactive_after`` seconds after the page has loaded
    locale       for pages and browsers in a language that it does not know: en, de, es, fr or ar

    Texts may be one for all, or one for each language. Raises DeclarationError for what cannot be shown.
    """

    accent: str = ""
    greeting: Texts = ""
    suggestions: Lists = ()
    proactive: Texts = ""
    proactive_after: float = 30.0
    locale: str = "en"

    def __post_init__(self) -> None:
        """Refuse at start what would be left out in front of a customer."""
        if self.accent and not re.fullmatch(r"#[0-9a-fA-F]{6}", self.accent):
            raise DeclarationError(f'Widget: accent={self.accent!r} is no colour: write "#17506b"')
        if self.locale not in LOCALES:
            raise DeclarationError(
                f"Widget: locale={self.locale!r} is not there: write one of {', '.join(LOCALES)}"
            )
        if self.proactive_after < 0:
            raise DeclarationError("Widget: proactive_after is in seconds, 0 or more")
        for name in ("greeting", "suggestions", "proactive"):
            given = getattr(self, name)
            for language, value in given.items() if isinstance(given, Mapping) else [("en", given)]:
                _check(name, language, value)

    def told(self, locale: str) -> Json:
        """What the widget's page is told, in ``locale`` where it was declared, else in the desk's own."""
        told: Json = {"locale_default": self.locale}
        if self.accent:
            told["accent"] = self.accent
        if greeting := self._in(self.greeting, locale):
            told["greeting"] = greeting
        if suggestions := self._in(self.suggestions, locale):
            told["suggestions"] = list(suggestions)
        if proactive := self._in(self.proactive, locale):
            told["proactive"] = {"text": proactive, "after_seconds": self.proactive_after}
        return told

    def _in(self, given: T | Mapping[str, T], locale: str) -> T | None:
        if not isinstance(given, Mapping):
            return given
        texts = cast("Mapping[str, T]", given)
        return texts.get(locale) or texts.get(self.locale)


def _check(name: str, language: str, value: object) -> None:
    if language not in LOCALES:
        raise DeclarationError(
            f"Widget: {name} in {language!r} is not shown: write one of {', '.join(LOCALES)}"
        )
    texts = [value] if name != "suggestions" else list(value) if isinstance(value, Sequence) else []
    if name == "suggestions" and (isinstance(value, str) or len(texts) > MOST):
        raise DeclarationError(
            f'Widget: suggestions is a list of at most {MOST} questions: ["Where is my order?"]'
        )
    if not all(isinstance(text, str) and len(text) <= LONGEST for text in texts):
        raise DeclarationError(f"Widget: {name} is text of at most {LONGEST} characters")
