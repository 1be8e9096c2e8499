"""A chat model for OpenAI-compatible endpoints, on aiohttp and orjson.

The openai SDK walks every message of every request through typing reflection: 0.16 ms a message a call,
more than the rest of a turn together. This hands over the ready body instead.
"""

from __future__ import annotations

import asyncio
import os
import time
import weakref
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, cast

from langchain_core.callbacks import (
    AsyncCallbackManager,
    AsyncCallbackManagerForLLMRun,
    CallbackManagerForLLMRun,
)
from langchain_core.globals import get_llm_cache
from langchain_core.language_models import LanguageModelInput
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, convert_to_messages
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import ensure_config
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import Field, PrivateAttr, SecretStr

from frontdesk.domain import Json
from frontdesk.errors import ModelError, ModelUnavailable
from frontdesk.models import wire
from frontdesk.models.endpoint import Endpoint, pause
from frontdesk.models.told import retried

OPENAI = "https://api.openai.com/v1"
BOUND = {"tools", "tool_choice"}


def _base_url() -> str:
    return os.environ.get("OPENAI_BASE_URL") or OPENAI


def _api_key() -> SecretStr | None:
    key = os.environ.get("OPENAI_API_KEY")
    return SecretStr(key) if key else None


class OpenAIChat(BaseChatModel):
    """Chat completions, whole or streamed, with tools.

    model        the name the endpoint knows
    base_url     up to and including ``/v1``; by default OPENAI_BASE_URL, else OpenAI's own
    api_key      by default OPENAI_API_KEY; None sends no Authorization header
    timeout      seconds for a call, its one retry included
    temperature  left to the endpoint where None
    extra_body   further fields of the request, as they are

    Raises ModelUnavailable (429, 5xx, no connection, timeout, a broken or cut reply) after one quick retry,
    ModelRejected (400, 413, 422) and ModelMisconfigured (401, 403, 404, redirects) at once.
    """

    model: str
    base_url: str = Field(default_factory=_base_url)
    api_key: SecretStr | None = Field(default_factory=_api_key)
    timeout: float = Field(default=20.0, gt=0)
    temperature: float | None = None
    extra_body: Json = Field(default_factory=dict[str, Any])

    _endpoint: Endpoint = PrivateAttr()
    _schemas: dict[int, tuple[weakref.ref[Any], Json]] = PrivateAttr(
        default_factory=dict[int, tuple[weakref.ref[Any], Json]]
    )

    def model_post_init(self, context: Any) -> None:
        """Open nothing yet: connections are made when they are first needed."""
        super().model_post_init(context)
        key = self.api_key.get_secret_value() if self.api_key else None
        self._endpoint = Endpoint(f"{self.base_url.rstrip('/')}/chat/completions", key)

    @property
    def _llm_type(self) -> str:
        return "openai-compatible"

    @property
    def _identifying_params(self) -> Json:
        return {"model": self.model, "temperature": self.temperature}

    # -------------------------------------------------------------- tools
    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """This model with tools. ``tool_choice``: auto, none, any, required, or the name of a tool."""
        schemas = [self._schema(tool) for tool in tools]
        if tool_choice:
            kwargs["tool_choice"] = _choice(tool_choice, schemas)
        return self.bind(tools=schemas, **kwargs)

    def _schema(self, tool: Any) -> Json:
        """The tool as OpenAI describes it: worked out once for each object, forgotten with it."""
        if isinstance(tool, dict):
            return convert_to_openai_tool(tool)
        known = self._schemas.get(id(tool))
        if known and known[0]() is tool:
            return known[1]
        schema = convert_to_openai_tool(tool)
        self._schemas[id(tool)] = (weakref.ref(tool), schema)
        return schema

    # -------------------------------------------------------------- calls
    async def ainvoke(
        self,
        input: LanguageModelInput,
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AIMessage:
        """As LangChain's own, but where nobody listens (no callback, trace or cache) without its plumbing,

        which costs as much as the rest of the call.
        """
        if self._observed(input, config, kwargs):
            return await super().ainvoke(input, config, stop=stop, **kwargs)
        result = await self._agenerate(convert_to_messages(cast("list[Any]", input)), stop, **kwargs)
        return cast("AIMessage", result.generations[0].message)

    async def astream(
        self,
        input: LanguageModelInput,
        config: RunnableConfig | None = None,
        *,
        stop: list[str] | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[AIMessageChunk]:
        """As ainvoke, in pieces."""
        if self._observed(input, config, kwargs):
            async for piece in super().astream(input, config, stop=stop, **kwargs):
                yield piece
            return
        async for chunk in self._astream(convert_to_messages(cast("list[Any]", input)), stop, **kwargs):
            yield cast("AIMessageChunk", chunk.message)

    def _observed(self, asked: LanguageModelInput, config: RunnableConfig | None, options: Json) -> bool:
        if not isinstance(asked, list) or not options.keys() <= BOUND:
            return True
        if self.rate_limiter or self.output_version or self.cache or get_llm_cache():
            return True
        # configure() also finds what stands in the context and in the environment: traces, usage counters.
        callbacks = ensure_config(config).get("callbacks")
        return bool(AsyncCallbackManager.configure(callbacks, self.callbacks, self.verbose).handlers)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,  # noqa: ARG002 — LangChain's signature
        **kwargs: Any,
    ) -> ChatResult:
        body = self._body(messages, stop, kwargs)
        deadline = time.monotonic() + self.timeout
        try:
            message = await self._ask(body, deadline)
        except ModelUnavailable as error:
            await pause(error, deadline)
            retried(f"openai:{self.model}", error.reason)
            message = await self._ask(body, deadline)
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,  # noqa: ARG002 — LangChain's signature
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        streamed = {"stream": True, "stream_options": {"include_usage": True}}
        body = self._body(messages, stop, {**kwargs, **streamed})
        deadline = time.monotonic() + self.timeout
        begun = False
        try:
            async for chunk in self._ask_stream(body, deadline):
                begun = True
                yield chunk
        except ModelUnavailable as error:
            if begun:  # what was handed over cannot be taken back here: the caller decides
                raise
            await pause(error, deadline)
            retried(f"openai:{self.model}", error.reason)
        else:
            return
        async for chunk in self._ask_stream(body, deadline):
            yield chunk

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002 — LangChain's signature
        **kwargs: Any,
    ) -> ChatResult:
        async def once() -> ChatResult:
            try:
                return await self._agenerate(messages, stop, **kwargs)
            finally:
                await self.aclose()

        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return asyncio.run(once())
        raise ModelError(
            "invoke would block the event loop here: await ainvoke instead", reason="blocking call"
        )

    async def aclose(self) -> None:
        """Close the connections of the running event loop; a later call opens new ones."""
        await self._endpoint.aclose()

    # -------------------------------------------------------------- HTTP
    def _body(self, messages: list[BaseMessage], stop: list[str] | None, options: Json) -> bytes:
        if self.temperature is not None:
            options = {"temperature": self.temperature, **options}
        if stop:
            options = {**options, "stop": stop}
        return wire.encode_body(self.model, messages, {**options, **self.extra_body})

    async def _ask(self, body: bytes, deadline: float) -> AIMessage:
        async with self._endpoint.open(body, deadline) as response:
            return wire.decode_reply(await response.read())

    async def _ask_stream(self, body: bytes, deadline: float) -> AsyncIterator[ChatGenerationChunk]:
        async with self._endpoint.open(body, deadline) as response:
            if response.content_type == "application/json":  # an endpoint that does not stream
                yield ChatGenerationChunk(message=wire.as_chunk(wire.decode_reply(await response.read())))
                return
            stream = wire.EventStream()
            async for data in response.content.iter_any():
                for chunk in stream.feed(data):
                    yield ChatGenerationChunk(message=chunk)
            for chunk in stream.close():
                yield ChatGenerationChunk(message=chunk)


def _choice(wanted: str, schemas: Sequence[Json]) -> Any:
    if any(schema["function"]["name"] == wanted for schema in schemas):
        return {"type": "function", "function": {"name": wanted}}
    return "required" if wanted == "any" else wanted
