"""`frontdesk new` makes a project that runs: its own tests, its scenarios and one question."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from frontdesk.cli import cli
from frontdesk.cli.new import write
from tests.process import ROOT


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("new") / "my-shop"
    made = CliRunner().invoke(cli, ["new", str(folder), "--yes", "--title", 'Anna\'s "Shop" & Söhne'])
    assert made.exit_code == 0, made.output
    return folder


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith(("FRONTDESK_", "OPENAI_", "PYTEST_"))
    }
    environment |= {"PYTHONPATH": f"{ROOT / 'src'}:{folder}", "FRONTDESK_MODEL": "local"}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_project_passes_its_own_tests(project: Path) -> None:
    ran = run(project, "pytest", "-q", "-p", "no:asyncio", "-p", "no:cacheprovider")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "5 passed" in ran.stdout


def test_its_scenarios_pass_and_its_articles_agree_with_its_tools(project: Path) -> None:
    ran = run(project, "frontdesk", "eval", "scenarios", "--jobs", "1")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert run(project, "frontdesk", "check", "support:desk").returncode == 0


def test_what_is_deployed_is_well_formed_and_holds_no_secret(project: Path) -> None:
    compose = yaml.safe_load((project / "compose.yaml").read_text())
    assert set(compose["services"]) == {"desk", "database"}
    workflow = yaml.safe_load((project / ".github/workflows/ci.yml").read_text())
    assert workflow["jobs"]["test"]["timeout-minutes"] == 15
    example = (project / ".env.example").read_text()
    assert "FRONTDESK_SECRET=\n" in example
    assert ".env" in (project / ".gitignore").read_text().splitlines()
    assert "USER desk" in (project / "Dockerfile").read_text()


def test_a_database_of_ones_own_needs_none_beside_it(tmp_path: Path) -> None:
    write(tmp_path / "shop", title="Shop", model="openai:gpt-4o-mini", database="own")
    assert set(yaml.safe_load((tmp_path / "shop" / "compose.yaml").read_text())["services"]) == {"desk"}
    assert "FRONTDESK_MIGRATION_URL=" in (tmp_path / "shop" / ".env.example").read_text()


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "support.py").write_text("mine")
    refused = CliRunner().invoke(cli, ["new", str(tmp_path), "--yes"])
    assert "left as it is" in str(refused.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["support.py"]
    assert (tmp_path / "support.py").read_text() == "mine"


@pytest.mark.parametrize("more", [["--title", "x" * 200], ["--title", "a\nb"], ["--model", "a b"]])
def test_a_word_that_cannot_be_is_refused_before_anything_is_written(tmp_path: Path, more: list[str]) -> None:
    assert CliRunner().invoke(cli, ["new", str(tmp_path / "shop"), "--yes", *more]).exit_code == 1
    assert not (tmp_path / "shop").exists()
