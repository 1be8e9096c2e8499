"""docs/how-to, each done in the folder of a desk that `frontdesk new` made."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import conninfo

from frontdesk.cli.new import write
from frontdesk.testing import server, temporary_url
from tests.pages.blocks import blocks
from tests.pages.run import Runner
from tests.process import ROOT, free_port

FOLDER = ROOT / "docs" / "how-to"
SPOKEN = {"role": "assistant", "content": "Hello! Which order do you mean?"}


class Model(BaseHTTPRequestHandler):
    """An OpenAI-compatible endpoint that says one sentence."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        answer = {
            "id": "1",
            "model": "qwen3",
            "choices": [{"index": 0, "message": SPOKEN, "finish_reason": "stop"}],
        }
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Model) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{listening.server_address[1]}"
        listening.shutdown()


@pytest.fixture
def postgresql() -> Iterator[dict[str, str]]:
    """What the page calls db.example is the embedded server; its names are this test's own."""
    url, name = server().get_uri(), f"docs_{uuid4().hex[:8]}"
    with psycopg.connect(url, autocommit=True) as superuser:
        there = superuser.execute("SELECT 1 FROM pg_roles WHERE rolname = 'frontdesk_app'").fetchone()
        yield {
            "postgresql://postgres@db.example/postgres": url,
            "@db.example/frontdesk": f"@/{name}?host={conninfo.conninfo_to_dict(url)['host']}",
            "CREATE ROLE frontdesk_app NOLOGIN;\n": "" if there else "CREATE ROLE frontdesk_app NOLOGIN;\n",
            "frontdesk_owner": f"owner_{name}",
            "frontdesk_login": f"login_{name}",
            "DATABASE frontdesk ": f"DATABASE {name} ",
            "\\c frontdesk": f"\\c {name}",
        }
        superuser.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
        superuser.execute(f"DROP ROLE IF EXISTS login_{name}, owner_{name}".encode())


@pytest.mark.parametrize("name", sorted(page.stem for page in FOLDER.glob("*.md")))
def test_a_how_to_works_as_it_is_written(
    name: str, tmp_path: Path, endpoint: str, request: pytest.FixtureRequest
) -> None:
    folder = tmp_path / "myshop"
    write(folder, title="My shop", model="local", database="embedded")
    replaced = {"127.0.0.1:9000": endpoint, "9100": str(free_port())}
    if name == "postgresql":
        replaced |= request.getfixturevalue("postgresql")
    with Runner(folder, replaced=replaced, FRONTDESK_DATABASE_URL=temporary_url(migrated=False)) as reader:
        for block in blocks(FOLDER / f"{name}.md"):
            if not block.reason:
                reader.run(block)
