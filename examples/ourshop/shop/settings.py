"""Settings of the shop, read once from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass

from examples.ourshop.shop.clock import Clock, clock_from

DEMO_TOKEN = "shop-demo"  # noqa: S105 - the demo's, known to everyone

_NO_DATABASE = "SHOP_DATABASE_URL is not set: the shop needs a PostgreSQL database of its own"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the process can be told from outside."""

    database_url: str
    host: str
    port: int
    token: str
    clock: Clock
    faults: bool
    """Whether POST /_faults exists (SHOP_FAULTS=1); for tests only."""
    stop_with_stdin: bool
    """Whether the process ends when its stdin does (SHOP_STOP_WITH_STDIN=1)."""


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from `environ`; a missing database address is an error a person can act on."""
    database_url = environ.get("SHOP_DATABASE_URL", "")
    if not database_url:
        raise ValueError(_NO_DATABASE)
    return Settings(
        database_url=database_url,
        host=environ.get("SHOP_HOST", "127.0.0.1"),
        port=int(environ.get("SHOP_PORT", "8001")),
        token=environ.get("SHOP_TOKEN", DEMO_TOKEN),
        clock=clock_from(environ.get("SHOP_CLOCK", "2025-01-15T12:00:00Z")),
        faults=environ.get("SHOP_FAULTS") == "1",
        stop_with_stdin=environ.get("SHOP_STOP_WITH_STDIN") == "1",
    )
