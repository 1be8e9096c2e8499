"""One process that runs scenarios one after the other, through the same code as a channel does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import orjson
from langchain_core.language_models.chat_models import BaseChatModel

from frontdesk.bootstrap import Service, service, tools_of
from frontdesk.desk import Frontdesk
from frontdesk.domain import Action, Json, Outcome, Principal
from frontdesk.errors import FrontdeskError, SettingsError
from frontdesk.evaluation.backend import Backend
from frontdesk.evaluation.happened import Deed, Happened, Result, ToolUse, Turn
from frontdesk.evaluation.judge import judge
from frontdesk.evaluation.persona import Player
from frontdesk.evaluation.scenario import VISITOR, Scenario
from frontdesk.settings import Settings
from frontdesk.store.conversations import begin
from frontdesk.store.evaluation import Scratch
from frontdesk.store.turns import StoredTurn

__all__ = ["Driver", "driver"]

# What a press of a button came to, in the words of a turn.
PRESSED = {
    "executed": Outcome.ANSWERED,
    "undone": Outcome.ANSWERED,
    "declined": Outcome.ANSWERED,
    "confirmed": Outcome.AWAITING_CONFIRMATION,  # staff have to say yes as well
    "failed": Outcome.REFUSED,
}
STANDING = {"confirm": "proposed", "decline": "proposed", "undo": "executed"}
PersonaModel = Callable[[str], BaseChatModel]


@asynccontextmanager
async def driver(
    desk: Frontdesk,
    settings: Settings,
    backend: Backend,
    persona: PersonaModel,
    *,
    models: Sequence[tuple[str, BaseChatModel]] = (),
) -> AsyncGenerator[Driver]:
    """A desk on the database that ``settings`` name, which is emptied before each scenario.

    ``backend`` has been started; ``persona`` finds the chat model of a name, "" the one that was chosen for all.
    """
    async with service(desk, settings, models=models) as ready:
        scratch = Scratch(settings.migration_url or settings.database_url)
        try:
            yield Driver(ready, scratch, backend, persona)
        finally:
            scratch.close()


class Driver:
    """Runs a scenario from a fresh state to its judgement."""

    def __init__(self, ready: Service, scratch: Scratch, backend: Backend, persona: PersonaModel) -> None:
        self._ready, self._scratch, self._backend, self._persona = ready, scratch, backend, persona
        tools = tools_of(ready.desk, ready.database, ready.settings, ready.knowledge)
        self._confirming = {tool.name for tool in tools if tool.grant.confirm}

    async def run(self, scenario: Scenario, number: int = 1) -> Result:
        """One run of it. Whatever goes wrong is in the result."""
        began = time.perf_counter()
        talk = _Talk(self._ready, scenario)
        error = ""
        happened = Happened([])
        try:
            await asyncio.to_thread(self._reset)
            await talk.begin()
            await (self._play(talk, scenario) if scenario.persona else self._follow(talk, scenario))
            happened = await self._look(talk, scenario)
        except FrontdeskError as wrong:
            error = wrong.detail
        except Exception as wrong:  # noqa: BLE001  a scenario that cannot be run is reported, the others go on
            error = f"{type(wrong).__name__}: {wrong}"
        findings = [] if error else judge(scenario, happened, self._confirming, [self._ready.desk.own_words])
        return Result.of(
            scenario,
            number,
            findings=findings,
            turns=talk.turns,
            seconds=round(time.perf_counter() - began, 3),
            error=error,
        )

    def _reset(self) -> None:
        self._scratch.forget()
        self._backend.reset()

    async def _follow(self, talk: _Talk, scenario: Scenario) -> None:
        for spoken in scenario.turns:
            await (talk.say(spoken.text) if spoken.does == "say" else talk.press(spoken.does, spoken.text))

    async def _play(self, talk: _Talk, scenario: Scenario) -> None:
        """Let the model talk until it is done, or has said all it may."""
        persona = scenario.persona
        assert persona is not None  # noqa: S101  (who calls has looked)
        player = Player(self._persona(persona.model), persona)
        for _ in range(persona.turns):
            said = await player.next()
            if not said:
                return
            turn = await talk.say(said)
            player.hears(turn.reply)
            if persona.confirms and turn.proposed:
                pressed = await talk.press("confirm", turn.proposed[-1].tool)
                player.hears(f"(You press the button.) {pressed.reply}")

    async def _look(self, talk: _Talk, scenario: Scenario) -> Happened:
        """How things stand after the last turn."""
        ended = await asyncio.to_thread(self._scratch.ended, talk.conversation)
        asked = [path for path, _ in scenario.ends.backend]
        return Happened(
            turns=talk.turns,
            actions=[_deed(action) for action in await talk.actions()],
            pressed=talk.pressed,
            effects=ended.effects,
            changes=await asyncio.to_thread(self._backend.changes),
            backend={path: await asyncio.to_thread(self._backend.state, path) for path in asked},
            mode=ended.mode,
            tickets=ended.tickets,
        )


class _Talk:
    """One conversation under way."""

    def __init__(self, ready: Service, scenario: Scenario) -> None:
        self._ready = ready
        visitor = scenario.customer == VISITOR
        self._principal = (
            Principal("visitor", f"anon:{uuid4()}") if visitor else Principal("customer", scenario.customer)
        )
        self.conversation = UUID(int=0)
        self.turns: list[Turn] = []
        self.pressed: list[str] = []

    async def begin(self) -> None:
        """A conversation without a past."""
        self.conversation = await begin(self._ready.database, self._principal, "api")

    async def actions(self) -> list[Action]:
        """All that were proposed, oldest first, as they stand."""
        return await self._ready.actions.of_conversation(self._principal, self.conversation, 0)

    async def say(self, text: str) -> Turn:
        """Send a message and wait for what comes of it."""
        support, settings = self._ready.support, self._ready.settings
        began = time.perf_counter()
        accepted = await support.receive(self._principal, text, conversation_id=self.conversation)
        response = await support.wait(
            self._principal, accepted.turn_id, settings.turn_seconds + settings.lease_seconds
        )
        ms = (time.perf_counter() - began) * 1000
        if response is None:
            raise SettingsError(
                f"there was no reply in {settings.turn_seconds:.0f} s; FRONTDESK_TURN_SECONDS is the limit"
            )
        stored = await support.find(self._principal, accepted.turn_id)
        return self._add(_turn(text, response, stored, round(ms, 1)))

    async def press(self, does: Any, tool: str) -> Turn:
        """Press the newest button of a tool's, as the customer's screen does."""
        began = time.perf_counter()
        standing = [a for a in await self.actions() if a.tool == tool and a.status == STANDING[does]]
        if not standing:
            return self._add(Turn(does, tool, "", "", missing="none stands"))
        action = standing[-1]
        if does == "confirm":
            self.pressed.append(str(action.id))
        try:
            found = await self._decide(does, action)
            outcome, reply = PRESSED.get(found.status, Outcome.FAILED), self._ready.actions.reply(found)
        except FrontdeskError as refused:
            found = await self._ready.actions.find(self._principal, action.id)
            outcome, reply = Outcome.REFUSED, refused.detail
        ms = round((time.perf_counter() - began) * 1000, 1)
        return self._add(Turn(does, tool, reply, outcome, proposed=[_deed(found)], ms=ms))

    async def _decide(self, does: str, action: Action) -> Action:
        actions = self._ready.actions
        shown = actions.show(action)
        if does == "confirm":
            return await actions.confirm(self._principal, action.id, shown.get("confirm_token", ""))
        if does == "decline":
            return await actions.decline(self._principal, action.id)
        return await actions.undo(self._principal, action.id, shown.get("undo_token", ""))

    def _add(self, turn: Turn) -> Turn:
        self.turns.append(turn)
        return turn


def _turn(said: str, response: Json, stored: StoredTurn, ms: float) -> Turn:
    record = stored.record
    usage: Json = record.get("usage", {})
    return Turn(
        does="say",
        said=said,
        reply=response["reply"],
        outcome=response["outcome"],
        tools=[
            ToolUse(
                step["tool"], step["arguments"], step["result"], step.get("ok", True), step.get("error", "")
            )
            for step in record.get("steps", [])
        ],
        proposed=[_deed(action) for action in stored.actions],
        citations=response["citations"],
        suggestions=response["suggestions"],
        model=record.get("model", ""),
        ms=ms,
        input_tokens=usage.get("input_tokens", 0),
        output_tokens=usage.get("output_tokens", 0),
        model_calls=usage.get("model_calls", 0),
        cost_usd=usage.get("cost_usd", 0.0 if record.get("model") in ("local", "") else None),
        confidence=record.get("confidence"),
    )


def _deed(action: Action) -> Deed:
    shown = {key: value for key, value in action.preview.shown().items() if key != "remember"}
    preview = orjson.dumps(shown, default=str).decode()
    result = "" if action.result is None else orjson.dumps(action.result, default=str).decode()
    return Deed(str(action.id), action.tool, action.arguments, action.status, preview, result)
