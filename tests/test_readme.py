"""What the README and the docs say is run, or compared with what it was made from."""

import re
import runpy
from pathlib import Path
from types import ModuleType

import httpx

from frontdesk.database import Database
from frontdesk.models.scripted import ScriptedModel
from frontdesk.settings import Settings
from frontdesk.web.app import create_app
from tests.desk import call
from tests.process import AUTH, KEY, ROOT

README = (ROOT / "README.md").read_text()


def code(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


async def test_the_support_py_of_the_readme_answers_with_the_local_model(database: Database) -> None:
    module = ModuleType("support")
    exec(compile(code("python")[0], "support.py", "exec"), module.__dict__)
    assert len([line for line in code("python")[0].splitlines() if line.strip()]) <= 12
    app = create_app(module.desk, Settings(database_url=database.conninfo, service_keys=(KEY,)))
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk", headers=AUTH)
    async with app.router.lifespan_context(app), client:
        mine = await client.post(
            "/support/chat", json={"user_id": "anna", "message": "Where is my order 1001?"}
        )
        assert mine.json()["reply"] == "Order 1001 is on its way. It should arrive on 1 December 2026."
        other = await client.post(
            "/support/chat", json={"user_id": "ben", "message": "Where is my order 1001?"}
        )
        absent = await client.post(
            "/support/chat", json={"user_id": "ben", "message": "Where is my order 2002?"}
        )
        assert "on its way" not in other.json()["reply"]
        assert other.json()["reply"].replace("1001", "N") == absent.json()["reply"].replace("2002", "N")


def test_the_settings_page_is_what_the_settings_are() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "settings.py"))["text"]()
    assert (ROOT / "docs" / "settings.md").read_text() == made, "run python docs/settings.py"


def test_every_link_between_documents_leads_somewhere() -> None:
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_no_document_names_a_path_of_a_machine() -> None:
    for page in [*ROOT.glob("*.md"), *Path(ROOT / "docs").rglob("*.md")]:
        assert not re.search(r"(?<![\w.])/(?:work|home|root|Users)/", page.read_text()), page.name


async def test_the_desk_of_the_actions_page_refunds_once_after_a_press_of_the_button(
    database: Database,
) -> None:
    page = (ROOT / "docs" / "actions.md").read_text()
    module = ModuleType("support")
    exec(
        compile(re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0], "support.py", "exec"), module.__dict__
    )
    script = [call("refund_order", order_id="1001", amount="20 EUR"), "Please have a look."]
    settings = Settings(database_url=database.conninfo, service_keys=(KEY,), secret="s" * 32)
    app = create_app(module.desk, settings, models=[("scripted", ScriptedModel(script))])
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk", headers=AUTH)
    async with app.router.lifespan_context(app), client:
        answer = await client.post(
            "/support/chat", json={"user_id": "anna", "message": "20 euros back, please"}
        )
        [action] = answer.json()["actions"]
        assert action["preview"]["changes"] == [
            {"label": "Still paid", "before": "80.00 EUR", "after": "60.00 EUR"}
        ]
        assert module.REFUNDED == {}
        press = {"user_id": "anna", "confirm_token": action["confirm_token"]}
        done = await client.post(f"/support/actions/{action['id']}/confirm", json=press)
        assert done.json()["reply"] == "20.00 EUR for order 1001 are on their way."
        again = await client.post(f"/support/actions/{action['id']}/confirm", json=press)
        assert again.status_code == 409
    assert {action["id"]: "20.00 EUR"} == module.REFUNDED


def test_every_dependency_states_a_licence_that_lets_frontdesk_be_used_and_the_page_has_them_all() -> None:
    known = re.compile(r"MIT|BSD|Apache|MPL|Mozilla|ISC|PSF|Python Software|LGPL")
    module = runpy.run_path(str(ROOT / "docs/licences.py"))
    stated = {package.metadata["Name"]: module["licence"](package) for package in module["packages"]()}
    assert len(stated) > 80
    assert {name: text for name, text in stated.items() if not known.search(text)} == {}
    assert (ROOT / "docs/licences.md").read_text() == module["text"]()
