"""What all sources are told in the same words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from frontdesk.domain import Visibility
from frontdesk.errors import DeclarationError
from frontdesk.knowledge.article import VISIBILITIES, strictest

MAX_BYTES = 10_000_000  # of one page
_ADDRESS = re.compile(r"https?://[^\s<>\"'\x00-\x1f\x7f]{1,1000}")
TOO_LARGE = f"larger than {MAX_BYTES // 1_000_000} MB"


@dataclass(frozen=True, kw_only=True, eq=False)
class Options:
    """What a source says of all its pages; a page that says otherwise of itself is right.

    ``url`` is the template of the published address, such as ``https://ourshop.example/help/{slug}``.
    ``visibility`` is the widest that its pages have: a page can only be stricter.
    """

    name: str = ""
    url: str = ""
    visibility: Visibility = "public"
    locale: str = ""
    products: Sequence[str] = ()

    def __post_init__(self) -> None:
        if self.visibility not in VISIBILITIES:
            raise DeclarationError(f"visibility of a source is one of {', '.join(VISIBILITIES)}")
        products = (self.products,) if isinstance(self.products, str) else tuple(self.products)
        self._set("products", products)

    def _set(self, name: str, value: object) -> None:
        """Complete a field, or remember a listing; for everybody else the object is frozen."""
        object.__setattr__(self, name, value)

    def _given(self, **more: Any) -> dict[str, Any]:
        """What the source knows of a page: its own words, and ``more``, which wins where it says something."""
        own = {"locale": self.locale, "visibility": self.visibility, "products": list(self.products)}
        said = {key: value for key, value in more.items() if value}
        visibility = strictest(self.visibility, said.pop("visibility", self.visibility))
        return {key: value for key, value in {**own, **said, "visibility": visibility}.items() if value}


def address(text: str) -> str:
    """A page's address as its source names it, where customers may be sent there; "" where it is no web address."""
    return text if _ADDRESS.fullmatch(text) else ""
