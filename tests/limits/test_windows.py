"""One contract for the hot window, run against PostgreSQL alone, a real Redis and memory."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest

from frontdesk.bootstrap import assemble
from frontdesk.database import Database, as_owner
from frontdesk.database import redis as link_module
from frontdesk.database.redis import RedisLink
from frontdesk.domain import Outcome, Principal, Step, TurnInput, TurnResult
from frontdesk.errors import SettingsError
from frontdesk.models import ModelChain
from frontdesk.models.scripted import ScriptedModel
from frontdesk.settings import Settings, load
from frontdesk.store.turns import Turns
from frontdesk.store.windows import MemoryWindows, RedisWindows, Windows
from tests.desk import Backend, follow, make_desk
from tests.redis import RedisServer

pytestmark = pytest.mark.timeout(60)
STEP = Step(
    "get_order",
    "Looking up 7",
    {"order_id": "7"},
    '{"order_id":"7"}',
    ok=True,
    ms=1.5,
    permission="orders:read",
)
LOST = [b"", b"null", b"[]", b"garbage", b'["no", 1, []]']


class Faulty:
    """Windows that may lose and that may be told to hold what is old."""

    def __init__(self, kept: Windows) -> None:
        self.kept, self.puts, self.frozen, self.gets = kept, 0, False, 0

    async def get(self, key: str) -> bytes | None:
        self.gets += 1
        return await self.kept.get(key)

    async def put(self, key: str, value: bytes) -> None:
        self.puts += 1
        self.key = key
        if not self.frozen:
            await self.kept.put(key, value)

    async def forget(self, key: str) -> None:
        await self.kept.forget(key)


@dataclass
class Replicas:
    """Two processes' turns, and the windows they share, if any."""

    here: Turns
    there: Turns
    hot: Faulty | None

    async def say(self, who: Principal, text: str, turns: Turns | None = None, **result: Any) -> TurnInput:
        """One whole turn; returns what it was run from."""
        turns = turns or self.here
        accepted = await turns.accept(
            who, text, channel="api", conversation_id=None, client_message_id=uuid4().hex
        )
        assert accepted.turn
        done = TurnResult(f"You said {text}", Outcome.ANSWERED, steps=[STEP] if "7" in text else [], **result)
        await turns.finish(accepted.turn, done)
        return accepted.turn


@pytest.fixture(params=["postgres", "redis", "memory"])
async def replicas(
    request: pytest.FixtureRequest, shared: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Replicas]:
    monkeypatch.setattr(link_module, "ANSWER_SECONDS", 20.0)
    link = RedisLink(request.getfixturevalue("redis").url) if request.param == "redis" else None
    kept: Windows | None = (
        RedisWindows(link) if link else MemoryWindows() if request.param == "memory" else None
    )
    hot = Faulty(kept) if kept else None
    yield Replicas(Turns(shared, uuid4(), 5, 4, hot), Turns(shared, uuid4(), 5, 4, hot), hot)
    if link:
        await link.close()


def somebody() -> Principal:
    return Principal("customer", uuid4().hex)


async def test_a_turn_reads_the_last_turns_whichever_process_answered_them(replicas: Replicas) -> None:
    who = somebody()
    for number in range(9):
        turn = await replicas.say(who, f"m{number}", (replicas.here, replicas.there)[number % 2])
        assert [(p.seq, p.message, p.reply, p.steps) for p in turn.window] == [
            (n + 1, f"m{n}", f"You said m{n}", (STEP,) if n == 7 else ())
            for n in range(max(0, number - 4), number)
        ]


async def test_what_is_lost_or_garbled_is_read_from_the_transcript(replicas: Replicas) -> None:
    who = somebody()
    for number, lost in enumerate(LOST):
        turn = await replicas.say(who, f"m{number}")
        assert [p.message for p in turn.window] == [f"m{n}" for n in range(max(0, number - 4), number)]
        if replicas.hot:
            await replicas.hot.kept.put(replicas.hot.key, lost)


async def test_what_is_old_is_not_believed(replicas: Replicas) -> None:
    who = somebody()
    await replicas.say(who, "m0")
    if replicas.hot:
        replicas.hot.frozen = True
    for number in range(1, 4):
        turn = await replicas.say(who, f"m{number}")
        assert [p.message for p in turn.window] == [f"m{n}" for n in range(number)]


