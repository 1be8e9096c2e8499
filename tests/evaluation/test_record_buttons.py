"""Buttons that were pressed, by whom and when, as turns of a scenario; a fast round trip on a small desk."""

from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from frontdesk.bootstrap import Service, service
from frontdesk.database import Database
from frontdesk.domain import Principal
from frontdesk.errors import SettingsError
from frontdesk.evaluation.drive import driver
from frontdesk.evaluation.record import scenario_of
from frontdesk.evaluation.scenario import Scenario, load
from frontdesk.models.scripted import ScriptedModel
from frontdesk.settings import Settings
from frontdesk.store.conversations import begin
from frontdesk.store.recorded import Recorded, recorded
from tests.evaluation.small import Backend, make_desk
from tests.evaluation.test_replay import ANN, obey

TOOLS = {"get_order": {"order_id"}, "change_email": {"email"}, "hand_over": {"reason"}}


class Talk:
    def __init__(self, ready: Service, principal: Principal) -> None:
        self.ready, self.principal = ready, principal
        self.conversation = UUID(int=0)

    async def say(self, message: str) -> None:
        if not self.conversation.int:
            self.conversation = await begin(self.ready.database, self.principal, "api")
        accepted = await self.ready.support.receive(
            self.principal, message, conversation_id=self.conversation
        )
        assert await self.ready.support.wait(self.principal, accepted.turn_id, 10)

    async def press(self, word: str) -> None:
        actions = self.ready.actions
        newest = (await actions.of_conversation(self.principal, self.conversation, 0))[-1]
        shown = actions.show(newest)
        if word == "decline":
            await actions.decline(self.principal, newest.id)
        else:
            token = shown["undo_token" if word == "undo" else "confirm_token"]
            await getattr(actions, word)(self.principal, newest.id, token)


@pytest.fixture
def settings(database: Database) -> Settings:
    return Settings(database_url=database.conninfo, secret="s" * 32)


async def made(settings: Settings, *does: str, principal: Principal = ANN) -> Recorded:
    """A conversation: a word alone is a button, anything else a message."""
    async with service(make_desk(Backend()), settings, models=[("scripted", ScriptedModel(obey))]) as ready:
        talk = Talk(ready, principal)
        for word in does:
            await (talk.press(word) if word in ("confirm", "decline", "undo") else talk.say(word))
        return recorded(settings.database_url, talk.conversation)


def read(folder: Path, text: str) -> Scenario:
    (folder / "one.yaml").write_text(text)
    [found] = load(folder, TOOLS)
    return found


async def test_confirm_undo_and_decline_are_turns_and_the_whole_passes(
    settings: Settings, tmp_path: Path
) -> None:
    past = await made(
        settings,
        "where is order 789",
        *("change my e-mail to ann@canary.example", "confirm", "undo"),
        *("change my e-mail to ann@other.example", "decline"),
        "thanks",
    )
    text = scenario_of(past, keep_ids=True)
    found = read(tmp_path, text)
    assert [(turn.does, turn.text) for turn in found.turns if turn.does != "say"] == [
        ("confirm", "change_email"),
        ("undo", "change_email"),
        ("decline", "change_email"),
    ]
    assert found.turns[0].checks.has == (("789",), ("24.95",))
    assert found.ends.actions == ("change_email",)
    assert "canary" not in text
    assert "other.example" not in text

    backend = Backend()
    models: Any = [("scripted", ScriptedModel(obey))]
    async with driver(
        make_desk(backend), settings, backend, lambda _: ScriptedModel(), models=models
    ) as ready:
        result = await ready.run(found)
    assert (result.error, result.findings) == ("", []), text


async def test_a_visitor_stays_a_visitor(settings: Settings) -> None:
    past = await made(settings, "thanks", principal=Principal("visitor", "anon:2b0c"))
    assert "customer: visitor\n" in scenario_of(past)


async def test_where_a_person_took_over_the_scenario_ends(settings: Settings) -> None:
    past = await made(settings, "where is order 789")
    with psycopg.connect(settings.database_url, options="-c search_path=frontdesk") as owner:
        owner.execute("UPDATE conversations SET mode = 'human'")
    async with service(make_desk(Backend()), settings, models=[("scripted", ScriptedModel(obey))]) as ready:
        talk = Talk(ready, ANN)
        talk.conversation = past.conversation_id
        await talk.say("thanks, Ann")
    text = scenario_of(recorded(settings.database_url, past.conversation_id))
    assert "a person answered from there on" in text
    assert "thanks" not in text
    with psycopg.connect(settings.database_url, options="-c search_path=frontdesk") as owner:
        owner.execute("DELETE FROM messages WHERE role = 'assistant'")
    with pytest.raises(SettingsError, match="nothing to record"):
        scenario_of(recorded(settings.database_url, past.conversation_id))
