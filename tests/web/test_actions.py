"""The endpoints of actions and approvals, over HTTP, with every credential there is."""

import json
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from frontdesk.models.scripted import ScriptedModel
from frontdesk.store.identity import create_service_key
from frontdesk.testing import temporary_url
from frontdesk.web.app import create_app
from tests.actions.shop import SECRET, Shop, make_desk, obey, wish
from tests.web.service import SERVICE_KEY, bearer, make_client, make_settings, token

KEY = bearer(SERVICE_KEY)


@pytest.fixture(scope="module")
def shop() -> Shop:
    return Shop()


@pytest.fixture(scope="module")
async def app(tmp_path_factory: pytest.TempPathFactory, shop: Shop) -> AsyncGenerator[FastAPI]:
    settings = make_settings(
        tmp_path_factory.mktemp("data"), database_url=temporary_url(), environment="production", secret=SECRET
    )
    desk = make_desk(shop, limit="1000/day")
    app = create_app(desk, settings, models=[("scripted", ScriptedModel(obey))], jobs=False)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture(scope="module")
async def door(app: FastAPI) -> AsyncGenerator[httpx.AsyncClient]:
    async with make_client(app) as client:
        yield client


@pytest.fixture(scope="module")
async def staff(app: FastAPI) -> dict[str, str]:
    return bearer(await create_service_key(app.state.service.database, "admin", rights=["approvals"]))


async def propose(
    door: httpx.AsyncClient, user: str = "u1", tool: str = "refund_order", **arguments: Any
) -> dict[str, Any]:
    body = {"user_id": user, "message": wish((tool, arguments))}
    answer = (await door.post("/support/chat", json=body, headers=KEY)).json()
    [action] = answer["actions"]
    return action | {"conversation_id": answer["conversation_id"], "turn_id": answer["turn_id"]}


async def press(
    door: httpx.AsyncClient, action: dict[str, Any], word: str = "confirm", **body: Any
) -> httpx.Response:
    given = {"user_id": "u1", "confirm_token": action["confirm_token"], **body}
    return await door.post(f"/support/actions/{action['id']}/{word}", json=given, headers=KEY)


async def test_a_press_of_the_button_and_what_stands_there_after_a_reload(
    door: httpx.AsyncClient, shop: Shop
) -> None:
    action = await propose(door, order_id="456", amount="20 EUR")
    place = f"/support/conversations/{action['conversation_id']}?user_id=u1"
    before = (await door.get(place, headers=KEY)).json()["actions"][-1]
    assert before["confirm_token"] == action["confirm_token"]
    done = await press(door, action)
    assert done.status_code == 200
    assert done.json()["reply"] == "Refunded 20.00 EUR for order 456."
    assert done.json()["action"]["status"] == "executed"
    again = await press(door, action)
    assert (again.status_code, again.json()["code"]) == (409, "action_decided")
    after = (await door.get(place, headers=KEY)).json()
    assert after["actions"][-1]["status"] == "executed"
    assert "confirm_token" not in after["actions"][-1]
    assert after["messages"][-1]["text"] == "Refunded 20.00 EUR for order 456."
    turn = (await door.get(f"/support/turns/{action['turn_id']}?user_id=u1", headers=KEY)).json()
    assert turn["actions"][0]["status"] == "executed"
    assert shop.effects[action["id"]] == 1


async def test_a_customer_confirms_with_a_token_or_a_session_of_their_own(door: httpx.AsyncClient) -> None:
    session = (await door.post("/support/sessions", headers=bearer(token(sub="u1")))).json()["token"]
    for credential in (token(sub="u1"), session):
        action = await propose(door, order_id="456", amount="1 EUR")
        place = f"/support/actions/{action['id']}/confirm"
        done = await door.post(
            place, json={"confirm_token": action["confirm_token"]}, headers=bearer(credential)
        )
        assert done.status_code == 200


