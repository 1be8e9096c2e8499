"""The console in a browser: requirements 26 to 30 of the specification, keys, reflow, accessibility, hostile text."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.accessibility import violations
from tests.browser.payloads import PAYLOADS
from tests.web.console.console import PASSWORD, Console, console, post

Open = Callable[..., Awaitable[Page]]
VIEWS = ["inbox", "inbox?view=all", "approvals", "tickets", "ask", "knowledge", "gaps", "reports", "settings"]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
NARROW = {"viewport": {"width": 320, "height": 640}}
HOSTILE = [
    "<script>window.hit=1</script>", "<img src=x onerror=window.hit=1>", "\"><svg onload=window.hit=1>",
    "'-alert(1)-'", "{{7*7}}", "<a href=javascript:window.hit=1>x</a>", "</title><script>window.hit=1</script>",
    "<iframe srcdoc='<script>parent.hit=1</script>'>", "<div hx-get=/console/settings hx-trigger=load>", "\u202egnp.exe",
    "<style>*{display:none}</style>", "<form action=//evil.example><button>", "<base href=//evil.example>",
    "<meta http-equiv=refresh content=0;url=//evil.example>", "<math><mtext></form><form><mglyph><style></math><img src onerror=window.hit=1>",
]  # fmt: skip


@pytest.fixture(scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Console]:
    async with console(tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.fixture
async def enter(desk: Console, new_page: Any) -> Open:
    """``await enter("mara", path)``: a window in which somebody is signed in; what its console says is an error."""

    async def enter(who: str, path: str = "inbox", **options: Any) -> Page:
        page = await new_page(**options)
        said: list[str] = []
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.said = said
        await page.goto(f"{desk.url}/console/{path}")
        await page.get_by_label("E-mail").fill(f"{who}@ourshop.example")
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url(re.compile(r"/console/(?!sign-in)"))
        await expect(page.locator("body")).to_have_attribute("data-live", "yes")
        return page

    return enter


async def test_c26_an_escalation_is_seen_within_two_seconds_and_the_title_counts_it(
    desk: Console, enter: Open
) -> None:
    page = await enter("tom")
    before = int((re.match(r"\((\d+)\)", await page.title()) or [0, 0])[1])
    customer, _ = await desk.waiting()
    await expect(page.locator(".item", has_text=customer)).to_be_visible(timeout=2_000)
    await expect(page).to_have_title(re.compile(rf"^\({before + 1}\) "))
    await expect(page.locator("#count-inbox")).to_have_text(str(before + 1))
    assert page.said == []


async def test_c26_an_approval_is_seen_without_a_reload(desk: Console, enter: Open) -> None:
    page = await enter("mara", "approvals")
    customer, _ = await desk.refund()
    await expect(page.locator(".approval", has_text=customer)).to_be_visible(timeout=2_000)


async def test_c27_a_live_update_moves_no_focus_and_loses_no_draft(desk: Console, enter: Open) -> None:
    customer, conversation = await desk.waiting()
    page = await enter("tom", f"conversations/{conversation}")
    draft = page.get_by_label(f"Write to {customer}")
    await page.locator(".trace summary").first.click()
    await draft.fill("Half a sen")
    await draft.press("ArrowLeft")
    await desk.say(customer, "are you still there?", conversation_id=conversation)
    await expect(page.locator(".thread")).to_contain_text("are you still there?")
    await expect(draft).to_be_focused()
    await expect(draft).to_have_value("Half a sen")
    assert await draft.evaluate("area => area.selectionStart") == len("Half a sen") - 1
    await expect(page.locator(".trace").first).to_have_attribute("open", "")
    await page.get_by_role("searchbox").focus()  # also where the focus is elsewhere
    await desk.say(customer, "hello again?", conversation_id=conversation)
    await expect(page.locator(".thread")).to_contain_text("hello again?")
    await expect(draft).to_have_value("Half a sen")
    await page.reload()
    await expect(draft).to_have_value("Half a sen")


async def test_c28_keys_move_open_take_over_write_and_send(desk: Console, enter: Open) -> None:
    customer, conversation = await desk.waiting()
    page = await enter("tom", f"inbox?q={customer}")
    await page.keyboard.press("j")
    await expect(page.locator(".item").first).to_be_focused()
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile(conversation))
    await page.keyboard.press("t")
    await expect(page.get_by_text("You hold it")).to_be_visible()
    await page.keyboard.press("r")
    await page.keyboard.type("tjkr? I am here.")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".thread .staff")).to_contain_text("tjkr? I am here.")
    await expect(page.locator("#reply")).to_have_value("")
    assert [
        line["text"] for line in await desk.transcript(customer, conversation) if line["role"] == "staff"
    ] == ["tjkr? I am here."]


async def test_c28_a_question_mark_lists_the_keys_and_they_can_be_turned_off(
    desk: Console, enter: Open
) -> None:
    _, conversation = await desk.waiting()
    page = await enter("ada", f"conversations/{conversation}")
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert await violations(page) == []
    async with page.expect_response(re.compile("/console/keys")):
        await page.get_by_label("Use these keys").uncheck()
    await page.keyboard.press("Escape")
    await page.keyboard.press("t")
    await page.reload()
    await page.keyboard.press("t")
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    assert await desk.events(conversation) == []
    await page.get_by_role("button", name="Keys").click()
    async with page.expect_response(re.compile("/console/keys")):
        await page.get_by_label("Use these keys").check()


async def test_c29_taking_over_stops_the_ai_in_mid_answer_for_all(desk: Console, enter: Open) -> None:
    customer = desk.customer()
    conversation = (await desk.say(customer, "Hello"))["conversation_id"]
    tom = await enter("tom", f"conversations/{conversation}")
    mara = await enter("mara", f"conversations/{conversation}")
    desk.hold.clear()
    answer = asyncio.create_task(desk.say(customer, "where is 555", conversation_id=conversation))
    await expect(tom.locator(".thread")).to_contain_text("where is 555")
    await tom.get_by_role("button", name="Take over").click()
    await expect(tom.get_by_text("You hold it")).to_be_visible()
    await expect(mara.get_by_text("Tom Berg holds this conversation.")).to_be_visible(timeout=2_000)
    await expect(mara.get_by_role("button", name="Send")).to_have_count(0)
    desk.hold.set()
    silent = await answer
    assert (silent["reply"], silent["mode"]) == ("", "human")
    assert not [line for line in await desk.transcript(customer, conversation) if "555 is" in line["text"]]
    await expect(mara.locator(".thread")).to_contain_text("AI, not sent")


async def test_c30_an_approval_shows_what_it_is_about_and_declining_needs_a_reason(
    desk: Console, enter: Open
) -> None:
    customer, action = await desk.refund()
    page = await enter("mara", "approvals")
    card = page.locator(".approval", has_text=customer)
    for expected in (
        "249.00 EUR",
        customer,
        "the tent",
        "at most 100 EUR at once",
        "please refund order 789",
    ):
        await expect(card).to_contain_text(expected)
    await card.get_by_role("button", name="Decline").click()  # without a reason the browser does not send it
    await expect(card).to_be_visible()
    await card.get_by_label("Reason for declining").fill("The return has not arrived.")
    await card.get_by_role("button", name="Decline").click()
    await expect(card).to_have_count(0)
    outcome = page.get_by_role("status").filter(has_text="Declined: Refund order 789, 249.00 EUR")
    await expect(outcome).to_contain_text("The return has not arrived.")
    await expect(page.locator("#approvals")).to_be_focused()  # the button that was pressed is gone
    found = await desk.backend.get(f"/support/actions/{action}", params={"user_id": customer})
    assert found.json()["action"]["status"] == "declined"
    customer, action = await desk.refund()
    await page.reload()
    await page.locator(".approval", has_text=customer).get_by_role("button", name="Approve").click()
    await expect(page.locator(".approval", has_text=customer)).to_have_count(0)
    await expect(page.locator("#outcome")).to_have_text(
        f"Approved and done: Refund order 789, 249.00 EUR, for {customer}."
    )
    newest = page.get_by_role("group", name="Decided").get_by_role("row").nth(1)
    await expect(newest).to_contain_text(customer)
    await expect(newest).to_contain_text("Mara Lind")
    assert await violations(page) == []
    found = await desk.backend.get(f"/support/actions/{action}", params={"user_id": customer})
    assert found.json()["action"]["status"] == "executed"
    assert await desk.decisions(action) == ["approved"]


@pytest.mark.parametrize(
    ("size", "scheme"),
    [("desktop", "light"), *([("phone", "dark")] if os.environ.get("FRONTDESK_PICTURES") else [])],
)
async def test_no_view_has_an_accessibility_violation(
    desk: Console, enter: Open, scheme: str, size: str
) -> None:
    _, conversation = await desk.waiting()
    await desk.refund()
    options: dict[str, Any] = {"color_scheme": scheme, **(PHONE if size == "phone" else {})}
    page = await enter("ada", **options)
    found: dict[str, list[str]] = {}
    more = ["reports/conversations", await _ticket(desk, conversation), await _gap(desk)]
    for view in [*VIEWS, f"conversations/{conversation}", *more]:
        await page.goto(f"{desk.url}/console/{view}")
        await page.evaluate("document.querySelectorAll('main details').forEach(each => { each.open = true })")
        if wrong := await violations(page):
            found[view] = wrong
        for each in ("light", "dark"):
            await page.emulate_media(color_scheme=each)  # type: ignore[arg-type]
            await _shot(
                page,
                f"{view.partition('?')[0].partition('/')[0]}{'-one' if '/' in view else ''}-{size}-{each}",
            )
        await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    assert found == {}
    assert page.said == []


async def test_the_sign_in_page_and_its_refusal_have_no_violation(desk: Console, page: Page) -> None:
    await page.goto(f"{desk.url}/console/sign-in")
    assert await violations(page) == []
    await page.get_by_label("E-mail").fill("tom@ourshop.example")
    await page.get_by_label("Password").fill("wrong")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_be_visible()
    assert await violations(page) == []


async def test_nothing_is_cut_off_at_320_pixels(desk: Console, enter: Open) -> None:
    _, conversation = await desk.waiting("I want a person " + "unbreakable" * 30)
    await desk.refund()
    page = await enter("ada", **NARROW)
    for view in [*VIEWS, f"conversations/{conversation}"]:
        await page.goto(f"{desk.url}/console/{view}")
        wide = await page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
        assert wide <= 0, view
        tab = page.locator(".side nav [aria-current]")
        if await tab.count():
            await page.evaluate("scrollTo(0, 0)")  # a conversation opens at its end
            await expect(tab).to_be_in_viewport(ratio=0.9)
    cut = "tables => tables.filter(table => table.getBoundingClientRect().right > innerWidth).length"
    for view in ("tickets", "reports", "reports/conversations", "approvals"):
        await page.goto(f"{desk.url}/console/{view}")
        await page.evaluate("document.querySelectorAll('main details').forEach(each => { each.open = true })")
        assert await page.locator("main table").evaluate_all(cut) == 0, view
        if view != "approvals":  # seen by another test
            assert await violations(page, "main") == [], view
    await page.goto(f"{desk.url}/console/settings")
    hidden = "areas => areas.filter(area => area.scrollWidth > area.clientWidth).length"
    assert await page.locator("section[aria-labelledby=s-staff] .scroll").evaluate_all(hidden) == 0
    await page.goto(f"{desk.url}/")
    assert await page.locator("pre").evaluate_all(hidden) == 0


async def test_on_a_phone_the_list_gives_way_to_the_conversation(desk: Console, enter: Open) -> None:
    customer, _ = await desk.waiting()
    page = await enter("tom", "inbox", **PHONE)
    await page.locator(".item", has_text=customer).click()
    await expect(page.get_by_role("heading", name=customer)).to_be_visible()
    await expect(page.locator(".list")).to_be_hidden()
    await page.get_by_role("link", name="‹ Inbox").click()
    await expect(page.locator(".list")).to_be_visible()


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
async def test_a_conversation_opens_at_its_newest_message_and_a_live_update_keeps_the_place(
    desk: Console, enter: Open, options: dict[str, Any]
) -> None:
    customer, conversation = await desk.waiting(
        "I want a person\n" + "\n".join("abcdefghijklmnopqrstuvwxyz" * 2)
    )
    await desk.say(customer, "the newest so far", conversation_id=conversation)
    page = await enter("tom", f"conversations/{conversation}", **options)
    newest = page.locator("#thread > :last-child")
    await expect(newest).to_be_in_viewport()
    await expect(newest).to_contain_text("the newest so far")
    composer = await page.locator(".composer").bounding_box()
    shown = await newest.bounding_box()
    assert composer
    assert shown
    assert shown["y"] + shown["height"] <= composer["y"]
    await desk.say(customer, "and one more", conversation_id=conversation)
    await expect(newest).to_contain_text("and one more")
    await expect(newest).to_be_in_viewport()
    first = page.locator("#thread > :first-child")
    await first.evaluate("line => line.scrollIntoView()")
    before = await first.bounding_box()
    await desk.say(customer, "while reading above", conversation_id=conversation)
    await expect(newest).to_contain_text("while reading above")
    assert await first.bounding_box() == before
    assert page.said == []


async def test_messages_read_as_in_the_widget(desk: Console, enter: Open) -> None:
    customer, conversation = await desk.waiting(
        "I want a **person**\n- now\n- please, see https://example.org/p"
    )
    ada = next(s for s in await desk.service.staff.everybody() if s.name == "Ada Admin")
    await desk.service.people.reply(
        ada, first_uuid(conversation), "*Here* is [it](https://example.org)", client_id="m"
    )
    page = await enter("ada", f"conversations/{conversation}")
    asked = page.locator(".thread .customer .said").first
    await expect(asked.locator("strong")).to_have_text("person")
    await expect(asked.get_by_role("listitem")).to_have_count(2)
    await expect(asked.get_by_role("link")).to_have_attribute("href", "https://example.org/p")
    link = page.locator(".thread .staff").get_by_role("link", name="it")
    await expect(link).to_have_attribute("rel", "noopener noreferrer")
    await page.goto(f"{desk.url}/console/inbox?q={customer}")
    await expect(page.locator(".item .said")).to_have_text("Us: Here is it")
    assert page.said == []


async def test_everything_is_reached_with_the_keyboard_alone(desk: Console, enter: Open) -> None:
    customer, conversation = await desk.waiting()
    page = await enter("tom", f"conversations/{conversation}")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    await page.keyboard.press("Enter")
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.textContent.startsWith('Take over')"):
            break
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Hand back")).to_be_visible()
    for _ in range(40):
        await page.keyboard.press("Tab")
        if await page.evaluate("document.activeElement.id === 'reply'"):
            break
    await page.keyboard.type("By keyboard.")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator(".thread .staff")).to_contain_text("By keyboard.")
    assert [line["role"] for line in await desk.transcript(customer, conversation)][-1] == "staff"


async def test_without_a_script_one_signs_in_reads_and_replies(desk: Console, new_page: Any) -> None:
    customer, conversation = await desk.waiting()
    page = await new_page(java_script_enabled=False)
    await page.goto(f"{desk.url}/console/conversations/{conversation}")
    await page.get_by_label("E-mail").fill("tom@ourshop.example")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.locator(".thread")).to_contain_text("talk to a person")
    await page.get_by_label(f"Write to {customer}").fill("No script here.")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".thread .staff")).to_contain_text("No script here.")


async def test_hostile_text_is_shown_as_text_wherever_it_comes_from(desk: Console, enter: Open) -> None:
    customer = desk.customer()
    first = await desk.say(customer, "person: " + HOSTILE[0])
    conversation = first["conversation_id"]
    for text in HOSTILE[1:]:
        await desk.say(customer, f"{text} 789 refund", conversation_id=conversation)
    ada = next(s for s in await desk.service.staff.everybody() if s.name == "Ada Admin")
    for text in HOSTILE:
        await desk.service.people.note(ada, first_uuid(conversation), text)
    await desk.service.staff.add("evil@ourshop.example", HOSTILE[1], "agent", PASSWORD)
    ticket = (await desk.service.people.conversation(ada, first_uuid(conversation))).tickets[0]
    page = await enter("ada")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    views = [
        "inbox?view=all",
        f"inbox?q={HOSTILE[1]}",
        f"conversations/{conversation}",
        f"tickets/{ticket.id}",
    ]
    for view in [
        *views,
        "approvals",
        "settings",
        f"ask?customer={HOSTILE[2]}",
        f"knowledge?q={HOSTILE[1]}",
        "reports/conversations",
    ]:
        await page.goto(f"{desk.url}/console/{view}")
        assert await page.evaluate("window.hit") is None, view
    await page.goto(f"{desk.url}/console/conversations/{conversation}")
    await expect(page.locator(".thread")).to_contain_text(HOSTILE[1])
    assert all(url.startswith(desk.url) for url in asked), asked


async def test_s5_no_payload_runs_or_fetches_anything_in_a_conversation(desk: Console, enter: Open) -> None:
    ada = next(s for s in await desk.service.staff.everybody() if s.name == "Ada Admin")
    _, conversation = await desk.waiting()
    for n, text in enumerate(PAYLOADS):
        await desk.service.people.reply(ada, first_uuid(conversation), text, client_id=str(n))
    page = await enter("ada")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.goto(f"{desk.url}/console/conversations/{conversation}")
    await expect(page.locator(".thread .staff")).to_have_count(len(PAYLOADS))
    assert await page.evaluate("window.hit") is None
    made = await page.locator(".thread").evaluate(
        "area => area.querySelectorAll('img,script,iframe,object,embed,style,video,audio,base,link,meta,svg,x').length"
    )
    assert made == 0
    links = await page.locator(".thread a").evaluate_all(
        "links => links.map(link => [link.protocol, link.rel])"
    )
    assert links
    assert {tuple(link) for link in links} <= {
        (scheme, "noopener noreferrer") for scheme in ("http:", "https:", "mailto:", "tel:")
    }
    assert all(url.startswith(desk.url) for url in asked), asked
    assert page.said == []
    assert not [line for line in page.said if "Content Security Policy" in line]


async def test_after_a_lost_connection_what_was_missed_is_shown(desk: Console, enter: Open) -> None:
    page = await enter("tom")
    await page.context.set_offline(True)
    customer, _ = await desk.waiting()
    await page.context.set_offline(False)
    await expect(page.locator(".item", has_text=customer)).to_be_visible(timeout=5_000)


async def _ticket(desk: Console, conversation: str) -> str:
    ada = next(s for s in await desk.service.staff.everybody() if s.name == "Ada Admin")
    found = await desk.service.people.conversation(ada, first_uuid(conversation))
    return f"tickets/{found.tickets[0].id}"


async def _gap(desk: Console) -> str:
    """A gap with a draft, from what a colleague answered."""
    customer = desk.customer()
    conversation = (await desk.say(customer, "Do you rent out tents for a weekend?"))["conversation_id"]
    async with desk.signed_in("tom") as tom:
        path = f"/console/conversations/{conversation}/reply"
        await post(tom, path, text="Yes, from Friday to Monday for 30 EUR.", client_id="g", what="reply")
        answer = await post(tom, f"/console/learn/{conversation}/article")
    return answer.headers["location"].removeprefix("/console/")


def first_uuid(text: str) -> Any:
    from uuid import UUID

    return UUID(text)


async def _shot(page: Page, name: str) -> None:
    folder = Path("screenshots/console")
    folder.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=folder / f"{name}.png")
