"""A customer's data as one document, and gone: over HTTP, in the console, whatever runs meanwhile."""

import asyncio
import json
import re
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest

from chaos.planted import Planted, dump, invent, left_of, plant
from frontdesk.database import SCHEMA
from frontdesk.jobs import ANCHOR, RETENTION, of_desk
from frontdesk.privacy import Privacy, count_customer, receipt_holds, signing_keys
from frontdesk.privacy.scrub import analyze, scrub
from frontdesk.settings import Settings
from frontdesk.store.audit import anchor, verify
from frontdesk.store.counts import count
from frontdesk.store.identity import create_service_key
from frontdesk.store.personal import PLACES
from frontdesk.testing import server
from tests.web.console.console import Console, post


async def officer(desk: Console, *rights: str) -> dict[str, str]:
    key = await create_service_key(
        desk.service.database, f"dpo{next(desk.numbers)}", rights=rights or ["privacy"]
    )
    return {"authorization": f"Bearer {key}"}


async def erased(desk: Console, customer: str) -> dict:
    answer = await desk.backend.post(f"/support/customers/{customer}/erase", headers=await officer(desk))
    assert answer.status_code == 200, answer.text
    return answer.json()


def rows(desk: Console, query: str, *values: object) -> list[tuple]:
    with psycopg.connect(desk.service.owner_url, options=f"-c search_path={SCHEMA},public") as owner:
        return owner.execute(query.encode(), values or None).fetchall()


def test_no_table_with_rows_of_a_customer_is_forgotten(desk: Console) -> None:
    found = rows(
        desk,
        "SELECT DISTINCT table_name FROM information_schema.columns WHERE table_schema = %s AND column_name = ANY (%s)",
        SCHEMA,
        ["principal", "customer_id", "conversation_id", "turn_id", "action_id", "ticket_id", "who"],
    )
    assert {table for (table,) in found} == {place.table for place in PLACES}


async def test_planted_values_are_found_before_and_nowhere_after(desk: Console) -> None:
    planted, other = invent(1, 1), invent(1, 2)
    await plant(desk, planted)
    await plant(desk, other)
    url = desk.service.owner_url
    count(url)
    analyze(url)
    before = dump(url)
    assert left_of(planted, before) == [*planted.values, planted.customer]
    taken = anchor(url)
    receipt = await erased(desk, planted.customer)
    after = dump(url)
    assert left_of(planted, after) == []
    assert left_of(other, after) == [*other.values, other.customer]
    assert all(receipt["stores"][place.table]["rows"] for place in PLACES)
    assert verify(url, taken, signing_keys(desk.service.settings)).holds
    await asyncio.to_thread(scrub, url)
    assert _in_files(planted) == []
    assert len(_in_files(other)) > 5


async def test_a_segment_of_the_log_that_was_recycled_before_holds_nothing_either(desk: Console) -> None:
    marker = f"recycled-{uuid4().hex}"
    rows(desk, "SELECT pg_logical_emit_message(false, 'test', %s), pg_switch_wal()", marker)
    with psycopg.connect(desk.service.owner_url, autocommit=True) as owner:
        owner.execute("CHECKPOINT")
    files = [file for file in Path(str(server().pgdata), "pg_wal").iterdir() if file.is_file()]
    assert any(marker.encode() in file.read_bytes() for file in files)
    await asyncio.to_thread(scrub, desk.service.owner_url)
    files = [file for file in Path(str(server().pgdata), "pg_wal").iterdir() if file.is_file()]
    assert not any(marker.encode() in file.read_bytes() for file in files)


def _in_files(planted: Planted) -> list[str]:
    left: set[str] = set()
    for file in Path(str(server().pgdata)).rglob("*"):
        if file.is_file():
            left |= set(left_of(planted, file.read_bytes()))
    return sorted(left)


async def test_numbers_stay_without_a_person(desk: Console) -> None:
    customer = desk.customer()
    talk = (await desk.say(customer, "where is order 789"))["conversation_id"]
    await erased(desk, customer)
    (turn,) = rows(desk, "SELECT principal, outcome, record FROM turns WHERE conversation_id = %s", talk)
    assert turn[:2] == ("erased", "answered")
    (step,) = turn[2]["steps"]
    assert (step["tool"], step["arguments"], step["result"]) == ("get_order_status", {}, "{}")
    assert turn[2]["usage"]["model_calls"] == 2


async def test_the_receipt_is_signed_and_says_what_it_cannot_reach(desk: Console) -> None:
    customer = desk.customer()
    await desk.say(customer, "hello")
    receipt = await erased(desk, customer)
    keys = signing_keys(desk.service.settings)
    assert receipt_holds(receipt, keys)
    assert not receipt_holds({**receipt, "customer": "somebody"}, keys)
    assert not receipt_holds(receipt, [b"another"])
    (backup,) = receipt["not_reached"]["backups"]
    assert backup["name"] == "nightly dump"
    assert backup["holds_until"] > receipt["erased_at"]


