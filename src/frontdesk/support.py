"""Support: what every channel calls. A message comes in, is stored, is answered once, in order.

``receive`` commits the message before it acknowledges it, and returns a LiveTurn to wait for or to watch.
The turn itself runs detached from whoever sent it: a closed browser loses nothing. One process answers a
conversation at a time, the one that holds its lease; a lease that runs out is taken over by any other.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from uuid import UUID, uuid4

import structlog

from frontdesk.agent import Agent
from frontdesk.database import Database
from frontdesk.domain import Json, Outcome, Principal, TurnInput, TurnResult
from frontdesk.errors import DatabaseUnavailable, Draining, LeaseLost, QueueFull
from frontdesk.live import LiveTurn, response_from, response_of
from frontdesk.settings import Settings
from frontdesk.store.turns import Accepted, StoredTurn, Turns

log = structlog.get_logger("frontdesk.support")

MOST_ATTEMPTS = 3  # a turn that has ended its process this often goes to a person
SWEEP_SECONDS = 2.0
KEEP_SECONDS = 60.0  # a finished turn can be watched from memory for so long; later it is read back


class Support:
    """The desk at work in one process. Use ``start`` and ``stop``."""

    def __init__(self, agent: Agent, database: Database, settings: Settings) -> None:
        self._agent = agent
        self._settings = settings
        self._turns = Turns(database, uuid4(), settings.lease_seconds, settings.window_turns)
        self._live: dict[UUID, LiveTurn] = {}
        self._running: dict[UUID, asyncio.Task[None]] = {}  # by conversation
        self._again: set[UUID] = set()  # conversations that got a message while their task was ending
        self._stopping = asyncio.Event()
        self._helpers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to keep leases, and to look for turns that other processes left behind."""
        self._helpers = [asyncio.create_task(self._sweep()), asyncio.create_task(self._heartbeat())]

    async def stop(self, seconds: float = 10.0) -> None:
        """Accept nothing more, let running turns end, and give back what does not end in time."""
        self._stopping.set()
        if self._running:
            _, late = await asyncio.wait(self._running.values(), timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await asyncio.gather(*self._helpers)

    @property
    def draining(self) -> bool:
        """Whether this process is stopping."""
        return self._stopping.is_set()

    @property
    def waiting(self) -> int:
        """How many conversations are being answered now."""
        return len(self._running)

    # ------------------------------------------------------------------ for channels
    async def receive(
        self,
        principal: Principal,
        message: str,
        *,
        channel: str = "api",
        conversation_id: UUID | None = None,
        client_message_id: str | None = None,
    ) -> tuple[Accepted, LiveTurn | None]:
        """Store a message and see that it is answered; returns once it cannot be lost.

        The LiveTurn is None when another process answers it (or has answered it): use ``find``. Raises
        NotFound, IdempotencyMismatch, QueueFull, Draining or DatabaseUnavailable; then nothing is stored.
        """
        if self.draining:
            raise Draining
        if len(self._running) >= self._settings.queue_limit:
            raise QueueFull
        accepted = await self._turns.accept(
            principal,
            message,
            channel=channel,
            conversation_id=conversation_id,
            client_message_id=client_message_id,
        )
        if accepted.claimed:
            live = self._live_turn(accepted.turn_id, accepted.conversation_id)
            self._run(principal, accepted.conversation_id, accepted.turn)
            return accepted, live
        return accepted, self._live.get(accepted.turn_id)

    async def find(self, principal: Principal, turn_id: UUID) -> StoredTurn:
        """A turn of the principal's as it stands. Raises NotFound, also for somebody else's."""
        return await self._turns.find(principal, turn_id)

    def live(self, turn_id: UUID) -> LiveTurn | None:
        """The turn if this process runs it or has just done so."""
        return self._live.get(turn_id)

    async def wait(
        self, principal: Principal, turn_id: UUID, live: LiveTurn | None, seconds: float
    ) -> Json | None:
        """The response once the turn is done, here or in another process; None if it takes longer."""
        deadline = asyncio.get_running_loop().time() + seconds
        pause = 0.05
        while True:
            left = deadline - asyncio.get_running_loop().time()
            live = self._live.get(turn_id, live)  # its process may have died, and this one taken it over
            if live:
                done, _ = await asyncio.wait([live.done], timeout=min(left, 2.0))
                if done:
                    return live.done.result()
            stored = await self.find(principal, turn_id)
            if stored.done:
                return response_of(stored)
            if left <= 0:
                return None
            if not live:
                await asyncio.sleep(pause)
                pause = min(pause * 1.5, 0.5)

    # ------------------------------------------------------------------ running turns
    def _run(self, principal: Principal, conversation_id: UUID, first: TurnInput | None = None) -> None:
        """Answer a conversation whose lease we hold, unless a task of ours is at it already."""
        if conversation_id in self._running:
            self._again.add(conversation_id)
            return
        task = asyncio.create_task(self._drain(principal, conversation_id, first))
        self._running[conversation_id] = task

    async def _drain(self, principal: Principal, conversation_id: UUID, first: TurnInput | None) -> None:
        """Answer the conversation's turns one after the other until none waits."""
        try:
            begun = (first, 1) if first else await self._turns.next(principal, conversation_id)
            while True:
                self._again.discard(conversation_id)
                more = await self._answer(*begun) if begun else False
                # Between the last commit and here a message may have come in and taken the lease for us.
                if not more and conversation_id not in self._again:
                    return
                begun = await self._turns.next(principal, conversation_id)
        except LeaseLost:
            log.warning("conversation taken over", conversation=str(conversation_id))
        except asyncio.CancelledError:
            await self._turns.release(principal.key, conversation_id)
            raise
        except DatabaseUnavailable:
            log.warning("database gone; the turn is taken up again", conversation=str(conversation_id))
        finally:
            self._again.discard(conversation_id)
            del self._running[conversation_id]

    async def _answer(self, turn: TurnInput, attempts: int) -> bool:
        """Run one turn, commit what it came to, then show it. Returns whether more turns wait."""
        live = self._live_turn(turn.turn_id, turn.conversation_id)
        if turn.mode == "human":  # a person answers here; the message is theirs to read
            result = TurnResult("", Outcome.HANDED_OFF, facts=turn.facts, mode="human")
        elif attempts > MOST_ATTEMPTS:
            result = await self._agent.hand_over(turn)
        else:
            result = await self._agent.run(turn, live.step)
        try:
            more = await self._turns.finish(turn, result)
        except LeaseLost:
            self._live.pop(turn.turn_id, None)  # whoever waits here reads the other process's answer
            raise
        live.finish(response_from(turn.conversation_id, turn.turn_id, result))
        asyncio.get_running_loop().call_later(KEEP_SECONDS, self._live.pop, turn.turn_id, None)
        log.info(
            "turn",
            turn=str(turn.turn_id),
            conversation=str(turn.conversation_id),
            outcome=result.outcome.value,
            model=result.model,
            tools=[step.tool for step in result.steps],
            degraded=result.degraded,
            ms=round(result.ms, 1),
        )
        return more

    def _live_turn(self, turn_id: UUID, conversation_id: UUID) -> LiveTurn:
        return self._live.setdefault(turn_id, LiveTurn(turn_id, conversation_id))

    async def _heartbeat(self) -> None:
        """Keep the leases of conversations that take long."""
        while not self.draining or self._running:
            before = set(self._running)
            await asyncio.sleep(self._settings.lease_seconds / 3)
            if long := before & self._running.keys():
                with suppress(DatabaseUnavailable):  # finishing the turn finds out whether the lease was lost
                    await self._turns.renew(long)

    async def _sweep(self) -> None:
        """Take over the turns of processes that have fallen silent."""
        while not self.draining:
            try:
                for conversation_id, key in await self._turns.abandoned():
                    if conversation_id not in self._running and await self._turns.claim(key, conversation_id):
                        kind, _, identity = key.partition(":")
                        log.info("taking over", conversation=str(conversation_id))
                        self._run(Principal(kind, identity), conversation_id)  # pyright: ignore[reportArgumentType]
            except DatabaseUnavailable:
                log.warning("database gone; will look again")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), SWEEP_SECONDS)
