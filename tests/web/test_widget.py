"""How the widget is served, and that what is served is what its sources make."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from frontdesk.web import problems, widget
from frontdesk.web.origins import OriginPolicy
from tests.web.service import ALLOWED, FOREIGN, make_client, make_settings

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "src/frontdesk/web/static/widget"


@pytest.fixture
def client(tmp_path: Path) -> httpx.AsyncClient:
    app = FastAPI(openapi_url=None)
    problems.install(app)
    app.add_middleware(OriginPolicy, settings=make_settings(tmp_path))
    widget.install(app)
    return make_client(app)


async def test_the_launcher_is_asked_for_again_and_its_parts_are_kept(client: httpx.AsyncClient) -> None:
    launcher = await client.get("/widget.js")
    assert launcher.headers["cache-control"] == "public, max-age=300"
    assert launcher.headers["content-type"].startswith("text/javascript")
    again = await client.get("/widget.js", headers={"if-none-match": launcher.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    name = re.search(r"panel\.\w+\.js", launcher.text)[0]  # type: ignore[index]
    panel = await client.get(f"/widget/{name}", headers={"origin": ALLOWED})
    assert "immutable" in panel.headers["cache-control"]
    assert panel.headers["access-control-allow-origin"] == ALLOWED


async def test_a_page_that_may_not_call_gets_no_panel(client: httpx.AsyncClient) -> None:
    assert (await client.get("/widget/panel.0.js", headers={"origin": FOREIGN})).status_code == 403


async def test_a_page_from_before_an_upgrade_gets_what_took_its_panels_place(
    client: httpx.AsyncClient,
) -> None:
    [panel] = BUILT.glob("panel.*.js")
    old = await client.get("/widget/panel.00000000.js")
    assert old.content == panel.read_bytes()
    assert old.headers["cache-control"] == "no-cache"
    assert (await client.get("/widget/other.00000000.js")).status_code == 404


def test_what_is_served_is_what_the_sources_make(tmp_path: Path) -> None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        pytest.skip("there is no Node here; CI has one")
    if not (ROOT / "widget/node_modules").exists():
        done = subprocess.run([npm, "ci", "--ignore-scripts", "--silent"], cwd=ROOT / "widget", check=False)
        if done.returncode:
            pytest.skip("npm reaches no registry here; CI does")
    subprocess.run([node, ROOT / "widget/build.js", tmp_path / "built"], check=True)
    made = {file.name: file.read_bytes() for file in (tmp_path / "built").iterdir()}
    assert made == {file.name: file.read_bytes() for file in BUILT.iterdir()}, "run node widget/build.js"


def test_each_locale_has_all_the_words_and_their_places() -> None:
    def words(locale: str) -> dict[str, list[str]]:
        text = (ROOT / f"widget/src/locales/{locale}.js").read_text(encoding="utf-8")
        return {
            key: sorted(re.findall(r"\{\w+\}", value))
            for key, value in re.findall(r'^  (\w+): "(.*)",$', text, re.M)
        }

    english = words("en")
    assert len(english) > 80
    for locale in ("de", "es", "fr", "ar"):
        assert words(locale) == english, locale
