"""POST /support/chat through the whole application, as a backend calls it."""

from collections.abc import AsyncGenerator
from uuid import uuid4

import httpx
import pytest
from langchain_core.messages import AIMessage

from frontdesk.database import Database
from frontdesk.models.scripted import ScriptedModel
from frontdesk.settings import Settings
from frontdesk.web.app import create_app
from tests.desk import Backend, call, follow, make_desk
from tests.process import AUTH, KEY


class App:
    def __init__(self, client: httpx.AsyncClient, backend: Backend, model: ScriptedModel) -> None:
        self.client = client
        self.backend = backend
        self.model = model

    async def say(self, message: str, user: str = "u1", **more: object) -> httpx.Response:
        return await self.client.post("/support/chat", json={"user_id": user, "message": message, **more})


@pytest.fixture
async def app(database: Database) -> AsyncGenerator[App]:
    backend, model = Backend(), ScriptedModel(follow)
    settings = Settings(database_url=database.conninfo, service_keys=(KEY,), lease_seconds=1)
    application = create_app(make_desk(backend), settings, models=[("scripted", model)])
    transport = httpx.ASGITransport(application)
    client = httpx.AsyncClient(transport=transport, base_url="http://desk", headers=AUTH)
    async with application.router.lifespan_context(application), client:
        yield App(client, backend, model)


async def test_an_answer_holds_everything_the_interface_promises(app: App) -> None:
    answer = await app.say("Where is order 789?")
    assert answer.status_code == 200
    body = answer.json()
    assert body["reply"] == "Order 789 is shipped."
    assert body["outcome"] == "answered"
    assert (body["citations"], body["actions"], body["degraded"]) == ([], [], False)
    assert body["conversation_id"]
    assert body["turn_id"]
    assert app.backend.calls == [("789", "u1")]


async def test_a_second_message_goes_on_with_the_open_conversation_and_its_window(app: App) -> None:
    first = (await app.say("Where is order 789?")).json()
    second = (await app.say("thanks")).json()
    assert second["conversation_id"] == first["conversation_id"]
    read = [message.text for message in app.model.calls[-1].messages]
    assert "Where is order 789?" in read
    assert "Order 789 is shipped." in read
    assert read[-1] == "thanks"


async def test_the_model_sees_no_way_to_say_who_the_customer_is(app: App) -> None:
    app.model.script = [
        call("get_order_status", order_id="321", customer={"id": "u2"}, user_id="u2"),
        "Not found.",
    ]
    await app.say("show me 321")
    assert app.backend.calls == [("321", "u1")]


async def test_a_foreign_order_and_an_absent_one_look_alike_byte_for_byte(app: App) -> None:
    foreign = (await app.say("Where is order 321?")).json()["reply"]
    absent = (await app.say("Where is order 999?")).json()["reply"]
    assert foreign == absent
    assert "canary" not in foreign


