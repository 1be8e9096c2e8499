"""axe-core in the page: it sees into open shadow roots, and needs nothing from the network."""

from __future__ import annotations

from pathlib import Path

import axe_playwright_python
from playwright.async_api import Page

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


async def violations(page: Page, within: str | None = None) -> list[str]:
    """What is wrong, a line for each element; ``within`` is a CSS selector in the page itself."""
    await page.evaluate(f"() => {{ if (!window.axe) {{ {AXE} }} }}")
    found = await page.evaluate(
        "([within, tags]) => axe.run(within ?? document, { runOnly: tags, resultTypes: ['violations'] })",
        [within, TAGS],
    )
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
