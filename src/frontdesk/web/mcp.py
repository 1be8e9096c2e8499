"""The desk as an MCP server: another agent asks it, as one customer.

It has one tool, which says what a customer could say. What would change data is proposed and no more: the token of
its button is not handed to an agent, so a person presses it.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from frontdesk.bootstrap import Service
from frontdesk.database.deadline import deadline, leave
from frontdesk.domain import Json, Principal
from frontdesk.errors import FrontdeskError, InvalidBody, MissingCredentials, NotFound
from frontdesk.web import problems
from frontdesk.web.body import ChatRequest, validated

if TYPE_CHECKING:
    from mcp.server.fastmcp import FastMCP

CUSTOMER = "x-frontdesk-customer"
CHANNEL = "mcp"
PRINCIPAL = "frontdesk.principal"
SECONDS = 65.0
MOST_BYTES = 64_000


def server(service: Service, principal: Callable[[Any], Principal]) -> FastMCP:
    """An MCP server that answers for whoever ``principal`` names for a request's context."""
    from mcp.server.fastmcp import Context, FastMCP  # noqa: PLC0415  (needs the extra)
    from mcp.server.fastmcp.exceptions import ToolError  # noqa: PLC0415
    from mcp.server.transport_security import TransportSecuritySettings  # noqa: PLC0415
    from mcp.types import ToolAnnotations  # noqa: PLC0415

    # Who may call is decided by the key; a browser is refused with it, whatever host it names.
    checked = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    made = FastMCP(
        f"{service.desk.name} support",
        stateless_http=True,
        json_response=True,
        transport_security=checked,
        max_request_body_size=MOST_BYTES,
    )

    async def ask_support(
        message: str,
        context: Context[Any, Any, Any],
        conversation_id: str | None = None,
    ) -> dict[str, Any]:
        """Ask the company's support on behalf of its customer; give conversation_id to go on with a conversation.

        What would change something is only proposed here: the customer confirms it themselves.
        """
        try:
            return await ask(service, principal(context), message, conversation_id)
        except FrontdeskError as error:
            raise ToolError(error.detail) from None

    ask_support.__annotations__["context"] = Context
    ask_support.__annotations__.update(
        {"message": str, "conversation_id": str | None, "return": dict[str, Any]}
    )
    about = ToolAnnotations(readOnlyHint=False, destructiveHint=False, openWorldHint=False)
    made.add_tool(ask_support, annotations=about)
    return made


async def ask(service: Service, principal: Principal, message: str, conversation_id: str | None) -> Json:
    """The desk's answer to ``message``, without what presses a button. Raises what the chat does."""
    body = validated(ChatRequest, {"message": message, "conversation_id": conversation_id})
    accepted = await service.support.receive(
        principal, body.message, channel=CHANNEL, conversation_id=body.conversation_id
    )
    leave()  # the answer takes as long as the turn
    response = await service.support.wait(principal, accepted.turn_id, SECONDS)
    if response is None:
        return {"conversation_id": str(accepted.conversation_id), "reply": "", "status": "running"}
    actions = [
        {"title": action["title"], "status": action["status"], "id": str(action["id"])}
        for action in response["actions"]
    ]
    shown = {key: response[key] for key in ("reply", "outcome", "citations", "mode", "degraded")}
    return {"conversation_id": str(accepted.conversation_id), **shown, "actions": actions}


# ------------------------------------------------------------------ over HTTP
class _Sessions:
    """What speaks MCP; made when it is first asked for, since the packages take a while to load."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app
        self._ended = asyncio.Event()
        self._made: asyncio.Future[Any] | None = None
        self._task: asyncio.Task[None] | None = None

    async def manager(self) -> Any:
        """The session manager. Raises NotFound without the extra."""
        if self._made is None:
            self._made = asyncio.get_running_loop().create_future()
            # It outlives the request that asked first, and carries nothing of it: no trace, no id for the log.
            self._task = asyncio.create_task(self._live(self._made), context=contextvars.Context())
        return await asyncio.shield(self._made)

    async def _live(self, ready: asyncio.Future[Any]) -> None:
        """One task enters and leaves what anyio groups."""
        try:
            made = server(
                self._app.state.service, lambda context: context.request_context.request.scope[PRINCIPAL]
            )
        except ImportError:
            ready.set_exception(NotFound())
            return
        made.streamable_http_app()  # makes the session manager
        async with made.session_manager.run():
            ready.set_result(made.session_manager)
            await self._ended.wait()

    async def close(self) -> None:
        """End all sessions."""
        self._ended.set()
        if self._task:
            await self._task


@asynccontextmanager
async def door(app: FastAPI) -> AsyncGenerator[None]:
    """Let ``/mcp`` answer until the context ends; without the extra there is nothing there."""
    app.state.mcp = _Sessions(app)
    try:
        yield
    finally:
        await app.state.mcp.close()


class _Door:
    """``/mcp``: a backend with a service key, for the customer that its header names."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        with deadline():
            try:
                scope[PRINCIPAL] = await _principal(request)
                manager = await request.app.state.mcp.manager()
            except FrontdeskError as error:
                await problems.response(error)(scope, receive, send)
                return
            # What it starts for the request has its deadline too.
            await manager.handle_request(scope, receive, send)


async def _principal(request: Request) -> Principal:
    """Raises what the authenticator raises; InvalidBody where the header is missing or says no customer."""
    auth = request.app.state.authenticator
    auth.knock(request)
    customer = request.headers.get(CUSTOMER)
    caller = await auth.identify(request, customer)
    if caller.via != "service_key":
        raise MissingCredentials("/mcp takes a service key.")
    if customer is None:
        raise InvalidBody(f"{CUSTOMER}: is required beside a service key.")
    await auth.limiter.key(caller.key)
    return caller.principal


route = Route("/mcp", _Door(), methods=["GET", "POST", "DELETE"], include_in_schema=False)
