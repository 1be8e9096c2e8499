"""Tools of MCP servers, for ``pip install 'frontdesk[mcp]'``: see docs/mcp.md.

What a server says of itself, its descriptions and its annotations, loosens nothing: a tool without a grant of the
shop's is not offered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from frontdesk.errors import DeclarationError, SettingsError
from frontdesk.tools import Tool
from frontdesk.tools.declare import Declaration

__all__ = ["McpDeclaration", "Server", "from_mcp", "installed"]

INSTALL = "MCP needs a package: pip install 'frontdesk[mcp]'"


@dataclass(frozen=True)
class Server:
    """An MCP server: a ``command`` that is started here and spoken to over stdio, or the ``url`` of one over HTTP.

    ``env`` is all of the environment that a command gets beside PATH and the like; ``headers`` go with each request.
    """

    command: Sequence[str] = ()
    url: str = ""
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        """Refuse a server that is both, or neither."""
        if isinstance(self.command, str) or bool(self.command) == bool(self.url):
            raise DeclarationError(
                'write Server(command=["python", "server.py"]) or Server(url="https://…/mcp"), one of the two'
            )

    @property
    def name(self) -> str:
        """What it is called in an error: nothing of its arguments, which may hold a key."""
        return self.url.split("?")[0] or self.command[0]


class McpDeclaration(Declaration, total=False):
    """The words of ``@tool(…)``, and three of MCP's.

    owner   the argument that is the customer's id, filled in by code; None where a tool says the same to everybody
    effect  the argument that takes the name of an effect, under which a backend does it once
    sha256  the tool's schema and description as they were read; where they have changed, the desk does not start
    """

    owner: str | None
    effect: str
    sha256: str


def from_mcp(server: Server, grants: Mapping[str, McpDeclaration]) -> list[Tool]:
    """The tools of ``server`` that ``grants`` names, each with its grant; nothing else of it is offered.

    The server is asked now. Raises SettingsError where it does not answer, DeclarationError where it lacks a tool, or
    where a tool is not what it was.
    """
    installed()
    from frontdesk.tools.mcp.granted import tools_of  # noqa: PLC0415  (needs the extra)

    return tools_of(server, grants)


def installed() -> None:
    """Raise SettingsError, with what to install, where the packages are missing."""
    try:
        import langchain_mcp_adapters  # noqa: F401, PLC0415  # pyright: ignore[reportUnusedImport]
        import mcp  # noqa: F401, PLC0415  # pyright: ignore[reportUnusedImport]
    except ImportError:
        raise SettingsError(INSTALL) from None
