"""Where articles come from: a folder, git, a sitemap, a list of addresses, an export, a table of questions.

from frontdesk.knowledge.sources import Folder, Git, Intercom, Questions, Sitemap, Urls, Zendesk
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from frontdesk.knowledge.sources.exports import Intercom, Zendesk
    from frontdesk.knowledge.sources.folder import Folder
    from frontdesk.knowledge.sources.git import Git
    from frontdesk.knowledge.sources.questions import Questions
    from frontdesk.knowledge.sources.web import Sitemap, Urls

__all__ = ["Folder", "Git", "Intercom", "Questions", "Sitemap", "Urls", "Zendesk"]

# Loaded when it is named: what reads the web takes a third of a second to import.
_MODULES = {"Zendesk": "exports", "Intercom": "exports", "Sitemap": "web", "Urls": "web"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = _MODULES.get(name, name.lower())
    return getattr(importlib.import_module(f"{__name__}.{module}"), name)
