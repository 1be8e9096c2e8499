"""A customer whom a chat model plays."""

from __future__ import annotations

import json

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from frontdesk.bootstrap import model_named
from frontdesk.errors import SettingsError
from frontdesk.evaluation.scenario import Persona
from frontdesk.settings import Settings

__all__ = ["Player", "persona_model"]

OVER = "###OVER###"
BRIEF = """You play a customer who writes to the support chat of a shop. Stay in your role.
Who you are: {who}
What you want: {wants}
What you know: {knows}
Write the next message of the customer and nothing else: one short message, in the customer's own words. Say what you
know only when it is needed. Make nothing up that is not written above; if you are asked for it, say you do not know.
When you have what you want, or it is clear that you will not get it, write {over} alone."""
BEGIN = "(The chat is open. Write your first message.)"


def persona_model(settings: Settings, chosen: str, named: str) -> BaseChatModel:
    """The model that plays a persona which has ``named`` one, or else the one ``chosen`` for all. Raises SettingsError."""
    name = named or chosen
    if not name or name == "local":
        raise SettingsError("a persona needs a chat model to play it: --persona-model openai:gpt-4o-mini")
    return model_named(name, settings)


class Player:
    """One conversation's persona. The shop's replies are its human side, its own messages the model's."""

    def __init__(self, model: BaseChatModel, persona: Persona) -> None:
        brief = BRIEF.format(
            who=persona.who,
            wants=persona.wants,
            knows=json.dumps(persona.knows, ensure_ascii=False) if persona.knows else "nothing more",
            over=OVER,
        )
        self._model = model
        self._messages: list[BaseMessage] = [SystemMessage(brief), HumanMessage(BEGIN)]

    async def next(self) -> str:
        """What the customer writes next; empty where they have no more to say."""
        answer = await self._model.ainvoke(self._messages)
        said = answer.text.replace(OVER, "").strip()
        self._messages.append(AIMessage(said or OVER))
        return "" if OVER in answer.text else said

    def hears(self, reply: str) -> None:
        """What came back."""
        self._messages.append(HumanMessage(reply))
