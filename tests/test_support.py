import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import UUID

import psycopg
import pytest

from frontdesk.bootstrap import assemble
from frontdesk.database import Database
from frontdesk.domain import Principal
from frontdesk.errors import DatabaseUnavailable, IdempotencyMismatch, NotFound, QueueFull
from frontdesk.models import ModelChain
from frontdesk.models.scripted import ScriptedModel
from frontdesk.settings import Settings
from frontdesk.support import Support
from tests.desk import Backend, call, follow, make_desk

ANNA = Principal("customer", "u1")
BEN = Principal("customer", "u2")


@asynccontextmanager
async def process(
    database: Database,
    backend: Backend | None = None,
    model: ScriptedModel | None = None,
    **changes: object,
) -> AsyncGenerator[Support]:
    """One Frontdesk process: several of them may share a database, as replicas do."""
    settings = Settings(**{"lease_seconds": 1.0, **changes})
    desk = make_desk(backend)
    chain = ModelChain([("scripted", model or ScriptedModel(follow))], 10, redact=settings.redact)
    support, _ = assemble(desk, database, chain, settings)
    await support.start()
    try:
        yield support
    finally:
        await support.stop(1.0)


async def say(
    support: Support, message: str, principal: Principal = ANNA, **more: object
) -> dict[str, object]:
    accepted = await support.receive(principal, message, **more)
    response = await support.wait(principal, accepted.turn_id, 15)
    assert response is not None, "the turn was not answered"
    return response


def rows(database: Database, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database.conninfo, options="-c search_path=frontdesk,public") as connection:
        return connection.execute(query).fetchall()


async def test_a_message_is_committed_before_it_is_acknowledged(database: Database) -> None:
    backend = Backend()
    backend.seconds = 0.5
    async with process(database, backend) as support:
        accepted = await support.receive(ANNA, "Where is order 789?")
        # Another connection sees it while the turn still runs: whatever dies now, it is not lost.
        assert rows(database, "SELECT body FROM messages WHERE n = 0") == [("Where is order 789?",)]
        assert rows(database, "SELECT status FROM turns") == [("accepted",)]
        live = support.live(accepted.turn_id)
        assert live is not None
        assert not live.done.done()
        await support.wait(ANNA, accepted.turn_id, 10)


async def test_nothing_is_acknowledged_when_the_database_refuses(database: Database) -> None:
    async with process(database) as support:
        with psycopg.connect(database.conninfo, autocommit=True) as owner:
            owner.execute("ALTER TABLE frontdesk.messages ADD CONSTRAINT no CHECK (body <> 'refused')")
        with pytest.raises(psycopg.errors.CheckViolation):
            await support.receive(ANNA, "refused")
        assert rows(database, "SELECT count(*) FROM turns") == [(0,)]


async def test_two_messages_at_once_are_both_answered_in_order_and_one_after_the_other(
    database: Database,
) -> None:
    backend = Backend()
    backend.seconds = 0.1
    async with process(database, backend) as one, process(database, backend) as two:
        first = await say(one, "hello")
        conversation = UUID(str(first["conversation_id"]))
        replies = await asyncio.gather(
            *(say(one if n % 2 else two, f"order 789 ({n})", conversation_id=conversation) for n in range(10))
        )
        assert {r["reply"] for r in replies} == {"Order 789 is shipped."}
        stored = rows(database, "SELECT turn_seq, n FROM messages ORDER BY turn_seq, n")
        assert stored == [(seq, n) for seq in range(1, 12) for n in (0, 1)]
        assert rows(
            database, "SELECT DISTINCT turns_done, turns_accepted, lease_owner FROM conversations"
        ) == [(11, 11, None)]
        # Without the conversation's lease two processes would answer at the same time.
        assert backend.most_running == 1
        assert len(backend.calls) == 10


async def test_a_message_that_comes_in_elsewhere_leaves_the_lease_where_it_is(database: Database) -> None:
    backend = Backend()
    backend.seconds = 0.4
    async with process(database, backend) as one, process(database, backend) as two:
        first = await one.receive(ANNA, "order 789")
        holder = rows(database, "SELECT lease_owner FROM conversations")
        second = await two.receive(ANNA, "order 456")
        assert rows(database, "SELECT lease_owner FROM conversations") == holder
        assert not second.claimed
        assert await two.wait(ANNA, second.turn_id, 10)
        assert await one.wait(ANNA, first.turn_id, 10)
    assert backend.calls == [("789", "u1"), ("456", "u1")]
    assert backend.most_running == 1


async def test_two_first_messages_that_race_share_one_conversation(database: Database) -> None:
    async with process(database) as one, process(database) as two:
        replies = await asyncio.gather(*(say(s, "hello there") for s in (one, two, one, two)))
        assert len({r["conversation_id"] for r in replies}) == 1


