"""Brings tickets to the helpdesk, each once: whatever an earlier call may have made is looked for before another.
And brings back what is written and decided there."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import httpx
import structlog

from frontdesk.database import Database
from frontdesk.errors import TicketUnderWay
from frontdesk.helpdesks import Helpdesk, MessageCopy, Reply, StatusChange, TicketCopy
from frontdesk.helpdesks.base import UNEXPECTED, Status
from frontdesk.people.again import ended, looking
from frontdesk.store import deliveries as store
from frontdesk.store.deliveries import DueTicket
from frontdesk.store.heard import heard, known, replied
from frontdesk.telemetry import spans

__all__ = ["Courier"]

log = structlog.get_logger("frontdesk.helpdesk")
LOOK_SECONDS = 3.0
CALL_SECONDS = store.LEASE_SECONDS * 0.75  # an answer that drips in must not outlast what keeps others away
HEAR_SECONDS = 8.0  # a helpdesk waits no longer for an answer to its webhook
MOST_ATTEMPTS = 10  # over about a day
LONGEST = 6 * 3600.0  # between two of them
# Answers after which nothing was made and nothing will be. A key that has expired may be a new one tomorrow.
REFUSED = frozenset({400, 405, 410, 415, 422})


class Courier:
    """For one desk; None: tickets stay in Frontdesk's own list. Any number of processes may have one."""

    def __init__(self, database: Database, helpdesk: Helpdesk | None) -> None:
        self._database = database
        self._helpdesk = helpdesk
        self._client: httpx.AsyncClient | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look for tickets, where there is a helpdesk."""
        if self._helpdesk:
            await store.declare(self._database, self._helpdesk.name)
            self._client = httpx.AsyncClient()
            self._task = asyncio.create_task(
                looking(partial(self.one, self._helpdesk, self._client), LOOK_SECONDS, "tickets")
            )

    async def stop(self) -> None:
        """End. A call that is under way is looked for by whoever tries next."""
        await ended(self._task)
        if self._client:
            await self._client.aclose()

    async def hear(self, helpdesk: Helpdesk, change: StatusChange) -> None:
        """Bring back what the helpdesk says of one of our tickets. Raises TicketUnderWay where it is to say it again."""
        if not await known(self._database, helpdesk.name, change.id):
            if await store.under_way(self._database, helpdesk.name):
                raise TicketUnderWay
            return
        # At once: asking for replies takes a while, and the next state must not overtake this one.
        if change.status:
            await heard(self._database, helpdesk.name, change.id, change.status)
        replies = change.replies or await self._replies(helpdesk, change.id)
        if replies:
            await replied(self._database, helpdesk.name, change.id, replies)

    async def _replies(self, helpdesk: Helpdesk, identity: str) -> tuple[Reply, ...]:
        assert self._client is not None, "started, as there is a helpdesk"  # noqa: S101
        try:
            async with asyncio.timeout(HEAR_SECONDS):
                return await helpdesk.replies(self._client, identity)
        except (httpx.HTTPError, TimeoutError, *UNEXPECTED) as error:
            code = error.response.status_code if isinstance(error, httpx.HTTPStatusError) else 0
            log.warning("replies not read", helpdesk=helpdesk.name, error=type(error).__name__, status=code)
            unreadable = isinstance(error, (httpx.DecodingError, *UNEXPECTED))
            if unreadable or (400 <= code < 500 and code != 429):  # it will say so each time
                return ()
            raise TicketUnderWay from None

    async def one(self, helpdesk: Helpdesk, client: httpx.AsyncClient) -> bool:
        """See to the oldest ticket that is due; False where none is."""
        due = await store.take(self._database, helpdesk.name)
        if due is None:
            return False
        try:
            with spans.job("deliver_ticket", due.turn) as span:
                span.say({"frontdesk.helpdesk": helpdesk.name, "frontdesk.job.attempt": due.attempts})
                async with asyncio.timeout(CALL_SECONDS):
                    await self._bring(helpdesk, client, due)
        except (httpx.HTTPError, TimeoutError, *UNEXPECTED) as error:
            await self._failed(due, error, helpdesk.settles)
        return True

    async def _bring(self, helpdesk: Helpdesk, client: httpx.AsyncClient, due: DueTicket) -> None:
        if due.external_id and due.tell is not None:
            await self._tell(helpdesk, client, due, due.external_id)
            return
        if due.external_id:
            status: Status = due.status  # pyright: ignore[reportAssignmentType]  (the column's check has the same words)
            await helpdesk.update(client, due.external_id, status)
            await store.told(self._database, due)
            return
        ticket = TicketCopy(
            due.key, due.reference, due.subject, due.body, due.priority, due.customer, due.email
        )
        found = None
        if due.called_at:
            since = (datetime.now(UTC) - due.called_at).total_seconds()
            if since < helpdesk.settles:  # it may be there and not be found yet
                await store.failed(self._database, due, "waiting", helpdesk.settles - since, dead=False)
                return
            found = await helpdesk.find(client, ticket)
        if found is None:
            await store.calling(self._database, due)
        external = found or await helpdesk.create(client, ticket)
        await store.made(self._database, due, helpdesk.name, external.id, external.url)
        log.info("ticket brought", ticket=due.reference, helpdesk=helpdesk.name, found=bool(found))

    async def _tell(
        self, helpdesk: Helpdesk, client: httpx.AsyncClient, due: DueTicket, identity: str
    ) -> None:
        """Add what the customer wrote since, once: whatever an earlier call may have added is looked for before."""
        found = await store.said(self._database, due)
        if found is None:
            return
        text, at, files = found
        message = MessageCopy(
            f"{due.key}_m{due.tell}",
            f"[{due.reference}] message {due.tell}:",
            text,
            at,
            due.customer,
            tuple(files),
        )
        there = False
        if due.telling_at:
            since = (datetime.now(UTC) - due.telling_at).total_seconds()
            settles = min(
                helpdesk.settles, store.LEASE_SECONDS
            )  # a ticket's own list is not behind, as a search is
            if since < settles:
                await store.failed(self._database, due, "waiting", settles - since, dead=False)
                return
            there = await helpdesk.appended(client, identity, message)
        if not there:
            await store.telling(self._database, due)
            await self._append(helpdesk, client, identity, message)
        await store.said_told(self._database, due)

    async def _append(
        self, helpdesk: Helpdesk, client: httpx.AsyncClient, identity: str, message: MessageCopy
    ) -> None:
        """With its files; with their names alone where they are refused, for they would hold back all that follows."""
        try:
            await helpdesk.append(client, identity, message)
        except httpx.HTTPStatusError as error:
            code = error.response.status_code
            if not message.files or code not in REFUSED | {413}:
                raise
            log.warning("files not taken", helpdesk=helpdesk.name, status=code)
            names = [f"File, to be read in Frontdesk: {file.name}" for file in message.files]
            text = "\n".join(filter(None, (message.text, *names)))
            await helpdesk.append(client, identity, replace(message, text=text, files=()))

    async def _failed(self, due: DueTicket, error: Exception, settles: float) -> None:
        how, again = type(error).__name__, min(LONGEST, 5.0 * 3.0**due.attempts)
        dead = due.attempts >= MOST_ATTEMPTS
        if isinstance(error, httpx.HTTPStatusError):
            code = error.response.status_code
            how, dead = f"HTTP {code}", dead or code in REFUSED
            if code == 429:
                dead, again = False, _seconds(error.response.headers.get("retry-after", ""), again)
        again = max(again, settles) * random.uniform(1.0, 1.2)  # noqa: S311  (spread, not a secret)
        await store.failed(self._database, due, how, again, dead=dead)
        log.warning("ticket not brought", ticket=due.reference, error=how, given_up=dead)


def _seconds(text: str, otherwise: float) -> float:
    return min(LONGEST, float(text)) if text.isdecimal() else otherwise
