"""Pictures of the widget's views, to be looked at: ``screenshots/widget-…png``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.async_api import expect

from tests.browser.conftest import PHONE
from tests.browser.widget import Visit, widget_desk

FOLDER = Path(__file__).parents[2] / "screenshots"


async def test_each_view_is_pictured_in_light_and_dark_on_desktop_and_phone(
    tmp_path: Path, new_page: Any
) -> None:
    FOLDER.mkdir(exist_ok=True)
    async with widget_desk(tmp_path) as desk:
        for colours, device, options in (
            ("light", "desktop", {}),
            ("dark", "desktop", {}),
            ("light", "phone", PHONE),
            ("dark", "phone", PHONE),
        ):
            page = await new_page(color_scheme=colours, **options)
            visit = Visit(desk, page, desk.customer())

            async def shoot(view: str, name: str = f"{colours}-{device}", page: Any = page) -> None:
                await page.screenshot(path=FOLDER / f"widget-{view}-{name}.png")

            await visit.enter(lang="ar" if (colours, device) == ("dark", "phone") else "en", to_open=False)
            await expect(visit.launcher).to_be_visible()
            await shoot("closed")
            await visit.open()
            await shoot("hello")
            box = visit.dialog.locator("textarea")
            await box.fill("please refund order 789")
            await box.press("Enter")
            await expect(visit.log.locator(".card")).to_be_visible()
            await shoot("card")
            await visit.dialog.locator(".foot button").click()
            await expect(visit.dialog.locator(".handoff")).to_be_visible()
            await shoot("queued")
            await visit.dialog.locator(".head button").first.click()
            await expect(visit.dialog.locator(".conversation")).to_have_count(1)
            await shoot("list")
            await visit.has_nothing_wrong()
    assert len(list(FOLDER.glob("widget-*.png"))) >= 20
