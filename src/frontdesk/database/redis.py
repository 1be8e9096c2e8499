"""A Redis beside PostgreSQL: quicker where it is there, never needed. What it holds may be lost at any moment."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog

from frontdesk.errors import SettingsError

__all__ = ["RedisGone", "RedisLink"]

log = structlog.get_logger("frontdesk.redis")
ANSWER_SECONDS = 1.0  # a customer is not kept longer for what can be had elsewhere
REST_SECONDS = 2.0  # a Redis that has failed is left alone for so long
CONNECTIONS = 8


class RedisGone(Exception):
    """Redis does not answer now, or has not just before: do it another way."""


class RedisLink:
    """Connections to the Redis at ``url``. Nothing is asked at the start: it may come later."""

    def __init__(self, url: str) -> None:
        """Raises SettingsError where the package is missing or the address is none."""
        try:
            from redis import asyncio as client  # noqa: PLC0415  (an extra)
            from redis.exceptions import RedisError  # noqa: PLC0415
        except ImportError:
            raise SettingsError(
                "FRONTDESK_REDIS_URL needs a package: pip install 'frontdesk[redis]'"
            ) from None
        try:
            pool = client.BlockingConnectionPool.from_url(
                url,
                max_connections=CONNECTIONS,
                timeout=ANSWER_SECONDS,
                socket_timeout=ANSWER_SECONDS,
                socket_connect_timeout=ANSWER_SECONDS,
            )
        except ValueError:
            raise SettingsError("FRONTDESK_REDIS_URL: write redis://host:6379/0, or rediss://…") from None
        self._redis: Any = client.Redis.from_pool(pool)
        self._errors = (RedisError, OSError, TimeoutError)
        self._scripts: dict[str, Any] = {}
        self._until = 0.0
        self._gone = False

    async def script(self, text: str, keys: Sequence[bytes], values: Sequence[object]) -> bytes:
        """Run a script, by its hash where Redis knows it. Raises RedisGone."""
        known = self._scripts.get(text)
        if known is None:
            known = self._scripts[text] = self._redis.register_script(text)
        return await self._ask(lambda: known(keys=keys, args=values))

    async def get(self, key: str) -> bytes | None:
        """A value. Raises RedisGone."""
        return await self._ask(lambda: self._redis.get(key))

    async def put(self, key: str, value: bytes, seconds: int) -> None:
        """Keep a value for so long. Raises RedisGone."""
        await self._ask(lambda: self._redis.set(key, value, ex=seconds))

    async def delete(self, key: str) -> None:
        """Forget a value. Raises RedisGone."""
        await self._ask(lambda: self._redis.delete(key))

    async def close(self) -> None:
        """Close all connections."""
        await self._redis.aclose()

    async def _ask(self, call: Callable[[], Awaitable[Any]]) -> Any:
        if time.monotonic() < self._until:
            raise RedisGone
        try:
            answer = await call()
        except self._errors as error:
            self._until = time.monotonic() + REST_SECONDS
            if not self._gone:
                self._gone = True
                log.warning("redis gone; going on without it", error=type(error).__name__)
            raise RedisGone from None
        if self._gone:
            self._gone = False
            log.warning("redis is back")
        return answer
