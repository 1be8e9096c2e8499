from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from structlog.testing import capture_logs

from frontdesk import Frontdesk
from frontdesk.bootstrap import knowledge_base
from frontdesk.database import Database, embedded
from frontdesk.errors import SettingsError
from frontdesk.jobs import RETRIES, Jobs, Pace, Scheduled, working
from frontdesk.knowledge.cron import check_cron
from frontdesk.knowledge.declared import Knowledge
from frontdesk.knowledge.sources.folder import Folder
from frontdesk.models.scripted import ScriptedModel
from frontdesk.telemetry import spans
from frontdesk.testing import server
from frontdesk.web.app import create_app
from tests.desk import call
from tests.web.service import SERVICE_KEY, bearer, make_client, make_settings

ROOT = Path(__file__).parent.parent
QUICK = Pace(poll=0.1, heartbeat=0.2, silence=1.0, look=0.2, backoff=0.05, grace=0.2)
MINUTELY = "* * * * *"
NEVER = "0 0 29 2 *"  # the next leap year's


async def rows(database: Database, query: str) -> list[tuple[Any, ...]]:
    async with database.transaction() as connection:
        return await (await connection.execute(query.encode())).fetchall()


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await condition():
            await asyncio.sleep(0.02)


async def ended(database: Database, status: str, count: int = 1) -> None:
    async def reached() -> bool:
        found = await rows(database, f"SELECT count(*) FROM procrastinate_jobs WHERE status = '{status}'")
        return found[0][0] >= count

    await until(reached)


class Work:
    """A job that says when it ran; it fails or waits when told to."""

    def __init__(self) -> None:
        self.began = self.done = 0
        self.fails = 0
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def __call__(self) -> None:
        self.began += 1
        if self.fails:
            self.fails -= 1
            raise OSError("https://secret.example/page holds words of an article")
        await self.may_end.wait()
        self.done += 1


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
async def jobs(database: Database, work: Work) -> AsyncGenerator[Jobs]:
    """A worker whose job is due on 29 February only, so that it runs when it is deferred."""
    async with working(database, [Scheduled("work", NEVER, work)], pace=QUICK) as jobs:
        assert jobs
        yield jobs


