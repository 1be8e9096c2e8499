"""The shop's REST API as its own developers call it: timeouts, reads tried again once, writes never."""

from __future__ import annotations

import os
from typing import Any

import httpx

from frontdesk import ToolNotFound, ToolRefused, ToolUnavailable

NOT_FOUND = "There is no such order on this customer's account."


class Shop:
    """A caller of OurShop's REST API."""

    def __init__(self) -> None:
        self._client: httpx.AsyncClient | None = None

    async def get(self, path: str, **params: Any) -> dict[str, Any]:
        """The JSON at ``path``. Raises ToolNotFound for 404 and ToolUnavailable when the shop does not answer."""
        for attempt in (1, 2):
            try:
                answer = await self._http().get(path, params=params)
            except httpx.HTTPError:
                continue
            if answer.status_code == httpx.codes.NOT_FOUND:
                raise ToolNotFound(NOT_FOUND)
            if answer.is_success:
                return answer.json()
            if answer.status_code < httpx.codes.INTERNAL_SERVER_ERROR or attempt == 2:
                break
        raise ToolUnavailable("The shop's order system does not answer right now.")

    async def send(self, method: str, path: str, body: Any = None, *, key: str) -> dict[str, Any]:
        """Change something, once for each ``key``: it goes out as Idempotency-Key, and nothing is sent again here.

        Raises ToolNotFound for 404, ToolRefused with the shop's own sentence where it says no, and ToolUnavailable
        where its answer is lost, so that nobody knows whether it was done.
        """
        try:
            answer = await self._http().request(method, path, json=body, headers={"Idempotency-Key": key})
        except httpx.HTTPError:
            raise ToolUnavailable("The shop's order system does not answer right now.") from None
        if answer.is_success:
            return answer.json()
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise ToolNotFound(NOT_FOUND)
        if answer.is_client_error and answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
            raise ToolRefused(str(answer.json().get("detail", "The shop does not allow this.")))
        raise ToolUnavailable("The shop's order system does not answer right now.")

    async def order(self, order_id: str, *, owner: str) -> dict[str, Any]:
        """An order of ``owner``'s. Somebody else's is answered exactly like one that does not exist."""
        if not order_id.isdecimal() or len(order_id) > 12:
            raise ToolNotFound(NOT_FOUND)
        order = await self.get(f"/orders/{order_id}")
        if order["user_id"] != owner:
            raise ToolNotFound(NOT_FOUND)
        return order

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(
                base_url=os.environ.get("SHOP_URL", "http://127.0.0.1:8001"),
                headers={"authorization": f"Bearer {os.environ.get('SHOP_TOKEN', 'shop-demo')}"},
                timeout=5.0,
                trust_env=False,
            )
        return self._client


shop = Shop()
