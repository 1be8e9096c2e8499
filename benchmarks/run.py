"""``make bench``: Frontdesk beside its peers, the same scripted model, one run, one table.

BENCH_DIR    the shared bench's folder; by default ../shared/bench beside the repository
BENCH_QUICK  1: under three minutes, one round of everything
BENCH_PEERS  which of the shared bench's targets to compare with, comma-separated; empty: none
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks import alone, postgres, workplace
from benchmarks.table import NAMES, PEER, Record, Results, markdown
from benchmarks.workplace import REPOSITORY, WORK, Unavailable, say

RESULTS = REPOSITORY / "benchmarks" / "results" / "latest.md"


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to measure, and beside whom. ``quiet``: seconds to wait at most for others to let go of the cores."""

    peers: str
    rounds: int
    seconds: float
    slow_rounds: int
    slow_seconds: float
    grow_rounds: int
    peer_grow_seconds: int
    cold_rounds: int
    quiet: int


QUICK = Plan(f"{PEER},d_tuned", 2, 1.5, 1, 3, 1, 0, 1, 0)
FULL = Plan(f"{PEER},a_langgraph,d_raw_openai,d_tuned", 4, 3, 2, 8, 2, 100, 5, 4)


class Bench:
    """bench.py, its records kept as they are printed."""

    def __init__(self, plan: Plan) -> None:
        self.records: list[Record] = []
        self._common = ["--owners", "--header", f"authorization: Bearer {workplace.KEY}"]
        self._common += ["--out", "/dev/null"]
        if plan.quiet:
            self._common += ["--quiet", "0.3", "--quiet-wait", str(plan.quiet)]
        # What the shell has set for some other Frontdesk must not reach the one that is measured.
        self._env = {k: v for k, v in os.environ.items() if not k.startswith("FRONTDESK_")}

    def run(self, mode: str, targets: Sequence[str], *options: object) -> None:
        """One call of bench.py; its lines become records and progress."""
        command = [sys.executable, "bench.py", mode, *targets, *self._common, *map(str, options)]
        with subprocess.Popen(
            command, cwd=WORK, env=self._env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            for line in process.stdout or ():
                self._take(mode, line.strip())
        if process.returncode:
            raise Unavailable(f"bench.py {mode} ended with {process.returncode}; see benchmarks/work/log")

    def _take(self, mode: str, line: str) -> None:
        if not line.startswith("{"):
            say(line)
            return
        record = {"mode": mode, **json.loads(line)}
        self.records.append(record)
        shown = (
            "c",
            "latency",
            "tps",
            "cpu_ms",
            "p99",
            "turns",
            "idle",
            "first_answer_ms",
            "others",
            "errors",
        )
        say(" ".join([mode, record["target"], *(f"{key}={record[key]}" for key in shown if record.get(key))]))


def measure(bench: Bench, plan: Plan, peers: Sequence[str]) -> None:
    """Everything, in one run: the targets stay up side by side and short bursts go round them."""
    names = ["frontdesk", *peers]
    one_peer = [name for name in peers if name == PEER] or list(peers[:1])
    two = ["frontdesk", *one_peer]
    bench.run("load", names, "-c", "1,16,64", "--seconds", plan.seconds, "--rounds", plan.rounds)
    slow = ["-c", 1000, "--latency", 300, "--seconds", plan.slow_seconds, "--rounds", plan.slow_rounds]
    bench.run("load", two, *slow)
    marks = ["--turns", 500, "--marks", "1,10,20,100,500"]
    bench.run("grow", ["frontdesk"], *marks, "--rounds", plan.grow_rounds)
    if plan.peer_grow_seconds and one_peer:
        bench.run("grow", one_peer, *marks, "--seconds-max", plan.peer_grow_seconds)
    bench.run("cold", two if plan is QUICK else names, "--rounds", plan.cold_rounds)
    bench.run("rss", two if plan is QUICK else names, "-c", 16, "--turns", 200, "--users", 50)


def choose_peers(plan: Plan, stack: ExitStack) -> list[str]:
    """The peers that can be compared with here; says why for each that cannot."""
    asked = [n for n in os.environ.get("BENCH_PEERS", plan.peers).replace(" ", "").split(",") if n]
    chosen: list[str] = []
    for name in asked:
        try:
            _prepare(name, stack)
        except Unavailable as error:
            say(f"without {name}: {error}")
        else:
            chosen.append(name)
    return chosen


def _prepare(name: str, stack: ExitStack) -> None:
    known = workplace.targets()
    if name not in known or name not in NAMES:
        raise Unavailable("the table knows no such target; it knows " + ", ".join(list(NAMES)[1:]))
    workplace.make_venv(known[name]["venv"])
    if name == PEER:
        stack.enter_context(postgres.peer_server())


def compare(source: Path, plan: Plan) -> str:
    """The run beside the peers; returns the report."""
    began = time.monotonic()
    workplace.copy_bench(source)
    workplace.build_stub(WORK / "stub" / "stub_llm.c")
    with ExitStack() as stack:
        url, pid_file = stack.enter_context(postgres.frontdesk_server())
        workplace.add_frontdesk(url, pid_file)
        peers = choose_peers(plan, stack)
        bench = Bench(plan)
        measure(bench, plan, peers)
    results = Results(bench.records)
    return "\n".join([*_heading(plan, time.monotonic() - began), "", markdown(results), "", *_notes(results)])


def _heading(plan: Plan, seconds: float) -> list[str]:
    kind = "quick" if plan is QUICK else "full"
    when = time.strftime("%Y-%m-%d")
    return [
        "# Frontdesk beside its peers",
        "",
        f"`make bench`, {kind} run of {seconds / 60:.0f} min on {when}: {os.cpu_count()} cores, "
        f"CPython {platform.python_version()}, {platform.system()} {platform.machine()}.",
    ]


def _notes(results: Results) -> list[str]:
    return [
        "Frontdesk runs with everything on: permissions, transcript, audit, logs, PostgreSQL. One worker each; two "
        "model calls and one tool a turn; the model is the shared bench's stub. Services share core 0; stub, client "
        "and both PostgreSQL servers share core 1.",
        "",
        "Frontdesk's PostgreSQL is the embedded one (18, with pgvector, which Debian's lacks), the peer's is Debian's; "
        "both with shared_buffers 256 MB and durable defaults. The first answer includes making the tables in an "
        "empty database.",
        "",
        f"Medians over bursts, those that saw a quiet machine where there were any; other processes used "
        f"{results.others():.2f} cores meanwhile (median). Never quiet: {results.noisy() or 'none'}. "
        f"Turns answered wrongly or not at all, all services together: {results.errors()}.",
    ]  # fmt: skip


def main() -> int:
    """Measure, print the report and keep it; 0 also where there is nothing to compare with."""
    plan = QUICK if os.environ.get("BENCH_QUICK") not in (None, "", "0") else FULL
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # a thousand conversations are 3,000 sockets
    WORK.mkdir(parents=True, exist_ok=True)
    source = workplace.find_bench()
    try:
        if source is None:
            say("no shared bench beside the repository and none in BENCH_DIR: Frontdesk alone, without peers")
            report = alone.run()
        else:
            report = compare(source, plan)
    except Unavailable as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(report + "\n", encoding="utf-8")
    print(f"\n{report}\n\nkept in {RESULTS.relative_to(REPOSITORY)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
