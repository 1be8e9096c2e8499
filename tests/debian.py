"""Programs that tests need: the machine's own, else from Debian's packages."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path


def program(*names: str, package: str) -> str | None:
    """Where the first of ``names`` is, after ``package`` was installed if need be; None where it cannot be had."""
    if (found := _first(names)) or os.geteuid() != 0 or not shutil.which("apt-get"):
        return found
    install = ["install", "-y", "--no-install-recommends", package]
    # One at a time: apt-get waits for nobody, and several workers may want a package.
    with (Path(tempfile.gettempdir()) / "frontdesk-tests-apt.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for command in (install, ["update"], install):  # the lists may be there, and new enough
            if _first(names) is None:
                subprocess.run(["apt-get", "-qq", *command], check=False, capture_output=True)
    return _first(names)


def _first(names: tuple[str, ...]) -> str | None:
    return next(filter(None, map(shutil.which, names)), None)
