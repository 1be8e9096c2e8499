"""What a person reads who made a mistake: one sentence that says what to write, and nothing started."""

import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from frontdesk.cli import main

DESK = "from frontdesk import Frontdesk, tool\n\n"
GOOD = f"{DESK}desk = Frontdesk('Shop')\n"
Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """``frontdesk serve`` in a folder of its own; returns what it said when it refused."""

    def serve(support: str = GOOD, *arguments: str, **environment: str) -> str:
        (tmp_path / "support.py").write_text(support)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr("frontdesk.cli.serve.configure", lambda *_: None)  # the log of this process stays
        monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
        monkeypatch.delitem(sys.modules, "support", raising=False)
        monkeypatch.setattr(sys, "argv", ["frontdesk", "serve", *(arguments or ("support:desk",))])
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as exit_:
            main()
        assert exit_.value.code == 1
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        assert "is up" not in said.out + said.err
        return said.err

    return serve


@pytest.mark.parametrize(
    ("support", "sentence"),
    [
        (DESK + "@tool()\ndef f():\n    '''Do.'''\n", '@tool(permission="orders:read")'),
        (DESK + "@tool(permission='orders')\ndef f():\n    '''Do.'''\n", '@tool(permission="orders:read")'),
        (DESK + "@tool(permission='a:b')\ndef f(): ...\n", "f needs a docstring"),
        (DESK + "def f(): ...\ndesk = Frontdesk('S', tools=[f])\n", "'f' has no permission"),
        (
            DESK
            + "@tool(permission='a:b', says='[{id} is')\ndef f():\n    '''Do.'''\ndesk = Frontdesk('S', tools=[f])",
            "f: says= cannot be read",
        ),
        (
            DESK
            + "@tool(permission='a:b', says='{id|shout}')\ndef f():\n    '''Do.'''\ndesk = Frontdesk('S', tools=[f])",
            "uses the filter 'shout'",
        ),
        (
            DESK
            + "from typing import TypedDict\nclass Order(TypedDict):\n    id: str\n"
            + "@tool(permission='a:b', says='{idd}')\ndef f() -> Order:\n    '''Do.'''\ndesk = Frontdesk('S', tools=[f])",
            "names 'idd', but the result has no 'idd'; it has id",
        ),
        (DESK + "desk = Frontdesk('S', knowledge='nowhere')\n", "no folder: nowhere"),
        (DESK + "desk = 1\n", "is not a desk"),
    ],
)
def test_a_mistake_in_support_py(run: Run, support: str, sentence: str, tmp_path: Path) -> None:
    assert sentence in run(support, FRONTDESK_DATA_DIR=str(tmp_path / "data"))


@pytest.mark.parametrize(
    ("variable", "value", "sentence"),
    [
        ("FRONTDESK_MODEL", "gpt-4o-mini", "set OPENAI_API_KEY"),
        ("FRONTDESK_MODEL", "nonsense", "the model 'nonsense' cannot be used"),
        ("FRONTDESK_PORT", "eighty", "FRONTDESK_PORT"),
        ("FRONTDESK_HOST", "0.0.0.0", "development mode listens on loopback only"),
        ("FRONTDESK_DATABASE_URL", "postgresql//u:hunter2@h/d", "this is no connection string"),
        ("FRONTDESK_DATABASE_URL", "postgresql://u:hunter2@127.0.0.1:1/d", "PostgreSQL cannot be reached"),
        ("FRONTDESK_JWT_KEYS", "[{", "FRONTDESK_JWT_KEYS"),
        ("FRONTDESK_SERVICE_KEYS", "short", "FRONTDESK_SERVICE_KEYS, key 1"),
        ("FRONTDESK_ALLOWED_ORIGINS", "shop.example", "FRONTDESK_ALLOWED_ORIGINS"),
    ],
)
def test_a_wrong_setting(
    run: Run, variable: str, value: str, sentence: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    said = run(**{"FRONTDESK_DATA_DIR": str(tmp_path / "data"), variable: value})
    assert sentence in said
    assert "hunter2" not in said


def test_a_misspelt_setting_is_pointed_out(run: Run, tmp_path: Path) -> None:
    said = run(FRONTDESK_DATA_DIR=str(tmp_path / "data"), FRONTDESK_POTR="1", FRONTDESK_MODEL="nonsense")
    assert "FRONTDESK_POTR is not a setting; did you mean FRONTDESK_PORT?" in said


def test_a_taken_port_and_a_module_that_is_not_there(run: Run, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert f"port {port} is taken" in run(GOOD, "support:desk", "--port", port)
    assert "there is no module 'suport'" in run(GOOD, "suport:desk")
    assert "write support:desk without .py" in run(GOOD, "support.py:desk")


def test_a_variable_that_the_desk_asks_for_is_named(run: Run) -> None:
    said = run("import os\nURL = os.environ['SHOP_API_URL_THAT_IS_NOT_SET']\n" + GOOD)
    assert "asks the environment for SHOP_API_URL_THAT_IS_NOT_SET: set it" in said
