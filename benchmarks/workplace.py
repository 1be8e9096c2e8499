"""The folder the benchmark works in: a copy of the shared bench, its model stub, the peers' environments.

Everything is made under ``benchmarks/work``, which git ignores; what is there already is used again.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
WORK = REPOSITORY / "benchmarks" / "work"
KEY = "sk_bench_0123456789abcdef0123456789abcdef"  # opens a server that listens on loopback for some minutes

# bench.py's --owners asks as one of a thousand accounts, whichever the worker's name hashes to: of 1,000
# workers some 370 then share a conversation with another and wait for it. Behind the bar each keeps its own.
OWNERS = 'user, k = f"user-{u:04d}", u'
OWN_CONVERSATION = 'user, k = f"user-{u:04d}|{user}", u'


class Unavailable(RuntimeError):
    """Something this machine lacks; the text says what, and what to do."""


def say(text: str) -> None:
    """A line of progress."""
    print(f"  {text}", flush=True)


def find_bench() -> Path | None:
    """The shared bench folder: BENCH_DIR, else ``../shared/bench`` beside the repository; None if absent."""
    folder = Path(os.environ.get("BENCH_DIR") or REPOSITORY.parent / "shared" / "bench")
    return folder if (folder / "bench.py").is_file() else None


def copy_bench(source: Path) -> None:
    """Copy the shared bench here and let each of its workers have a conversation of its own."""
    skipped = shutil.ignore_patterns("venvs", "data", "log", "results", "__pycache__")
    # copyfile: the shared folder may be read-only, and the copy must not be.
    shutil.copytree(source, WORK, ignore=skipped, copy_function=shutil.copyfile, dirs_exist_ok=True)
    for script in [*WORK.glob("*.sh"), *WORK.glob("pg/*.sh")]:
        script.chmod(0o755)
    bench = WORK / "bench.py"
    text = bench.read_text(encoding="utf-8")
    if OWNERS not in text:
        say("bench.py has changed: its --owners is used as it is, workers may share conversations")
    elif not os.environ.get("BENCH_SHARED_CONVERSATIONS"):
        bench.write_text(text.replace(OWNERS, OWN_CONVERSATION), encoding="utf-8")


def build_stub(source: Path) -> Path:
    """The model stub, compiled beside its source. Raises Unavailable where there is no compiler."""
    target = source.with_suffix("")
    if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
        return target
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise Unavailable("the model stub is C: install gcc (Debian: apt-get install gcc libc6-dev)")
    done = subprocess.run(
        [compiler, "-O2", "-w", "-o", str(target), str(source)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Unavailable(f"{compiler} could not build the model stub: {done.stderr.strip()[-400:]}")
    return target


def add_frontdesk(database_url: str, pid_file: Path) -> None:
    """Write Frontdesk's entry into the copied targets.json, so that bench.py starts it like any other."""
    path = WORK / "targets.json"
    targets = json.loads(path.read_text(encoding="utf-8"))
    database = f"cd {shlex.quote(str(REPOSITORY))} && {shlex.quote(sys.executable)} -m benchmarks.postgres"
    targets["frontdesk"] = {
        "about": "Frontdesk, everything on: permissions, transcript, audit, PostgreSQL",
        "cwd": str(REPOSITORY),
        "cmd": f"{REPOSITORY / '.venv/bin/frontdesk'} serve benchmarks.desk:desk",
        "env": {
            "BENCH_ORDERS": str(WORK / "data" / "orders.csv"),
            "FRONTDESK_MODEL": "openai:stub",
            "OPENAI_BASE_URL": "{stub}",
            "OPENAI_API_KEY": "sk-stub",
            "FRONTDESK_SERVICE_KEYS": KEY,
            "FRONTDESK_DATA_DIR": "{data}",
            "FRONTDESK_DATABASE_URL": database_url,
            "FRONTDESK_PORT": "{port}",
            "FRONTDESK_LOG_FORMAT": "json",
            "PYTHONPATH": "",
        },
        "reset": f"{database} reset",
        "db_size": f"{database} size",
        "db_pidfile": str(pid_file),
    }
    path.write_text(json.dumps(targets, indent=1), encoding="utf-8")


def targets() -> dict[str, dict[str, str]]:
    """The copied targets.json."""
    return json.loads((WORK / "targets.json").read_text(encoding="utf-8"))


def make_venv(name: str) -> None:
    """The environment of a peer, with the versions the shared bench was measured with where they can be had.

    Raises Unavailable when it cannot be made.
    """
    folder = WORK / "venvs" / name
    if (folder / ".made").exists():
        return
    say(f"installing the environment {name} …")
    uv = [sys.executable, "-m", "uv"]
    _checked([*uv, "venv", "-q", "--clear", "--seed", "--python", sys.executable, str(folder)])
    pinned = _versions().get(name, [])
    constraints = folder / "constraints.txt"
    constraints.write_text("\n".join(pinned), encoding="utf-8")
    install = [*uv, "pip", "install", "-q", "--python", str(folder / "bin" / "python"), *_packages(name)]
    try:
        _checked([*install, "-c", str(constraints)])
    except Unavailable:
        say(f"{name}: not all versions of versions.txt can be had; taking today's")
        _checked(install)
    (folder / ".made").touch()


def _packages(name: str) -> Sequence[str]:
    """What install_all.sh installs for an environment: its lines read ``m NAME PACKAGE…``."""
    for line in (WORK / "install_all.sh").read_text(encoding="utf-8").splitlines():
        if line.startswith(f"m {name} "):
            return shlex.split(line)[2:]
    raise Unavailable(f"install_all.sh names no environment {name!r}")


def _versions() -> dict[str, list[str]]:
    """versions.txt: ``== NAME`` and below it one ``package==version`` a line."""
    path = WORK / "versions.txt"
    found: dict[str, list[str]] = {}
    name = ""
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        if line.startswith("== "):
            name = line[3:].split()[0]
        elif "==" in line and not line.startswith(("pip==", "setuptools==")):
            found.setdefault(name, []).append(line.strip())
    return found


def _checked(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"{' '.join(command[2:5])} … failed: {done.stderr.strip()[-400:]}")
