import asyncio
from uuid import uuid4

from frontdesk.actions.view import view
from frontdesk.live import LiveTurn, replay
from frontdesk.store.turns import StoredTurn

RESPONSE = {"reply": "It is on its way to you now, dear customer.", "citations": []}


async def seen(live: LiveTurn, after: int = 0) -> list[tuple[int, str]]:
    async def read() -> list[tuple[int, str]]:
        return [(event.n, event.type) async for event in live.watch(after, quiet=0.05) if event]

    return await asyncio.wait_for(read(), 2)


def turn() -> LiveTurn:
    live = LiveTurn(uuid4(), uuid4())
    live.step("get", "Looking", None)
    live.step("get", "Looking", True)
    return live


async def test_a_watcher_gets_every_event_whenever_it_comes() -> None:
    live = turn()
    early = asyncio.create_task(seen(live))
    await asyncio.sleep(0.1)
    live.finish(RESPONSE)
    assert await early == await seen(live)
    assert [kind for _, kind in await early] == ["accepted", "step", "step", "text", "text", "text", "done"]
    assert await seen(live, 5) == [(6, "text"), (7, "done")]


async def test_who_has_seen_the_end_already_is_told_again_and_let_go() -> None:
    live = turn()
    live.finish(RESPONSE)
    for after in (7, 8, 999):
        assert await seen(live, after) == [(7, "done")]


async def test_a_watcher_of_an_abandoned_attempt_is_let_go() -> None:
    live = turn()
    watching = asyncio.create_task(seen(live))
    await asyncio.sleep(0.1)
    live.abandon()
    assert [kind for _, kind in await watching] == ["accepted", "step", "step"]


def test_a_turn_read_back_has_the_events_it_had_live_and_always_an_end() -> None:
    record = {"steps": [{"tool": "get", "label": "Looking", "arguments": {}, "result": "{}"}]}
    stored = StoredTurn(uuid4(), uuid4(), 1, True, "answered", RESPONSE["reply"], record, "ai")  # type: ignore[arg-type]
    assert [event.type for event in replay(stored, view)] == [
        "accepted",
        "step",
        "step",
        "text",
        "text",
        "text",
        "done",
    ]
    assert [event.n for event in replay(stored, view, 6)] == [7]
    assert [event.type for event in replay(stored, view, 50)] == ["done"]