async def test_somebody_else_s_an_unknown_one_and_no_id_at_all_are_answered_with_the_same_bytes(
    door: httpx.AsyncClient, shop: Shop
) -> None:
    action = await propose(door, order_id="456", amount="2 EUR")
    body = {"user_id": "u2", "confirm_token": action["confirm_token"]}
    bodies = set()
    for word in ("confirm", "decline", "undo"):
        for identity in (action["id"], str(uuid4()), "456", "%00", action["id"].upper() + "x"):
            given = body if word != "decline" else {"user_id": "u2"}
            answer = await door.post(f"/support/actions/{identity}/{word}", json=given, headers=KEY)
            assert answer.status_code == 404, (word, identity, answer.text)
            bodies.add(answer.content)
    bodies.add((await door.get(f"/support/actions/{action['id']}?user_id=u2", headers=KEY)).content)
    assert len(bodies) == 1
    assert action["id"] not in shop.effects


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"confirm_token": "x" * 43}, 409, "token_mismatch"),
        ({"confirm_token": "ü" * 43}, 409, "token_mismatch"),
        ({"confirm_token": ""}, 422, "invalid_body"),
        ({"confirm_token": None}, 422, "invalid_body"),
        ({"confirm_token": ["x"]}, 422, "invalid_body"),
        ({"approved": True}, 422, "invalid_body"),
    ],
)
async def test_a_wrong_token_changes_nothing(
    door: httpx.AsyncClient, shop: Shop, body: dict[str, Any], status: int, code: str
) -> None:
    action = await propose(door, order_id="456", amount="3 EUR")
    answer = await press(door, action, **body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert action["id"] not in shop.effects


async def test_a_proposal_that_has_run_out_is_410(door: httpx.AsyncClient, shop: Shop) -> None:
    first = await propose(door, order_id="456", amount="4 EUR")
    await propose(door, order_id="456", amount="5 EUR")
    answer = await press(door, first)
    assert (answer.status_code, answer.json()["code"]) == (410, "action_expired")
    assert first["id"] not in shop.effects


async def test_staff_approve_what_a_customer_has_confirmed(
    door: httpx.AsyncClient, staff: dict[str, str], shop: Shop
) -> None:
    action = await propose(door, order_id="789", amount="600 EUR")
    assert action["approvals_needed"] == 2
    confirmed = (await press(door, action)).json()
    assert confirmed["action"]["status"] == "confirmed"
    assert "Two colleagues" in confirmed["reply"]
    listed = (await door.get("/support/approvals", headers=staff)).json()["approvals"]
    assert [(item["id"], item["customer"]) for item in listed] == [(action["id"], "u1")]
    place = f"/support/approvals/{action['id']}/approve"
    own = await door.post(place, json={"staff_id": "u1"}, headers=staff)
    assert (own.status_code, own.json()["code"]) == (409, "approval_not_yours")
    one = await door.post(place, json={"staff_id": "kim"}, headers=staff)
    assert one.json()["action"]["status"] == "confirmed"
    two = await door.post(place, json={"staff_id": "lee"}, headers=staff)
    assert two.json()["action"]["status"] == "executed"
    assert shop.effects[action["id"]] == 1


async def test_a_refusal_of_staff_needs_a_reason_that_the_customer_is_told(
    door: httpx.AsyncClient, staff: dict[str, str]
) -> None:
    action = await propose(door, order_id="789", amount="601 EUR")
    await press(door, action)
    place = f"/support/approvals/{action['id']}/decline"
    bare = await door.post(place, json={"staff_id": "kim"}, headers=staff)
    assert bare.status_code == 422
    done = await door.post(
        place, json={"staff_id": "kim", "reason": "It is still on its way back."}, headers=staff
    )
    assert done.json()["action"]["status"] == "declined"
    now = await door.get(f"/support/actions/{action['id']}?user_id=u1", headers=KEY)
    assert now.json()["reply"].endswith("The reason: It is still on its way back.")
    transcript = await door.get(f"/support/conversations/{action['conversation_id']}?user_id=u1", headers=KEY)
    assert transcript.json()["messages"][-1]["text"].endswith("The reason: It is still on its way back.")


async def test_only_a_key_made_for_it_opens_approvals(door: httpx.AsyncClient) -> None:
    for credential in (SERVICE_KEY, token(sub="u1")):
        for method, place in (
            ("GET", "/support/approvals"),
            ("POST", f"/support/approvals/{uuid4()}/approve"),
            ("POST", f"/support/approvals/{uuid4()}/decline"),
            ("POST", f"/support/approvals/{uuid4()}/settle"),
        ):
            answer = await door.request(
                method,
                place,
                headers=bearer(credential),
                json={"staff_id": "kim"} if method == "POST" else None,
            )
            assert answer.status_code == 404, place


async def test_undo_over_http(door: httpx.AsyncClient, shop: Shop) -> None:
    action = await propose(door, tool="change_address", order_id="456", street="9 New Road")
    done = (await press(door, action)).json()["action"]
    assert datetime.fromisoformat(done["undo_until"]) > datetime.now(UTC)
    taken = await press(door, action, "undo", confirm_token=done["undo_token"])
    assert taken.json()["action"]["status"] == "undone"
    assert shop.orders["456"]["street"] == "1 Old Road"


async def test_what_waits_and_what_can_be_undone_is_shown_again_when_a_model_asks(
    door: httpx.AsyncClient,
) -> None:
    action = await propose(door, tool="change_address", order_id="456", street="7 New Road")
    done = (await press(door, action)).json()["action"]
    answer = await door.post(
        "/support/chat", json={"user_id": "u1", "message": wish(("list_actions", {}))}, headers=KEY
    )
    shown = {item["id"]: item for item in answer.json()["actions"]}
    assert shown[action["id"]]["undo_token"] == done["undo_token"]
    assert json.dumps(answer.json()).count("approved_by") == 0
    await press(door, action, "undo", confirm_token=done["undo_token"])
