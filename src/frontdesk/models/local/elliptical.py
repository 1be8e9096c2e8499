"""Messages that only name a thing: "and 123?", "the second one"."""

from __future__ import annotations

import re

from frontdesk.models.local.text import plain

_FILLER = re.compile(
    r"\b(?:and|or|what|how|about|the|my|for|order|orders|parcel|package|number|no|nr|id|ref|reference|i|meant|mean|sorry|typo|not|it|is|was|one|other|please|"
    r"also|then|now|same|again|check|actually|oops|wait|ok|okay|yes|yeah|yep|question|thank|you|that|this|with|of|to|hmm|um|well|so|in|too|thanks|try|instead|rather|"
    r"(?:the )?(?:first|second|third|fourth|fifth|last|latest|newest|1st|2nd|3rd|4th|5th)|both|all|them)\b"
)


def elliptical(text: str, references: tuple[str, ...]) -> bool:
    """Whether a message only names a thing: "and 123?", "the second one", "789??"."""
    low = plain(text)
    for token in references:
        low = low.replace(token.lower(), " ")
    return not re.sub(r"[^a-z]+", "", _FILLER.sub(" ", low))