async def test_a_customers_conversation_and_turn_are_theirs_alone(app: App) -> None:
    mine = (await app.say("Where is order 789?")).json()
    for path, known in (("conversations", mine["conversation_id"]), ("turns", mine["turn_id"])):
        own = await app.client.get(f"/support/{path}/{known}", params={"user_id": "u1"})
        assert own.status_code == 200
        assert "Order 789 is shipped." in own.text
        answers = [
            await app.client.get(f"/support/{path}/{identity}", params={"user_id": "u2"})
            for identity in (known, uuid4(), "nonsense", "' OR 1=1 --")
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert len({answer.content for answer in answers}) == 1


async def test_a_message_to_a_foreign_conversation_is_a_404_and_stores_nothing(app: App) -> None:
    mine = (await app.say("hello there")).json()
    foreign = await app.say("let me in", "u2", conversation_id=mine["conversation_id"])
    unknown = await app.say("let me in", "u2", conversation_id=str(uuid4()))
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.content == unknown.content
    seen = await app.client.get(f"/support/conversations/{mine['conversation_id']}", params={"user_id": "u1"})
    assert [m["text"] for m in seen.json()["messages"]] == ["hello there", "You said: hello there"]


async def test_the_same_client_message_id_gives_the_first_answer_again(app: App) -> None:
    first = await app.say("Where is order 789?", client_message_id="m1")
    again = await app.say("Where is order 789?", client_message_id="m1")
    assert (again.status_code, again.json()) == (200, first.json())
    other = await app.say("Where is order 456?", client_message_id="m1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")


async def test_a_stream_tells_the_steps_the_text_and_the_whole_answer(app: App) -> None:
    answer = await app.client.post(
        "/support/chat",
        json={"user_id": "u1", "message": "Where is order 789?"},
        headers={"accept": "text/event-stream"},
    )
    assert answer.headers["content-type"].startswith("text/event-stream")
    kinds = [line[7:] for line in answer.text.splitlines() if line.startswith("event: ")]
    assert kinds == ["accepted", "step", "step", "text", "done"]
    assert "Looking up order 789" in answer.text
    turn = answer.text.split("id: ")[1].split(":")[0]
    replayed = await app.client.get(
        f"/support/turns/{turn}", params={"user_id": "u1"}, headers={"accept": "text/event-stream"}
    )
    assert replayed.text == answer.text


async def test_a_model_that_never_stops_calling_tools_ends_in_a_handover(app: App) -> None:
    app.model.script = lambda _: call("get_order_status", order_id="789")
    body = (await app.say("Where is order 789?")).json()
    assert body["outcome"] == "handed_off"
    assert body["mode"] == "queued"
    assert "T-10" in body["reply"]
    assert len(app.backend.calls) <= 12


async def test_a_raising_model_ends_in_a_handover_and_the_next_turn_works(app: App) -> None:
    app.model.script = [RuntimeError("secret text")]
    body = (await app.say("hello")).json()
    assert body["outcome"] == "handed_off"
    assert "secret" not in str(body)
    app.model.script = follow
    assert (await app.say("order 789")).json()["reply"] == "Order 789 is shipped."


async def test_a_reply_with_an_invented_amount_never_leaves(app: App) -> None:
    app.model.script = [AIMessage("You will get 500.00 EUR on 3 March 2031."), AIMessage("It is 500.00 EUR.")]
    body = (await app.say("how much do I get back?")).json()
    assert "500" not in body["reply"]
    assert body["outcome"] == "unanswered"


async def test_markup_and_made_up_citations_are_taken_out(app: App) -> None:
    app.model.script = ["<b>Hello</b> ![x](https://evil.example/p.png) [click](javascript:alert) see [7]"]
    assert (await app.say("hello")).json()["reply"] == "Hello x click see"


async def test_liveness_and_readiness_are_told_apart(app: App) -> None:
    assert (await app.client.get("/healthz")).json()["status"] == "ok"
    ready = await app.client.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"status": "ok", "model": "scripted"})


async def test_a_last_event_id_that_is_none_is_as_good_as_absent(app: App) -> None:
    for odd in ("-" * 36 + ":1", "x", ":", "1" * 40):
        answer = await app.client.post(
            "/support/chat",
            json={"user_id": "u1", "message": "hello"},
            headers={"accept": "text/event-stream", "last-event-id": odd},
        )
        assert answer.status_code == 200


async def test_a_service_key_that_comes_from_any_page_is_called_leaked(app: App) -> None:
    for origin in ("https://evil.example", "http://desk", "null"):
        answer = await app.client.post(
            "/support/chat", json={"user_id": "u1", "message": "hello"}, headers={"origin": origin}
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "service_key_in_browser")
        assert "access-control-allow-origin" not in answer.headers


async def test_a_customer_rates_their_own_conversation_and_may_think_again(
    app: App, database: Database
) -> None:
    conversation = (await app.say("Where is order 789?")).json()["conversation_id"]
    path = f"/support/conversations/{conversation}/rating"
    for rating in ("down", "up"):
        answer = await app.client.post(path, json={"user_id": "u1", "rating": rating})
        assert (answer.status_code, answer.json()["rating"]) == (200, rating)
    somebody = await app.client.post(path, json={"user_id": "u2", "rating": "down"})
    unknown = await app.client.post(
        path.replace(conversation, str(uuid4())), json={"user_id": "u1", "rating": "down"}
    )
    assert (somebody.status_code, unknown.status_code) == (404, 404)
    assert somebody.json()["code"] == unknown.json()["code"] == "not_found"
    assert (await app.client.post(path, json={"user_id": "u1", "rating": "great"})).status_code == 422
    async with database.transaction("customer:u1") as connection:
        rows = await (
            await connection.execute("SELECT conversation_id::text, rating FROM ratings")
        ).fetchall()
    assert rows == [(conversation, "up")]
