"""Support: what every channel calls. A message comes in, is stored, is answered once, in order.

``receive`` commits the message before it acknowledges it, and returns a LiveTurn to wait for or to watch.
The turn itself runs detached from whoever sent it: a closed browser loses nothing. One process answers a
conversation at a time, the one that holds its lease; a lease that runs out is taken over by any other.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from uuid import UUID, uuid4

import structlog

from frontdesk.agent import Agent
from frontdesk.database import Database, deadline
from frontdesk.domain import Json, Outcome, Principal, TurnInput, TurnResult
from frontdesk.errors import DatabaseUnavailable, DataRefused, Draining, LeaseLost, Superseded
from frontdesk.live import Event, LiveTurn, Show, replay, response_from, response_of
from frontdesk.queue import TurnQueue
from frontdesk.settings import Settings
from frontdesk.store.turns import Accepted, Finished, StoredTurn, Turns
from frontdesk.store.windows import Windows
from frontdesk.telemetry import metrics, spans
from frontdesk.telemetry import turns as traced
from frontdesk.tools import tokens

log = structlog.get_logger("frontdesk.support")

OVERTAKEN = (
    "I've seen that you wrote something more, so I have not prepared this. I'm reading your next message now."
)
MOST_ATTEMPTS = 2  # a turn that was begun again this often, and ended its process each time, goes to a person
SWEEP_SECONDS = 2.0
LAG_SECONDS = 0.1
GIVEN_BACK_SECONDS = 2.0  # whoever waits for a turn that was given back is not kept longer: they ask again
KEEP_SECONDS = 60.0  # a finished turn can be watched from memory for so long; later it is read back


class Support:
    """The desk at work in one process. Use ``start`` and ``stop``."""

    def __init__(
        self,
        agent: Agent,
        database: Database,
        settings: Settings,
        *,
        show: Show,
        revive: Callable[[], None] | None = None,
        hot: Windows | None = None,
    ) -> None:
        """``show`` makes of an action what the customer's screen needs. ``revive`` starts a database of our own again; a
        server of somebody else's is theirs to start. ``hot`` is where windows are kept ready.
        """
        self._agent = agent
        self._show = show
        self._revive = revive
        self._settings = settings
        self._turns = Turns(database, uuid4(), settings.lease_seconds, settings.window_turns, hot)
        self._live: dict[UUID, LiveTurn] = {}
        self._open: dict[UUID, dict[UUID, LiveTurn]] = {}  # by conversation: turns not answered yet
        self._running: dict[UUID, asyncio.Task[None]] = {}  # by conversation
        self._again: set[UUID] = set()  # conversations that got a message while their task was at work
        self._queue = TurnQueue(settings, lambda: database.congested or self._lag > LAG_SECONDS)
        self._lag = 0.0  # seconds that what is ready waits for its turn in this process
        self._begun = 0  # turns being answered
        self._stopping = asyncio.Event()  # nothing more is accepted
        self._ended = asyncio.Event()  # nothing runs any more
        self._helpers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to keep leases, and to look for turns that other processes left behind."""
        helpers = (self._sweep(), self._heartbeat(), self._feel())
        self._helpers = [asyncio.create_task(helper) for helper in helpers]

    def drain(self) -> None:
        """Accept nothing more from now on."""
        self._stopping.set()

    async def stop(self, seconds: float = 10.0) -> None:
        """Accept nothing more, let running turns end, and give back what does not end in time."""
        self.drain()
        end = asyncio.get_running_loop().time() + seconds
        while self._running:  # a message that was being stored when the stop came still begins its turn
            left = max(0.0, end - asyncio.get_running_loop().time())
            _, late = await asyncio.wait(self._running.values(), timeout=left)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self._ended.set()
        await asyncio.gather(*self._helpers, return_exceptions=True)

    @property
    def draining(self) -> bool:
        """Whether this process is stopping."""
        return self._stopping.is_set()

    @property
    def waiting(self) -> int:
        """How many turns this process is to answer or is answering."""
        return self._queue.waiting

    def admit(self) -> None:
        """Raise Draining or QueueFull where no message would be taken now."""
        if self.draining:
            raise Draining
        self._queue.admit()

    @property
    def begun(self) -> int:
        """How many of these it is answering now."""
        return self._begun

    # ------------------------------------------------------------------ for channels
    async def receive(
        self,
        principal: Principal,
        message: str,
        *,
        channel: str = "api",
        conversation_id: UUID | None = None,
        client_message_id: str | None = None,
    ) -> Accepted:
        """Store a message and see that it is answered; returns once it cannot be lost. Then ``wait`` for it.

        Raises NotFound, IdempotencyMismatch, QueueFull or Draining, and nothing is stored; or
        DatabaseUnavailable, after which it is stored or not: with a client_message_id, just send it again.
        """
        self.admit()
        with self._queue.arrival(), spans.entry("receive") as received:
            accepted = await self._turns.accept(
                principal,
                message,
                channel=channel,
                conversation_id=conversation_id,
                client_message_id=client_message_id,
            )
        if not accepted.repeated:
            spans.anchor(accepted.turn_id)
        if accepted.claimed:
            # The task that runs the conversation may have begun the turn meanwhile.
            live = self._live.get(accepted.turn_id) or self._watchable(
                accepted.turn_id, accepted.conversation_id
            )
            live.origin, live.shown = traced.origin(received), tokens.shown()
            self._run(principal, accepted.conversation_id, accepted.turn)
        return accepted

    async def find(self, principal: Principal, turn_id: UUID) -> StoredTurn:
        """A turn of the principal's as it stands. Raises NotFound, also for somebody else's."""
        return await self._turns.find(principal, turn_id)

    def live(self, turn_id: UUID) -> LiveTurn | None:
        """The turn if this process runs it or has just done so."""
        return self._live.get(turn_id)

    async def wait(self, principal: Principal, turn_id: UUID, seconds: float) -> Json | None:
        """The response once the turn is done, here or in another process; None if it takes longer.

        None too where an attempt of ours came to nothing and nobody has done better soon: a disk that is full
        takes no reply, for as long as it is full.
        """
        clock = asyncio.get_running_loop().time
        deadline = clock() + seconds
        pause, known = 0.05, self._live.get(turn_id)
        while True:
            live = self._live.get(turn_id)  # a later attempt may have taken the place of the one we knew
            if known and (known is not live or known.abandoned):
                deadline = min(deadline, clock() + GIVEN_BACK_SECONDS)
            known = live
            left = deadline - clock()
            if live and left > 0:
                done, _ = await asyncio.wait([live.done], timeout=min(left, 2.0))
                if done:
                    return live.done.result()
            stored = await self.find(principal, turn_id)
            if stored.done:
                return self.response(stored)
            if left <= 0:
                return None
            if not live or live.abandoned:
                await asyncio.sleep(pause)
                pause = min(pause * 1.5, 0.5)

    def response(self, stored: StoredTurn) -> Json:
        """The answer of a turn that is done, read back."""
        return response_of(stored, self._show)

    def replay(self, stored: StoredTurn, after: int = 0) -> list[Event]:
        """The events of a turn that is done, behind number ``after``."""
        return replay(stored, self._show, after)

    async def stop_turns(self, principal_key: str) -> int:
        """Break off what runs here for a principal, who is about to be erased; how many conversations."""
        tasks = [task for task in self._running.values() if task.get_name() == principal_key]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return len(tasks)

    async def forget(self, principal_key: str) -> None:
        """Keep no window of a principal ready, who has been erased."""
        await self._turns.forget(principal_key)

    # ------------------------------------------------------------------ running turns
    def _run(self, principal: Principal, conversation_id: UUID, first: TurnInput | None = None) -> None:
        """Answer a conversation whose lease we hold, unless a task of ours is at it already."""
        if conversation_id in self._running:
            self._again.add(conversation_id)
            return
        task = asyncio.create_task(self._drain(principal, conversation_id, first), name=principal.key)
        self._running[conversation_id] = task

    async def _drain(self, principal: Principal, conversation_id: UUID, first: TurnInput | None) -> None:
        """Answer the conversation's turns one after the other until none waits."""
        deadline.leave()
        spans.leave()  # each turn belongs to the request that brought it
        try:
            begun = (first, 0, 0) if first else await self._next(principal, conversation_id)
            while True:
                more = await self._answer(*begun) if begun else False
                # Between the last commit and here a message may have come in and taken the lease for us.
                if not more and conversation_id not in self._again:
                    return
                begun = await self._next(principal, conversation_id)
        except LeaseLost:
            metrics.leases_lost.add()
            log.warning("conversation taken over", conversation=str(conversation_id))
        except (DatabaseUnavailable, asyncio.CancelledError) as error:
            # Stopping, or the database was gone: whoever takes the turn need not wait for the lease to run out.
            metrics.given_back.add(type(error).__name__)
            log.warning("turn given back", conversation=str(conversation_id), reason=type(error).__name__)
            with suppress(DatabaseUnavailable):
                await self._turns.release(principal.key, conversation_id)
        except Exception as error:  # noqa: BLE001  a defect of ours; the attempts it costs bring a person in
            # The type only: the text of an exception may hold a customer's.
            log.error("turn failed", conversation=str(conversation_id), error=type(error).__name__)  # noqa: TRY400
        finally:
            self._leave(conversation_id)

    async def _next(self, principal: Principal, conversation_id: UUID) -> tuple[TurnInput, int, int] | None:
        """The next turn, how often it was begun, and when it was looked for (nanoseconds since 1970).

        Messages that come in from here on raise the flag again, so none is overlooked.
        """
        self._again.discard(conversation_id)
        looked = time.time_ns()
        found = await self._turns.next(principal, conversation_id)
        return (*found, looked) if found else None

    def _leave(self, conversation_id: UUID) -> None:
        """This task is done with the conversation; whoever still watches a turn of it looks in the database."""
        del self._running[conversation_id]
        self._again.discard(conversation_id)
        self._turns.leave(conversation_id)
        for live in self._open.pop(conversation_id, {}).values():
            live.abandon()
            self._live.pop(live.turn_id, None)
            self._queue.waiting -= 1

    async def _answer(self, turn: TurnInput, attempts: int, looked: int) -> bool:
        """Run one turn, commit what it came to, then show it. Returns whether more turns wait."""
        live = self._attempt(turn)
        tokens.show_again(live.shown)  # not what came with the message that started this task
        self._begun += 1
        try:
            with traced.begin(turn.turn_id, turn.conversation_id, live.origin, attempts, looked) as span:
                result, finished = await self._run_turn(turn, attempts, live)
                if span:
                    span.say(
                        {
                            "frontdesk.turn.outcome": result.outcome.value,
                            "frontdesk.turn.mode": finished.mode,
                            "frontdesk.turn.silenced": finished.silenced,
                        }
                    )
                    for step in result.degraded_steps:
                        span.event("degraded", {"frontdesk.step": step})
                self._show_result(turn, live, result)
        finally:
            self._begun -= 1
        return finished.more

    async def _run_turn(self, turn: TurnInput, attempts: int, live: LiveTurn) -> tuple[TurnResult, Finished]:
        """What a turn came to, committed."""
        waited = traced.taken(turn.turn_id) * 1000
        if turn.mode == "human":  # a person answers here; the message is theirs to read
            result = TurnResult("", Outcome.HANDED_OFF, facts=turn.facts, mode="human")
        elif attempts > MOST_ATTEMPTS:
            result = await self._agent.hand_over(turn, live.step)
        else:
            result = await self._agent.run(turn, live.step)
        result.waited = waited
        try:
            finished = await self._turns.finish(turn, result)
        except DataRefused:  # what cannot be stored cannot be shown: a person takes over
            result = await self._agent.hand_over(turn)
            finished = await self._turns.finish(turn, result)
        except Superseded:  # what the older message wanted is not what is wanted now
            result = replace(result, reply=OVERTAKEN, outcome=Outcome.ASKED, actions=[], citations=[])
            finished = await self._turns.finish(turn, result)
        if finished.silenced:  # a person took over while the agent was writing: nobody talks over them
            result = replace(
                result,
                reply="",
                outcome=Outcome.HANDED_OFF,
                actions=[],
                citations=[],
                suggestions=[],
                receipt=[],
            )
        result.mode = finished.mode
        return result, finished

    def _show_result(self, turn: TurnInput, live: LiveTurn, result: TurnResult) -> None:
        """Let everybody see what has been committed: who waits, the log, the metrics."""
        live.finish(response_from(turn.conversation_id, turn.turn_id, result, self._show))
        self._queue.ended()
        del self._open[turn.conversation_id][turn.turn_id]
        asyncio.get_running_loop().call_later(KEEP_SECONDS, self._live.pop, turn.turn_id, None)
        (log.warning if result.degraded else log.info)(
            "turn",
            turn=str(turn.turn_id),
            conversation=str(turn.conversation_id),
            outcome=result.outcome.value,
            model=result.model,
            tools=[step.tool for step in result.steps],
            degraded=result.degraded_steps,
            ms=round(result.ms, 1),
        )
        metrics.turns.add(result.outcome.value, result.model)
        metrics.turn_seconds.observe(traced.taken(turn.turn_id))
        if result.mode == "queued" != turn.mode:
            reasons = [
                step.arguments.get("reason") for step in result.steps if step.tool == "hand_over" and step.ok
            ]
            metrics.handoffs.add(str(reasons[-1]) if reasons else "failure")
        for action in result.actions:
            if action.turn_id == turn.turn_id and action.status == "proposed":
                metrics.actions.add("proposed")

    def _watchable(self, turn_id: UUID, conversation_id: UUID) -> LiveTurn:
        """A new LiveTurn for a turn that is to be answered here."""
        opened = self._open.setdefault(conversation_id, {})
        self._queue.waiting += turn_id not in opened
        live = self._live[turn_id] = opened[turn_id] = LiveTurn(turn_id, conversation_id)
        return live

    def _attempt(self, turn: TurnInput) -> LiveTurn:
        """The LiveTurn of this attempt: the one that waits for it, or a new one in the place of an earlier try."""
        live = self._live.get(turn.turn_id)
        if live and len(live.events) == 1:
            return live
        if live:
            live.abandon()
        return self._watchable(turn.turn_id, turn.conversation_id)

    async def _heartbeat(self) -> None:
        """Keep the leases of conversations that take long. One that was lost is noticed when its turn ends."""
        while not self._ended.is_set():
            before = set(self._running)
            await _rest(self._ended, self._settings.lease_seconds / 3)
            if long := before & self._running.keys():
                try:
                    await self._turns.renew(long)
                except Exception as error:  # noqa: BLE001  whatever it is, leases must go on being kept
                    log.warning("leases not renewed", error=type(error).__name__)

    async def _feel(self) -> None:
        """Notice how busy this process is."""
        clock = asyncio.get_running_loop().time
        while not self._ended.is_set():
            began = clock()
            await asyncio.sleep(LAG_SECONDS)
            self._lag = clock() - began - LAG_SECONDS

    async def _sweep(self) -> None:
        """Take over the turns of processes that have fallen silent."""
        while not self.draining:
            try:
                await self._take_over()
            except DatabaseUnavailable:
                log.warning("database gone; will look again")
                if self._revive:
                    with suppress(Exception):  # it may still be starting, or another process is at it
                        await asyncio.to_thread(self._revive)
            except Exception as error:  # noqa: BLE001  whatever it is, turns must go on being looked for
                log.warning("looking for turns failed", error=type(error).__name__)
            await _rest(self._stopping, SWEEP_SECONDS)

    async def _take_over(self) -> None:
        room = self._settings.queue_limit - self._queue.waiting
        for conversation_id, key in await self._turns.abandoned(max(0, min(100, room))):
            if self.draining:
                return
            if conversation_id not in self._running and await self._turns.claim(key, conversation_id):
                kind, _, identity = key.partition(":")
                metrics.leases_taken.add()
                log.info("taking over", conversation=str(conversation_id))
                self._run(Principal(kind, identity), conversation_id)  # pyright: ignore[reportArgumentType]


async def _rest(until: asyncio.Event, seconds: float) -> None:
    """Sleep, but no longer than until the event."""
    with suppress(TimeoutError):
        await asyncio.wait_for(until.wait(), seconds)
