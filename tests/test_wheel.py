"""What `pip install frontdesk` brings; `make wheel-try` installs it and asks a question."""

import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from tests.process import ROOT

PACKAGE = "src/frontdesk"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel of this tree, built without an index."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=60)
    (made,) = folder.glob("frontdesk-*-py3-none-any.whl")
    return zipfile.ZipFile(made)


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    listed = subprocess.run(
        ["git", "ls-files", PACKAGE], cwd=ROOT, check=True, capture_output=True, text=True
    )
    tracked = {str(Path(name).relative_to("src")) for name in listed.stdout.splitlines()}
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    new = {
        str(file.relative_to(ROOT / "src"))
        for file in (ROOT / PACKAGE).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert tracked <= packed, sorted(tracked - packed)
    assert packed <= new, sorted(packed - new)
    for needed in (
        "frontdesk/knowledge/assets/all-minilm-l6-v2-int8.onnx",
        "frontdesk/models/local/router.npz",
        "frontdesk/prompt.md",
        "frontdesk/web/static/widget/widget.js",
        "frontdesk/web/console/static/console.css",
        "frontdesk/cli/scaffold/support.py.jinja",
        "frontdesk/database/migrations/0001_conversations.sql",
    ):
        assert needed in packed


def test_the_wheel_says_what_it_needs_its_command_and_its_licences(wheel: zipfile.ZipFile) -> None:
    def read(name: str) -> str:
        (path,) = (path for path in wheel.namelist() if path.endswith(f".dist-info/{name}"))
        return wheel.read(path).decode()

    about = Parser().parsestr(read("METADATA"))
    assert about["License-Expression"] == "Apache-2.0"
    assert about["Requires-Python"] == ">=3.11"
    assert "frontdesk = frontdesk.cli:main" in read("entry_points.txt")
    assert read("licenses/NOTICE")
    needs = [line for line in about.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert len(needs) > 30
    assert not [line for line in needs if "://" in line or "@ file" in line]


def test_no_file_of_the_wheel_names_a_machine(wheel: zipfile.ZipFile) -> None:
    for name in wheel.namelist():
        if name.endswith((".py", ".md", ".jinja", ".html", ".sql", ".css")):
            assert str(ROOT).encode() not in wheel.read(name), name
