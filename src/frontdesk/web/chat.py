"""POST /support/chat, and reading a turn or a conversation back."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from uuid import UUID

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from frontdesk.bootstrap import Service
from frontdesk.database.deadline import deadline
from frontdesk.domain import Principal
from frontdesk.errors import DatabaseUnavailable, NotFound
from frontdesk.live import Event
from frontdesk.store.conversations import begin, rate, transcript
from frontdesk.store.customers import attachments, send_attachments
from frontdesk.store.turns import Accepted
from frontdesk.web.auth import Caller, refuse_tokens_in_url
from frontdesk.web.body import ChatRequest, ConversationRequest, RatingRequest, read_json, takes
from frontdesk.web.load import Streamed, streams_of
from frontdesk.web.parts import Auth, Desk, json_answer, uuid_of

router = APIRouter(tags=["support"])
EVENT_ID = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):([0-9]{1,6})")
PING_SECONDS = 15.0


@router.post("/support/chat", openapi_extra=takes(ChatRequest))
async def chat(request: Request, desk: Desk, auth: Auth) -> Response:
    """Answer a message.

    The message is stored before anything else happens. With ``Accept: text/event-stream`` the answer is
    streamed; after a drop, the same request with Last-Event-ID goes on where it was.
    """
    refuse_tokens_in_url(request)
    body = await read_json(request, ChatRequest)
    with deadline():
        caller = await auth.enter(request, body.user_id)
        principal = caller.principal
        streaming = "text/event-stream" in request.headers.get("accept", "")
        if streaming and (resumed := EVENT_ID.fullmatch(request.headers.get("last-event-id", ""))):
            return await _resume(request, desk, principal, UUID(resumed[1]), int(resumed[2]))
        place = streams_of(request).open(request, principal.key) if streaming else None
        if place:
            with place.unless_refused():
                accepted = await _accept(desk, caller, body)
            return Streamed(place, _events(desk, principal, accepted.turn_id, 0))
        accepted = await _accept(desk, caller, body)
    try:
        seconds = 0.0 if accepted.repeated else desk.settings.turn_seconds + desk.settings.lease_seconds
        response = await desk.support.wait(principal, accepted.turn_id, seconds)
    except DatabaseUnavailable:  # the message is stored all the same, and will be answered
        response = None
    return json_answer(response) if response else _pending(accepted.turn_id, accepted.conversation_id)


@router.get("/support/turns/{turn_id}")
async def turn(request: Request, turn_id: str, desk: Desk, auth: Auth) -> Response:
    """A turn as it stands: 200 with the answer, 202 while it runs; as a stream where that is accepted."""
    with deadline():
        principal = await auth.authenticate(request, request.query_params.get("user_id"))
        identity = uuid_of(turn_id)
        if "text/event-stream" in request.headers.get("accept", ""):
            last = EVENT_ID.fullmatch(request.headers.get("last-event-id", ""))
            return await _resume(request, desk, principal, identity, int(last[2]) if last else 0)
        return await _state(desk, principal, identity)


@router.post(
    "/support/conversations", status_code=201, openapi_extra=takes(ConversationRequest, required=False)
)
async def new_conversation(request: Request, desk: Desk, auth: Auth) -> Response:
    """Begin another conversation; messages that name none go on with it."""
    body = await read_json(request, ConversationRequest, required=False)
    with deadline():
        caller = await auth.enter(request, body.user_id)
        begun = await begin(desk.database, caller.principal, caller.channel)
        return json_answer({"conversation_id": begun}, 201)


@router.get("/support/conversations/{conversation_id}")
async def conversation(
    request: Request, conversation_id: str, desk: Desk, auth: Auth, after_turn: int = 0
) -> Response:
    """A conversation, for its owner, oldest first; ``next_after_turn`` is there when there is more."""
    with deadline():
        principal = await auth.authenticate(request, request.query_params.get("user_id"))
        found = await transcript(
            desk.database, principal, uuid_of(conversation_id), after_turn=max(0, after_turn)
        )
        proposed = await desk.actions.of_conversation(principal, found.conversation_id, max(0, after_turn))
        files = await attachments(desk.database, principal, found.conversation_id)
        handoff = await desk.handoffs.of(principal, found.conversation_id)
    messages = [
        {
            "role": line.role,
            "text": line.text,
            "at": line.at,
            "turn_id": line.turn_id,
            **({"id": line.key, "author": line.author} if line.role == "staff" else {}),
            **({"outcome": line.outcome, "citations": line.citations} if line.role == "assistant" else {}),
        }
        for line in found.lines
    ]
    return json_answer(
        {
            "conversation_id": found.conversation_id,
            "mode": found.mode,
            "created_at": found.created_at,
            "messages": messages,
            "actions": [desk.actions.show(action) for action in proposed],
            "attachments": files,
            "handoff": handoff,
            "rating": found.rating,
            "next_after_turn": found.next_after_turn,
        }
    )


@router.post("/support/conversations/{conversation_id}/rating", openapi_extra=takes(RatingRequest))
async def rating(request: Request, conversation_id: str, desk: Desk, auth: Auth) -> Response:
    """Thumbs up or down for a conversation, from its owner; a later one takes the place of an earlier."""
    auth.knock(request)
    body = await read_json(request, RatingRequest)
    with deadline():
        principal = await auth.admit(request, body.user_id)
        await rate(desk.database, principal, uuid_of(conversation_id), body.rating)
    return json_answer({"conversation_id": conversation_id, "rating": body.rating})


async def _state(desk: Service, principal: Principal, turn_id: UUID) -> Response:
    stored = await desk.support.find(principal, turn_id)
    if stored.done:
        return json_answer(desk.support.response(stored))
    return _pending(turn_id, stored.conversation_id)


def _pending(turn_id: UUID, conversation_id: UUID) -> Response:
    running = {"turn_id": str(turn_id), "conversation_id": str(conversation_id), "status": "running"}
    return json_answer(running, 202, {"retry-after": "1"})


async def _accept(desk: Service, caller: Caller, body: ChatRequest) -> Accepted:
    """Store the message, with the files it comes with."""
    principal = caller.principal
    accepted = await desk.support.receive(
        principal,
        body.message,
        channel=caller.channel,
        conversation_id=body.conversation_id,
        client_message_id=body.client_message_id,
    )
    if body.attachments:
        await send_attachments(desk.database, principal, accepted.turn_id, list(body.attachments))
    return accepted


async def _resume(
    request: Request, desk: Service, principal: Principal, turn_id: UUID, after: int
) -> Response:
    await desk.support.find(principal, turn_id)  # NotFound unless it is theirs
    place = streams_of(request).open(request, principal.key)
    return Streamed(place, _events(desk, principal, turn_id, after))


async def _events(desk: Service, principal: Principal, turn_id: UUID, after: int) -> AsyncGenerator[bytes]:
    """Events of a turn that runs here, or elsewhere, or is done; a comment now and then while nothing happens.

    An attempt that is watched may be abandoned, and another, here or elsewhere, take its place.
    """
    while True:
        if live := desk.support.live(turn_id):
            async for event in live.watch(after):
                yield _sse(turn_id, event) if event else b": waiting\n\n"
                after = event.n if event else after
                if event and event.type == "done":
                    return
        try:
            if await desk.support.wait(principal, turn_id, PING_SECONDS):
                for event in desk.support.replay(await desk.support.find(principal, turn_id), after):
                    yield _sse(turn_id, event)
                return
        except NotFound:  # its customer has been erased; who asks again is told
            return
        except DatabaseUnavailable:
            await asyncio.sleep(1)
        yield b": waiting\n\n"


def _sse(turn_id: UUID, event: Event) -> bytes:
    return b"id: %s:%d\nevent: %s\ndata: %s\n\n" % (
        str(turn_id).encode(),
        event.n,
        event.type.encode(),
        orjson.dumps(event.data),
    )
