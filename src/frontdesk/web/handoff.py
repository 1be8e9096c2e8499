"""A customer's conversations beside their turns: the list, asking for a person, who answers, live, and mail."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from typing import Annotated, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from frontdesk.bootstrap import Service
from frontdesk.database.deadline import deadline
from frontdesk.domain import Json, Principal
from frontdesk.errors import DatabaseUnavailable, MailOff
from frontdesk.people import Happened
from frontdesk.store import customers as store
from frontdesk.store.conversations import begin
from frontdesk.web.auth import refuse_tokens_in_url
from frontdesk.web.body import ConversationRequest, read_json, takes
from frontdesk.web.load import Streamed, streams_of
from frontdesk.web.parts import Auth, Desk, json_answer, uuid_of

__all__ = ["router"]

router = APIRouter(tags=["support"])
LIST = 30
PING_SECONDS = 15.0
STREAM_SECONDS = 900.0  # of a stream; then it is asked for again, with a session that has not been ended
CURSOR = re.compile(r"(\d{1,9})\.(\d{1,5})")
# One address, no display name, nothing that a mail's header could be broken with; the server behind decides the rest.
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?=.{1,190}\Z)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


def _address(text: str) -> str:
    if not ADDRESS.fullmatch(text):
        raise PydanticCustomError("address", "is not an e-mail address")
    return text


class EmailRequest(ConversationRequest):
    """The body of POST /support/conversations/{id}/email."""

    email: Annotated[str, Field(max_length=254), AfterValidator(_address)]
    what: Literal["replies", "transcript"]


@router.get("/support/conversations")
async def conversations(request: Request, desk: Desk, auth: Auth, before: str = "") -> Response:
    """The caller's conversations, the newest first; ``next`` is what ``before`` takes for the older ones."""
    with deadline():
        principal = await auth.authenticate(request, request.query_params.get("user_id"))
        found = await store.own_conversations(
            desk.database, principal, before=uuid_of(before) if before else None, limit=LIST + 1
        )
    more = found[LIST - 1].conversation_id if len(found) > LIST else None
    return json_answer({"conversations": found[:LIST], "next": more})


@router.post("/support/handoff", status_code=201, openapi_extra=takes(ConversationRequest, required=False))
async def begin_with_person(request: Request, desk: Desk, auth: Auth) -> Response:
    """Ask for a person in a new conversation."""
    body = await read_json(request, ConversationRequest, required=False)
    with deadline():
        caller = await auth.enter(request, body.user_id)
        identity = await begin(desk.database, caller.principal, caller.channel)
        return json_answer(
            {"conversation_id": identity, **await _called(desk, caller.principal, identity)}, 201
        )


@router.post(
    "/support/conversations/{conversation_id}/handoff",
    openapi_extra=takes(ConversationRequest, required=False),
)
async def ask_for_person(request: Request, conversation_id: str, desk: Desk, auth: Auth) -> Response:
    """Ask for a person; asked again, nothing is made twice."""
    auth.knock(request)
    body = await read_json(request, ConversationRequest, required=False)
    with deadline():
        principal = await auth.admit(request, body.user_id)
        return json_answer(await _called(desk, principal, uuid_of(conversation_id)))


async def _called(desk: Service, principal: Principal, identity: UUID) -> Json:
    number = await store.call_person(desk.database, principal, identity)
    return {"handoff": await desk.handoffs.of(principal, identity), "ticket": f"T-{number}"}


@router.post("/support/conversations/{conversation_id}/email", openapi_extra=takes(EmailRequest))
async def email(request: Request, conversation_id: str, desk: Desk, auth: Auth) -> Response:
    """Leave an address for the answers of people, or have the transcript sent to one. Three an hour."""
    auth.knock(request)
    body = await read_json(request, EmailRequest)
    with deadline():
        principal = await auth.admit(request, body.user_id)
        identity = uuid_of(conversation_id)
        if not desk.settings.smtp_url:
            raise MailOff
        await store.handoff_row(desk.database, principal, identity)  # NotFound before it is counted
        await auth.limiter.mail(principal.key)
        if body.what == "replies":
            await store.leave_address(desk.database, principal, identity, body.email)
        else:
            await store.mail_transcript(desk.database, principal, identity, body.email)
    return json_answer({"conversation_id": identity, "what": body.what}, 202)


