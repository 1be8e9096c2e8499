"""How long a phone waits for the widget: ``python -m benchmarks.widget [ROUNDS]``.

Chromium as a phone with a processor four times slower and a line of 1.6 Mbit/s with 150 ms there and back (what
Lighthouse calls slow 4G), an empty cache each time. Two times are printed, medians in ms: from the page's start until
the button is there, and from the press until the panel is painted.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Browser, async_playwright

from tests.browser.chromium import QUIET, executable
from tests.browser.conftest import PHONE
from tests.browser.widget import Visit, widget_desk
from tests.web.console.console import Console

LINE = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}
PAINTED = """() => new Promise(done => {
  const look = () => {
    const dialog = document.querySelector("frontdesk-widget")?.shadowRoot.querySelector("frontdesk-panel")
      ?.shadowRoot.querySelector("dialog");
    if (dialog?.open) requestAnimationFrame(() => setTimeout(() => done(performance.now())));
    else requestAnimationFrame(look);
  };
  look();
})"""


async def main(rounds: int) -> None:
    """Measure, and print the medians."""
    buttons: list[float] = []
    panels: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        async with widget_desk(Path(folder)) as desk, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=executable(), args=list(QUIET))
            for _ in range(rounds):
                button, panel = await once(browser, desk)
                buttons.append(button)
                panels.append(panel)
            await browser.close()
    print(
        f"button: {statistics.median(buttons):.0f} ms, panel after the press: {statistics.median(panels):.0f} ms"
    )


async def once(browser: Browser, desk: Console) -> tuple[float, float]:
    """(ms until the button, ms from the press until the panel) of one visit."""
    context = await browser.new_context(**PHONE)
    page = await context.new_page()
    session = await context.new_cdp_session(page)
    await session.send("Network.enable")
    await session.send("Network.emulateNetworkConditions", LINE)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    visit = Visit(desk, page, desk.customer())
    await visit.enter(to_open=False)
    await visit.launcher.wait_for()
    shown = await page.evaluate("performance.now()")
    painted = page.evaluate(PAINTED)
    pressed = await page.evaluate(
        "() => { const at = performance.now(); document.querySelector('frontdesk-widget').shadowRoot.querySelector('.launch').click(); return at; }"
    )
    took = await painted - pressed
    await context.close()
    return shown, took


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10))
