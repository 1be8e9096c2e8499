"""One pool of connections, used under a role that owns no table and sees only the principal's rows."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import orjson
import psycopg
from psycopg import AsyncConnection, sql
from psycopg.rows import dict_row
from psycopg.types.json import set_json_loads
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from frontdesk.database import deadline
from frontdesk.database.migrate import APP_ROLE, NOT_A_URL, SCHEMA, migrate, unreachable
from frontdesk.errors import DatabaseUnavailable, DataRefused, SettingsError
from frontdesk.telemetry import metrics, spans

__all__ = ["APP_ROLE", "RECONNECT_SECONDS", "SCHEMA", "TCP", "Database", "as_owner", "configure", "migrate"]

# A black-holed server held a 3 s timeout for 8 s a query; these bound it (TCP only, ignored on a socket).
TCP: dict[str, Any] = {
    "tcp_user_timeout": 4000,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
}


def as_owner(conninfo: str, *, lock_seconds: int = 0) -> psycopg.Connection[dict[str, Any]]:
    """A connection of the role that owns the tables, for those who run the desk; rows come as dicts.

    No lock is waited for longer than ``lock_seconds``, where given; then psycopg raises LockNotAvailable.
    """
    options = f"-c search_path={SCHEMA},public"
    if lock_seconds:
        options += f" -c lock_timeout={lock_seconds}s"
    return psycopg.Connection[dict[str, Any]].connect(
        conninfo, options=options, row_factory=dict_row, connect_timeout=5, **TCP
    )


PING_SECONDS = 2.0
# A pool waits twice as long before each further attempt to connect: after a minute without a server it would leave the
# server alone for another one, whoever asks. Given up so soon, the next who asks begins anew.
RECONNECT_SECONDS = 4.0
LEAST_SECONDS = 1.0
# A standby that has not taken over yet refuses to write with an InternalError.
GONE = (psycopg.OperationalError, psycopg.InternalError, psycopg.InterfaceError)


class Database:
    """Connections to one PostgreSQL, opened with ``Database.open``."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[Any]], conninfo: str) -> None:
        self._pool = pool
        self.conninfo = conninfo

    @classmethod
    async def open(cls, conninfo: str, *, size: int = 10, wait: float = 10.0) -> Database:
        """Connect, and refuse to go on unless row-level security really holds.

        Raises DatabaseUnavailable when the server does not answer within ``wait`` seconds, SettingsError
        when the role would see every customer's rows.
        """
        await asyncio.to_thread(cls.check_login, conninfo)
        pool: AsyncConnectionPool[AsyncConnection[Any]] = AsyncConnectionPool(
            conninfo,
            min_size=1,
            max_size=size,
            open=False,
            timeout=wait,
            reconnect_timeout=RECONNECT_SECONDS,
            configure=configure,
            kwargs={"connect_timeout": 5, "autocommit": True, **TCP},
        )
        try:
            await pool.open(wait=True, timeout=wait)
        except PoolTimeout:
            await pool.close()
            raise DatabaseUnavailable(
                "FRONTDESK_DATABASE_URL: PostgreSQL does not answer, or refuses"
            ) from None
        database = cls(pool, conninfo)
        await database._check_role()
        return database

    @staticmethod
    def check_login(conninfo: str) -> None:
        """Connect once, and say in a sentence what stands in the way.

        A pool only tries again until its time is up. Raises DatabaseUnavailable or SettingsError.
        """
        try:
            with psycopg.connect(conninfo, connect_timeout=5) as connection:
                row = connection.execute(
                    "SELECT pg_has_role(current_user, rolname, 'MEMBER'), current_user FROM pg_roles WHERE rolname = %s",
                    (APP_ROLE,),
                ).fetchone()
        except psycopg.ProgrammingError:
            raise SettingsError(NOT_A_URL) from None
        except psycopg.OperationalError as error:
            raise unreachable("FRONTDESK_DATABASE_URL", error) from None
        if row is None or not row[0]:
            who = row[1] if row else "the role of FRONTDESK_DATABASE_URL"
            raise SettingsError(
                f"FRONTDESK_DATABASE_URL: its role must be a member of {APP_ROLE}: GRANT {APP_ROLE} TO {who}"
            )

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.close()

    @asynccontextmanager
    async def transaction(
        self, principal: str | None = None, *, brief: bool | None = None, staff: str = ""
    ) -> AsyncGenerator[AsyncConnection[Any]]:
        """A connection in a transaction, which sees the rows of ``principal`` (``customer:u123``) only.

        Without a principal it sees no customer's row; with ``staff``, the id of one who works here, every one's. Raises DatabaseUnavailable when PostgreSQL is gone; a
        ``brief`` one, as a principal's is, also when it is not over in time because the server hangs.
        """
        brief = principal is not None or bool(staff) if brief is None else brief
        with _Watched("transaction") as got, _translated():
            async with (
                self._brief() if brief else self._pool.connection() as connection,
                connection.transaction(),
            ):
                got()
                if principal is not None:
                    await connection.execute(
                        "SELECT set_config('frontdesk.principal', %s, true)", (principal,), prepare=True
                    )
                if staff:
                    await connection.execute(
                        "SELECT set_config('frontdesk.staff', %s, true)", (staff,), prepare=True
                    )
                yield connection

    @asynccontextmanager
    async def _brief(self, patience: float = 0.0) -> AsyncGenerator[AsyncConnection[Any]]:
        """A connection that is cut where its work is not over in time; one is waited for ``patience`` seconds longer.

        Never cancelled while it waits: psycopg's pool then lost connections for good. However long it waited, its
        work has a second: what has just begun on a busy server is not to be done in vain. Calls within one ``deadline``
        share it.
        """
        loop = asyncio.get_running_loop()
        end = deadline.until()
        left = end - loop.time() + patience
        if left <= 0:  # those before it in its request have used it up
            raise TimeoutError
        async with self._pool.connection(timeout=left) as connection:
            cut = loop.call_at(max(end, loop.time() + LEAST_SECONDS), _cut, connection)
            try:
                yield connection
            finally:
                cut.cancel()

    @asynccontextmanager
    async def statements(self) -> AsyncGenerator[AsyncConnection[Any]]:
        """A connection on which each statement is a transaction of its own: one round trip, to read with.

        It sees no customer's row. Raises DatabaseUnavailable when PostgreSQL is gone.
        """
        with _Watched("statements") as got, _translated():
            async with self._pool.connection() as connection:
                got()
                yield connection

    async def call(self, function: str, *arguments: Any, patience: float = 0.0) -> tuple[Any, ...] | None:
        """The first row of one of the database's own functions; see ``rows``."""
        found = await self.rows(function, *arguments, patience=patience)
        return found[0] if found else None

    async def rows(self, function: str, *arguments: Any, patience: float = 0.0) -> list[tuple[Any, ...]]:
        """What one of the database's own functions returns: one round trip, a transaction of its own.

        Such a function names its principal itself, as its first argument. Raises DatabaseUnavailable, also
        when a server that hangs has not answered in time, and DataRefused. Who has ``patience`` waits so many
        seconds more for a connection, behind the others.
        """
        marks = ", ".join(["%s"] * len(arguments))
        query = f"SELECT * FROM {function}({marks})".encode()  # noqa: S608  (a name from store/, no input)
        with _Watched(function) as got, _translated():
            async with self._brief(patience) as connection:
                got()
                return await (await connection.execute(query, arguments, prepare=True)).fetchall()

    @property
    def congested(self) -> bool:
        """Whether somebody waits for a connection."""
        return self._pool.get_stats().get("requests_waiting", 0) > 0

    def pool_use(self) -> dict[str, int]:
        """How many connections are open, idle and at most to be had, and how many wait for one."""
        stats = self._pool.get_stats()
        return {
            "open": stats.get("pool_size", 0),
            "idle": stats.get("pool_available", 0),
            "most": self._pool.max_size,
            "waiting": stats.get("requests_waiting", 0),
        }

    async def ping(self) -> None:
        """Ask the server whether it is there; raises DatabaseUnavailable if not."""
        with _translated():
            async with asyncio.timeout(PING_SECONDS), self._pool.connection() as connection:
                await connection.execute("SELECT 1")

    async def _check_role(self) -> None:
        async with self.transaction() as connection:
            row = await (
                await connection.execute("SELECT row_security_active('conversations'), current_user")
            ).fetchone()
        if not row or not row[0]:
            await self.close()
            raise SettingsError(
                "FRONTDESK_DATABASE_URL: row-level security does not bind this role; "
                f"let it be a member of {APP_ROLE} that owns no table"
            )


