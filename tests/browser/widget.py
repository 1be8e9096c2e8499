"""A page of a shop, under a strict policy, with the widget of a running desk in it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Locator, Page, Route, expect

from tests.browser.accessibility import violations
from tests.web.console.console import Console, console

SHOP = "http://shop.localhost:8765"
POLICY = (
    "default-src 'none'; script-src {desk}; connect-src {desk}; style-src 'none'; img-src 'none'; "
    "require-trusted-types-for 'script'; trusted-types lit-html"
)
PAGE = (
    "<!doctype html><html lang={lang}><meta name=viewport content='width=device-width'><title>Shop</title>"
    "<main><h1>Shop</h1><button>Buy</button></main>"
    "<script async src={desk}/widget.js data-desk=Testshop {attributes}></script></html>"
)


@asynccontextmanager
async def widget_desk(data_dir: Path) -> AsyncGenerator[Console]:
    async with console(
        data_dir,
        ("mara",),
        allowed_origins=(SHOP,),
        smtp_url="smtp://127.0.0.1:9",
        attachment_bytes=100_000,
        mail_from="shop@shop.example",
        rate_customer_minute=10_000,
        rate_customer_hour=10_000,
        rate_address_minute=10_000,
        rate_visitors_hour=10_000,
    ) as running:
        yield running


class Visit:
    """A customer on the shop's page."""

    def __init__(self, desk: Console, page: Page, customer: str) -> None:
        self.desk, self.page, self.customer = desk, page, customer
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on(
            "console", lambda message: self.said.append(message.text) if message.type == "error" else None
        )
        page.on("request", lambda request: self.asked.append(request.url))
        self.launcher = page.locator("frontdesk-widget .launch")
        self.dialog = page.locator("frontdesk-panel dialog")
        self.box = self.dialog.get_by_role("textbox", name="Your message")
        self.log = self.dialog.get_by_role("log")

    async def enter(self, *, lang: str = "en", attributes: str = "", to_open: bool = True) -> None:
        """Load the page; with ``to_open``, press the launcher."""
        token = ""
        if self.customer:
            async with httpx.AsyncClient(base_url=self.desk.url, trust_env=False) as client:
                answer = await client.post("/dev/token", json={"user_id": self.customer})
            token = f"data-token={answer.json()['token']}"
        html = PAGE.format(lang=lang, desk=self.desk.url, attributes=f"{token} {attributes}")
        headers = {"content-security-policy": POLICY.format(desk=self.desk.url)}

        async def shop(route: Route) -> None:
            await route.fulfill(body=html, content_type="text/html; charset=utf-8", headers=headers)

        await self.page.route(f"{SHOP}/**", shop)
        await self.page.goto(f"{SHOP}/")
        await expect(self.launcher).to_be_attached()
        if to_open:
            await self.open()

    async def open(self) -> None:
        await self.launcher.click()
        await expect(self.dialog).to_be_visible()

    async def say(self, text: str) -> None:
        await self.box.fill(text)
        await self.box.press("Enter")

    async def ask(self, text: str, answer: str) -> None:
        """Say something and see the answer, whole."""
        await self.say(text)
        await expect(self.last).to_contain_text(answer)
        await expect(self.last).to_have_attribute("aria-busy", "false")

    @property
    def last(self) -> Locator:
        return self.log.locator("li.assistant").last

    @property
    def conversation(self) -> Any:
        """The id that the widget keeps."""
        return self.page.evaluate(
            "JSON.parse(localStorage.getItem(Object.keys(localStorage)[0])).conversation"
        )

    async def handoff(self, **handoff: Any) -> None:
        """From now on the desk tells this of who answers."""
        told = {"person": None, "reply_time": None, "reason": None, "email": False, **handoff}

        async def events(route: Route) -> None:
            import json

            body = f"event: handoff\ndata: {json.dumps(told)}\n\n"
            headers = {"access-control-allow-origin": SHOP}
            await route.fulfill(body=body, content_type="text/event-stream", headers=headers)

        async def conversation(route: Route) -> None:
            answer = await route.fetch()
            await route.fulfill(response=answer, json={**await answer.json(), "handoff": told})

        await self.page.route("**/support/conversations/*/events", events)
        await self.page.route("**/support/conversations/*", conversation)

    async def has_nothing_wrong(self) -> None:
        assert await violations(self.page) == []
        assert self.said == []
