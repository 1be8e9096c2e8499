"""The example shop as `frontdesk eval` needs it: one service and one database for each worker, fresh for each scenario."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import httpx
import psycopg
import uvicorn
from psycopg import conninfo, sql
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from examples.ourshop.shop.app import create_app
from examples.ourshop.shop.seed import seed
from frontdesk.database import embedded
from frontdesk.database.copies import copy

READS = {"GET", "HEAD"}
TEMPLATE = "ourshop_first"
# The rows as they were seeded are kept beside the tables, in a schema of their own, made in one transaction.
WHOLE = "first.users"
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
# Only rows that differ are touched: writing all of them again takes ten times as long.
AS_IT_WAS = """
DELETE FROM public.{0} AS now WHERE NOT EXISTS (SELECT FROM first.{0} AS was WHERE was.* = now.*);
INSERT INTO public.{0} OVERRIDING SYSTEM VALUE SELECT * FROM first.{0} EXCEPT SELECT * FROM public.{0}
"""
SEQUENCES = "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'"


class Backend:
    """OurShop's service in a thread of the worker, over its own copy of the seeded database."""

    def start(self, folder: Path, worker: int) -> dict[str, str]:
        """Seed once, copy for this worker, and serve on a free port."""
        server = embedded.start(folder / "postgres").get_uri()
        url = _copied(server, f"ourshop_{worker}")
        self._database = psycopg.connect(url, autocommit=True)
        self._back = _the_way_back(self._database)
        self._changes: list[str] = []
        self._server = uvicorn.Server(
            uvicorn.Config(
                _Watched(create_app(url), self._changes), port=0, log_level="error", access_log=False
            )
        )
        self._thread = threading.Thread(target=self._server.run, name="shop", daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        address = f"http://127.0.0.1:{port}"
        self._client = httpx.Client(
            base_url=address, headers={"authorization": "Bearer shop-demo"}, trust_env=False
        )
        return {"SHOP_URL": address}

    def reset(self) -> None:
        """Bring every row back; where nothing was changed there is nothing to do."""
        if self._changes:
            self._database.execute(self._back)
            self._changes.clear()

    def knows(self, customer: str) -> bool:
        """Whether the shop has an account of that id."""
        return self.state(f"/users/{customer}") is not None

    def state(self, path: str) -> Any:
        """What the shop's API answers to GET ``path``; None for 404."""
        answer = self._client.get(path)
        return answer.json() if answer.is_success else None

    def changes(self) -> list[str]:
        """The Idempotency-Key of each request that changed something."""
        return list(self._changes)

    def stop(self) -> None:
        """End the service."""
        self._server.should_exit = True
        self._thread.join(5)
        self._client.close()
        self._database.close()


class _Watched:
    """The shop's application; notes each request that was to change something and was not refused."""

    def __init__(self, app: ASGIApp, changes: list[str]) -> None:
        self._app, self._changes = app, changes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in READS:
            await self._app(scope, receive, send)
            return
        key = Headers(scope=scope).get("idempotency-key", "")

        async def noting(message: Any) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400:
                self._changes.append(key)
            await send(message)

        await self._app(scope, receive, noting)


def _copied(server: str, name: str) -> str:
    """A connection string for a copy of the first state, which is made by whichever worker comes first."""
    template = conninfo.make_conninfo(server, dbname=TEMPLATE)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(hashtext(%s))", (TEMPLATE,))  # one worker after the other
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (TEMPLATE,)).fetchone()
        if not found or not _is_of_today(template):
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(TEMPLATE))
            )
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
            _fill(template)
        return copy(server, TEMPLATE, name)


def _is_of_today(url: str) -> bool:
    """Whether an earlier run's template is whole, and was seeded as this version of the shop does."""
    with psycopg.connect(url) as connection:
        if not connection.execute("SELECT to_regclass(%s)", (WHOLE,)).fetchall()[0][0]:
            return False
    try:
        return not seed(url)
    except ValueError:
        return False


def _fill(url: str) -> None:
    seed(url)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE SCHEMA first")
        for (table,) in connection.execute(TABLES).fetchall():
            name = sql.Identifier(table)
            connection.execute(sql.SQL("CREATE TABLE first.{} AS TABLE public.{}").format(name, name))


def _the_way_back(connection: psycopg.Connection) -> sql.Composed:
    """One statement after another that brings all rows back, without the checks that they have passed before."""
    steps = [sql.SQL("SET session_replication_role = replica")]
    for (table,) in connection.execute(TABLES).fetchall():
        steps.append(sql.SQL(AS_IT_WAS).format(sql.Identifier(table)))
    for (sequence,) in connection.execute(SEQUENCES).fetchall():
        steps.append(sql.SQL("ALTER SEQUENCE public.{} RESTART").format(sql.Identifier(sequence)))
    steps.append(sql.SQL("SET session_replication_role = origin"))
    return sql.SQL("; ").join(steps)
