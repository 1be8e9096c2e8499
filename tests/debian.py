"""Programs that tests need: the machine's own, else from Debian's packages."""

from __future__ import annotations

import os
import shutil
import subprocess


def program(*names: str, package: str) -> str | None:
    """Where the first of ``names`` is, after ``package`` was installed if need be; None where it cannot be had."""
    if (found := _first(names)) or os.geteuid() != 0 or not shutil.which("apt-get"):
        return found
    for command in (["update"], ["install", "-y", "--no-install-recommends", package]):
        subprocess.run(["apt-get", "-qq", *command], check=False, capture_output=True)
    return _first(names)


def _first(names: tuple[str, ...]) -> str | None:
    return next(filter(None, map(shutil.which, names)), None)
