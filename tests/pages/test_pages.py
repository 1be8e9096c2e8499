"""The pages of docs/: each block is run in the folder of a desk that `frontdesk new` made, or says why not."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from frontdesk.cli.new import write
from frontdesk.testing import temporary_url
from tests.pages.blocks import blocks
from tests.pages.run import Runner
from tests.process import ROOT

DOCS = ROOT / "docs"
# Done by tests of their own, or by another: test_tutorial.py, tests/tools/openapi.
ELSEWHERE = {"tutorial", "openapi"}
PAGES = sorted(page.stem for page in DOCS.glob("*.md") if page.stem not in ELSEWHERE)
SHOP = """
CREATE TABLE customers (id TEXT PRIMARY KEY, name TEXT, email TEXT, password_hash TEXT);
CREATE TABLE orders (id INTEGER PRIMARY KEY, order_number TEXT UNIQUE, customer_id TEXT NOT NULL REFERENCES customers(id),
  status TEXT, placed_at DATE, total NUMERIC(10, 2));
CREATE INDEX orders_by_customer ON orders (customer_id, status, placed_at);
CREATE TABLE order_items (id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL REFERENCES orders(id), product TEXT, quantity INTEGER);
"""
QUESTIONS = "question,article\nwhat does shipping cost?,shipping\nhow long can I return something?,returns\ndo you rent tents?,\n"
# What a page says, and what stands for it here.
REPLACED = {"sql": {"postgresql://reader:…@db/shop": "sqlite:///shop.db"}}
ENVIRONMENT = {"helpdesks": {"ZENDESK_TOKEN": "t", "ZENDESK_WEBHOOK_SECRET": "s" * 32}}


@pytest.fixture(scope="module")
def database() -> str:
    return temporary_url()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A desk, and what the pages speak of beside it."""
    desk = tmp_path / "myshop"
    write(desk, title="My shop", model="local", database="embedded")
    (desk / "faq.csv").write_text("question,answer\nDo you rent tents?,We rent nothing.\n")
    (desk / "questions.csv").write_text(QUESTIONS)
    (desk / "knowledge.toml").write_text('[[source]]\nkind = "folder"\nfolder = "help-center"\n')
    shutil.copy(ROOT / "tests/tools/mcp/server.py", desk / "shop_server.py")
    with closing(sqlite3.connect(desk / "shop.db")) as shop:
        shop.executescript(SHOP)
    return desk


@pytest.mark.parametrize("name", PAGES)
def test_each_block_of_a_page_is_run_or_says_why_not(name: str, folder: Path, database: str) -> None:
    runnable = [block for block in blocks(DOCS / f"{name}.md") if not block.reason]
    if runnable:
        environment = {"FRONTDESK_DATABASE_URL": database, **ENVIRONMENT.get(name, {})}
        with Runner(folder, replaced=REPLACED.get(name), **environment) as reader:
            for block in runnable:
                reader.run(block)


def test_a_reason_that_names_a_test_names_one_that_is_there() -> None:
    for page in DOCS.rglob("*.md"):
        for block in blocks(page):
            for word in block.reason.split():
                if word.startswith("tests/"):
                    assert (ROOT / word).exists(), f"{block.place}: {word}"


def test_a_block_that_nobody_runs_and_nobody_excuses_fails(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```\nfrontdesk what\n```\n\n<!-- not run: a drawing -->\n```\n──►\n```\n")
    new, excused = blocks(page)
    assert excused.reason == "a drawing"
    with pytest.raises(pytest.fail.Exception, match="not run: why"):
        Runner(tmp_path).run(new)


def test_what_comes_out_otherwise_than_a_page_says_fails(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ echo three oranges\nthree …\n$ echo three\nfour\n```\n")
    with pytest.raises(AssertionError, match="said:\nfour"):
        Runner(tmp_path).run(blocks(page)[0])
