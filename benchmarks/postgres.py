"""The two PostgreSQL servers: the embedded one for Frontdesk, Debian's for the peer that wants one.

Both run with the same settings (shared_buffers 256 MB, durable defaults) and on the same core. Debian's has
no pgvector, which Frontdesk's schema needs, so the two cannot share one.

``python -m benchmarks.postgres reset|size`` is what bench.py calls; BENCH_PG_URL names the server.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg
from psycopg import conninfo

from benchmarks.workplace import WORK, Unavailable, say
from frontdesk.database import embedded

DATABASE = "frontdesk_bench"
PEER_PORT = 5499
SETTINGS = {"shared_buffers": "256MB", "max_connections": "100", "log_min_messages": "fatal"}


@contextmanager
def frontdesk_server() -> Generator[tuple[str, Path]]:
    """The embedded server in ``work/postgres``: (URL of the database to be measured, postmaster's pid file)."""
    folder = WORK / "postgres"
    server = embedded.start(folder)
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for name, value in SETTINGS.items():
            connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
    server.stop()
    server.ensure_postgres_running()
    pid_file = folder / "postmaster.pid"
    pin(pid_file)
    os.environ["BENCH_PG_URL"] = server.get_uri()
    reset()
    try:
        yield conninfo.make_conninfo(server.get_uri(), dbname=DATABASE), pid_file
    finally:
        server.cleanup()  # stops it, and keeps the wheel from trying so again at exit


@contextmanager
def peer_server() -> Generator[None]:
    """Debian's server on port 5499, as the shared bench sets it up. Raises Unavailable if it cannot be had."""
    if os.geteuid() != 0:
        raise Unavailable(
            "the shared bench starts Debian's PostgreSQL as root; run as root to compare with it"
        )
    _adapt(_debian_version())
    if _listening():
        raise Unavailable(f"port {PEER_PORT} is taken: stop what listens there (benchmarks/work/pg/stop.sh)")
    done = subprocess.run(
        ["bash", str(WORK / "pg" / "setup.sh")], capture_output=True, text=True, check=False, cwd=WORK
    )
    if done.returncode:
        raise Unavailable(f"pg/setup.sh failed: {done.stderr.strip()[-300:]}")
    try:
        yield
    finally:
        subprocess.run(["bash", str(WORK / "pg" / "stop.sh")], capture_output=True, check=False)


def pin(pid_file: Path) -> None:
    """Keep a server off the core that bench.py keeps for the service under test."""
    process = psutil.Process(int(pid_file.read_text().split()[0]))
    for each in [process, *process.children()]:
        with suppress(psutil.Error):
            each.cpu_affinity([1 % (os.cpu_count() or 1)])


def reset() -> None:
    """A fresh, empty database: the service makes its tables when it starts, as the peers do."""
    with psycopg.connect(os.environ["BENCH_PG_URL"], autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {DATABASE}")


def size() -> int:
    """Bytes of the database, tables and indexes."""
    with psycopg.connect(os.environ["BENCH_PG_URL"], autocommit=True) as connection:
        row = connection.execute("SELECT pg_database_size(%s)", (DATABASE,)).fetchone()
    return int(row[0]) if row else 0


def _debian_version() -> str:
    """The newest of Debian's PostgreSQL versions, installed first where there is none."""
    found = _versions()
    if not found and shutil.which("apt-get"):
        say("installing Debian's postgresql …")
        subprocess.run(["apt-get", "install", "-y", "-q", "postgresql"], capture_output=True, check=False)
        found = _versions()
    if not found:
        raise Unavailable("Debian's PostgreSQL is missing: apt-get install postgresql")
    return found[-1]


def _versions() -> list[str]:
    folders = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return sorted((path.parent.parent.name for path in folders), key=lambda name: (len(name), name))


def _adapt(version: str) -> None:
    """setup.sh and stop.sh name version 15; name the one that is here."""
    for script in (WORK / "pg").glob("*.sh"):
        text = script.read_text(encoding="utf-8")
        script.write_text(text.replace("/postgresql/15/", f"/postgresql/{version}/"), encoding="utf-8")


def _listening() -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", PEER_PORT)) == 0


if __name__ == "__main__":
    if sys.argv[1:] == ["size"]:
        print(size())
    elif sys.argv[1:] == ["reset"]:
        reset()
    else:
        sys.exit("python -m benchmarks.postgres reset|size")
