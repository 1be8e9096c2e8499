"""Shows that the tests notice when a protection is switched off: ``make prove``.

Each protection is taken out of a copy of the tree, and the tests that stand for it must fail there. With words,
``python -m tests.switched_off token limit``, only those in whose name or file one of them occurs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from tests.protection import Protection
from tests.protections_of_actions import OF_ACTIONS

ROOT = Path(__file__).parent.parent


PROTECTIONS = (
    Protection(
        "the ownership filter",
        "examples/ourshop/client.py",
        (('if order["user_id"] != owner:', "if False:"),),
        ("tests/test_demo.py", "-k", "others_orders"),
    ),
    Protection(
        "row-level security",
        "src/frontdesk/database/migrations/0001_conversations.sql",
        (("USING (principal = current_setting('frontdesk.principal', true))", "USING (true)"),),
        ("tests/test_isolation.py",),
    ),
    Protection(
        "row-level security, by giving up the role",
        "src/frontdesk/database/__init__.py",
        (('await connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(APP_ROLE)))', "pass"),),
        ("tests/test_isolation.py",),
    ),
    Protection(
        "the conversation's lease",
        "src/frontdesk/database/migrations/0001_conversations.sql",
        (
            ("free := c.lease_owner IS NULL OR c.lease_until < now();", "free := true;"),
            (
                "free OR c.lease_owner = runner OR c.lease_owner IS NULL OR c.lease_until < now(), false,",
                "true, false,",
            ),
            ("v.id = conv AND v.lease_owner = runner;", "v.id = conv;"),
            ("c.id = conv AND c.lease_owner = runner AND", "c.id = conv AND"),
        ),
        ("tests/test_support.py", "-k", "one_after_the_other or leaves_the_lease"),
    ),
    Protection(
        "the commit before the acknowledgement",
        "src/frontdesk/database/__init__.py",
        (
            (
                "return await (await connection.execute(query, arguments, prepare=True)).fetchall()",
                "row = await (await connection.execute(b'BEGIN;' + query, arguments)).fetchall(); await connection.rollback(); return row",
            ),
        ),
        ("tests/test_support.py", "-k", "committed_before"),
    ),
    Protection(
        "the audit verifier",
        "src/frontdesk/store/audit.py",
        (("        return not self.problems", "        return True"),),
        ("tests/store/test_audit.py",),
    ),
    Protection(
        "the gate's permissions",
        "src/frontdesk/policies/decide.py",
        (("if grant.permission not in held:", "if False:"),),
        ("tests/policies/test_gate.py",),
    ),
    Protection(
        "the output gate",
        "src/frontdesk/agent.py",
        (("if missing or not reply:", "if False:"),),
        ("tests/web/test_chat.py", "-k", "invented_amount"),
    ),
    Protection(
        "the customer's confirmation",
        "src/frontdesk/policies/decide.py",
        (("return PROPOSE if grant.confirm else RUN", "return RUN"),),
        ("tests/policies/test_gate.py",),
    ),
    Protection(
        "the search's visibility",
        "src/frontdesk/store/knowledge_search.py",
        (("model = %(model)s AND visibility = ANY (%(visibility)s)", "model = %(model)s"),),
        ("tests/knowledge/test_retrieve.py", "-k", "internal"),
    ),
    Protection(
        "the check of fetched addresses",
        "src/frontdesk/knowledge/addresses.py",
        (("not (allowed or is_public(address))", "False"),),
        ("tests/knowledge/test_fetch.py",),
    ),
    Protection(
        "the stricter of two visibilities",
        "src/frontdesk/knowledge/formats/fields.py",
        (
            (
                'return strictest("public", *(each or "internal" for each in known)), warning',
                'return "public", warning',
            ),
        ),
        ("tests/knowledge/test_formats_fields.py",),
    ),
    Protection(
        "the check of deadlines",
        "src/frontdesk/policies/grounding.py",
        (("    missing += unsupported_deadlines(details.plain, source, told)\n", ""),),
        ("tests/policies/test_grounding.py",),
    ),
    Protection(
        "the check of citations",
        "src/frontdesk/policies/citing.py",
        (("if not _fits(_sentence(reply, match), passages[n - 1], spoken):", "if False:"),),
        ("tests/policies/test_grounding.py",),
    ),
    Protection(
        "the right of a key to publish",
        "src/frontdesk/web/auth.py",
        (("if right not in backend.rights:", "if False:"),),
        ("tests/web/test_knowledge.py",),
    ),
    *OF_ACTIONS,
)


def run(tree: Path, tests: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-n", "0", "-x", "-p", "no:cacheprovider", *tests]
    environment = {**os.environ, "PYTHONPATH": f"{tree / 'src'}:{tree}"}
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)


def without(protection: Protection, tree: Path) -> subprocess.CompletedProcess[str]:
    """The tests of a protection, run in a copy from which it is taken out."""
    skipped = shutil.ignore_patterns(".git", ".venv", ".frontdesk", "work", "__pycache__", ".hypothesis")
    shutil.copytree(ROOT, tree, ignore=skipped)
    for file, old, new in protection.edits():
        path = tree / file
        text = path.read_text()
        assert old in text, f"{protection.name}: {file} has changed; mend this file"
        path.write_text(text.replace(old, new))
    return run(tree, protection.tests)


def main(words: Sequence[str]) -> int:
    """A line for each protection; exit 1 when one could be switched off unnoticed."""
    unnoticed = 0
    for protection in PROTECTIONS:
        if words and not any(word in f"{protection.name} {protection.file}" for word in words):
            continue
        started = perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            result = without(protection, Path(folder) / "tree")
        noticed = result.returncode == 1 and (" failed" in result.stdout or " error" in result.stdout)
        unnoticed += not noticed
        last = result.stdout.strip().splitlines()[-1] if result.stdout.strip() else result.stderr[-200:]
        seconds = perf_counter() - started
        state = "noticed" if noticed else "UNNOTICED"
        print(f"{state:10} {seconds:5.1f} s  without {protection.name}: {last}", flush=True)
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
