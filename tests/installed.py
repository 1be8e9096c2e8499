"""``make wheel-try``: install the wheel into an empty environment and ask it, as one without this repository would.

Builds the wheel, installs it with pip (what it needs comes from the package index), makes a desk with ``frontdesk
new``, serves it, and asks about an order, about an article and over HTTP. Prints what was asked and answered; ends
with 1 where an answer is not what it should be.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.process import ROOT, free_port

ASKED = (
    ("Where is my order 1001?", "1001"),
    ("How many days do I have to return an item?", "30 days"),
)
PAGES = ("/widget.js", "/console/sign-in", "/")


def built(folder: Path) -> Path:
    """The wheel of this tree, in ``folder``; no index is asked."""
    _run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], ROOT)
    return next(folder.glob("frontdesk-*.whl"))


def installed(wheel: Path, folder: Path) -> Path:
    """An environment that holds the wheel and what it needs; returns the folder of its commands."""
    _run([sys.executable, "-m", "venv", str(folder)], folder.parent)
    _run([str(folder / "bin" / "pip"), "install", "--quiet", str(wheel)], folder.parent)
    return folder / "bin"


@contextmanager
def serving(commands: Path, desk: Path) -> Generator[str]:
    """The desk in ``desk``, at the address that is yielded."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    log = desk.with_suffix(".log")
    with log.open("w") as out:
        process = subprocess.Popen(
            [str(commands / "frontdesk"), "serve", "--port", str(port)],
            cwd=desk,
            env=_clean(),
            stdout=out,
            stderr=out,
        )
        try:
            _ready(url, process, log)
            yield url
        finally:
            process.terminate()
            process.wait(30)


def ask(commands: Path, desk: Path, url: str, message: str) -> str:
    """What ``frontdesk chat`` shows for a message."""
    command = [str(commands / "frontdesk"), "chat", "--url", url, "--as", "anna"]
    done = subprocess.run(
        command,
        cwd=desk,
        env=_clean(),
        input=message + "\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    return done.stdout + done.stderr


def main() -> int:
    """Try it; 0 where everything was answered."""
    wrong: list[str] = []
    with tempfile.TemporaryDirectory(prefix="frontdesk-wheel-") as name:
        folder = Path(name)
        wheel = built(folder / "dist")
        began = time.monotonic()
        commands = installed(wheel, folder / "venv")
        print(f"{wheel.name}, {wheel.stat().st_size / 1e6:.1f} MB, installed in {_since(began)}")
        began = time.monotonic()
        _run([str(commands / "frontdesk"), "new", "shop", "--yes"], folder)
        with serving(commands, folder / "shop") as url:
            for message, expected in ASKED:
                answer = ask(commands, folder / "shop", url, message)
                if expected not in answer:
                    wrong.append(f"{message} was answered with {answer!r}")
                print(f"after {_since(began)}: {message}\n  {_last_line(answer)}")
            for page in PAGES:
                with urllib.request.urlopen(url + page, timeout=10) as found:
                    print(f"GET {page}: {found.status}, {len(found.read())} bytes")
        _run([str(commands / "python"), "-m", "frontdesk", "--version"], folder)
    for sentence in wrong:
        print(sentence)
    return int(bool(wrong))


def _ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(1200):
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=1):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise SystemExit(f"the desk did not start:\n{log.read_text()}")


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(
        command, cwd=folder, env=_clean(), capture_output=True, text=True, check=False, timeout=900
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def _clean() -> dict[str, str]:
    """This environment without anything that leads to a source tree or to another desk's settings."""
    kept = ("FRONTDESK_", "PYTHON", "OPENAI_", "ANTHROPIC_", "VIRTUAL_ENV", "PORT")
    return {name: value for name, value in os.environ.items() if not name.startswith(kept)}


def _since(began: float) -> str:
    return f"{time.monotonic() - began:.1f} s"


def _last_line(answer: str) -> str:
    shown = [line for line in re.sub(r"\x1b\[[0-9;]*m", "", answer).splitlines() if line.strip()]
    return " ".join(shown[1:])[:200]


if __name__ == "__main__":
    sys.exit(main())
