"""What every route works with."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Depends, Request

from examples.ourshop.shop.clock import Clock
from examples.ourshop.shop.database import Connection, Pool


@dataclass(frozen=True, slots=True)
class Shop:
    """The running shop: its database and its clock."""

    pool: Pool
    clock: Clock

    def connection(self) -> AbstractAsyncContextManager[Connection]:
        """A transaction: committed at the end of the block, so before the reply is sent."""
        return self.pool.connection()

    def today(self) -> date:
        """The shop's date."""
        return self.clock().date()


def _shop(request: Request) -> Shop:
    return request.app.state.shop


CurrentShop = Annotated[Shop, Depends(_shop)]
