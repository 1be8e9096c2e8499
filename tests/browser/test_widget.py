"""The widget in a browser, on a page of another origin under a strict policy: requirements 1 to 25, one by one."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Route, expect

from frontdesk import Widget
from frontdesk.people import Staff
from tests.browser.conftest import PHONE
from tests.browser.widget import SHOP, Visit, widget_desk
from tests.web.console.console import Console

Enter = Callable[..., Awaitable[Visit]]
FOCUSED = """() => {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at?.getAttribute("aria-label") || at?.textContent;
}"""
BUILT = Path(__file__).parents[2] / "src/frontdesk/web/static/widget"


@pytest.fixture(scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Console]:
    async with widget_desk(tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.fixture
async def enter(desk: Console, new_page: Any) -> Enter:
    """``await enter(lang="ar", **options of a context)``: a new customer, on the page, the panel open."""

    async def enter(
        customer: str | None = None,
        lang: str = "en",
        attributes: str = "",
        to_open: bool = True,
        **options: Any,
    ) -> Visit:
        page = await new_page(**options)
        visit = Visit(desk, page, desk.customer() if customer is None else customer)
        await visit.enter(lang=lang, attributes=attributes, to_open=to_open)
        return visit

    return enter


@pytest.fixture
async def mara(desk: Console) -> Staff:
    found = await desk.service.staff.sign_in("mara@ourshop.example", "correct-horse-battery")
    person = await desk.service.staff.by_token(found)
    assert person
    return person


def test_w01_the_launcher_has_3_kb_and_the_panel_45() -> None:
    [panel] = BUILT.glob("panel.*.js")
    assert len(gzip.compress((BUILT / "widget.js").read_bytes(), 9)) <= 3 * 1024
    assert len(gzip.compress(panel.read_bytes(), 9)) <= 45 * 1024


async def test_w01_the_panel_is_loaded_when_it_is_wanted(enter: Enter) -> None:
    visit = await enter(to_open=False)
    assert not any("/panel." in url for url in visit.asked)
    await visit.open()
    assert any("/panel." in url for url in visit.asked)


async def test_w02_nothing_is_asked_of_a_third_party_and_the_policy_reports_nothing(enter: Enter) -> None:
    visit = await enter()
    await visit.ask("Where is my order 789?", "Order 789 is shipped.")
    assert {url.split("/")[2] for url in visit.asked} == {SHOP[7:], visit.desk.url[7:]}
    assert visit.said == []


async def test_w03_it_says_that_it_is_an_ai(enter: Enter) -> None:
    visit = await enter()
    await expect(visit.dialog.locator(".head")).to_contain_text("AI assistant")
    await expect(visit.log.locator("li").first).to_contain_text("I’m the AI assistant of Testshop")


async def test_w04_a_person_is_one_press_away_or_a_sentence(enter: Enter) -> None:
    visit = await enter()
    await visit.dialog.get_by_role("button", name="Talk to a person").click()
    await expect(visit.dialog.locator(".handoff.queued")).to_contain_text("A person will join you")
    typed = await enter()
    await typed.say("I want to talk to a person")
    await expect(typed.dialog.locator(".handoff.queued")).to_be_visible()


async def test_w05_a_person_takes_over_writes_and_resolves(enter: Enter, mara: Staff) -> None:
    visit = await enter()
    people = visit.desk.service.people
    await visit.ask("hello", "You said: hello")
    identity = await visit.conversation
    await people.take_over(mara, identity)
    await expect(visit.dialog.locator(".handoff.human")).to_contain_text("You are talking to Mara Lind")
    await people.reply(mara, identity, "I have a look.", client_id="one")
    await expect(visit.log.locator("li.staff")).to_contain_text("I have a look.")
    await visit.say("thank you")
    await expect(visit.log.locator("li.customer").last).to_contain_text("thank you")
    await expect(visit.log.locator("li.assistant")).to_have_count(2)  # the greeting and the first answer
    await visit.has_nothing_wrong()
    await people.resolve(mara, identity)
    await expect(visit.dialog.locator(".handoff.resolved")).to_contain_text("resolved")


async def test_w05_away_one_can_leave_an_address(enter: Enter) -> None:
    visit = await enter()
    await visit.ask("hello", "You said: hello")
    await visit.handoff(state="away", reply_time="Monday at 9:00")
    await visit.page.reload()
    away = visit.dialog.locator(".handoff.away")
    await expect(away).to_contain_text("Monday at 9:00")
    await away.get_by_role("textbox").fill("no address")
    await away.get_by_role("button").click()
    await expect(away.get_by_role("alert")).to_contain_text("name@example.com")
    await visit.has_nothing_wrong()
    await away.get_by_role("textbox").fill("anna@example.com")
    await away.get_by_role("button").click()
    await expect(away).to_contain_text("reply")
    await expect(away.get_by_role("textbox")).to_have_count(0)


async def test_w06_feedback_comes_at_once_and_tool_lines_read_well(enter: Enter) -> None:
    visit = await enter()
    visit.desk.hold.clear()
    try:
        await visit.say("Where is my order 555?")
        await expect(visit.log.locator("li.customer")).to_have_text(re.compile("order 555"), timeout=1000)
        await expect(visit.last.locator(".steps")).to_have_text(re.compile("Looking up order 555"))
        await visit.has_nothing_wrong()
    finally:
        visit.desk.hold.set()
    await expect(visit.last.locator(".steps")).to_have_text("Looking up order 555, done")


async def test_w07_the_log_is_silent_and_the_status_says_the_final_text_once(enter: Enter) -> None:
    visit = await enter()
    await expect(visit.log).to_have_attribute("aria-live", "off")
    status = visit.dialog.locator("[role=status].hidden")
    await status.evaluate(
        "node => { window.heard = []; new MutationObserver(() => heard.push(node.textContent))"
        ".observe(node, { childList: true, characterData: true, subtree: true }) }"
    )
    await visit.ask("Where is my order 789?", "Order 789 is shipped.")
    heard = await visit.page.evaluate("heard")
    assert heard[-1] == "AI assistant: Order 789 is shipped."
    assert sum("shipped" in text for text in heard) == 1
    assert len(heard) <= 3, heard  # sent, the tool, the answer


async def test_w08_escape_closes_and_gives_the_focus_back(enter: Enter) -> None:
    visit = await enter()
    assert not await visit.dialog.evaluate("dialog => dialog.matches(':modal')")
    await visit.page.get_by_role("button", name="Buy").click()  # the page stays usable
    await visit.box.press("Escape")
    await expect(visit.dialog).to_be_hidden()
    await expect(visit.launcher).to_be_focused()
    phone = await enter(**PHONE)
    assert await phone.dialog.evaluate("dialog => dialog.matches(':modal')")
    await phone.page.keyboard.press("Escape")
    await expect(phone.dialog).to_be_hidden()
    await expect(phone.launcher).to_be_focused()


async def test_w09_on_touch_the_composer_is_not_focused_and_its_text_has_16_px(enter: Enter) -> None:
    visit = await enter(**PHONE)
    await expect(visit.box).not_to_be_focused()
    assert await visit.box.evaluate("area => parseFloat(getComputedStyle(area).fontSize)") >= 16
    desktop = await enter()
    await expect(desktop.box).to_be_focused()


async def test_w10_enter_sends_shift_enter_breaks_and_an_input_method_keeps_its_enter(enter: Enter) -> None:
    visit = await enter()
    await visit.box.fill("one")
    await visit.box.press("Shift+Enter")
    await visit.box.press_sequentially("two")
    await expect(visit.box).to_have_value("one\ntwo")
    for taken in ("{ key: 'Enter', isComposing: true }", "{ key: 'Enter', keyCode: 229 }"):
        await visit.box.evaluate(
            f"area => area.dispatchEvent(new KeyboardEvent('keydown', {{ ...{taken}, bubbles: true, cancelable: true }}))"
        )
    await expect(visit.log.locator("li.customer")).to_have_count(0)
    await visit.box.press("Enter")
    await expect(visit.log.locator("li.customer")).to_contain_text("one\ntwo", use_inner_text=True)


async def test_w11_it_scrolls_only_at_the_bottom(enter: Enter, mara: Staff) -> None:
    visit = await enter()
    await visit.ask("long " * 900, "You said: long")
    await visit.ask("hello", "You said: hello")
    below = visit.dialog.get_by_role("button", name="New messages")
    await expect(below).to_have_count(0)
    await visit.log.evaluate("area => area.scrollTo(0, 0)")
    await visit.desk.service.people.take_over(mara, await visit.conversation)
    await visit.desk.service.people.reply(mara, await visit.conversation, "Here I am.", client_id="x")
    await expect(below).to_be_visible()
    assert await visit.log.evaluate("area => area.scrollTop") == 0
    await visit.has_nothing_wrong()
    await below.click()
    await expect(visit.log.get_by_text("Here I am.")).to_be_in_viewport()


async def test_w13_citations_are_numbered_and_open_in_a_new_tab(enter: Enter) -> None:
    visit = await enter()
    await visit.page.route("**/support/chat", answering(
        reply="It costs 14.95 EUR [1].", citations=[{"n": 1, "title": "Shipping", "url": "https://shop.example/help"}]
    ))  # fmt: skip
    await visit.ask("shipping?", "It costs 14.95 EUR")
    for link in (visit.last.get_by_role("link", name="Source 1: Shipping"), visit.last.locator(".sources a")):
        await expect(link).to_have_attribute("href", "https://shop.example/help")
        await expect(link).to_have_attribute("target", "_blank")
        await expect(link).to_have_attribute("rel", "noopener noreferrer")
    await visit.has_nothing_wrong()


async def test_w14_at_most_three_suggestions_gone_after_use(enter: Enter) -> None:
    visit = await enter()
    await visit.page.route(
        "**/support/chat",
        answering(reply="Which one?", suggestions=["Order 1", "Order 2", "Order 3", "Order 4"]),
    )
    await visit.ask("cancel my order", "Which one?")
    offers = visit.dialog.locator(".offers button")
    await expect(offers).to_have_text(["Order 1", "Order 2", "Order 3"])
    await visit.page.unroute("**/support/chat")
    await offers.first.click()
    await expect(visit.log.locator("li.customer").last).to_contain_text("Order 1")
    await expect(offers).to_have_count(0)


async def test_w15_a_card_names_what_is_done_and_two_presses_do_it_once(enter: Enter) -> None:
    visit = await enter()
    await visit.ask("please refund order 789", "Please confirm")
    card = visit.log.locator(".card")
    await expect(card).to_contain_text("249.00 EUR")
    await expect(card).to_contain_text("order 789")
    await visit.has_nothing_wrong()
    await visit.page.reload()
    pressed: list[str] = []
    visit.page.on(
        "request", lambda request: pressed.append(request.url) if request.url.endswith("/confirm") else None
    )
    await card.get_by_role("button", name="Refund order 789").dblclick()
    await expect(card).to_contain_text("Waits for approval by our team")
    assert len(pressed) == 1
    await visit.page.reload()
    await expect(card).to_contain_text("Waits for approval by our team")
    await expect(card.get_by_role("button")).to_have_count(0)
    await visit.has_nothing_wrong()


async def test_w15_what_staff_decide_is_told_on_the_open_page(enter: Enter, desk: Console) -> None:
    visit = await enter()
    staff = desk.service.actions
    for number, approved, state, told in (
        ("789", True, "Done", "Done: Refund order 789."),
        ("456", False, "Not done", "The reason: The tent is not back yet."),
    ):
        await visit.ask(f"please refund order {number}", "Please confirm")
        card = visit.last.locator(".card")
        await card.get_by_role("button", name=f"Refund order {number}").click()
        await expect(card).to_contain_text("A colleague has to approve this first")
        action = next(each for each in await staff.waiting() if each.principal.endswith(visit.customer))
        if approved:
            await staff.approve("kim", action.id)
        else:
            await staff.refuse("kim", action.id, "The tent is not back yet.")
        await expect(card.locator(".state")).to_have_text(state)
        await expect(card).to_contain_text(told)
        await expect(card).not_to_contain_text("has to approve")
        await expect(visit.dialog.locator("[role=status].hidden")).to_contain_text(told)
    await visit.has_nothing_wrong()


async def test_w15_a_press_that_did_not_arrive_says_so_and_can_be_repeated(enter: Enter) -> None:
    visit = await enter(**PHONE)
    await visit.ask("please leave 789 with a neighbour", "Please confirm")
    card = visit.log.locator(".card")
    await visit.page.context.set_offline(True)
    await card.get_by_role("button", name="Leave order 789 with a neighbour").tap()
    await expect(card.locator(".failed")).to_have_text("You are offline.")
    await visit.page.context.set_offline(False)
    await card.get_by_role("button", name="Leave order 789 with a neighbour").tap()
    await expect(card.locator(".state")).to_have_text("Done")
    await expect(card.locator(".failed")).to_have_count(0)


async def test_w15_one_can_say_no(enter: Enter) -> None:
    visit = await enter()
    await visit.ask("please refund order 789", "Please confirm")
    await visit.last.get_by_role("button", name="No, leave it as it is").press("Enter")
    await expect(visit.last.locator(".state")).to_have_text("Not done")
    await expect(visit.last.get_by_role("heading")).to_be_focused()


async def test_w15_what_was_done_can_be_taken_back_while_that_lasts(enter: Enter) -> None:
    visit = await enter()
    await visit.ask("please leave 789 with a neighbour", "Please confirm")
    card = visit.log.locator(".card")
    await card.get_by_role("button", name="Leave order 789 with a neighbour").click()
    await expect(card.locator(".state")).to_have_text("Done")
    await visit.page.reload()
    await visit.has_nothing_wrong()
    await card.get_by_role("button", name="Take it back").press("Enter")
    await expect(card.locator(".state")).to_have_text("Taken back")
    await expect(card.get_by_role("button")).to_have_count(0)
    await expect(card.get_by_role("heading")).to_be_focused()


async def test_w15_what_runs_out_is_no_longer_offered_without_a_reload(
    enter: Enter, new_page: Any, desk: Console
) -> None:
    page = await new_page()
    await page.clock.install()
    visit = Visit(desk, page, desk.customer())
    await visit.enter()
    await visit.ask("please leave 789 with a neighbour", "Please confirm")
    card = visit.log.locator(".card")
    await card.get_by_role("button", name="Leave order 789 with a neighbour").click()
    await expect(card.get_by_role("button", name="Take it back")).to_be_visible()
    await visit.ask("please refund order 456", "Please confirm")
    await expect(visit.last.get_by_role("button", name="Refund order 456")).to_be_visible()
    await page.clock.fast_forward("10:01")
    await expect(visit.last.locator(".state")).to_have_text("No longer offered")
    await expect(visit.log.locator(".card").get_by_role("button")).to_have_count(0)
    await expect(card.first.locator(".state")).to_have_text("Done")


async def test_everything_is_done_with_the_keyboard_alone(enter: Enter) -> None:
    visit = await enter(to_open=False)
    keys = visit.page.keyboard

    async def go_to(name: str) -> None:
        for _ in range(60):
            await keys.press("Tab")
            if name in str(await visit.page.evaluate(FOCUSED)):
                return
        pytest.fail(f"Tab never comes to {name!r}")

    await go_to("Open support chat")
    await keys.press("Enter")
    await expect(visit.box).to_be_focused()
    await keys.type("please leave 789 with a neighbour")
    await keys.press("Enter")
    await expect(visit.last).to_contain_text("Please confirm")
    await go_to("Leave order 789 with a neighbour")
    await keys.press("Enter")
    await expect(visit.log.locator(".card .state")).to_have_text("Done")
    await go_to("Take it back")
    await keys.press("Space")
    await expect(visit.log.locator(".card .state")).to_have_text("Taken back")
    await go_to("Talk to a person")
    await keys.press("Enter")
    await expect(visit.dialog.locator(".handoff")).to_contain_text("A person will join you")
    await go_to("Conversations")
    await keys.press("Enter")
    await go_to("New conversation")
    await keys.press("Enter")
    await expect(visit.box).to_be_focused()
    await expect(visit.log.locator(".card")).to_have_count(0)
    await keys.press("Escape")
    await expect(visit.launcher).to_be_focused()
    await visit.has_nothing_wrong()


async def test_w16_what_was_not_delivered_can_be_sent_again_and_arrives_once(enter: Enter) -> None:
    visit = await enter()
    await visit.page.route("**/support/chat", lambda route: route.fulfill(
        status=429, json={"detail": "Too many."}, headers={"access-control-allow-origin": SHOP}))  # fmt: skip
    await visit.say("hello there")
    failed = visit.log.locator("li.customer .failed")
    await expect(failed).to_contain_text("Not delivered.")
    await visit.page.unroute("**/support/chat")
    visit.said.clear()  # the browser reports the 429
    await visit.has_nothing_wrong()
    await failed.get_by_role("button", name="Try again").click()
    await expect(visit.last).to_contain_text("You said: hello there")
    told = await visit.desk.transcript(visit.customer, await visit.conversation)
    assert [line["text"] for line in told] == ["hello there", "You said: hello there"]


async def test_w17_a_connection_cut_in_mid_answer_goes_on_where_it_was(enter: Enter) -> None:
    visit = await enter()
    resumed: list[str] = []

    async def cut(route: Route) -> None:
        answer = await route.fetch()
        body = await answer.text()
        await route.fulfill(response=answer, body=body[: body.index("event: text") - 1])

    visit.page.on(
        "request",
        lambda r: resumed.append(r.headers.get("last-event-id", "")) if "/turns/" in r.url else None,
    )
    await visit.page.route("**/support/chat", cut)
    await visit.ask("Where is my order 789?", "Order 789 is shipped.")
    assert re.fullmatch(r"[0-9a-f-]{36}:3", resumed[0])
    await expect(visit.last.locator(".md")).to_have_text("Order 789 is shipped.")
    assert len(await visit.desk.transcript(visit.customer, await visit.conversation)) == 2


async def test_w17_offline_a_message_waits(enter: Enter) -> None:
    visit = await enter()
    await visit.ask("hello", "You said: hello")
    await visit.page.context.set_offline(True)
    await visit.say("are you there?")
    await expect(visit.log.locator("li.customer").last).to_contain_text("Will be sent when you are online")
    await visit.page.context.set_offline(False)
    await expect(visit.last).to_contain_text("You said: are you there?")


async def test_w18_a_reload_restores_and_reset_wipes(enter: Enter) -> None:
    visit = await enter()
    await visit.ask("Where is my order 789?", "Order 789 is shipped.")
    await visit.box.fill("half a sen")
    await visit.page.reload()
    await expect(visit.dialog).to_be_visible()
    await expect(visit.last).to_contain_text("Order 789 is shipped.")
    await expect(visit.box).to_have_value("half a sen")
    await visit.page.evaluate("Frontdesk.reset()")
    await expect(visit.dialog).to_be_hidden()
    assert (
        await visit.page.evaluate("[...Object.values(localStorage), ...Object.values(sessionStorage)].join()")
        in (
            "",
            '{"live":false}',
        )  # a stream that ends behind it says that nobody is waited for: nothing of theirs
    )
    await visit.enter()
    await expect(visit.log.locator(".log > li")).to_have_count(1)
    await expect(visit.box).to_have_value("")


async def test_w18_another_customer_in_the_same_browser_sees_nothing_of_the_first(enter: Enter) -> None:
    visit = await enter()
    await visit.ask("my secret is 12", "my secret is 12")
    await visit.box.fill("half a sen")
    visit.customer = visit.desk.customer()
    await visit.page.unroute(f"{SHOP}/**")
    await visit.enter(to_open=False)
    await expect(visit.dialog).to_be_visible()
    await expect(visit.log.locator(".log > li")).to_have_count(1)
    await expect(visit.box).to_have_value("")


@pytest.mark.parametrize("lang", ["de", "es", "fr", "ar"])
async def test_w19_it_speaks_the_languages_of_the_page(enter: Enter, lang: str) -> None:
    visit = await enter(lang=lang)
    english = await enter()
    panel = visit.page.locator("frontdesk-panel")
    await expect(panel).to_have_attribute("dir", "rtl" if lang == "ar" else "ltr")
    assert (
        await visit.dialog.locator(".head").inner_text() != await english.dialog.locator(".head").inner_text()
    )
    await visit.dialog.locator("textarea").fill("مرحبا")
    await visit.dialog.locator("textarea").press("Enter")
    await expect(visit.log.locator(".customer .said")).to_have_attribute("dir", "auto")
    await visit.has_nothing_wrong()


async def test_w20_it_fits_320_px_large_text_forced_colours_and_stands_still(enter: Enter) -> None:
    visit = await enter(
        viewport={"width": 320, "height": 568}, forced_colors="active", reduced_motion="reduce"
    )
    await visit.ask("please refund order 789 " + "x" * 200, "Please confirm")
    wide = "node => node.scrollWidth - node.clientWidth"
    assert await visit.log.evaluate(wide) == 0
    assert await visit.page.evaluate("document.documentElement.scrollWidth") == 320
    await visit.dialog.evaluate("dialog => { dialog.style.fontSize = '200%' }")
    assert await visit.log.evaluate(wide) == 0
    await expect(visit.box).to_be_in_viewport()
    moving = "dialog => dialog.getAnimations({ subtree: true }).length"
    assert await visit.dialog.evaluate(moving) == 0


async def test_w21_targets_are_large_enough(enter: Enter) -> None:
    for options, least in (({}, 24), (PHONE, 44)):
        visit = await enter(**options)
        await visit.ask("please refund order 789", "Please confirm")
        for button in await visit.dialog.locator("button:visible").all():
            box = await button.bounding_box()
            assert box
            assert min(box["width"], box["height"]) >= least, (await button.inner_text(), box)


async def test_w22_a_file_is_checked_sent_and_removable(enter: Enter) -> None:
    visit = await enter()
    files = visit.dialog.locator("input[type=file]")
    png = {"name": "photo.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n" + b"0" * 999}
    await files.set_input_files(
        [{"name": "run.exe", "mimeType": "application/x-msdownload", "buffer": b"MZ"}]
    )
    await expect(visit.dialog.get_by_role("alert")).to_contain_text("run.exe is not a kind of file")
    await files.set_input_files([{**png, "buffer": b"\x89PNG\r\n\x1a\n" + b"0" * 200_000}])
    await expect(visit.dialog.get_by_role("alert")).to_contain_text("photo.png is too large")
    await files.set_input_files([png])
    remove = visit.dialog.get_by_role("button", name="Remove photo.png")
    await expect(visit.dialog.locator(".composer .files")).to_contain_text("1 kB")
    await visit.has_nothing_wrong()
    await remove.press("Enter")
    await expect(remove).to_have_count(0)
    await files.set_input_files([png])
    await expect(visit.dialog.locator(".composer .files")).to_contain_text("1 kB")
    await visit.say("it is broken")
    await expect(visit.log.locator("li.customer")).to_contain_text("photo.png")
    await expect(visit.last).to_contain_text("You said")
    await visit.page.reload()
    await expect(visit.log.locator("li.customer")).to_contain_text("photo.png")


async def test_w23_a_rating_once_after_resolution_or_never(enter: Enter) -> None:
    visit = await enter()
    await visit.ask("hello", "You said: hello")
    await visit.handoff(state="resolved")
    await visit.page.reload()
    rating = visit.dialog.get_by_role("group", name="Was this helpful?")
    await expect(rating.get_by_role("radio", name="Yes")).to_be_visible()
    await visit.has_nothing_wrong()
    await rating.get_by_role("radio", name="Yes").check()
    await visit.dialog.get_by_role("button", name="Send rating").click()
    await expect(visit.dialog.get_by_text("Thank you for your rating.").first).to_be_visible()
    await visit.page.reload()
    await expect(visit.dialog.locator(".handoff.resolved")).to_be_visible()
    await expect(rating).to_have_count(0)


async def test_what_a_desk_declares_and_waits_are_said_in_the_pages_language(
    desk: Console, new_page: Any
) -> None:
    page = await new_page()
    asked: list[str] = []

    async def told(route: Any) -> None:
        asked.append(route.request.url)
        answer = await route.fetch()
        widget = Widget(
            greeting={"en": "Hi!", "de": "Moin!"},
            suggestions={"de": ["Wo ist mein Paket?"]},
            accent="#aa3300",
        )
        await route.fulfill(response=answer, json={**await answer.json(), **widget.told("de")})

    await page.route("**/support/widget.json*", told)
    visit = Visit(desk, page, desk.customer())
    await visit.enter(lang="de")
    assert asked[0].endswith("locale=de")
    await expect(visit.log).to_contain_text("Moin!")
    await expect(visit.dialog.get_by_role("button", name="Wo ist mein Paket?")).to_be_visible()
    await visit.dialog.get_by_role("textbox", name="Ihre Nachricht").fill("hello")
    await visit.dialog.get_by_role("button", name="Senden", exact=True).click()
    await expect(visit.last).to_contain_text("You said: hello")
    await visit.handoff(state="queued", reply={"minutes": 10}, reply_time="about 10 minutes")
    await page.reload()
    await expect(visit.dialog.locator(".handoff")).to_contain_text("10 Minuten")
    await visit.handoff(state="away", reply={"at": "2026-11-30T09:00:00+01:00"}, reply_time="Monday at 9:00")
    await page.reload()
    await expect(visit.dialog.locator(".handoff")).to_contain_text("Montag")
    await expect(visit.dialog.locator(".handoff")).not_to_contain_text("Monday")


async def test_w24_a_proactive_message_comes_once_and_takes_no_focus(
    enter: Enter, desk: Console, new_page: Any
) -> None:
    page = await new_page()
    await page.route("**/support/widget.json*", lambda route: route.fulfill(
        json={"proactive": {"after_seconds": 0, "text": "Any questions?"}}, headers={"access-control-allow-origin": SHOP}))  # fmt: skip
    visit = Visit(desk, page, desk.customer())
    await visit.enter(to_open=False)
    bubble = page.locator("frontdesk-widget .bubble")
    await expect(bubble).to_contain_text("Any questions?")
    assert await page.evaluate("document.activeElement === document.body")
    await visit.has_nothing_wrong()
    await bubble.get_by_role("button", name="Dismiss").click()
    await expect(bubble).to_be_hidden()
    await page.reload()
    await expect(visit.launcher).to_be_visible()
    await asyncio.sleep(0.2)
    await expect(bubble).to_be_hidden()


async def test_w25_calls_from_before_it_was_there_are_made(
    enter: Enter, desk: Console, new_page: Any
) -> None:
    page = await new_page()
    await page.add_init_script(
        "window.heard = []; window.Frontdesk = Object.assign((...call) => Frontdesk.q.push(call), { q: [] });"
        "Frontdesk('on', 'message', message => heard.push(message.text)); Frontdesk('open'); Frontdesk('send', 'hello')"
    )
    visit = Visit(desk, page, "")  # a visitor
    await visit.enter(to_open=False)
    await expect(visit.last).to_contain_text("You said: hello")
    assert await page.evaluate("heard") == ["You said: hello"]
    await page.evaluate("Frontdesk.close()")
    await expect(visit.dialog).to_be_hidden()


async def test_several_conversations_can_be_read_and_begun(enter: Enter) -> None:
    visit = await enter()
    await visit.ask("the first", "You said: the first")
    await visit.dialog.get_by_role("button", name="Conversations").click()
    await visit.dialog.get_by_role("button", name="New conversation").click()
    await visit.ask("the second", "You said: the second")
    await visit.dialog.get_by_role("button", name="Conversations").click()
    await expect(visit.dialog.locator(".conversation .title")).to_have_text(["the second", "the first"])
    await visit.has_nothing_wrong()
    await visit.dialog.get_by_role("button", name=re.compile("the first")).click()
    await expect(visit.last).to_contain_text("You said: the first")


def answering(**done: Any) -> Callable[[Route], Awaitable[None]]:
    """The desk's real answer with ``done`` in the place of what it says; every other header and event stays."""
    import json

    async def answer(route: Route) -> None:
        found = await route.fetch()
        head, _, last = (await found.text()).rpartition("event: done\ndata: ")
        said = json.dumps({**json.loads(last), **done})
        head = re.sub(r"id: \S+\nevent: text\ndata: .*\n\n", "", head)
        await route.fulfill(response=found, body=f"{head}event: done\ndata: {said}\n\n")

    return answer