async def test_a_turn_of_a_process_that_died_is_answered_once_by_another(database: Database) -> None:
    backend = Backend()
    async with process(database) as dead:
        accepted = await dead._turns.accept(  # the process ends right after the commit
            ANNA, "Where is order 789?", channel="api", conversation_id=None, client_message_id=None
        )
        assert accepted.claimed
    async with process(database, backend) as alive:
        response = await alive.wait(ANNA, accepted.turn_id, 10)
        assert response is not None
        assert response["reply"] == "Order 789 is shipped."
        assert rows(database, "SELECT count(*) FROM messages WHERE n = 1") == [(1,)]
        assert backend.calls == [("789", "u1")]


async def test_a_narrowed_token_stays_narrow_when_another_process_takes_its_turn_over(
    database: Database,
) -> None:
    narrow = Principal("customer", "u1", frozenset({"knowledge:read"}))
    backend = Backend()
    async with process(database) as dead:
        accepted = await dead._turns.accept(
            narrow, "Where is order 789?", channel="api", conversation_id=None, client_message_id=None
        )
    async with process(database, backend) as alive:
        response = await alive.wait(narrow, accepted.turn_id, 10)
        assert response is not None
        assert "shipped" not in str(response["reply"])
        assert backend.calls == []


async def test_a_process_that_lost_its_lease_writes_nothing(database: Database) -> None:
    backend = Backend()
    backend.seconds = 1.0
    async with process(database, backend, lease_seconds=60) as slow:
        accepted = await slow.receive(ANNA, "Where is order 789?")
        with psycopg.connect(database.conninfo, autocommit=True) as owner:
            owner.execute(
                "UPDATE frontdesk.conversations SET lease_owner = gen_random_uuid(), lease_until = now()"
            )
        async with process(database) as other:
            response = await other.wait(ANNA, accepted.turn_id, 10)
            assert response is not None
            assert await slow.wait(ANNA, accepted.turn_id, 10) == response
        await asyncio.sleep(1.0)
        assert rows(database, "SELECT count(*) FROM messages WHERE n = 1") == [(1,)]


async def test_a_turn_that_keeps_ending_its_process_goes_to_a_person(database: Database) -> None:
    async with process(database) as dead:
        accepted = await dead._turns.accept(
            ANNA, "Where is order 789?", channel="api", conversation_id=None, client_message_id=None
        )
    with psycopg.connect(database.conninfo, autocommit=True) as owner:
        owner.execute("UPDATE frontdesk.turns SET attempts = 3")
    async with process(database) as alive:
        response = await alive.wait(ANNA, accepted.turn_id, 10)
        assert response is not None
        assert response["outcome"] == "handed_off"
        assert rows(database, "SELECT reason FROM tickets") == [("failure",)]


async def test_a_repeated_client_message_id_is_one_message_with_the_same_answer(database: Database) -> None:
    async with process(database) as one, process(database) as two:
        supports = (one, two)
        replies = await asyncio.gather(
            *(say(supports[n % 2], "order 789", client_message_id="same") for n in range(20))
        )
        assert len({r["turn_id"] for r in replies}) == 1
        assert {r["reply"] for r in replies} == {"Order 789 is shipped."}
        assert rows(database, "SELECT count(*) FROM messages") == [(2,)]
        with pytest.raises(IdempotencyMismatch):
            await one.receive(ANNA, "order 456", client_message_id="same")
        # Somebody else's id of the same spelling is another message.
        assert (await say(one, "order 321", BEN, client_message_id="same"))[
            "reply"
        ] == "Order 321 is delayed."


async def test_a_foreign_conversation_and_turn_look_like_unknown_ones(database: Database) -> None:
    async with process(database) as support:
        mine = await say(support, "order 789")
        with pytest.raises(NotFound):
            await support.receive(BEN, "hello", conversation_id=UUID(str(mine["conversation_id"])))
        with pytest.raises(NotFound):
            await support.find(BEN, UUID(str(mine["turn_id"])))
        assert rows(database, "SELECT count(*) FROM messages") == [(2,)]


