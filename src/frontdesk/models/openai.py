"""A chat model for OpenAI-compatible endpoints, on aiohttp and orjson.

The openai SDK walks every message of every request through typing reflection: 0.16 ms a message a call,
more than the rest of a turn together. This hands over the ready body instead.
"""

from __future__ import annotations

import asyncio
import math
import os
import time
import urllib.request
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import LanguageModelInput
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import Field, PrivateAttr, SecretStr

from frontdesk.domain import Json
from frontdesk.errors import ModelError, ModelMisconfigured, ModelRejected, ModelUnavailable
from frontdesk.models import wire

OPENAI = "https://api.openai.com/v1"
CONNECT_SECONDS = 5.0
PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 2.0
THIS_REQUEST = {400, 413, 422}
LATER = {408, 409, 425, 429}


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

    # A session belongs to the event loop it was made in.
    _sessions: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, aiohttp.ClientSession] = PrivateAttr(
        default_factory=weakref.WeakKeyDictionary
    )
    _schemas: dict[int, tuple[weakref.ref[Any], Json]] = PrivateAttr(
        default_factory=dict[int, tuple[weakref.ref[Any], Json]]
    )

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
            await _pause(error, deadline)
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
            await _pause(error, deadline)
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
        if session := self._sessions.pop(asyncio.get_running_loop(), None):
            await session.close()

    # -------------------------------------------------------------- HTTP
    def _body(self, messages: list[BaseMessage], stop: list[str] | None, options: Json) -> bytes:
        if self.temperature is not None:
            options = {"temperature": self.temperature, **options}
        if stop:
            options = {**options, "stop": stop}
        return wire.encode_body(self.model, messages, {**options, **self.extra_body})

    async def _ask(self, body: bytes, deadline: float) -> AIMessage:
        async with self._open(body, deadline) as response:
            return wire.decode_reply(await response.read())

    async def _ask_stream(self, body: bytes, deadline: float) -> AsyncIterator[ChatGenerationChunk]:
        async with self._open(body, deadline) as response:
            if response.content_type == "application/json":  # an endpoint that does not stream
                yield ChatGenerationChunk(message=wire.as_chunk(wire.decode_reply(await response.read())))
                return
            stream = wire.EventStream()
            async for data in response.content.iter_any():
                for chunk in stream.feed(data):
                    yield ChatGenerationChunk(message=chunk)
            for chunk in stream.close():
                yield ChatGenerationChunk(message=chunk)

    @asynccontextmanager
    async def _open(self, body: bytes, deadline: float) -> AsyncGenerator[aiohttp.ClientResponse]:
        """A 200 response. All that goes wrong on the way is raised as a ModelError without its cause:

        aiohttp's errors name addresses, and a traceback that holds them holds the request, too.
        """
        left = max(deadline - time.monotonic(), 0.001)
        limit = aiohttp.ClientTimeout(total=left, sock_connect=min(left, CONNECT_SECONDS))
        try:
            async with self._session().post(
                f"{self.base_url.rstrip('/')}/chat/completions",
                data=body,
                timeout=limit,
                allow_redirects=False,  # the key and the question go to this address and to no other
            ) as response:
                if response.status != 200:
                    raise _refused(response.status, response.headers.get("Retry-After"))
                yield response
        except TimeoutError:
            raise ModelUnavailable(reason="timeout") from None
        except aiohttp.InvalidURL:
            raise ModelMisconfigured(reason="the address is not a URL") from None
        except aiohttp.ClientPayloadError:
            raise ModelUnavailable(reason="reply ended early") from None
        except (aiohttp.ClientError, OSError):
            raise ModelUnavailable(reason="connection failed") from None

    def _session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        session = self._sessions.get(loop)
        if session is None or session.closed:
            session = self._sessions[loop] = self._new_session()
        return session

    def _new_session(self) -> aiohttp.ClientSession:
        headers = {"Content-Type": "application/json", "User-Agent": "frontdesk"}
        if self.api_key:
            headers["Authorization"] = f"Bearer {self.api_key.get_secret_value()}"
        return aiohttp.ClientSession(
            headers=headers,
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=60, ttl_dns_cache=300),
            cookie_jar=aiohttp.DummyCookieJar(),
            # Looking for proxies costs on each request: only where one is set.
            trust_env=bool(urllib.request.getproxies()),
        )


def _choice(wanted: str, schemas: Sequence[Json]) -> Any:
    if any(schema["function"]["name"] == wanted for schema in schemas):
        return {"type": "function", "function": {"name": wanted}}
    return "required" if wanted == "any" else wanted


def _refused(status: int, retry_after: str | None) -> ModelError:
    reason = f"HTTP {status}"
    if status in LATER or status >= 500:
        return ModelUnavailable(reason=reason, retry_after=_seconds(retry_after))
    if status in THIS_REQUEST:
        return ModelRejected(reason=reason)
    return ModelMisconfigured(reason=reason)


def _seconds(header: str | None) -> int | None:
    """Retry-After in whole seconds; a date, or what cannot be read, counts as too long to wait."""
    if header is None:
        return None
    try:
        return max(0, math.ceil(float(header)))
    except (ValueError, OverflowError):
        return 60


async def _pause(error: ModelUnavailable, deadline: float) -> None:
    """Wait before the second try, or raise ``error`` where there is no time for one."""
    wait = PAUSE_SECONDS if error.retry_after is None else float(error.retry_after)
    if wait > LONGEST_PAUSE_SECONDS or time.monotonic() + wait >= deadline:
        raise error
    await asyncio.sleep(wait)