async def test_a_second_erasure_finds_nothing_and_a_customer_who_writes_again_starts_anew(
    desk: Console,
) -> None:
    customer = desk.customer()
    talk = (await desk.say(customer, "My name is Anna"))["conversation_id"]
    await erased(desk, customer)
    again = await erased(desk, customer)
    assert {store["rows"] for store in again["stores"].values()} == {0}
    answer = await desk.backend.post(
        "/support/chat", json={"user_id": customer, "message": "hi", "conversation_id": talk}
    )
    assert answer.status_code == 404
    fresh = (await desk.say(customer, "hello again"))["conversation_id"]
    assert fresh != talk
    assert rows(desk, "SELECT facts FROM conversations WHERE id = %s", fresh) == [({},)]


async def test_a_running_turn_is_stopped_and_leaves_nothing(desk: Console) -> None:
    customer = desk.customer()
    desk.hold.clear()
    try:
        body = {"user_id": customer, "message": "where is order 555", "wait": False}
        asking = asyncio.create_task(
            desk.backend.post("/support/chat", json={k: body[k] for k in ("user_id", "message")})
        )
        while not rows(desk, "SELECT 1 FROM turns WHERE principal = %s", f"customer:{customer}"):
            await asyncio.sleep(0.02)
        receipt = await erased(desk, customer)
    finally:
        desk.hold.set()
    assert receipt["running_turns_stopped"] == 1
    assert (await asking).status_code == 404
    assert customer.encode() not in dump(desk.service.owner_url)


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
async def test_the_reply_of_a_turn_that_another_process_runs_reaches_nobody(
    desk: Console, accept: str
) -> None:
    customer = desk.customer()
    elsewhere = Privacy(desk.service.owner_url, desk.service.settings)  # it can stop nothing here
    desk.hold.clear()
    try:
        body = {"user_id": customer, "message": "where is order 555"}
        asking = asyncio.create_task(
            desk.backend.post("/support/chat", json=body, headers={"accept": accept})
        )
        while not rows(desk, "SELECT 1 FROM turns WHERE principal = %s", f"customer:{customer}"):
            await asyncio.sleep(0.02)
        assert (await elsewhere.erase(customer))["running_turns_stopped"] == 0
    finally:
        desk.hold.set()
    answer = await asking
    assert answer.status_code == (404 if accept == "application/json" else 200)
    assert "event: text" not in answer.text
    assert "event: done" not in answer.text
    assert "reply" not in answer.text
    assert customer.encode() not in dump(desk.service.owner_url)


async def test_what_a_late_process_writes_of_an_erased_conversation_is_refused(desk: Console) -> None:
    customer = desk.customer()
    said = await desk.say(customer, "hello")
    await erased(desk, customer)
    for statement in (
        "INSERT INTO tickets (id, principal, conversation_id, subject, body, reason)"
        " VALUES (gen_random_uuid(), 'customer:x', %s, 's', 'b', 'r')",
        "INSERT INTO ratings (conversation_id, principal, rating) VALUES (%s, 'customer:x', 'up')",
        "INSERT INTO messages (conversation_id, turn_seq, n, principal, role, body) VALUES (%s, 1, 9, 'x', 'note', 'b')",
    ):
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            rows(desk, statement + " RETURNING 1", said["conversation_id"])
    assert not rows(
        desk,
        "INSERT INTO knowledge_gap_questions (turn_id, principal, question, asked_at)"
        " VALUES (%s, 'customer:x', 'q', now()) RETURNING 1",
        said["turn_id"],
    )


