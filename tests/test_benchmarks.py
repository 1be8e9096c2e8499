"""The benchmark's parts hold together; nothing is timed here."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from uuid import uuid4

import orjson
import pytest

from benchmarks import alone, soak_page, soak_samples, workplace
from benchmarks.table import Results, markdown
from frontdesk import ToolNotFound
from frontdesk.domain import Principal
from frontdesk.tools import ToolContext


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    alone.write_orders(tmp_path / "orders.csv")
    monkeypatch.setenv("BENCH_ORDERS", str(tmp_path / "orders.csv"))
    import benchmarks.desk

    return importlib.reload(benchmarks.desk)


def context(customer: str) -> ToolContext:
    return ToolContext(Principal("customer", customer), uuid4(), uuid4())


async def test_the_desk_shows_an_order_to_the_account_that_owns_it(module: ModuleType) -> None:
    order_id, account, status, eta, total = alone.order(42)
    for customer in (account, f"{account}|r0-16-3-1"):
        found = orjson.loads(await module.get_order_status.call({"order_id": order_id}, context(customer)))
        assert found == {"order_id": order_id, "status": status, "eta": eta, "total": total}


@pytest.mark.parametrize("customer", ["user-0043", "user-004", "user-00420", "anyone|user-0042", "|"])
async def test_the_desk_hides_an_order_from_everybody_else(module: ModuleType, customer: str) -> None:
    with pytest.raises(ToolNotFound):
        await module.get_order_status.call({"order_id": "ORD-00042"}, context(customer))


def test_a_desk_without_its_orders_says_where_they_come_from(
    module: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BENCH_ORDERS", str(tmp_path / "none.csv"))
    with pytest.raises(FileNotFoundError, match="BENCH_ORDERS"):
        importlib.reload(module)


def test_a_missing_compiler_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "stub.c"
    source.write_text("int main(void){return 0;}")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(workplace.Unavailable, match="install gcc"):
        workplace.build_stub(source)


def test_a_missing_bench_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_DIR", str(tmp_path))
    assert workplace.find_bench() is None


def test_the_stub_looks_an_order_up_and_then_quotes_it() -> None:
    asked = alone.reply({"messages": [{"role": "user", "content": "Where is ORD-00042?"}]})
    assert asked["tool_calls"][0]["function"]["arguments"] == '{"order_id":"ORD-00042"}'  # pyright: ignore
    told = alone.reply({"messages": [{"role": "tool", "content": "shipped"}]})
    assert told["content"] == "Here is what I found: shipped"


def test_the_table_judges_frontdesk_and_leaves_blank_what_was_not_measured() -> None:
    burst = {"mode": "load", "c": 16, "latency": 0, "turns": 9, "others": 0.0, "errors": {}, "db_cpu_ms": 1.0}
    records = [
        {**burst, "target": "frontdesk", "tps": 120.0, "cpu_ms": 7.0, "p50": 1.0, "p99": 2.0},
        {**burst, "target": "a_langgraph_pg", "tps": 40.0, "cpu_ms": 20.0, "p50": 1.0, "p99": 2.0},
    ]
    table = markdown(Results(records))
    assert "| turns/s, 16 at once | 120 | ≥ 3 × 40 | yes | 40 |" in table
    assert "| CPU ms a turn, 16 at once, service | 7.00 | ≤ 6.5 | **no** | 20.00 |" in table
    assert "| turns/s, 1 at once | – | ≥ 3 × 37 (published) |  | – |" in table


@pytest.mark.parametrize(
    ("values", "flat"),
    [
        ([100 + n % 3 for n in range(30)], True),
        ([100 + n % 3 + n / 2 for n in range(30)], False),
        ([100 - n for n in range(30)], True),
        ([*range(100, 110), *[110] * 20], True),  # it settles within the first third
        ([100 + n / 100 for n in range(30)], True),  # sure, and next to nothing
    ],
)
def test_a_soak_tells_what_grows_from_what_only_moves(values: list[float], flat: bool) -> None:
    meter = object.__new__(soak_samples.Meter)
    meter.minutes = [n / 2 for n in range(30)]
    meter.values = [[float(value)] * len(soak_samples.ROWS) for value in values]
    verdict = meter.verdicts()[0]
    assert verdict.flat == flat, verdict
    text = soak_page.page(meter, meter.verdicts(), [], "soak")
    assert ("Nothing grows." in text) == all(each.flat for each in meter.verdicts())
    assert soak_page.chart(meter).count("<polyline") == len(soak_samples.ROWS)