async def test_what_a_person_wrote_since_is_read(replicas: Replicas, shared: Database) -> None:
    who = somebody()
    first = await replicas.say(who, "m0")
    with as_owner(shared.conninfo) as connection:
        connection.execute(
            "INSERT INTO messages (conversation_id, turn_seq, n, principal, role, body) VALUES (%s, 1, 2, %s, 'staff', 'Hi')",
            (first.conversation_id, who.key),
        )
        connection.execute("SELECT audit_append(%s, 'staff', '{}')", (first.conversation_id,))
    turn = await replicas.say(who, "m1")
    assert [p.reply for p in turn.window] == ["You said m0\n\nHi"]


async def test_one_customers_window_is_no_others(replicas: Replicas) -> None:
    anna, ben = somebody(), somebody()
    await replicas.say(anna, "secret")
    assert (await replicas.say(ben, "hello")).window == []
    assert [p.message for p in (await replicas.say(anna, "again")).window] == ["secret"]


async def test_a_kept_window_is_used(replicas: Replicas, shared: Database) -> None:
    if replicas.hot is None:
        pytest.skip("PostgreSQL keeps none beside the transcript")
    who = somebody()
    first = await replicas.say(who, "m0")
    with as_owner(shared.conninfo) as connection:  # behind everybody's back, without an audit entry
        connection.execute(
            "UPDATE messages SET body = 'changed' WHERE conversation_id = %s AND n = 0",
            (first.conversation_id,),
        )
    assert [p.message for p in (await replicas.say(who, "m1")).window] == ["m0"]


async def test_without_redis_turns_go_on(shared: Database, redis: RedisServer) -> None:
    link = RedisLink(redis.url)
    hot = RedisWindows(link)
    replicas = Replicas(Turns(shared, uuid4(), 5, 4, hot), Turns(shared, uuid4(), 5, 4, hot), None)
    who = somebody()
    await replicas.say(who, "m0")
    redis.stop()
    assert [p.message for p in (await replicas.say(who, "m1")).window] == ["m0"]
    redis.start()
    assert [p.message for p in (await replicas.say(who, "m2")).window] == ["m0", "m1"]
    await link.close()


def test_a_window_in_redis_needs_a_redis() -> None:
    with pytest.raises(SettingsError, match="FRONTDESK_REDIS_URL"):
        load(hot_window="redis")


async def test_a_window_that_was_forgotten_is_read_again(replicas: Replicas) -> None:
    who = Principal("customer", uuid4().hex)
    await replicas.say(who, "one")
    await replicas.here.forget(who.key)
    if replicas.hot:
        assert await replicas.hot.get(replicas.hot.key) is None
    assert [past.message for past in (await replicas.say(who, "two", replicas.there)).window] == ["one"]


@pytest.mark.parametrize("ending", ["answered", "silenced", "lost", "given back"])
async def test_no_window_is_remembered_of_a_turn_that_has_ended(
    shared: Database, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    backend = Backend()
    backend.seconds = 0.5
    chain = ModelChain([("scripted", ScriptedModel(follow))], 10)
    support, _ = assemble(make_desk(backend), shared, chain, Settings(hot_window="memory"))
    await support.start()
    accepted = await support.receive(somebody(), "Where is my order 789?")
    assert len(support._turns._begun) == 1
    with as_owner(shared.conninfo) as connection:
        if ending == "silenced":
            connection.execute(
                "UPDATE conversations SET mode = 'human' WHERE id = %s", (accepted.conversation_id,)
            )
        if ending == "lost":
            connection.execute(
                "UPDATE conversations SET lease_owner = %s WHERE id = %s", (uuid4(), accepted.conversation_id)
            )
    await support.stop(0.0 if ending == "given back" else 10.0)
    assert support._turns._begun == {}


async def test_in_memory_a_window_stays_an_hour_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("frontdesk.store.windows.monotonic", lambda: now)
    kept = MemoryWindows(2)
    await kept.put("a", b"1")
    now += 3599
    await kept.put("b", b"2")
    assert await kept.get("a") == b"1"
    now += 1
    assert (await kept.get("a"), await kept.get("b")) == (None, b"2")
    await kept.put("c", b"3")
    await kept.put("d", b"4")
    assert [await kept.get(key) for key in "bcd"] == [None, b"3", b"4"]