async def test_what_is_due_is_done_once_by_two_workers(database: Database, work: Work) -> None:
    # The minute that began last is due at the start; another may begin while the test runs.
    first = int(time.time() // 60)
    scheduled = [Scheduled("work", MINUTELY, work)]
    async with working(database, scheduled, pace=QUICK), working(database, scheduled, pace=QUICK):
        await ended(database, "succeeded")
        await asyncio.sleep(0.5)
    assert 1 <= work.done <= int(time.time() // 60) - first + 1
    found = await rows(
        database, "SELECT count(*), count(DISTINCT args ->> 'timestamp') FROM procrastinate_jobs"
    )
    assert found[0][0] == found[0][1] == work.done


async def test_a_job_has_a_trace_of_its_own(database: Database, work: Work, jobs: Jobs) -> None:
    ended_spans: list[spans.Span] = []
    spans.switch(ended_spans.append, lambda _identity, _parent: True)
    try:
        await jobs.defer("work")
        await ended(database, "succeeded")
    finally:
        spans.switch(None)
    [job] = [span for span in ended_spans if span.name == "job work"]
    assert (job.parent, job.about["frontdesk.job.attempt"], job.links) == (b"", 1, ())


async def test_a_job_is_done_when_it_is_deferred_and_waits_at_most_once(
    database: Database, work: Work, jobs: Jobs
) -> None:
    work.may_end.clear()
    assert await jobs.defer("work")
    await ended(database, "doing")
    assert await jobs.defer("work")  # one runs, one waits
    assert not await jobs.defer("work")
    await asyncio.sleep(0.4)
    assert work.began == 1  # never two at once
    work.may_end.set()
    await ended(database, "succeeded", 2)
    assert work.done == 2


async def test_a_failed_job_is_tried_again_and_logged_without_its_words(
    database: Database, work: Work, jobs: Jobs
) -> None:
    work.fails = 1
    with capture_logs() as logs:
        assert await jobs.defer("work")
        await ended(database, "succeeded")
    assert (work.began, work.done) == (2, 1)
    assert [(entry["event"], entry["error"]) for entry in logs] == [
        ("a job failed and is tried again", "OSError")
    ]
    assert "secret" not in str(logs)


async def test_a_job_that_goes_on_failing_is_given_up(database: Database, work: Work, jobs: Jobs) -> None:
    work.fails = 100
    with capture_logs() as logs:
        assert await jobs.defer("work")
        await ended(database, "failed")
    assert work.began == RETRIES + 1
    assert logs[-1]["event"] == "a job failed for good"
    assert logs[-1]["log_level"] == "error"
    work.fails = 0
    assert await jobs.defer("work")  # the next one is not held up by it
    await ended(database, "succeeded")


async def test_a_failed_job_gives_way_to_one_that_waits(database: Database, work: Work, jobs: Jobs) -> None:
    async def fail_later() -> None:
        await may_fail.wait()
        raise OSError

    may_fail = asyncio.Event()
    async with working(database, [Scheduled("late", NEVER, fail_later)], pace=QUICK) as other:
        assert other
        assert await other.defer("late")
        await ended(database, "doing")
        assert await other.defer("late")
        may_fail.set()
        await ended(database, "failed", 2)
    found = await rows(database, "SELECT attempts FROM procrastinate_jobs ORDER BY id")
    assert found == [(1,), (RETRIES + 1,)]  # procrastinate alone would leave the first "doing" for ever


async def test_a_killed_workers_job_is_done_by_another(
    database: Database, work: Work, tmp_path: Path
) -> None:
    code = f"""
import asyncio, pathlib
from frontdesk.database import Database
from frontdesk.jobs import Scheduled, working
from tests.test_jobs import NEVER, QUICK

async def hang():
    pathlib.Path({str(tmp_path / "began")!r}).touch()
    await asyncio.sleep(600)

async def main():
    database = await Database.open({database.conninfo!r})
    async with working(database, [Scheduled("work", NEVER, hang)], pace=QUICK) as jobs:
        await jobs.defer("work")
        await asyncio.sleep(600)

asyncio.run(main())
"""
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)  # noqa: ASYNC220  (started at once)
    try:

        async def began() -> bool:
            assert process.poll() is None
            return (tmp_path / "began").exists()

        await until(began)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
    assert await rows(database, "SELECT status::text FROM procrastinate_jobs") == [("doing",)]
    with capture_logs() as logs:
        async with working(database, [Scheduled("work", NEVER, work)], pace=QUICK):
            await ended(database, "succeeded")
    assert work.done == 1
    assert {"event": "a job's worker has gone", "job": "work", "again": True, "log_level": "warning"} in logs


async def test_a_stop_in_mid_job_loses_nothing(database: Database, work: Work) -> None:
    scheduled = [Scheduled("work", NEVER, work)]
    work.may_end.clear()
    async with working(database, scheduled, pace=QUICK) as jobs:
        assert jobs
        assert await jobs.defer("work")
        await ended(database, "doing")
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert await rows(database, "SELECT status::text FROM procrastinate_jobs") == [("todo",)]
    assert await rows(database, "SELECT count(*) FROM procrastinate_workers") == [(0,)]
    work.may_end.set()
    async with working(database, scheduled, pace=QUICK):
        await ended(database, "succeeded")
    assert (work.began, work.done) == (2, 1)


async def test_a_restart_of_postgresql_is_survived(database: Database, work: Work, jobs: Jobs) -> None:
    work.may_end.clear()
    assert await jobs.defer("work")
    await ended(database, "doing")
    postmaster = server().get_pid()
    assert postmaster
    os.kill(postmaster, signal.SIGINT)  # a fast shutdown, which cuts every connection and loses no commit
    await asyncio.sleep(1.0)
    await asyncio.to_thread(embedded.revive, server())
    work.may_end.set()

    async def done() -> bool:
        try:
            found = await rows(database, "SELECT count(*) FROM procrastinate_jobs WHERE status = 'succeeded'")
        except Exception:
            return False
        return bool(found[0][0])

    await until(done)
    work.done = 0
    assert await jobs.defer("work")
    await ended(database, "succeeded", 2)
    assert work.done == 1


async def test_jobs_that_ended_long_ago_are_deleted(database: Database, work: Work) -> None:
    async with working(database, [Scheduled("work", NEVER, work)], pace=QUICK) as jobs:
        assert jobs
        assert await jobs.defer("work")
        await ended(database, "succeeded")
    owner = psycopg.connect(database.conninfo, autocommit=True)
    owner.execute("UPDATE frontdesk.procrastinate_events SET at = at - interval '8 days'")
    async with working(database, [Scheduled("work", NEVER, work)], pace=QUICK) as jobs:
        assert jobs
        assert await jobs.defer("work")

        async def gone() -> bool:
            return await rows(database, "SELECT min(id) FROM procrastinate_jobs") == [(2,)]

        await until(gone)
    owner.close()


async def test_a_job_that_hangs_is_ended(database: Database) -> None:
    async def hang() -> None:
        await asyncio.sleep(600)

    async with working(database, [Scheduled("hang", NEVER, hang, seconds=0.05)], pace=QUICK) as jobs:
        assert jobs
        assert await jobs.defer("hang")
        await ended(database, "failed")


async def test_without_a_schedule_there_is_no_worker(database: Database) -> None:
    async with working(database, []) as jobs:
        assert jobs is None
    assert await rows(database, "SELECT count(*) FROM procrastinate_workers") == [(0,)]


@pytest.mark.parametrize(
    "cron",
    [
        "",
        "hourly",
        "* * * *",
        "* * * * * *",
        "61 * * * *",
        "0 0 30 2 *",
        "R * * * *",
        "* * * * * ; DROP",
        "9" * 500,
    ],
)
def test_a_schedule_that_is_none_is_refused(cron: str) -> None:
    with pytest.raises(SettingsError, match="is no schedule"):
        check_cron(cron)


@pytest.mark.parametrize("cron", ["0 * * * *", "*/15 8-18 * * mon-fri", "0 0 1,15 JAN *"])
def test_a_schedule_as_cron_has_it_is_taken(cron: str) -> None:
    check_cron(cron)


def answer(messages: list[BaseMessage]) -> AIMessage:
    """Search, and say what was found."""
    last = messages[-1]
    if isinstance(last, ToolMessage):
        found = re.search(r"within \d+ days", str(last.content))
        return AIMessage(f"You can return items {found[0]} [1]." if found else "I do not know.")
    return call("search_knowledge", query=last.text)


async def test_a_changed_page_is_in_the_next_answer_after_the_scheduled_sync(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("frontdesk.jobs.Pace", lambda: QUICK)
    page = tmp_path / "help" / "returns.md"
    page.parent.mkdir()
    page.write_text("# Return policy\n\nYou can return items within 30 days from delivery.")
    desk = Frontdesk("Testshop", knowledge=Knowledge(sources=[Folder(page.parent)], schedule=MINUTELY))
    base = knowledge_base(desk, database)
    assert base
    await base.sync()
    page.write_text("# Return policy\n\nYou can return items within 45 days from delivery.")
    settings = make_settings(tmp_path, database_url=database.conninfo)
    app = create_app(desk, settings, models=[("scripted", ScriptedModel(answer))])
    async with app.router.lifespan_context(app), make_client(app, **bearer(SERVICE_KEY)) as client:

        async def synced() -> bool:
            found = await rows(
                database,
                "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'sync_knowledge' AND status = 'succeeded'",
            )
            return bool(found[0][0])

        await until(synced)
        body = {"user_id": "u1", "message": "How long can I return items?"}
        reply = (await client.post("/support/chat", json=body)).json()
    assert "within 45 days" in reply["reply"]


async def test_a_source_that_cannot_be_reached_is_tried_again(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("frontdesk.jobs.Pace", lambda: QUICK)
    folder = tmp_path / "help"
    desk = Frontdesk("Testshop", knowledge=Knowledge(sources=[Folder(folder)], schedule=MINUTELY))
    app = create_app(
        desk,
        make_settings(tmp_path, database_url=database.conninfo),
        models=[("scripted", ScriptedModel(answer))],
    )
    with capture_logs() as logs:
        async with app.router.lifespan_context(app):

            async def failed() -> bool:
                return any(entry.get("job") == "sync_knowledge" for entry in logs)

            await until(failed)
            folder.mkdir()
            (folder / "returns.md").write_text("# Return policy\n\nYou can return items within 30 days.")
            (folder / "bad.md").write_bytes(b"\xff\xfe\x00")

            async def synced() -> bool:
                return any(entry["event"] == "a page is left out" for entry in logs)

            await until(synced)
    assert any(entry["event"] == "help center synced" and entry["added"] for entry in logs)
    assert next(entry["page"] for entry in logs if entry["event"] == "a page is left out") == "bad.md"
    assert str(tmp_path) not in str(logs)


async def test_without_jobs_a_process_does_nothing_by_the_clock(database: Database, tmp_path: Path) -> None:
    desk = Frontdesk("Testshop", knowledge=Knowledge(sources=[Folder(tmp_path)], schedule=MINUTELY))
    settings = make_settings(tmp_path, database_url=database.conninfo)
    app = create_app(desk, settings, models=[("scripted", ScriptedModel(answer))], jobs=False)
    async with app.router.lifespan_context(app):
        assert await rows(database, "SELECT count(*) FROM procrastinate_workers") == [(0,)]


def test_a_desk_with_a_schedule_that_is_none_is_refused() -> None:
    with pytest.raises(SettingsError, match="is no schedule"):
        Frontdesk("Testshop", knowledge=Knowledge(schedule="hourly"))
