"""The code that is written: it passes strict checks and its own tests, is the same each time, and nobody's edit is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from frontdesk.cli.tools import tools
from frontdesk.errors import DeclarationError, SettingsError
from tests.process import ROOT
from tests.tools.openapi.specs import ODD, ODD_CHANGES, SHOP, at, spec, thing
from tests.tools.openapi.test_changes import shop_with

STRICT = {
    "typeCheckingMode": "strict",
    "pythonVersion": "3.11",
    "venvPath": str(ROOT),
    "venv": ".venv",
    "extraPaths": [str(ROOT / "src")],
}


def generate(folder: Path, document: dict[str, Any], *more: str) -> Result:
    (folder / "openapi.json").write_text(json.dumps(document))
    made = ["from-openapi", str(folder / "openapi.json"), "--customer", "user_id", "--out", str(folder)]
    return CliRunner().invoke(tools, [*made, *more], catch_exceptions=False)


def enabling(names: Sequence[str]) -> list[str]:
    return [part for name in names for part in ("--enable", name)]


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("odd")
    made = generate(folder, ODD, *enabling(ODD_CHANGES))
    assert (
        "9 operations: 3 read, 6 change data when confirmed, 0 change data (off), 0 left out" in made.output
    )
    return folder


def run(folder: Path, *command: str) -> str:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{folder}"}
    ran = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_what_is_written_passes_the_tests_written_with_it(odd: Path) -> None:
    assert "10 passed" in run(
        odd, "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio", "-W", "error"
    )


def test_a_change_of_a_part_passes_the_test_written_with_it(tmp_path: Path) -> None:
    line = {"type": "integer"}
    order = thing(user_id={"type": "string"}, lines={"type": "array", "items": thing(id=line)})
    body = {**thing(line_ids={"type": "array", "items": line}), "required": ["line_ids"]}
    generate(
        tmp_path, {**shop_with(order, body), "servers": [{"url": "https://shop.example"}]}, "--enable", "back"
    )
    assert "3 passed" in run(
        tmp_path, "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio", "-W", "error"
    )


def test_what_is_written_is_formatted_linted_and_strictly_typed(odd: Path) -> None:
    for length in ("88", "110"):
        run(odd, "ruff", "format", "--isolated", "--no-cache", "--check", "--line-length", length, ".")
    run(odd, "ruff", "check", "--isolated", "--no-cache", ".")
    (odd / "pyrightconfig.json").write_text(json.dumps(STRICT))
    assert "0 errors" in run(odd, "basedpyright", "-p", str(odd))


def test_a_change_that_is_not_enabled_is_listed_with_the_line_that_enables_it(tmp_path: Path) -> None:
    made = generate(tmp_path, SHOP)
    assert "--enable cancel_order" in made.output
    assert "`--enable cancel_order`" in (tmp_path / "api_tools.md").read_text()
    assert "confirm" not in (tmp_path / "api_tools.py").read_text()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("cancelOrders", "did you mean 'cancelOrder'"),
        ("getOrder", "changes nothing"),
        ("everybody", "nothing proves whose"),
    ],
)
def test_what_cannot_be_enabled_is_refused_in_a_sentence(tmp_path: Path, name: str, said: str) -> None:
    everybody = {
        "/carts/{id}": {"delete": {"operationId": "everybody", "parameters": [at("id")], "responses": {}}}
    }
    with pytest.raises(DeclarationError, match=said):
        generate(tmp_path, spec({**SHOP["paths"], **everybody}), "--enable", name)
    assert not (tmp_path / "api_tools.py").exists()


def test_the_same_document_gives_the_same_bytes(tmp_path: Path, odd: Path) -> None:
    generate(tmp_path, ODD, *enabling(ODD_CHANGES))
    for name in ("api_tools.py", "test_api_tools.py", "api_tools.md"):
        assert (tmp_path / name).read_bytes() == (odd / name).read_bytes()
    assert "api_tools.py: as it was" in generate(tmp_path, ODD, *enabling(ODD_CHANGES)).output


def test_an_edited_file_is_written_over_only_by_force_and_an_untouched_one_says_what_changed(
    tmp_path: Path,
) -> None:
    generate(tmp_path, SHOP)
    again = generate(tmp_path, SHOP, "--enable", "cancelOrder")
    assert "api_tools.py: changed" in again.output
    file, table = tmp_path / "api_tools.py", tmp_path / "api_tools.md"
    mine = file.read_text().replace("Order", "MyOrder")
    file.write_text(mine)
    before = table.read_text()
    with pytest.raises(SettingsError, match="--force"):
        generate(tmp_path, SHOP)
    assert (file.read_text(), table.read_text()) == (mine, before)
    generate(tmp_path, SHOP, "--force")
    assert "MyOrder" not in file.read_text()


def test_a_document_without_tools_leaves_a_table_and_an_empty_list(tmp_path: Path) -> None:
    generate(tmp_path, spec({"/x/{id}": {"get": {"parameters": [at("id")], "responses": {}}}}))
    assert "nothing proves whose 'id' it is" in (tmp_path / "api_tools.md").read_text()
    assert "TOOLS: list[Tool] = []" in (tmp_path / "api_tools.py").read_text()
