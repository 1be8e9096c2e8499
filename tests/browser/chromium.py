"""Where Chromium is: the machine's own, else from Debian's packages, else Playwright's download."""

from __future__ import annotations

import subprocess
import sys
from functools import cache

from tests.debian import program

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
QUIET = (
    "--no-sandbox",  # containers have no user namespaces, and every page here is ours
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-features=LocalNetworkAccessChecks",  # a made-up shop calls a desk on loopback
)


@cache
def executable() -> str | None:
    """The path to give to Playwright; None stands for the browser that Playwright brought itself."""
    if found := program(*NAMES, package="chromium"):
        return found
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)
    return None
