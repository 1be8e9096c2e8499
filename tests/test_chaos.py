"""Quick forms of what `make chaos` runs in full; docs/chaos.md says what each of them does."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from pathlib import Path

import pytest

from chaos import audited, bodies, faults, forged, hangups, kills, overload, races, repeats, strangers
from chaos.backend import backend
from chaos.document import BEGIN, END, write
from chaos.journal import Experiment, Journal, Portion, Tally, run, silent
from chaos.points import POINTS, Points
from chaos.proxy import Proxy
from chaos.servers import servers

# The model's last: it is left alone for 15 s afterwards.
QUICK = (
    "Redis gone",
    "PostgreSQL black-holed",
    "PostgreSQL restarted",
    "tool's answers are lost",
    "model hangs",
)
pytestmark = pytest.mark.timeout(180)


async def small(experiment: Experiment, count: int) -> Tally:
    tally, _ = await run(experiment, count, 1, Journal(None), silent)
    assert tally.problems == []
    return tally


async def test_whatever_is_killed_no_message_is_lost_and_each_effect_happens_once() -> None:
    tally = await small(kills.EXPERIMENT, 12)
    assert tally.counts["turns"] == 12
    assert tally.counts["processes killed"] >= 3
    assert tally.counts["kills of a turn"] >= 36
    assert tally.counts["turns killed 3 times or more"] >= 10


async def test_no_body_that_nobody_would_send_is_a_server_error_or_sent_back() -> None:
    tally = await small(bodies.EXPERIMENT, 400)
    assert tally.counts["4xx"] > 360


@pytest.fixture(scope="module")
async def pair() -> AsyncGenerator[Callable[[Experiment, int, int], Awaitable[Tally]]]:
    """Two processes that R2 to R5 share here; each has customers of its own."""
    async with AsyncExitStack() as stack:
        shop = await stack.enter_async_context(backend())
        found = await stack.enter_async_context(servers(2, CHAOS_BACKEND=shop.url))
        with pytest.MonkeyPatch.context() as patch:
            for module in (races, repeats, hangups):
                patch.setattr(module, "servers", lambda *_, **__: nullcontext(found))
            for module in (races, hangups):
                patch.setattr(module, "backend", lambda: nullcontext(shop))

            async def portion(experiment: Experiment, first: int, many: int) -> Tally:
                async with experiment.opened(1, silent) as run_:
                    tally = await run_(first, many)
                assert tally.problems == []
                return tally

            yield portion


Pair = Callable[[Experiment, int, int], Awaitable[Tally]]


async def test_ten_messages_at_once_in_each_conversation_are_answered_in_order(pair: Pair) -> None:
    tally = await pair(races.MESSAGES, 1000, 10)
    assert tally.counts["messages stored"] == tally.counts["answered"] == 100


async def test_ten_clicks_at_once_on_each_button_have_one_effect(pair: Pair) -> None:
    tally = await pair(races.CLICKS, 2000, 20)
    assert (tally.counts["effects"], tally.counts["409"]) == (20, 180)


async def test_a_repeated_message_is_one_row_with_one_answer(pair: Pair) -> None:
    tally = await pair(repeats.EXPERIMENT, 12_000, 200)
    assert (tally.counts["rows"], tally.counts["requests"]) == (200, 600)


async def test_a_stream_that_is_hung_up_is_recorded_whole_and_read_on(pair: Pair) -> None:
    tally = await pair(hangups.EXPERIMENT, 5000, 10)
    assert tally.counts["recorded whole"] == tally.counts["read on"] == 10


async def test_ten_times_too_much_is_refused_in_good_order_and_what_was_taken_is_answered() -> None:
    async with overload.EXPERIMENT.opened(1, silent) as portion:
        tally = await portion(0, 2)
    # How long it took, and senders for whom the system's listen queue had no room beside other tests, are for `make chaos`.
    load = [
        each for each in tally.problems if each.startswith("recovered after") or ": no answer: Client" in each
    ]
    assert tally.problems == load
    assert tally.counts["taken, answered once"] == tally.counts["200"] + tally.counts["202"] > 0


async def test_strangers_find_nothing_of_each_other() -> None:
    tally = await small(strangers.EXPERIMENT, 60)
    assert tally.counts["on foreign ids"] >= 60


async def test_no_forged_credential_opens_a_door() -> None:
    tally = await small(forged.EXPERIMENT, 200)
    assert tally.counts["mutations by hand"] >= 60
    assert {tally.counts[kind] for kind in ("sessions", "service keys", "buttons")} == {50}


async def test_whatever_is_done_to_the_audit_log_is_found() -> None:
    tally = await small(audited.EXPERIMENT, 200)
    assert {tally.counts[kind] for kind in audited.KINDS} == {1}


async def test_faults_lose_nothing_double_nothing_and_are_told_of_honestly() -> None:
    names = list(faults.FAULTS)
    async with faults.opened(1, silent) as portion:
        for name in QUICK:
            tally = await portion(names.index(name), 2)
            assert tally.problems == []
            assert tally.counts["messages"] > 8


# ---------------------------------------------------------------------- the tools themselves
def counting(seen: list[tuple[int, int]], fails_at: int = -1) -> Experiment:
    @asynccontextmanager
    async def opened(_seed: int, _shown: Callable[[str], None]) -> AsyncGenerator[Portion]:
        async def portion(first: int, many: int) -> Tally:
            if first == fails_at:
                raise KeyboardInterrupt
            seen.append((first, many))
            tally = Tally()
            tally.counts["done"] = many
            tally.slowest("answer", first / 10)
            return tally

        yield portion

    return Experiment("X1", "a promise", "things", 25, 10, opened)


async def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path) -> None:
    journal, seen = Journal(tmp_path / "done.jsonl"), list[tuple[int, int]]()
    with pytest.raises(KeyboardInterrupt):
        await run(counting(seen, fails_at=20), 25, 1, journal, silent)
    tally, _ = await run(counting(seen), 25, 1, journal, silent)
    assert seen == [(0, 10), (10, 10), (20, 5)]
    assert (tally.counts["done"], tally.worst) == (25, {"answer": 2.0})
    await run(counting(seen), 25, 2, journal, silent)
    assert len(seen) == 6  # another seed is another run
    journal.forget("X1", 25, 1)
    assert journal.done("X1", 25, 1) == {}
    assert len(journal.done("X1", 25, 2)) == 3


def test_a_full_run_writes_its_line_in_the_place_of_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "chaos.md"
    page.write_text(f"before\n{BEGIN}{END}after\n")
    monkeypatch.setattr("chaos.document.FILE", page)
    tally = Tally()
    tally.counts["things"] = 25
    write(counting([]), 25, tally, 3.0)
    tally.expect(False, "one was lost")
    write(counting([]), 25, tally, 3.0)
    text = page.read_text()
    assert text.count("| X1 |") == 1
    assert "**broken**, 1 times: one was lost" in text
    assert (text.startswith("before\n"), text.endswith("after\n")) == (True, True)


def test_the_package_knows_no_crash_points() -> None:
    source = "".join(file.read_text() for file in Path("src/frontdesk").rglob("*.py"))
    assert "chaos" not in source


async def test_a_process_without_a_strike_passes_every_point() -> None:
    for point in POINTS:
        await Points().at(point, "c1")


def test_a_proxy_begins_by_letting_everything_through() -> None:
    assert Proxy(("127.0.0.1", 1)).mode == "pass"
