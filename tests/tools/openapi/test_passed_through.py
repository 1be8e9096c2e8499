"""The customer's JWT, from POST /support/chat to the shop's backend."""

from __future__ import annotations

import json

import httpx
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

from frontdesk import Frontdesk
from frontdesk.database import Database
from frontdesk.models.scripted import ScriptedModel
from frontdesk.settings import Settings
from frontdesk.tools.loopback import Loopback
from frontdesk.tools.openapi import from_openapi
from frontdesk.tools.tokens import presented
from frontdesk.web.app import create_app
from tests.process import KEY
from tests.tools.openapi.specs import STRING, answer, spec, thing
from tests.web.service import KEYS, token

ME = spec(
    {"/me": {"get": {"operationId": "me", "responses": answer(thing(undescribed=STRING))}}},
    security=[{"token": []}],
    components={"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
)


def ask_who_i_am(messages: list[BaseMessage]) -> AIMessage:
    if isinstance(messages[-1], ToolMessage):
        return AIMessage("Here you are.")
    return AIMessage("", tool_calls=[{"name": "me", "args": {}, "id": "c1", "type": "tool_call"}])


async def test_the_token_that_a_customer_shows_goes_to_the_backend_and_a_service_key_does_not(
    database: Database,
) -> None:
    backend = Loopback.shared()
    backend.forget()
    backend.holds("GET /me")
    desk = Frontdesk("Shop", tools=from_openapi(ME, base_url=backend.url, token=presented))
    settings = Settings(
        database_url=database.conninfo, service_keys=(KEY,), jwt_keys=json.dumps(KEYS), lease_seconds=1
    )
    application = create_app(desk, settings, models=[("scripted", ScriptedModel(ask_who_i_am))])
    transport = httpx.ASGITransport(application)
    client = httpx.AsyncClient(transport=transport, base_url="http://desk")
    async with application.router.lifespan_context(application), client:
        mine = token()
        shown = {"authorization": f"Bearer {mine}"}
        said = await client.post("/support/chat", json={"message": "Who am I?"}, headers=shown)
        assert said.status_code == 200
        assert [a.headers["authorization"] for a in backend.asked] == [f"Bearer {mine}"]
        body = {"message": "Who am I?", "user_id": "u9"}
        await client.post("/support/chat", json=body, headers={"authorization": f"Bearer {KEY}"})
        assert len(backend.asked) == 1