#: What the database's functions are to a turn.
SPANS = {
    "take_rates": "rates",
    "accept_turn": "receive",
    "accept_turn_after": "receive",
    "finish_turn": "commit",
}


class _Watched:
    """Times a use of the pool, in a span and a metric; called once the connection is there."""

    __slots__ = ("_began", "_span", "_what")

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> Callable[[], None]:
        self._began = time.perf_counter()
        self._span = spans.span(SPANS.get(self._what) or f"postgresql {self._what}", kind=spans.CLIENT)
        return self._got

    def _got(self) -> None:
        if self._span:
            waited = (time.perf_counter() - self._began) * 1000
            self._span.say(
                {
                    "db.system.name": "postgresql",
                    "db.operation.name": self._what,
                    "frontdesk.pool.wait_ms": round(waited, 3),
                }
            )

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._span.fail(kind.__name__)
        self._span.end()
        metrics.database_seconds.observe(time.perf_counter() - self._began, self._what)


def _cut(connection: AsyncConnection[Any]) -> None:
    """Shut a connection's socket, so that who waits on it is told at once.

    Cancelling would not do: psycopg goes on for ten seconds more, trying to tell a hanging server to stop.
    """
    with suppress(OSError, psycopg.Error), socket.socket(fileno=os.dup(connection.fileno())) as end:
        end.shutdown(socket.SHUT_RDWR)


@contextmanager
def _translated() -> Generator[None]:
    """PostgreSQL's own errors as ours, without their text: it quotes the row it refuses."""
    try:
        yield
    except psycopg.DataError:
        raise DataRefused from None
    except (TimeoutError, PoolTimeout, *GONE) as error:
        raise DatabaseUnavailable from error


async def configure(connection: AsyncConnection[Any]) -> None:
    """Give up the rights of whoever logged in, for as long as the connection lives."""
    await connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(APP_ROLE)))
    await connection.execute(sql.SQL("SET search_path = {}, public").format(sql.Identifier(SCHEMA)))
    await connection.execute("SET statement_timeout = '15s'")
    # A look-up by key gains nothing from it, and the first of each costs more than all the rest.
    await connection.execute("SET jit = off")
    # How the index of vectors is walked where a filter stands beside it; said once, not with every search.
    await connection.execute("SET hnsw.iterative_scan = relaxed_order")
    await connection.execute("SET hnsw.ef_search = 64")
    set_json_loads(orjson.loads, connection)
