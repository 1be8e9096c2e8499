"""Chat models by their names, asked with patience."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import BaseMessage

from frontdesk.errors import ModelError
from frontdesk.models import Completion, ModelChain, resolve
from frontdesk.models.local import LocalModel
from frontdesk.settings import Settings

PAUSES = (2.0, 5.0, 15.0, 40.0)  # seconds; a rate limit is no answer of the agent's
FOR_GOOD = re.compile(r"HTTP 4(?!08|09|25|29)\d\d")  # a wrong key does not get right by waiting


class PatientChain(ModelChain):
    """One model, asked again while its endpoint is busy. ``failures`` holds what was given up on."""

    def __init__(self, name: str, model: BaseChatModel, timeout: float) -> None:
        super().__init__([(name, model)], timeout)
        self.failures: list[str] = []

    async def complete(self, messages: Sequence[BaseMessage], *args: Any, **kwargs: Any) -> Completion:
        """As ModelChain's; raises ModelError after the last try."""
        pauses = list(PAUSES)
        while True:
            try:
                return await super().complete(messages, *args, **kwargs)
            except ModelError as error:
                if not pauses or FOR_GOOD.search(str(error)):
                    self.failures.append(str(error))
                    raise
            await asyncio.sleep(pauses.pop(0))


def model_named(name: str, settings: Settings) -> BaseChatModel:
    """The chat model of that name. Raises SettingsError."""
    return resolve(name, settings, local=LocalModel)
