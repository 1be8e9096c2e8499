"""Work that is done by the clock, once among all replicas: a queue in PostgreSQL (procrastinate).

Each process that serves a desk has a worker. They agree through the database: a time of a schedule is queued by
one of them, a job runs in one of them, a second of its kind waits at most once, and the job of a process that
died is done by another. What fails is tried again three times, later each time.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import structlog
from procrastinate import App, BaseRetryStrategy, JobContext, PsycopgConnector, RetryDecision
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager
from psycopg import AsyncConnection
from psycopg_pool import PoolTimeout

from frontdesk.bootstrap import Service
from frontdesk.database import RECONNECT_SECONDS, TCP, Database, configure
from frontdesk.errors import DatabaseUnavailable, FrontdeskError, SourceUnavailable
from frontdesk.knowledge.cron import check_cron
from frontdesk.knowledge.drafts import refresh
from frontdesk.knowledge.gaps import printable, recheck
from frontdesk.privacy.anchor import keep_anchor
from frontdesk.privacy.retention import run_out
from frontdesk.store.counts import count
from frontdesk.store.jobs import rescue
from frontdesk.telemetry import metrics, spans

log = structlog.get_logger(__name__)
# Its messages quote arguments and exceptions; what is worth knowing is logged here, by type.
logging.getLogger("procrastinate").setLevel(logging.CRITICAL)

RETRIES = 3
NAMED = 20  # pages that a sync could not read and names in the log
SYNC, SWEEP = "sync_knowledge", "sweep_gaps"
RETENTION, ANCHOR = "retention", "anchor_audit"
REPORTS = "count_reports"


@dataclass(frozen=True, slots=True)
class Scheduled:
    """What is to be done and when: ``cron`` has five fields, in UTC; "" only when it is deferred.

    ``seconds`` is the longest it may take.
    """

    name: str
    cron: str
    run: Callable[[], Awaitable[object]]
    seconds: float = 3600.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How often is looked and how long is waited, in seconds.

    poll       a queued job is found after this at the latest
    heartbeat  a worker says this often that it lives
    silence    a worker that has not said so for this long is dead
    look       how often the jobs of dead workers are looked for
    backoff    before the first retry; four times as long before each further one
    grace      for running jobs to end at a stop, before they are given back
    keep       finished jobs are deleted after this
    """

    poll: float = 5.0
    heartbeat: float = 10.0
    silence: float = 30.0
    look: float = 15.0
    backoff: float = 30.0
    grace: float = 2.0
    keep: float = 7 * 86400.0


