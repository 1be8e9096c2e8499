"""A server that answers nothing and closes nothing: whoever asks it is told in time."""

import asyncio
from pathlib import Path

import pytest
from psycopg import conninfo

import frontdesk.database
from chaos.proxy import proxy
from frontdesk.database import Database
from frontdesk.errors import DatabaseUnavailable
from frontdesk.testing import temporary_url


async def test_a_customers_transaction_on_a_server_that_hangs_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frontdesk.database, "CALL_SECONDS", 0.5)
    url = temporary_url()
    socket = Path(str(conninfo.conninfo_to_dict(url)["host"])) / ".s.PGSQL.5432"
    clock = asyncio.get_running_loop().time
    async with proxy(socket) as between:
        database = await Database.open(conninfo.make_conninfo(url, host="127.0.0.1", port=between.port))
        try:
            async with database.transaction("customer:u1") as connection:
                await connection.execute("SELECT 1")
                between.turn("black hole")
                began = clock()
                with pytest.raises(Exception, match="closed"):
                    await connection.execute("SELECT 2")
                assert clock() - began < 2
        except DatabaseUnavailable:
            pass
        began = clock()
        with pytest.raises(DatabaseUnavailable):  # nor is a new connection waited for
            async with database.transaction("customer:u1"):
                pass
        assert clock() - began < 2
        between.turn("pass")
        for _ in range(100):
            try:
                async with database.transaction("customer:u1") as connection:
                    await connection.execute("SELECT 3")
                break
            except DatabaseUnavailable:
                await asyncio.sleep(0.1)
        await database.close()
