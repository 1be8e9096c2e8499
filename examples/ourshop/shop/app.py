"""The composition root of the shop."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from examples.ourshop.shop import problems
from examples.ourshop.shop.auth import TokenMiddleware
from examples.ourshop.shop.clock import Clock, frozen_clock
from examples.ourshop.shop.context import Shop
from examples.ourshop.shop.database import create_pool, migrate
from examples.ourshop.shop.faults import Faults, FaultyMiddleware, fault_switch
from examples.ourshop.shop.routes import ROUTERS
from examples.ourshop.shop.settings import DEMO_TOKEN


def create_app(
    database_url: str, *, token: str = DEMO_TOKEN, clock: Clock | None = None, faults: Faults | None = None
) -> FastAPI:
    """The shop's service over the database at `database_url`.

    Its lifespan makes the schema and holds the pool. Without `faults` there is no /_faults.
    """
    shop = Shop(pool=create_pool(database_url), clock=clock or frozen_clock())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        await asyncio.to_thread(migrate, database_url)
        async with shop.pool:
            yield

    app = FastAPI(title="OurShop", version="1.0.0", lifespan=lifespan)
    app.state.shop = shop
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    if faults is not None:
        app.include_router(fault_switch(faults))
        app.add_middleware(FaultyMiddleware, faults=faults)
    app.add_middleware(TokenMiddleware, token=token)
    return app