async def test_an_action_under_way_is_waited_for(desk: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("frontdesk.privacy.customers.WAIT_SECONDS", 0.3)
    customer, action = await desk.refund()
    rows(
        desk,
        "UPDATE actions SET status = 'executing', lease_until = now() + interval '1 hour' WHERE id = %s RETURNING 1",
        action,
    )
    path = f"/support/customers/{customer}/erase"
    answer = await desk.backend.post(path, headers=await officer(desk))
    assert (answer.status_code, answer.json()["code"]) == (409, "effect_under_way")
    rows(desk, "UPDATE actions SET status = 'executed' WHERE id = %s RETURNING 1", action)
    assert (await desk.backend.post(path, headers=await officer(desk))).status_code == 200


async def test_without_a_secret_the_answer_says_which_setting_to_write(
    desk: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = desk.customer()
    await desk.say(customer, "hello")
    without = Settings(environment="production", data_dir=desk.service.settings.data_dir)
    monkeypatch.setattr(desk.service.privacy, "_settings", without)
    answer = await desk.backend.post(f"/support/customers/{customer}/erase", headers=await officer(desk))
    assert (answer.status_code, answer.json()["code"]) == (409, "secret_missing")
    assert answer.json()["detail"].startswith("FRONTDESK_SECRET: set")
    async with desk.signed_in("ada") as ada:
        page = await post(ada, f"/console/customers/{customer}/erase", again=customer)
        assert (page.status_code, "FRONTDESK_SECRET" in page.text) == (409, True)
    assert rows(desk, "SELECT 1 FROM messages WHERE principal = %s", f"customer:{customer}")


async def test_only_a_key_with_the_right_for_it_may(desk: Console) -> None:
    customer = desk.customer()
    await desk.say(customer, "hello")
    for method, what in (("GET", "export"), ("POST", "erase")):
        path = f"/support/customers/{customer}/{what}"
        for headers in (await officer(desk, "knowledge", "approvals"),):
            assert (await desk.backend.request(method, path, headers=headers)).status_code == 404
        async with httpx.AsyncClient(base_url=desk.url, trust_env=False) as stranger:
            assert (await stranger.request(method, path)).status_code == 401
    assert rows(desk, "SELECT 1 FROM conversations WHERE principal = %s", f"customer:{customer}")


async def test_an_export_holds_everything_and_nobody_elses(desk: Console) -> None:
    planted, other = invent(2, 3), invent(2, 4)
    await plant(desk, planted)
    await plant(desk, other)
    count(desk.service.owner_url)
    answer = await desk.backend.get(
        f"/support/customers/{planted.customer}/export", headers=await officer(desk)
    )
    document = answer.json()
    text = json.dumps(document, ensure_ascii=False).encode()
    content = planted.values[8]  # of the file, which stands there in base64
    assert [v for v in planted.values if v != content and v.encode() not in text] == []
    assert left_of(other, text) == []
    assert {name for name in document["counts"] if not document["counts"][name]} == set()
    assert [m["role"] for m in document["messages"]].count("customer") == 3
    assert set(document["counts"]) == {place.table for place in PLACES}
    assert count_customer(desk.service.owner_url, planted.customer) == document["counts"]


async def test_the_consoles_page_reads_no_row_to_count_them(
    desk: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = desk.customer()
    await desk.say(customer, "hello")
    monkeypatch.delattr("frontdesk.privacy.customers.rows_of")
    async with desk.signed_in("ada") as ada:
        assert re.search(r"messages</dt><dd>2", (await ada.get(f"/console/customers/{customer}")).text)


async def test_in_the_console_an_admin_saves_and_erases_and_nobody_else(desk: Console) -> None:
    customer = desk.customer()
    talk = (await desk.say(customer, "my own words"))["conversation_id"]
    page = f"/console/customers/{customer}"
    async with desk.signed_in("mara") as mara:
        assert (await mara.get(page)).status_code == 403
        assert (await post(mara, f"{page}/erase", again=customer)).status_code == 403
        assert page not in (await mara.get(f"/console/conversations/{talk}")).text
    async with desk.signed_in("ada") as ada:
        assert page in (await ada.get(f"/console/conversations/{talk}")).text
        assert re.search(r"messages</dt><dd>2", (await ada.get(page)).text)
        assert "my own words" in (await ada.get(f"{page}/export")).text
        assert (await post(ada, f"{page}/erase", again="somebody")).status_code == 422
        answer = await post(ada, f"{page}/erase", again=customer)
        assert receipt_holds(answer.json(), signing_keys(desk.service.settings))
        assert "Nothing." in (await ada.get(page)).text
        assert (await ada.get(f"/console/conversations/{talk}")).status_code == 404
        assert str(talk) not in (await ada.get("/console/inbox?view=all")).text


async def test_each_night_what_has_run_out_goes_and_the_log_is_anchored(desk: Console) -> None:
    nightly = {job.name: job for job in of_desk(desk.service)}
    assert {nightly[RETENTION].cron, nightly[ANCHOR].cron} == {"17 3 * * *", "47 2 * * *"}
    talk = (await desk.say(desk.customer(), "hello"))["conversation_id"]
    rows(
        desk,
        "UPDATE conversations SET active_at = now() - interval '3 years' WHERE id = %s RETURNING 1",
        talk,
    )
    await nightly[ANCHOR].run()
    await nightly[RETENTION].run()
    (file,) = (desk.service.settings.data_dir / "audit-anchors").iterdir()
    taken = json.loads(file.read_bytes())
    assert talk in taken["heads"]
    assert rows(desk, "SELECT principal FROM conversations WHERE id = %s", talk) == [("erased",)]
    assert verify(desk.service.owner_url, taken, signing_keys(desk.service.settings)).holds


async def test_a_desk_without_a_help_center_works_by_the_clock_and_has_nothing_to_sync(desk: Console) -> None:
    answer = await desk.backend.post("/support/knowledge/sync", headers=await officer(desk, "knowledge"))
    assert (answer.status_code, answer.json()["code"]) == (503, "no_jobs")
    async with desk.signed_in("mara") as mara:
        assert (await post(mara, "/console/knowledge/sync")).status_code == 303