class Jobs:
    """The schedules of a desk and this process's worker. ``start`` it, and ``stop`` it before its database."""

    def __init__(
        self, database: Database, scheduled: Sequence[Scheduled], *, pace: Pace | None = None
    ) -> None:
        self._database = database
        self._pace = pace or Pace()
        self._queues = [job.name for job in scheduled]
        connector = PsycopgConnector(
            conninfo=database.conninfo,
            min_size=1,
            max_size=2,
            timeout=10.0,
            reconnect_timeout=RECONNECT_SECONDS,
            configure=_configure,
            kwargs={"connect_timeout": 5, **TCP},
        )
        self._app = App(connector=connector)
        self._app.job_manager = _Manager(connector)
        for job in scheduled:
            self._register(job)
        self._helpers: list[asyncio.Task[None]] = []

    def _register(self, job: Scheduled) -> None:
        async def run(context: JobContext, timestamp: int) -> None:  # noqa: ARG001  (procrastinate says when it was due)
            began = time.perf_counter()
            try:
                with spans.job(f"job {job.name}") as span:
                    span.set("frontdesk.job.attempt", context.job.attempts + 1)
                    async with asyncio.timeout(job.seconds):
                        await job.run()
            except Exception as error:
                _log_failure(job.name, context.job.attempts, error)
                metrics.jobs.add(job.name, "failed")
                raise
            finally:
                metrics.job_seconds.observe(time.perf_counter() - began, job.name)
            metrics.jobs.add(job.name, "done")

        # A queue of its own, so that no worker takes a job it does not know, or waits behind a long one.
        task = self._app.task(
            name=job.name,
            queue=job.name,
            lock=job.name,
            queueing_lock=job.name,
            retry=_Retry(self._pace.backoff),
            pass_context=True,
        )(run)
        if job.cron:
            check_cron(job.cron)
            self._app.periodic(cron=job.cron)(task)

    async def start(self) -> None:
        """Begin to queue what comes due and to do it. Raises DatabaseUnavailable."""
        try:
            await self._app.open_async()
        except (PoolTimeout, ConnectorException):
            raise DatabaseUnavailable from None
        self._helpers = [
            asyncio.create_task(self._work(), name="jobs"),
            asyncio.create_task(self._care(), name="jobs: rescue"),
        ]

    async def stop(self, seconds: float = 5.0) -> None:
        """Take no further job. What runs gets ``Pace.grace`` seconds, then it is given back to be done anew."""
        for helper in self._helpers:
            helper.cancel()
        if self._helpers:
            await asyncio.wait(self._helpers, timeout=seconds)
        self._helpers = []
        with suppress(ConnectorException, asyncio.TimeoutError):
            async with asyncio.timeout(seconds):
                await self._app.close_async()

    def does(self, name: str) -> bool:
        """Whether there is a job of that name: a desk without a help center has nothing to sync."""
        return name in self._queues

    async def defer(self, name: str) -> bool:
        """Queue the job ``name`` now, outside its schedule; False where one waits already."""
        try:
            await self._app.tasks[name].defer_async(timestamp=int(datetime.now(UTC).timestamp()))
        except AlreadyEnqueued:
            return False
        except (PoolTimeout, ConnectorException):
            raise DatabaseUnavailable from None
        return True

    async def _work(self) -> None:
        """A worker, and another one when PostgreSQL's going away has ended it."""
        while True:
            try:
                await self._app.run_worker_async(
                    queues=self._queues,
                    concurrency=max(1, len(self._queues)),
                    listen_notify=False,  # it would hold a third connection, for work that can wait for seconds
                    install_signal_handlers=False,
                    fetch_job_polling_interval=self._pace.poll,
                    update_heartbeat_interval=self._pace.heartbeat,
                    stalled_worker_timeout=self._pace.silence,
                    shutdown_graceful_timeout=self._pace.grace,
                )
            except Exception as error:  # noqa: BLE001  whatever it is, what comes due must go on being done
                log.warning("worker ended; another begins", error=type(error).__name__)
            await asyncio.sleep(min(self._pace.poll, 2.0))

    async def _care(self) -> None:
        """Give the jobs of dead workers to others, and delete what finished long ago, once an hour."""
        loop = asyncio.get_running_loop()
        tidied = 0.0
        while True:
            try:
                await self._rescue()
                if not tidied or loop.time() - tidied > 3600:
                    await self._tidy()
                    tidied = loop.time()
            except (FrontdeskError, ConnectorException, PoolTimeout) as error:
                log.warning("jobs not looked after", error=type(error).__name__)
            await asyncio.sleep(self._pace.look)

    async def _rescue(self) -> None:
        found = await rescue(self._database, self._queues, silence=self._pace.silence, retries=RETRIES)
        for name, status in found:
            log.warning("a job's worker has gone", job=name, again=status == "todo")

    async def _tidy(self) -> None:
        await self._app.job_manager.delete_old_jobs(
            nb_hours=int(self._pace.keep // 3600),
            include_failed=True,
            include_cancelled=True,
            include_aborted=True,
        )


def of_desk(service: Service) -> list[Scheduled]:
    """What the clock does for a desk: each hour the reports are counted; each night what has run out goes and the audit
    log is anchored; for one with a help center, its sources are synced, gaps found and closed.
    """
    always = [
        Scheduled(REPORTS, "7 * * * *", lambda: asyncio.to_thread(count, service.owner_url)),
        Scheduled(RETENTION, "17 3 * * *", lambda: _run_out(service)),
        Scheduled(ANCHOR, "47 2 * * *", lambda: keep_anchor(service.owner_url, service.settings)),
    ]
    base = service.knowledge
    if base is None:
        return always

    async def sync() -> None:
        report = await base.sync()
        counts = {"added": report.added, "updated": report.updated, "removed": report.removed}
        log.info("help center synced", **counts, failed=len(report.failed), chunks=report.chunks)
        for source, _ in report.unavailable:
            log.warning("a source cannot be reached", source=source)
        for page, reason in report.failed[:NAMED]:
            log.warning("a page is left out", page=printable(page), reason=printable(reason))
        if report.changed:
            await recheck(service.database, base.ask(service.settings.answer_at))
        if report.unavailable:  # the others were synced; this one is tried again
            raise SourceUnavailable

    async def gaps() -> None:
        await refresh(service.database)

    return [
        *always,
        Scheduled(SWEEP, "* * * * *", gaps, seconds=300.0),
        Scheduled(SYNC, base.declared.schedule, sync),
    ]


async def _run_out(service: Service) -> None:
    found = await asyncio.to_thread(run_out, service.owner_url, service.settings)
    log.info("retention", **{kind: count for kind, (_, count) in found.items()})


@asynccontextmanager
async def working(
    database: Database, scheduled: Sequence[Scheduled], *, pace: Pace | None = None
) -> AsyncGenerator[Jobs | None]:
    """A worker for as long as the context lasts; None where nothing is scheduled."""
    if not scheduled:
        yield None
        return
    jobs = Jobs(database, scheduled, pace=pace)
    await jobs.start()
    try:
        yield jobs
    finally:
        await jobs.stop()


class _Retry(BaseRetryStrategy):
    """Later each time, three times; what was cut off by a stop is done again at once."""

    def __init__(self, backoff: float) -> None:
        self._backoff = backoff

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, asyncio.CancelledError):
            return RetryDecision(retry_at=datetime.now(UTC))
        if job.attempts >= RETRIES:
            return None
        wait = timedelta(seconds=self._backoff * 4**job.attempts)
        return RetryDecision(retry_at=datetime.now(UTC) + wait)