async def test_who_waits_for_a_turn_that_the_database_will_not_take_is_not_kept(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with process(database) as support:

        async def full(*_: object) -> bool:
            raise DatabaseUnavailable

        monkeypatch.setattr(support._turns, "finish", full)
        accepted = await support.receive(ANNA, "Where is order 789?")
        began = asyncio.get_running_loop().time()
        assert await support.wait(ANNA, accepted.turn_id, 60) is None
        assert asyncio.get_running_loop().time() - began < 5
        monkeypatch.undo()
        response = await support.wait(ANNA, accepted.turn_id, 15)
    assert response is not None
    assert response["reply"] == "Order 789 is shipped."
    assert rows(database, "SELECT count(*) FROM messages WHERE n = 1") == [(1,)]


async def test_turns_that_are_running_end_before_the_process_does(database: Database) -> None:
    backend = Backend()
    backend.seconds = 0.3
    async with process(database, backend) as support:
        accepted = await support.receive(ANNA, "Where is order 789?")
    assert rows(database, "SELECT status FROM turns") == [("done",)]
    async with process(database) as later:
        assert (await later.find(ANNA, accepted.turn_id)).reply == "Order 789 is shipped."


async def test_a_turn_that_cannot_end_in_time_is_given_back_at_once(database: Database) -> None:
    backend = Backend()
    backend.seconds = 30
    async with process(database, backend, lease_seconds=60) as support:
        accepted = await support.receive(ANNA, "Where is order 789?")
    async with process(database) as later:
        assert (await later.wait(ANNA, accepted.turn_id, 5) or {})["reply"] == "Order 789 is shipped."


ODD = [
    call("get_order_status", order_id="7\x0089"),
    call("get_order_status", order_id="\ud800"),
    call("get_order_status", order_id=10**30, extra="x" * 500_000),
    call("bad name!{}\x00\ud800", anything=[[[[[[[[[[[[1]]]]]]]]]]]]),
    call("open_ticket", subject="\x00", details="\udfff"),
    "half \ud83d of a pair and \x00",
    "",
    "x" * 100_000,
    "I paid on 1 \u017fep",
]


@pytest.mark.parametrize("step", ODD, ids=range(len(ODD)))
async def test_nothing_a_model_writes_keeps_a_conversation_from_being_answered(
    database: Database, step: object
) -> None:
    script = [step, "first done", "and again", "second done"]
    async with process(
        database, model=ScriptedModel(lambda _: script.pop(0) if script else "done")
    ) as support:
        first = await say(support, "I paid on 1 \u017fep")
        script.clear()
        second = await say(support, "hello")
        assert first["reply"]
        assert second["reply"] == "done"
    (record,) = rows(database, "SELECT max(length(record::text)), max(attempts) FROM turns")
    assert record[0] < 20_000  # type: ignore[operator]
    assert record[1] == 0


async def test_a_thousand_calls_in_one_message_are_cut_to_the_limit(database: Database) -> None:
    many = call("get_order_status", order_id="789")
    many.tool_calls *= 1000
    backend = Backend()
    async with process(database, backend, model=ScriptedModel([many, "done"])) as support:
        assert (await say(support, "go"))["reply"] == "done"
    assert len(backend.calls) == 12
    assert rows(database, "SELECT jsonb_array_length(record -> 'steps') <= 13 FROM turns") == [(True,)]


async def test_two_tickets_in_one_turn_are_two_and_the_same_one_twice_is_one(database: Database) -> None:
    wanted = [("lamp broken", "a"), ("invoice wrong", "b"), ("lamp broken", "a")]
    script = [*(call("open_ticket", subject=s, details=d) for s, d in wanted), "Both are with a colleague."]
    async with process(database, model=ScriptedModel(script)) as support:
        await say(support, "two things")
    assert rows(database, "SELECT subject FROM tickets ORDER BY number") == [
        ("lamp broken",),
        ("invoice wrong",),
    ]


async def test_a_message_that_comes_while_its_task_finds_nothing_to_do_is_answered_at_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with process(database, lease_seconds=30) as support:
        await say(support, "hello")
        original = support._turns.next
        asked = asyncio.Event()

        async def slow(*arguments: object) -> object:
            found = await original(*arguments)  # type: ignore[arg-type]
            asked.set()
            await asyncio.sleep(0.2)  # the answer "nothing waits" is on its way when the message comes in
            return found

        monkeypatch.setattr(support._turns, "next", slow)
        one = await support.receive(ANNA, "one")
        support._again.add(
            one.conversation_id
        )  # a second message raced with the first: its flag is stale now
        await asyncio.wait_for(asked.wait(), 5)
        two = await support.receive(ANNA, "two")
        assert await support.wait(ANNA, two.turn_id, 5)


async def test_whatever_goes_wrong_turns_of_dead_processes_go_on_being_looked_for(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with process(database) as dead:
        accepted = await dead._turns.accept(
            ANNA, "Where is order 789?", channel="api", conversation_id=None, client_message_id=None
        )
    async with process(database) as alive:
        original = alive._turns.abandoned
        failures = [RuntimeError(), DatabaseUnavailable()]

        async def failing(most: int = 100) -> object:
            if failures:
                raise failures.pop()
            return await original(most)

        monkeypatch.setattr(alive._turns, "abandoned", failing)
        monkeypatch.setattr("frontdesk.support.SWEEP_SECONDS", 0.1)
        assert await alive.wait(ANNA, accepted.turn_id, 10)


async def test_a_full_queue_refuses_and_stores_nothing(database: Database) -> None:
    backend = Backend()
    backend.seconds = 1
    async with process(database, backend, queue_limit=2) as support:
        taken = [await support.receive(ANNA, "order 789"), await support.receive(ANNA, "order 456")]
        with pytest.raises(QueueFull):
            await support.receive(BEN, "order 321")
        assert support.waiting == 2
        for one in taken:
            await support.wait(ANNA, one.turn_id, 10)
        assert support.waiting == 0
        await say(support, "order 321", BEN)
    assert rows(database, "SELECT count(*) FROM turns") == [(3,)]
