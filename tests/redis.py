"""A real Redis for tests, as a process of its own: the machine's, else from Debian's packages."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pytest

from tests.debian import program
from tests.process import free_port


@cache
def executable() -> str | None:
    """Where redis-server is; None where there is none and none can be had."""
    return program("redis-server", package="redis-server")


class RedisServer:
    """A Redis that keeps nothing, on a port of its own."""

    def __init__(self, port: int = 0) -> None:
        self.port = port or free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        found = executable()
        if found is None:
            raise FileNotFoundError("redis-server")
        folder = tempfile.gettempdir()
        command = [found, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        self._process = subprocess.Popen([*command, "--loglevel", "warning"], stdout=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while self.ask("PING") != b"+PONG\r\n":
            assert time.monotonic() < end, "redis-server did not start"
            time.sleep(0.02)

    def ask(self, command: str) -> bytes:
        """What it says to a command; empty where it is not there."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=2) as line:
                line.sendall(f"{command}\r\n".encode())
                return line.recv(4096)
        except OSError:
            return b""

    def stop(self) -> None:
        """End it at once."""
        if self._process:
            self._process.kill()
            self._process.wait(10)
            self._process = None


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """A running Redis; skips the test where there is none."""
    if executable() is None:
        pytest.skip("no redis-server here, and none could be installed: apt-get install redis-server")
    server = RedisServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()
