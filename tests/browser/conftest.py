"""One Chromium for all browser tests of a process; a context, and so a clean storage, for each test."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.browser.chromium import QUIET, executable

NewPage = Callable[..., Any]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


@pytest.fixture(scope="session")
async def browser() -> AsyncGenerator[Browser]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=executable(), args=list(QUIET))
        yield started
        await started.close()


@pytest.fixture
async def new_page(browser: Browser) -> AsyncGenerator[NewPage]:
    """``await new_page(**options of a context)``: a page in a context of its own."""
    opened: list[BrowserContext] = []

    async def make(**options: Any) -> Page:
        context = await browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        context.set_default_timeout(5_000)
        opened.append(context)
        return await context.new_page()

    yield make
    for context in opened:
        await context.unroute_all(behavior="ignoreErrors")
        for shown in context.pages:
            await shown.unroute_all(behavior="ignoreErrors")  # what is still on its way is nobody's any more
        await context.close()


@pytest.fixture
async def page(new_page: NewPage) -> Page:
    return await new_page()
