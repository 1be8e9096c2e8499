from playwright.async_api import Page

from tests.browser.accessibility import violations


async def test_a_page_without_a_language_is_found_wanting(page: Page) -> None:
    await page.set_content("<!doctype html><title>Shop</title><main><h1>Shop</h1></main>")
    assert any(line.startswith("html-has-lang") for line in await violations(page))


async def test_a_plain_page_has_nothing_wrong(page: Page) -> None:
    await page.set_content(
        "<!doctype html><html lang=en><title>Shop</title><main><h1>Shop</h1></main></html>"
    )
    assert await violations(page) == []
