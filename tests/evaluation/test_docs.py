"""The suite of docs/evaluating.md, run as it is written there."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from frontdesk.cli.evaluate_run import evaluate_run
from frontdesk.evaluation.backend import Backend
from tests.process import ROOT

PAGE = (ROOT / "docs" / "evaluating.md").read_text()
FILES = ("support.py", "evaluation.py", "scenarios/eval.yaml", "scenarios/cancel/not-shipped-yet.yaml")


@pytest.fixture
def shop() -> Iterator[Path]:
    blocks = re.findall(r"```(?:python|yaml)\n(.*?)```", PAGE, re.DOTALL)
    with tempfile.TemporaryDirectory(prefix="frontdesk-test-", ignore_cleanup_errors=True) as name:
        for file, text in zip(FILES, blocks, strict=True):
            path = Path(name) / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        yield Path(name)


def test_the_suite_of_the_page_passes_and_notices_what_it_is_for(shop: Path) -> None:
    def evaluate() -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("FRONTDESK_", "OPENAI_"))}
        environment = {**kept, "PYTHONPATH": str(ROOT / "src"), "COLUMNS": "200"}
        command = [sys.executable, "-m", "frontdesk", "eval", "scenarios"]
        return subprocess.run(command, cwd=shop, env=environment, capture_output=True, text=True, timeout=110)

    passed = evaluate()
    assert passed.returncode == 0, passed.stdout + passed.stderr
    support = (shop / "support.py").read_text()
    (shop / "support.py").write_text(support.replace('["status"] = "cancelled"', '["status"] = "placed"'))
    broken = evaluate()
    assert broken.returncode == 1, broken.stdout + broken.stderr
    assert "ends.backend /orders/1002" in broken.stdout


def test_the_page_names_every_option_and_every_file_stands_in_it() -> None:
    for option in evaluate_run.params:
        for name in option.opts:
            if name.startswith("--"):
                assert name in PAGE, name
    for file in FILES:
        assert f"`{file}" in PAGE
    for method in ("start", "reset", "knows", "state", "changes", "stop"):
        assert hasattr(Backend, method)
        assert f"def {method}(" in PAGE
