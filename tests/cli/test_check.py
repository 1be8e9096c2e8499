from __future__ import annotations

import sys
from pathlib import Path
from uuid import uuid4

import orjson
import pytest
from click.testing import CliRunner, Result

from frontdesk import Customer, tool
from frontdesk.cli.check import check
from frontdesk.errors import DeclarationError
from frontdesk.knowledge.limit import IN_DESCRIPTION

DESK = """
from pathlib import Path
from frontdesk import Customer, Frontdesk, tool

@tool(permission="orders:read"{more})
async def return_item(order_id: str, customer: Customer) -> str:
    \"\"\"Register a return.\"\"\"
    return "done"

desk = Frontdesk("Shop", tools=[return_item], knowledge={knowledge}, knowledge_url="https://shop.example/{{slug}}")
"""
LIMITS = ', limits={"return window": "14 days"}'
FOLDER = 'Path(__file__).parent / "help"'


class Shop:
    """A desk in a folder of its own, with a help center."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.module = f"desk_{uuid4().hex[:8]}"
        (folder / "help").mkdir()

    def page(self, name: str, text: str) -> None:
        (self.folder / "help" / name).write_text(text, encoding="utf-8")

    def check(self, *options: str, limits: str = LIMITS, knowledge: str = FOLDER) -> Result:
        (self.folder / f"{self.module}.py").write_text(DESK.format(more=limits, knowledge=knowledge))
        return CliRunner().invoke(check, [f"{self.module}:desk", *options])


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.chdir(tmp_path)
    return Shop(tmp_path)


def test_a_page_that_contradicts_a_tool_fails_the_check(shop: Shop) -> None:
    shop.page("returns.md", "# Returns\n\nYou can return items within 30 days.")
    result = shop.check()
    assert result.exit_code == 1
    for part in (
        "Returns – https://shop.example/returns",
        "(returns.md)",
        "You can return items within 30 days.",
        "return window: 14 days (return_item)",
        "Correct the page, or limits=",
        "1 contradicted, 0 to look at",
    ):
        assert part in result.stdout


def test_pages_that_agree_pass_it(shop: Shop) -> None:
    shop.page("returns.md", "# Returns\n\nYou can return items within two weeks.")
    result = shop.check("--strict")
    assert (result.exit_code, result.stdout) == (
        0,
        "1 limit of tools compared with 1 page: 0 contradicted, 0 to look at.\n",
    )


def test_an_exception_fails_only_a_strict_check(shop: Shop) -> None:
    shop.page("returns.md", "# Returns\n\nSale items can be returned within 7 days.")
    assert "1 to look at" in shop.check().stdout
    assert shop.check().exit_code == 0
    assert shop.check("--strict").exit_code == 1


def test_the_findings_are_json_when_wanted(shop: Shop) -> None:
    shop.page("returns.md", "# Returns\n\nYou can return items within 30 days.")
    result = shop.check("--json")
    assert result.exit_code == 1
    [finding] = orjson.loads(result.stdout)["contradictions"]
    assert finding == {
        "tool": "return_item",
        "limit": "return window",
        "allows": "14 days",
        "says": "30 days",
        "sentence": "You can return items within 30 days.",
        "title": "Returns",
        "heading": "",
        "path": "returns.md",
        "url": finding["url"],
    }


def test_a_page_that_cannot_be_read_is_named_and_the_others_are_compared(shop: Shop) -> None:
    shop.page("returns.md", "# Returns\n\nYou can return items within 14 days.")
    (shop.folder / "help" / "broken.md").write_bytes(b"\xff\xfe\x00 not UTF-8")
    result = shop.check()
    assert result.exit_code == 0
    assert "broken.md: not compared: " in result.stderr
    assert shop.check("--strict").exit_code == 1


def test_without_limits_only_the_declarations_are_checked(shop: Shop) -> None:
    result = shop.check(limits="", knowledge="None")
    assert result.exit_code == 0
    assert result.stdout == "The declarations are in order.\n"


def test_a_tool_that_changes_data_without_a_limit_is_told_how_to_write_one(shop: Shop) -> None:
    said = shop.check(limits=", changes=True").stdout
    assert "return_item: nothing is compared with your articles" in said
    assert '@tool(…, limits={"return window": "30 days"})' in said
    shop.module += "_reads"
    assert shop.check(limits="").stdout == "The declarations are in order.\n"


@pytest.mark.parametrize(
    ("limits", "knowledge", "sentence"),
    [
        (', limits={"return window": "a while"}', FOLDER, "write one quantity"),
        (', says="[Order {order_id"', FOLDER, "says= cannot be read"),
        (LIMITS, '"no-such-folder"', "frontdesk: "),
    ],
)
def test_what_cannot_be_checked_is_said_in_a_sentence(
    shop: Shop, limits: str, knowledge: str, sentence: str
) -> None:
    result = shop.check(limits=limits, knowledge=knowledge)
    assert (result.exit_code, result.stdout) == (2, "")
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr


def test_a_page_cannot_speak_to_the_terminal(shop: Shop) -> None:
    shop.page("returns.md", "# Returns\n\nYou can return items \x1b[2J\u202e within 30 days.")
    result = shop.check()
    assert result.exit_code == 1
    assert "\x1b" not in result.stdout
    assert "\u202e" not in result.stdout


def test_a_model_reads_what_a_tool_allows() -> None:
    @tool(permission="orders:read", limits={"return window": "14 days", "refund": "at most 100 EUR"})
    async def return_item(order_id: str, customer: Customer) -> str:
        """Register a return."""
        return order_id

    assert (
        return_item.description
        == f"Register a return.{IN_DESCRIPTION}return window: 14 days; refund: at most 100 EUR."
    )
    with pytest.raises(DeclarationError, match="return_item: limits="):
        tool(permission="orders:read", limits={"return window": "soon"})(return_item.function)
