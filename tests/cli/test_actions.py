"""``frontdesk actions`` as a small team types it, beside a desk in ./support.py."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest

from frontdesk.cli import main
from frontdesk.database import Database
from frontdesk.testing import ScriptedModel, temporary_url
from tests.actions.shop import SECRET, Shop, calls, make_desk, process

Run = Callable[..., tuple[int, str]]
DESK = "from tests.actions.shop import Shop, make_desk\n\nshop = Shop()\ndesk = make_desk(shop)\n"
SAYS = "You paid 80.00 EUR for order 456."


@pytest.fixture
def url() -> str:
    return temporary_url()


@pytest.fixture
def desk(tmp_path: Path) -> str:
    module = f"desk_{uuid4().hex[:8]}"
    (tmp_path / f"{module}.py").write_text(DESK)
    return f"{module}:desk"


@pytest.fixture
def run(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """``frontdesk …``: (exit code, all that was said)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setenv("FRONTDESK_DATABASE_URL", url)
    monkeypatch.setenv("FRONTDESK_SECRET", SECRET)
    # It would tie this process's loggers to the stderr of one test.
    monkeypatch.setattr("frontdesk.cli.actions.configure", lambda *_: None)

    def typed(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["frontdesk", *arguments])
        code: Any = 0
        try:
            main()
        except SystemExit as exit_:
            code = exit_.code or 0
        said = capsys.readouterr()
        return code, said.out + said.err

    return typed


def confirmed(url: str, amount: str) -> tuple[str, str]:
    """(action, conversation) of a refund that its customer has confirmed."""

    async def propose() -> tuple[str, str]:
        database = await Database.open(url)
        shop = Shop()
        async with process(database, shop, desk=make_desk(shop)) as desk:
            action = await desk.confirm(await desk.propose("refund_order", order_id="789", amount=amount))
        await database.close()
        return str(action.id), str(action.conversation_id)

    return asyncio.run(propose())


def test_two_colleagues_approve_and_it_is_done_once(run: Run, url: str, desk: str) -> None:
    action, _ = confirmed(url, "600 EUR")
    code, said = run("actions", "list", "--status", "confirmed", "--customer", "u1")
    assert (code, action in said, "0 of 2 approvals" in said) == (0, True, True)
    assert action not in run("actions", "list", "--customer", "u2")[1]
    code, said = run("actions", "approve", action, "--as", "kim", "--desk", desk)
    assert (code, said) == (0, "Refund order 789: confirmed; waits for 1 more\n")
    code, said = run("actions", "approve", action, "--as", "kim", "--desk", desk)
    assert (code, "nobody approves twice" in said) == (1, True)
    assert run("actions", "approve", action, "--as", "u1", "--desk", desk)[0] == 1
    assert sys.modules[desk.partition(":")[0]].shop.effects == {}
    code, said = run("actions", "approve", action, "--as", "lee", "--desk", desk)
    assert (code, said.splitlines()[-1]) == (0, "Refund order 789: executed")
    assert sys.modules[desk.partition(":")[0]].shop.effects == {action: 1}
    said = run("actions", "show", action)[1]
    for part in (
        "Refund order 789  executed", "Refund 600.00 EUR for order 789.", "Refunded  0.00 EUR  600.00 EUR",
        'refund_order({"amount"', "approvals needed: 2", "approved by kim", "approved by lee",
        f"effect {action} (do): done", "confirmed by customer:u1", "approved by staff:kim", "executed by desk",
    ):  # fmt: skip
        assert part in said
    assert run("actions", "approve", action, "--as", "max", "--desk", desk)[0] == 1


def test_a_no_needs_a_reason_that_the_customer_is_told(run: Run, url: str, desk: str) -> None:
    action, conversation = confirmed(url, "200 EUR")
    assert run("actions", "decline", action, "--as", "kim", "--desk", desk)[0] == 2
    code, said = run("actions", "decline", action, "--as", "kim", "--desk", desk, "--reason", " ")
    assert (code, "Say why in words" in said) == (1, True)
    assert run("actions", "decline", action, "--as", " ", "--desk", desk, "--reason", "Too late.")[0] == 2
    code, said = run("actions", "decline", action, "--as", "kim", "--desk", desk, "--reason", "Too late.")
    assert (code, said) == (0, "Refund order 789: declined (Too late.)\n")
    assert "The reason: Too late." in run("conversations", "show", conversation)[1]


def test_an_action_that_does_not_exist_is_said_in_a_sentence(run: Run, desk: str) -> None:
    for arguments in (("show", str(uuid4())), ("approve", str(uuid4()), "--as", "kim", "--desk", desk)):
        code, said = run("actions", *arguments)
        assert (code, "Traceback" in said) == (1, False)
    assert run("actions", "list") == (0, "There are no such actions.\n")


def test_a_reply_s_receipt_stands_below_it(run: Run, url: str) -> None:
    async def ask() -> str:
        database = await Database.open(url)
        model = ScriptedModel([calls(("get_order", {"order_id": "456"})), SAYS])
        async with process(database, model=model) as desk:
            answer = await desk.say("What did I pay?")
        await database.close()
        return answer["conversation_id"]

    said = run("conversations", "show", asyncio.run(ask()))[1]
    assert SAYS in said
    [bound] = [line for line in said.splitlines() if "bound:" in line]
    assert bound.endswith("← get_order")
    assert "80" in bound
    assert "456" in bound


def test_a_slow_turn_is_explained_by_its_trace(run: Run, url: str) -> None:
    """A model that fails, one that answers, a tool that was allowed and one that was not: each on a line with its time."""

    async def ask() -> tuple[str, str]:
        database = await Database.open(url)
        script = [
            calls(("get_order", {"order_id": "456"}), ("delete_everything", {})),
            "You paid 99.00 EUR.",
            SAYS,
        ]
        async with process(database, model=ScriptedModel(script)) as desk:
            answer = await desk.say("What did I pay?")
        await database.close()
        return answer["turn_id"], answer["conversation_id"]

    turn, conversation = asyncio.run(ask())
    code, said = run("trace", turn)
    assert code == 0
    names = [line.strip("│├└─ ").split("  ")[0] for line in said.splitlines()]
    wanted = [
        f"turn {turn}",
        "queue",
        "agent",
        "gate get_order",
        "execute_tool get_order",
        "gate unknown",
        "output gate",
        "commit",
    ]
    assert [name for name in names if name in wanted] == wanted
    assert sum(name.startswith("chat ") for name in names) == 3
    assert "refused: " in said
    assert "had the reply written again" in said
    assert "longest: " in said
    assert "80.00" not in said  # names and numbers; nothing that was said
    assert run("trace", conversation)[1] in said
    code, said = run("trace", turn, "--json")
    [root] = orjson.loads(said)
    assert root["ms"] >= sum(part["ms"] for part in root["parts"]) - 1
    code, said = run("trace", str(uuid4()))
    assert (code, "frontdesk conversations list" in said) == (1, True)
