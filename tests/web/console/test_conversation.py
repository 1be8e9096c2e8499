import asyncio
import re
import threading
from datetime import timedelta
from uuid import uuid4

import httpx
import psycopg
import pytest

from frontdesk.domain import Principal
from frontdesk.store.tickets import open_ticket
from frontdesk.web.console import reports
from frontdesk.web.console.page import environment
from tests.web.console.console import Console, post


async def test_of_two_who_take_over_at_once_one_does(
    desk: Console, tom: httpx.AsyncClient, mara: httpx.AsyncClient
) -> None:
    _, conversation = await desk.waiting()
    path = f"/console/conversations/{conversation}/take-over"
    answers = await asyncio.gather(*(post(client, path) for client in (tom, mara) * 3))
    won = {answer.status_code for answer in answers}
    assert won == {303, 409}
    late = next(answer for answer in answers if answer.status_code == 409)
    assert "holds this conversation" in late.text
    assert len(set(await desk.events(conversation))) == 1


async def test_a_reply_reaches_the_customer_once_however_often_it_is_sent(
    desk: Console, tom: httpx.AsyncClient
) -> None:
    customer, conversation = await desk.waiting()
    path = f"/console/conversations/{conversation}/reply"
    for _ in range(3):
        assert (await post(tom, path, text="I am on it.", client_id="once", what="reply")).status_code == 303
    said = [line for line in await desk.transcript(customer, conversation) if line["role"] == "staff"]
    assert [line["text"] for line in said] == ["I am on it."]
    assert (await desk.events(conversation))[0] == "take_over"


