"""``frontdesk mcp support:desk --customer ID``: the desk as an MCP server on stdin and stdout."""

from __future__ import annotations

import asyncio
import logging
import sys

import click
import structlog

from frontdesk.bootstrap import load_desk, service
from frontdesk.desk import Frontdesk
from frontdesk.domain import Principal
from frontdesk.errors import SettingsError
from frontdesk.settings import Settings, load
from frontdesk.tools.mcp import installed
from frontdesk.web.body import USER_ID
from frontdesk.web.mcp import server
from frontdesk.web.tokens import VISITOR_PREFIX


@click.command()
@click.argument("desk", default="support:desk")
@click.option("--customer", required=True, metavar="ID", help="the customer in whose name is asked")
def mcp(desk: str, customer: str) -> None:
    """Let an agent ask DESK (module:name) as one customer, over MCP on stdin and stdout.

    Whoever starts this program may be that customer: it is for agents on this machine. Over the network, POST /mcp takes
    a service key and the header X-Frontdesk-Customer.
    """
    installed()
    if not USER_ID.fullmatch(customer) or customer.lower().startswith(VISITOR_PREFIX):
        raise SettingsError("--customer: is not the id of a customer")
    # stdout belongs to the protocol: whatever is logged goes to stderr.
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    asyncio.run(_serve(load_desk(desk), load(), Principal("customer", customer)))


async def _serve(desk: Frontdesk, settings: Settings, principal: Principal) -> None:
    async with service(desk, settings) as ready:
        await server(ready, lambda _: principal).run_stdio_async()