class _Manager(JobManager):
    """procrastinate's, which keeps the outcome of a job until PostgreSQL has taken it."""

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        await _until_taken(lambda: super(_Manager, self).finish_job(job, status, delete_job))

    async def retry_job(self, job: Job, *args: Any, **kwargs: Any) -> None:
        try:
            await _until_taken(lambda: super(_Manager, self).retry_job(job, *args, **kwargs))
        except UniqueViolation:  # another of its kind waits by now, and does the same work
            await self.finish_job(job, Status.FAILED, delete_job=False)


async def _until_taken(store: Callable[[], Awaitable[None]]) -> None:
    """Try until PostgreSQL is back: a job whose outcome is lost would count as running for ever."""
    while True:
        try:
            return await store()
        except UniqueViolation:
            raise
        except (ConnectorException, PoolTimeout) as error:
            if isinstance(error.__cause__, psycopg.errors.RaiseException):
                log.warning("a job ended that another has taken over")
                return None
        await asyncio.sleep(1.0)


def _log_failure(name: str, attempts: int, error: Exception) -> None:
    if attempts >= RETRIES:
        log.error("a job failed for good", job=name, error=type(error).__name__)
    else:
        log.warning(
            "a job failed and is tried again", job=name, error=type(error).__name__, retry=attempts + 1
        )


async def _configure(connection: AsyncConnection[Any]) -> None:
    await connection.set_autocommit(True)  # procrastinate sets it itself on one of its connections
    await configure(connection)
