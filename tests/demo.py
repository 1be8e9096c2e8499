"""`make run`, as a process: the example shop and its desk on ports of their own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from tests.process import ROOT, free_port

SHOP_TOKEN = {"authorization": "Bearer shop-demo"}


class Demo:
    """A running demo; ``lines`` is what it printed until it was up."""

    def __init__(self, data_dir: Path, port: int = 0, **environment: str) -> None:
        self.port, self.shop_port = port or free_port(), free_port()
        self.data_dir = data_dir
        variables = {
            **{k: v for k, v in os.environ.items() if not k.startswith("FRONTDESK_")},
            "PORT": str(self.port),
            "SHOP_PORT": str(self.shop_port),
            "FRONTDESK_DATA_DIR": str(data_dir),
            "PYTHONUNBUFFERED": "1",
            **environment,
        }
        began = time.monotonic()
        self.log = data_dir.parent / f"demo-{self.port}.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "frontdesk", "demo"],
                cwd=ROOT,
                env=variables,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait()
        self.seconds = time.monotonic() - began
        self.key = re.search(r"Service key\s+(\S+)", self.text)[1]  # type: ignore[index]
        self.desk = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}",
            headers={"authorization": f"Bearer {self.key}"},
            timeout=60,
            trust_env=False,
        )
        self.shop = httpx.Client(
            base_url=f"http://127.0.0.1:{self.shop_port}", headers=SHOP_TOKEN, timeout=30, trust_env=False
        )

    @property
    def text(self) -> str:
        return self.log.read_text()

    def _wait(self) -> None:
        end = time.monotonic() + 120
        while time.monotonic() < end:
            assert self.process.poll() is None, self.text
            try:
                url = f"http://127.0.0.1:{self.port}/readyz"
                if httpx.get(url, trust_env=False).status_code == 200 and "Service key" in self.text:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.05)
        raise AssertionError(self.text)

    def say(self, message: str, user: str = "u123", **more: Any) -> dict[str, Any]:
        answer = self.desk.post("/support/chat", json={"user_id": user, "message": message, **more})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def begin(self, user: str = "u123") -> str:
        """A conversation without a past."""
        return self.desk.post("/support/conversations", json={"user_id": user}).json()["conversation_id"]

    def steps(self, turn_id: str, user: str) -> list[str]:
        """The tools a turn used, in order."""
        answer = self.desk.get(
            f"/support/turns/{turn_id}", params={"user_id": user}, headers={"accept": "text/event-stream"}
        )
        found = re.findall(r'"tool":"(\w+)","label":"[^"]*","state":"running"', answer.text)
        return list(found)

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.desk.close()
        self.shop.close()
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(30)
