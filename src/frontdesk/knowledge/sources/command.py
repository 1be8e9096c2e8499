"""Running git: without a prompt, a hook or a shell, and with an end."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from frontdesk.errors import SourceUnavailable

SECONDS = 60.0
# A repository may bring settings that run programs; none of them does.
_SETTINGS = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "core.askPass": "",
    "log.showSignature": "false",
    "diff.external": "",
    "credential.interactive": "false",
    "advice.detachedHead": "false",
    "fetch.recurseSubmodules": "false",
    "submodule.recurse": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
    "protocol.allow": "never",
    "protocol.https.allow": "always",
    "protocol.ssh.allow": "always",
    "protocol.file.allow": "always",
    "protocol.ext.allow": "never",
}
_PASSED_ON = (
    "PATH",
    "HOME",
    "USER",
    "TMPDIR",
    "SSH_AUTH_SOCK",
    "SSH_AGENT_PID",
    "SYSTEMROOT",
    "XDG_CONFIG_HOME",
)
_CREDENTIALS = re.compile(r"//[^/\s@]*@")


async def git(
    *arguments: str, where: Path, settings: Mapping[str, str] | None = None, seconds: float = SECONDS
) -> bytes:
    """What git prints. Raises SourceUnavailable with git's last line when it fails or takes too long.

    ``settings`` go by the environment and not by the command line, which anybody on the machine can read.
    """
    async with _running(arguments, where, settings or {}) as process:
        try:
            async with asyncio.timeout(seconds):
                out, complaint = await process.communicate()
        except TimeoutError:
            raise SourceUnavailable(
                f"git did not end within {seconds:g} seconds; nothing was removed."
            ) from None
    if process.returncode:
        raise SourceUnavailable(f"git failed: {_last(complaint)}; nothing was removed.")
    return out


@asynccontextmanager
async def _running(
    arguments: tuple[str, ...], where: Path, settings: Mapping[str, str]
) -> AsyncGenerator[asyncio.subprocess.Process]:
    fixed = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
    try:
        process = await asyncio.create_subprocess_exec(
            *("git", "--no-pager", "--literal-pathspecs", *fixed, *arguments),
            cwd=where,
            env=_environment(settings),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise SourceUnavailable(f"git cannot be run: {error.strerror}; nothing was removed.") from None
    try:
        yield process
    finally:
        if process.returncode is None:
            # git starts programs of its own (ssh, index-pack): the whole group ends.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environment |= {
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "SSH_ASKPASS": "",
        "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=15",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_CONFIG_COUNT": str(len(settings)),
    }
    for number, (name, value) in enumerate(settings.items()):
        environment[f"GIT_CONFIG_KEY_{number}"] = name
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    return environment


def _last(complaint: bytes) -> str:
    """Git's last word on what went wrong, without passwords in addresses and control characters."""
    said = [line for line in complaint.decode("utf-8", "replace").splitlines() if line.strip()]
    errors = [line for line in said if line.startswith(("fatal:", "error:"))]
    line = _CREDENTIALS.sub("//", (errors or said or ["it said nothing"])[-1])
    return "".join(c for c in line.strip() if c.isprintable())[:300].removesuffix(".")
