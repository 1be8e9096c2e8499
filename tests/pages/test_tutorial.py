"""docs/tutorial.md, done by a reader who types what stands there; then its page in a browser."""

from pathlib import Path

from frontdesk.testing import temporary_url
from tests.browser.conftest import NewPage
from tests.pages.blocks import blocks
from tests.pages.run import Runner
from tests.process import ROOT, free_port

TUTORIAL = ROOT / "docs" / "tutorial.md"


async def test_the_tutorial_works_as_it_is_written_up_to_the_widget_on_a_page(
    tmp_path: Path, new_page: NewPage
) -> None:
    port = str(free_port())
    database = temporary_url(migrated=False)  # as the embedded one, whose making test_demo.py shows
    with Runner(tmp_path, replaced={"5500": port}, FRONTDESK_DATABASE_URL=database) as reader:
        for block in blocks(TUTORIAL):
            if not block.reason:
                reader.run(block)
        page = await new_page()
        await page.goto(f"http://127.0.0.1:{port}/")
        await page.get_by_role("textbox").fill("When is my next coffee delivery?")
        await page.keyboard.press("Enter")
        # Skipped before, in step 5: the page shows anna's data, as the shop's database has it now.
        await page.get_by_text("2 × Sidamo, is on 17 December 2026").first.wait_for()
