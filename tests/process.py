"""Starting and ending real server processes in tests."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

KEY = "sk_test_0123456789abcdef0123456789abcdef"
AUTH = {"authorization": f"Bearer {KEY}"}
ROOT = Path(__file__).parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A process that serves a desk on loopback."""

    def __init__(
        self, database_url: str, module: str = "tests.served", *, port: int = 0, **environment: str
    ) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        variables = {
            **os.environ,
            "FRONTDESK_DATABASE_URL": database_url,
            "FRONTDESK_SERVICE_KEYS": KEY,
            "FRONTDESK_LEASE_SECONDS": "1",
            "FRONTDESK_LOG_LEVEL": "error",
            **environment,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, str(self.port)], cwd=ROOT, env=variables
        )
        self._wait()

    def _wait(self) -> None:
        end = time.monotonic() + 90  # a machine that is shared
        while time.monotonic() < end:
            assert self.process.poll() is None, "the server ended while starting"
            try:
                if httpx.get(f"{self.url}/readyz", trust_env=False).status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.05)
        raise AssertionError("the server did not start")

    def client(self, **more: object) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, headers=AUTH, timeout=30, trust_env=False, **more)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
