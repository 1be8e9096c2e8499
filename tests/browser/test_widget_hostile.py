"""S5: hostile text in every place of the widget that shows anyone's text. Nothing runs, nothing is fetched."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.async_api import Page, Route, expect

from tests.browser.payloads import PAYLOADS
from tests.browser.widget import SHOP, Visit, widget_desk

TURN = "00000000-0000-4000-8000-{:012d}"
CORS = {"access-control-allow-origin": SHOP}


def conversation(payloads: Sequence[str]) -> dict[str, Any]:
    """Each payload as a customer's text, a file's name, a reply, a citation, an action, staff's words and name."""
    messages: list[dict[str, Any]] = []
    actions: list[dict[str, Any]] = []
    for n, text in enumerate(payloads):
        turn = {"turn_id": TURN.format(n), "at": "2026-01-01T00:00:00Z"}
        messages += [
            {"role": "customer", "text": text, "attachments": [{"id": str(n), "name": text}], **turn},
            {"role": "assistant", "text": text + " [1]", **turn,
             "citations": [{"n": 1, "title": text, "url": text}, {"n": 2, "title": text, "url": "https://shop.example/" + text}]},
            {"role": "staff", "id": f"{n}.2", "author": text, "text": text, **turn},
        ]  # fmt: skip
        actions.append({
            "id": TURN.format(n), "turn_id": TURN.format(n), "tool": "x", "title": text, "status": "proposed", "reason": text,
            "confirm_token": "t", "expires_at": "2099-01-01T00:00:00Z",
            "preview": {"text": text + ".", "amount": text, "changes": [{"label": text, "before": text, "after": text}]},
        })  # fmt: skip
    handoff = {"state": "human", "person": {"name": payloads[0]}, "reply_time": payloads[1], "email": False}
    return {"conversation_id": TURN.format(9), "mode": "human", "messages": messages, "actions": actions,
            "handoff": handoff, "rating": None, "next_after_turn": None}  # fmt: skip


async def in_conversation(visit: Visit, payloads: Sequence[str]) -> None:
    """Whoever enters goes on with a conversation that holds ``payloads``; it streams nothing."""

    async def tell(route: Route) -> None:
        await route.fulfill(json=conversation(payloads), headers=CORS)

    await visit.page.route(
        "**/support/conversations/*/events", lambda route: route.fulfill(status=404, json={}, headers=CORS)
    )
    await visit.page.route("**/support/conversations/*", tell)
    kept = f"{{ conversation: '{TURN.format(9)}', greeted: false }}"
    await visit.page.add_init_script(f"localStorage['frontdesk:{visit.desk.url}'] ||= JSON.stringify({kept})")


async def test_w12_s5_no_payload_runs_or_fetches_anything(tmp_path: Path, page: Page) -> None:
    assert len(set(PAYLOADS)) >= 300

    async def listed(route: Route) -> None:
        rows = [
            {"conversation_id": TURN.format(n), "title": text, "last_at": None, "unread": 0}
            for n, text in enumerate(PAYLOADS)
        ]
        await route.fulfill(json={"conversations": rows, "next": None}, headers=CORS)

    async def config(route: Route) -> None:
        told = {
            "greeting": PAYLOADS[1],
            "suggestions": PAYLOADS[:3],
            "proactive": {"after_seconds": 0, "text": PAYLOADS[1]},
        }
        await route.fulfill(json=told, headers=CORS)

    async with widget_desk(tmp_path) as desk:
        visit = Visit(desk, page, "u1")
        await in_conversation(visit, PAYLOADS)
        await page.route("**/support/conversations", listed)
        await page.route("**/support/widget.json*", config)
        await visit.enter()
        await expect(visit.log.locator("li.staff")).to_have_count(len(PAYLOADS), timeout=20_000)
        await visit.dialog.get_by_role("button", name="Conversations").click()
        await expect(visit.dialog.locator(".conversation")).to_have_count(len(PAYLOADS))
        await visit.dialog.get_by_role("button", name="Back to the conversation").click()
        await expect(visit.log.locator("li.staff")).to_have_count(len(PAYLOADS), timeout=20_000)

        places = {url.split("/")[2] for url in visit.asked if not url.startswith("data:")}
        assert places == {SHOP[7:], desk.url[7:]}
        assert await page.evaluate("window.hit") is None
        hrefs = await visit.log.locator("a").evaluate_all("links => links.map(link => link.protocol)")
        assert set(hrefs) <= {"https:", "http:", "mailto:", "tel:"}
        made = await visit.log.evaluate(
            "area => [...area.querySelectorAll('img,script,iframe,object,embed,style,video,audio,base,link,meta,form,x')].length"
        )
        assert made == 0
        reported = [line for line in visit.said if "404" not in line]
        assert reported == [], reported[:3]


NESTS = ("> ", "- ", "1. ", "- > ", ">", "*", "**_", "[", "~~*")
DEEP = tuple(nest * times + "x" for nest in NESTS for times in (20, 600, 1200, 2000))


async def test_text_nested_thousands_deep_does_not_take_the_tab_with_it(tmp_path: Path, page: Page) -> None:
    """Chromium's tab dies of some two thousand nested lists: what is nested deeper than a few is shown as written."""

    async with widget_desk(tmp_path) as desk:
        visit = Visit(desk, page, "u1")
        await in_conversation(visit, DEEP)
        await visit.enter()
        await expect(visit.log.locator("li.staff")).to_have_count(len(DEEP), timeout=20_000)
        deepest = await visit.log.evaluate(
            "area => { let most = 0; for (let each of area.querySelectorAll('.md *')) { let n = 0;"
            " while (each && !each.matches('.md')) { n++; each = each.parentElement } most = Math.max(most, n) } return most }"
        )
        assert 10 < deepest <= 40