async def test_messages_are_read_beside_the_loop_that_serves_everybody(
    desk: Console, tom: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, conversation = await desk.waiting()
    reading: list[threading.Thread] = []
    named = environment().filters
    markdown = named["markdown"]

    def seen(*given: object) -> object:
        reading.append(threading.current_thread())
        return markdown(*given)

    monkeypatch.setitem(named, "markdown", seen)
    path = f"/console/conversations/{conversation}"
    assert (await tom.get(path)).status_code == 200
    assert (await tom.get(f"{path}/detail", headers={"hx-request": "true"})).status_code == 200
    assert len(reading) >= 2
    assert threading.main_thread() not in reading


async def test_a_note_is_seen_by_colleagues_and_never_by_the_customer(
    desk: Console, tom: httpx.AsyncClient
) -> None:
    customer, conversation = await desk.waiting()
    path = f"/console/conversations/{conversation}"
    await post(tom, f"{path}/reply", text="canary-note", client_id="n1", what="note")
    assert "canary-note" in (await tom.get(path)).text
    assert all("canary-note" not in line["text"] for line in await desk.transcript(customer, conversation))
    assert (await desk.service.people.conversation(await _staff(desk), _uuid(conversation))).head[
        "mode"
    ] == "queued"


async def test_the_ai_is_silent_while_a_person_holds_and_speaks_when_handed_back(
    desk: Console, tom: httpx.AsyncClient
) -> None:
    customer, conversation = await desk.waiting()
    path = f"/console/conversations/{conversation}"
    await post(tom, f"{path}/take-over")
    silent = await desk.say(customer, "where is 789", conversation_id=conversation)
    assert (silent["reply"], silent["mode"]) == ("", "human")
    await post(tom, f"{path}/hand-back")
    assert "789" in (await desk.say(customer, "where is 789", conversation_id=conversation))["reply"]


async def test_a_customers_next_message_reopens_what_was_resolved(
    desk: Console, tom: httpx.AsyncClient
) -> None:
    customer, conversation = await desk.waiting()
    path = f"/console/conversations/{conversation}"
    fresh = (await tom.get("/console/inbox/rows")).text
    assert re.search(r'id="tabs"[^>]* hx-swap-oob="true"', fresh)
    waiting = re.search(r'Needs reply <span class="meta">(\d+)', fresh)
    await post(tom, f"{path}/take-over")
    await post(tom, f"{path}/resolve")
    assert "Resolved" in (await tom.get(path)).text
    left = re.search(r'Needs reply <span class="meta">(\d+)', (await tom.get("/console/inbox/rows")).text)
    assert waiting
    assert int(waiting[1]) - 1 == (int(left[1]) if left else 0)
    await desk.say(customer, "one more thing", conversation_id=conversation)
    assert "AI answers" in (await tom.get(path)).text


async def test_only_a_lead_takes_a_conversation_from_a_colleague(
    desk: Console, tom: httpx.AsyncClient, mara: httpx.AsyncClient, ada: httpx.AsyncClient
) -> None:
    _, conversation = await desk.waiting()
    path = f"/console/conversations/{conversation}"
    await post(ada, f"{path}/take-over")
    assert (await post(tom, f"{path}/take-over", force="yes")).status_code == 403
    assert (await post(tom, f"{path}/reply", text="me too", client_id="x", what="reply")).status_code == 409
    assert (await post(mara, f"{path}/take-over", force="yes")).status_code == 303
    assert "You hold it" in (await mara.get(path)).text


async def test_the_trace_shows_steps_arguments_and_where_details_come_from(
    desk: Console, tom: httpx.AsyncClient
) -> None:
    conversation = (await desk.say(desk.customer(), "where is 789"))["conversation_id"]
    page = (await tom.get(f"/console/conversations/{conversation}")).text
    for expected in (
        "get_order_status",
        "&#34;order_id&#34;: &#34;789&#34;",
        "orders:read",
        "Receipt",
        "1 step",
    ):
        assert expected in page, expected


async def test_what_staff_answered_becomes_a_draft_with_one_press(
    desk: Console, tom: httpx.AsyncClient
) -> None:
    customer = desk.customer()
    conversation = (await desk.say(customer, "Do you rent out tents for a weekend?"))["conversation_id"]
    path = f"/console/conversations/{conversation}"
    text = "Yes, we rent out tents from Friday to Monday for 30 EUR."
    await post(tom, f"{path}/reply", text=text, client_id="t", what="reply")
    answer = await post(tom, f"/console/learn/{conversation}/article")
    page = (await tom.get(answer.headers["location"])).text
    assert text in page
    assert "Do you rent out tents for a weekend?" in page
    assert "drafted" in page


async def test_a_conversation_becomes_a_scenario_with_one_press(
    desk: Console, tom: httpx.AsyncClient
) -> None:
    customer = desk.customer()
    conversation = (await desk.say(customer, "where is 789"))["conversation_id"]
    answer = await post(tom, f"/console/learn/{conversation}/scenario")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "get_order_status" in answer.text
    assert customer not in answer.text


async def test_the_agent_is_asked_for_a_customer_and_it_is_noted_who_asked(
    desk: Console, tom: httpx.AsyncClient
) -> None:
    page = (await post(tom, "/console/ask", customer="u7777", message="where is 789")).text
    assert "Order 789 is shipped." in page
    conversation = page.split("/console/conversations/")[1].split("?")[0]
    assert await desk.events(conversation) == ["asked_for_customer"]


async def test_what_is_asked_for_a_customer_changes_nothing(desk: Console, tom: httpx.AsyncClient) -> None:
    page = (await post(tom, "/console/ask", customer="u7778", message="please refund order 789")).text
    assert "The customer has to confirm it." in page


async def test_a_ticket_is_given_a_state_a_priority_and_somebody(
    desk: Console, tom: httpx.AsyncClient
) -> None:
    _, conversation = await desk.waiting()
    found = (await desk.service.people.conversation(await _staff(desk), _uuid(conversation))).tickets[0]
    tom_id = str((await _staff(desk)).id)
    await post(tom, f"/console/tickets/{found.id}", status="pending", priority="urgent", assignee=tom_id)
    page = (await tom.get("/console/tickets?status=pending")).text
    assert found.reference in page
    assert "Tom Berg" in page
    assert "ticket" in await desk.events(conversation)


async def test_the_numbers_of_the_report_lead_to_their_conversations(
    desk: Console, mara: httpx.AsyncClient
) -> None:
    _, conversation = await desk.waiting()
    for kind in ("all", "involved", "became&value=handed_off", "reason&value=customer_wish"):
        assert conversation in (await mara.get(f"/console/reports/conversations?kind={kind}")).text, kind
    for kind in (
        "rating&value=up",
        "unpaid",
        "paid",
        "cited&value=a%22b",
        "searched",
        "action&value=refund_order",
    ):
        assert (await mara.get(f"/console/reports/conversations?kind={kind}")).status_code == 200, kind


async def test_with_many_conversations_the_last_count_is_shown_and_a_newer_one_made_behind_it(
    desk: Console, mara: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.waiting()
    assert "being counted again" not in (await mara.get("/console/reports")).text
    monkeypatch.setattr(reports, "FEW", 0)
    monkeypatch.setattr(reports, "KEEP", timedelta(0))
    _, later = await desk.waiting()
    assert "being counted again" in (await mara.get("/console/reports")).text
    await desk.app.state.counting
    monkeypatch.setattr(reports, "KEEP", timedelta(hours=1))
    assert later in (await mara.get("/console/reports/conversations")).text
    assert "being counted again" not in (await mara.get("/console/reports")).text


async def test_a_count_that_keeps_failing_is_asked_for_less_and_less_often_and_the_page_says_so(
    desk: Console, mara: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await mara.get("/console/reports")
    tried: list[str] = []

    def fail(url: str) -> None:
        tried.append(url)
        raise psycopg.OperationalError

    monkeypatch.setattr(reports, "count", fail)
    first = (await mara.get("/console/reports")).text
    wait = re.search(r"the newer count failed, it is tried again in (\d+) s", first)
    assert wait
    assert f'hx-trigger="every {wait[1]}s"' in first
    await mara.get("/console/reports")
    assert len(tried) == 1  # it rests, however often somebody looks
    desk.app.state.count_again_at = 0.0
    assert "failed 2 times, it is tried again in" in (await mara.get("/console/reports")).text
    monkeypatch.undo()
    desk.app.state.count_again_at = 0.0
    page = (await mara.get("/console/reports")).text
    assert "the newer count failed" not in page
    assert 'hx-trigger="every' not in page


async def test_a_decision_says_what_became_of_it_and_stands_in_the_list_of_what_was_decided(
    desk: Console, mara: httpx.AsyncClient, ada: httpx.AsyncClient
) -> None:
    done, action = await desk.refund()
    answer = await post(mara, f"/console/approvals/{action}/approve")
    page = (await mara.get(answer.headers["location"])).text
    assert f"Approved and done: Refund order 789, 249.00 EUR, for {done}." in page
    left, action = await desk.refund()
    csrf = {"hx-request": "true"}
    mara.headers.update(csrf)
    said = (await post(mara, f"/console/approvals/{action}/decline", reason="It has not come back.")).text
    told = f"Declined: Refund order 789, 249.00 EUR, for {left}. The customer was told: It has not come back."
    assert f'<span hx-swap-oob="innerHTML:#outcome">{told}</span>' in said
    del mara.headers["hx-request"]
    rows = (await ada.get("/console/approvals")).text.split('id="decided"')[1]
    newest, older = rows.split("</tr>")[1:3]
    for expected in (left, "declined", "Mara Lind", "It has not come back."):
        assert expected in newest
    for expected in (done, "done", "Mara Lind"):
        assert expected in older
    assert (await ada.get(f"/console/approvals?done={action}")).status_code == 200


async def test_what_staff_refuse_stays_confirmed_by_its_customer_in_the_report(
    desk: Console, mara: httpx.AsyncClient
) -> None:
    def figures(page: str) -> dict[str, int]:
        row = page.split("value=refund_order")[1].split("</tr>")[0]
        return {name: int(n) for name, n in re.findall(r'data-label="([^"]+)" class="num">(\d+)', row)}

    _, action = await desk.refund()
    before = figures((await mara.get("/console/reports")).text)
    await post(mara, f"/console/approvals/{action}/decline", reason="No.")
    after = figures((await mara.get("/console/reports")).text)
    assert after["Confirmed"] == before["Confirmed"]
    assert after["Declined"] == before["Declined"]
    assert after["Refused by staff"] == before["Refused by staff"] + 1


async def test_resolving_solves_the_ticket_of_the_handover_and_no_other(
    desk: Console, tom: httpx.AsyncClient
) -> None:
    customer, conversation = await desk.waiting()
    await open_ticket(
        desk.service.database, Principal("customer", customer), effect_id=uuid4(),
        conversation_id=_uuid(conversation), turn_id=None, subject="Handover: no, an invoice", body="b", reason="customer_wish",
    )  # fmt: skip
    path = f"/console/conversations/{conversation}"
    await post(tom, f"{path}/take-over")
    await post(tom, f"{path}/hand-back")
    talk = desk.service.people.conversation
    assert [t.status for t in (await talk(await _staff(desk), _uuid(conversation))).tickets] == ["open"] * 2
    await post(tom, f"{path}/resolve")
    tickets = (await talk(await _staff(desk), _uuid(conversation))).tickets
    assert [(t.handover, t.status) for t in tickets] == [(True, "solved"), (False, "open")]
    assert (await desk.events(conversation))[-2:] == ["resolve", "ticket"]


async def test_a_customers_file_is_saved_by_staff_and_run_by_no_browser(
    desk: Console, tom: httpx.AsyncClient
) -> None:
    customer, conversation = await desk.waiting()
    png = b"\x89PNG\r\n\x1a\n" + b"0" * 40
    kept = await desk.backend.post(
        f"/support/conversations/{conversation}/attachments",
        params={"name": "tent.png", "user_id": customer},
        content=png,
        headers={"content-type": "image/png"},
    )
    assert kept.status_code == 201, kept.text
    await desk.say(customer, "here is a photo", conversation_id=conversation, attachments=[kept.json()["id"]])
    assert "tent.png" in (await tom.get(f"/console/conversations/{conversation}")).text
    path = f"/console/conversations/{conversation}/files/{kept.json()['id']}"
    file = await tom.get(path)
    assert file.content == png
    assert file.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in file.headers["content-security-policy"]
    async with httpx.AsyncClient(base_url=desk.url, trust_env=False) as stranger:
        assert (await stranger.get(path)).status_code == 303


async def test_a_conversation_shows_where_it_came_from(desk: Console, tom: httpx.AsyncClient) -> None:
    async def channel(conversation: str) -> str:
        page = (await tom.get(f"/console/conversations/{conversation}")).text
        return page.split("<dt>Channel</dt><dd>")[1].split("<")[0]

    page = {"origin": desk.url}
    async with httpx.AsyncClient(base_url=desk.url, headers=page, trust_env=False) as browser:
        session = (await browser.post("/support/sessions", json={})).json()["token"]
        browser.headers["authorization"] = f"Bearer {session}"
        for path, body in (("chat", {"message": "hello"}), ("conversations", {}), ("handoff", {})):
            begun = (await browser.post(f"/support/{path}", json=body)).json()
            assert await channel(begun["conversation_id"]) == "widget", path
    assert await channel((await desk.say(desk.customer(), "hello"))["conversation_id"]) == "api"
    asked = (await post(tom, "/console/ask", customer="u7779", message="hello")).text
    assert await channel(asked.split("/console/conversations/")[1].split("?")[0]) == "console"


async def test_the_inbox_shows_what_the_customer_said_last(desk: Console, tom: httpx.AsyncClient) -> None:
    customer, _ = await desk.waiting("My tent leaks, a person please")
    assert "My tent leaks, a person please" in (await tom.get(f"/console/inbox?q={customer}")).text


async def _staff(desk: Console):
    return next(s for s in await desk.service.staff.everybody() if s.email == "tom@ourshop.example")


def _uuid(text: str):
    from uuid import UUID

    return UUID(text)
