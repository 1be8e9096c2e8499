"""What opens a block in a Markdown page: ``:::note``, ``!!! note``, ``> [!NOTE]``, and the block itself."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

DIRECTIVE = re.compile(r"(:{3,})[ \t]*(?:\{?([A-Za-z][\w-]*)\}?)?[ \t]*(.*)")
BLOCK = re.compile(r"(!!!|\?\?\?|===)[+!]?[ \t]+([\w -]*?)[ \t]*(?:\"(.{0,300})\")?[ \t]*")
ALERT = re.compile(r"((?:[ \t]*>)+[ \t]*)\[!([A-Za-z]+)\][-+]?[ \t]*(.*)")
BRACES = re.compile(r"\{[^{}]{0,300}\}[ \t]*\Z")
TITLE = re.compile(r"\[(.{0,300}?)\]|.{0,60}\btitle=\"(.{0,300}?)\"")


@dataclass(slots=True)
class Opened:
    """A block that is not closed yet: where its tag stood, by how much its content is moved."""

    name: str
    column: int = 0
    shift: int | None = None
    pad: int = 0
    level: int = 0  # of the heading it brought, 0 for none
    around: int = 0  # the level of the section it stands in
    steps: int = 0
    labels: list[str] = field(default_factory=list[str])
