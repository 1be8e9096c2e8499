"""A `frontdesk` or `python` command line in a process of its own, forked from one that has imported everything.

Importing Frontdesk takes longer than most commands. The processes see a terminal, as a reader's do.
"""

from __future__ import annotations

import multiprocessing
import os
import pty
import runpy
import select
import signal
import sys
import termios
import time
from multiprocessing.context import ForkServerContext
from pathlib import Path

_context: ForkServerContext | None = None
PRELOAD = [
    "frontdesk.cli.serve",
    "frontdesk.cli.chat",
    "frontdesk.cli.new",
    "frontdesk.bootstrap",
    "frontdesk.testing",
]


def context() -> ForkServerContext:
    """The server that forks, started once."""
    global _context
    if _context is None:
        _context = multiprocessing.get_context("forkserver")
        _context.set_forkserver_preload(PRELOAD)
    return _context


def _become(terminal: str, words: list[str], folder: str, environment: dict[str, str]) -> None:
    os.setsid()
    with open(terminal, "r+b", buffering=0) as opened:
        for number in (0, 1, 2):
            os.dup2(opened.fileno(), number)
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w", 1), os.fdopen(2, "w", 1)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.path[0:0] = [folder]
    sys.argv = words
    if words[0] == "frontdesk":
        from frontdesk.cli import main

        main()
    elif words[1] == "-m":
        sys.argv = words[2:]
        runpy.run_module(words[2], run_name="__main__", alter_sys=True)
    else:
        sys.argv = words[1:]
        runpy.run_path(words[1], run_name="__main__")


class Command:
    """A running command; ``text`` is what it has printed so far."""

    def __init__(self, words: list[str], folder: Path, environment: dict[str, str]) -> None:
        self.words = words
        self._ours, theirs = pty.openpty()
        settings = termios.tcgetattr(theirs)
        settings[1] &= ~termios.OPOST
        settings[3] &= ~termios.ECHO  # what is typed is put into the text by say()
        termios.tcsetattr(theirs, termios.TCSANOW, settings)
        self._bytes, self._seen, self._ended = b"", 0, False
        arguments = (os.ttyname(theirs), words, str(folder), environment)
        self.process = context().Process(target=_become, args=arguments)
        self.process.start()
        self._theirs = theirs

    @property
    def text(self) -> str:
        return self._bytes.decode(errors="replace")

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._ours], [], [], seconds)
        if not ready:
            return False
        try:
            self._bytes += os.read(self._ours, 65536)
        except OSError:
            return False
        return True

    def until(self, words: str, seconds: float = 90) -> None:
        """Wait until it has printed ``words`` after what was last waited for."""
        end = time.monotonic() + seconds
        while (found := self._bytes.find(words.encode(), self._seen)) < 0:
            ended = not self.process.is_alive()
            if not self._read(0.05) and (ended or time.monotonic() > end):
                raise AssertionError(f"{self.words}: {words!r} did not come in\n{self.text}")
        self._seen = found + len(words.encode())

    def say(self, line: str) -> None:
        """Type a line; a terminal that echoes is played by us."""
        self._bytes += f"{line}\n".encode()
        os.write(self._ours, f"{line}\n".encode())

    def end_input(self) -> None:
        """Ctrl+D."""
        os.write(self._ours, b"\x04")

    def wait(self, seconds: float = 90) -> int:
        """Its exit code, once."""
        if self._ended:
            return self.process.exitcode or 0
        self._ended = True
        end = time.monotonic() + seconds
        while self.process.is_alive() and time.monotonic() < end:
            self._read(0.05)
        while self._read(0):
            pass
        if self.process.is_alive():
            self.process.kill()
            raise AssertionError(f"{self.words} did not end\n{self.text}")
        self.process.join()
        os.close(self._theirs)
        os.close(self._ours)
        return self.process.exitcode or 0

    def stop(self) -> None:
        """Ctrl+C."""
        if self.process.is_alive():
            os.kill(self.process.pid or 0, signal.SIGINT)
        self.wait(20)

    def kill(self) -> None:
        """At the end of a page nobody waits for a server to end well."""
        self.process.kill()
        self.wait(20)