@router.get("/support/conversations/{conversation_id}/events")
async def events(request: Request, conversation_id: str, desk: Desk, auth: Auth) -> Response:
    """What happens beside the turns, as it happens: ``message`` of a person, ``handoff``, ``action``.

    Goes on behind Last-Event-ID; without one, from now on. ``handoff`` comes first, as it stands.
    """
    refuse_tokens_in_url(request)
    with deadline():
        principal = await auth.authenticate(request, request.query_params.get("user_id"))
        identity = uuid_of(conversation_id)
        await store.handoff_row(desk.database, principal, identity)
    last = CURSOR.fullmatch(request.headers.get("last-event-id", ""))
    place = streams_of(request).open(request, principal.key)
    return Streamed(place, _events(desk, principal, identity, (int(last[1]), int(last[2])) if last else None))


async def _events(
    desk: Service, principal: Principal, identity: UUID, after: tuple[int, int] | None
) -> AsyncGenerator[bytes]:
    """The stream. It subscribes before it reads, so that nothing falls between; it ends when it has told all."""
    clock = asyncio.get_running_loop().time
    end = clock() + STREAM_SECONDS
    async with desk.hub.subscribe() as queue:
        follow = _Follow(desk, principal, identity, after)
        if after is None:
            await follow.to_the_end()
        yield b": here\n\n"
        while True:
            try:
                for event in await follow.news():
                    yield event
            except DatabaseUnavailable:
                await asyncio.sleep(1)
                continue
            if clock() > end:
                return
            try:
                async with asyncio.timeout(PING_SECONDS):
                    if not await _concerned(queue, str(identity)):
                        return
            except TimeoutError:
                yield b": waiting\n\n"


async def _concerned(queue: asyncio.Queue[Happened | None], identity: str) -> bool:
    """Wait until something happens in the conversation; False when the process stops."""
    while (happened := await queue.get()) is not None:
        if happened.conversation in ("", identity):
            return True
    return False


class _Follow:
    """What one stream has told."""

    def __init__(
        self, desk: Service, principal: Principal, identity: UUID, after: tuple[int, int] | None
    ) -> None:
        self._desk, self._principal, self._identity = desk, principal, identity
        self._after = after or (-1, 0)
        self._handoff: Json | None = None
        self._actions: dict[str, str] | None = None

    async def to_the_end(self) -> None:
        """Whoever comes anew has read what was written so far."""
        for line in await store.staff_messages(
            self._desk.database, self._principal, self._identity, self._after
        ):
            self._after = (line.turn_seq, line.n)

    async def news(self) -> list[bytes]:
        """What has happened since it was last asked."""
        desk, principal, identity = self._desk, self._principal, self._identity
        lines, row = await store.looked_at(desk.database, principal, identity, self._after)
        told: list[bytes] = []
        for line in lines:
            self._after = (line.turn_seq, line.n)
            key = f"{line.turn_seq}.{line.n}"
            told.append(
                _sse("message", {"id": key, "text": line.text, "author": line.author, "at": line.at}, key)
            )
        handoff = await desk.handoffs.shown(row)
        if handoff != self._handoff:
            # With the cursor: whoever loses the stream before anybody wrote must not miss the first message.
            turn, n = self._after
            told.append(_sse("handoff", handoff, f"{max(turn, 0)}.{n}"))
        actions = await desk.actions.of_conversation(principal, identity, 0)
        known = {} if self._actions is None else self._actions
        told += [
            _sse("action", {"action": desk.actions.show(action)})
            for action in actions
            if self._actions is not None and known.get(str(action.id)) != action.status
        ]
        self._handoff, self._actions = handoff, {str(action.id): action.status for action in actions}
        return told


def _sse(event: str, data: Json, identity: str = "") -> bytes:
    head = f"id: {identity}\n".encode() if identity else b""
    return head + b"event: %s\ndata: %s\n\n" % (event.encode(), orjson.dumps(data))
