"""A server that lives as long as it is let: ``python -m chaos.served PORT``; FRONTDESK_DATABASE_URL names its database.

The model is the scripted one, or the chain that FRONTDESK_MODEL names. With CHAOS_HELP_CENTER the desk has a help
center, and this process a worker for what is done by the clock. Its clock can be moved while it runs:
SIGUSR1 puts it an hour forward, SIGUSR2 an hour back, SIGRTMIN right again. That is what this process reads of the time of day; the
database's clock stays.
"""

from __future__ import annotations

import datetime as module
import logging
import os
import signal
import sys
import time
from datetime import timedelta
from typing import Any

from chaos.desk import desk
from frontdesk.cli.serve import run
from frontdesk.models.scripted import ScriptedModel
from frontdesk.settings import load
from frontdesk.telemetry import configure
from frontdesk.web.app import create_app
from tests.actions.shop import obey

HOUR = 3600.0
MOVES = {signal.SIGUSR1: HOUR, signal.SIGUSR2: -HOUR, signal.SIGRTMIN: 0.0}
_moved = 0.0  # seconds, against the true time


def _move(signal_number: int, _frame: object) -> None:
    global _moved
    _moved = MOVES[signal_number]


class Moved(module.datetime):
    """datetime whose now is moved."""

    @classmethod
    def now(cls, tz: module.tzinfo | None = None) -> Any:
        """The time of day as this process sees it."""
        return module.datetime.now(tz) + timedelta(seconds=_moved)


def movable_clock() -> None:
    """Put what is read of the time of day in this process under our hand. The monotonic clock is nobody's to move."""
    true, true_ns = time.time, time.time_ns
    time.time = lambda: true() + _moved
    time.time_ns = lambda: true_ns() + int(_moved * 1e9)
    for name, loaded in list(sys.modules.items()):
        if name.startswith(("frontdesk", "jwt")) and getattr(loaded, "datetime", None) is module.datetime:
            loaded.datetime = Moved  # type: ignore[attr-defined]
    for number in MOVES:
        signal.signal(number, _move)


def main() -> None:
    """Serve until told to stop, as ``frontdesk serve`` does."""
    settings = load(port=int(sys.argv[1]))
    configure(settings.log_level, "text")
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # it warns of each try while a database is away
    movable_clock()
    models = () if os.environ.get("FRONTDESK_MODEL") else [("scripted", ScriptedModel(obey))]
    run(create_app(desk(), settings, models=models, jobs=bool(os.environ.get("CHAOS_HELP_CENTER"))), settings)


if __name__ == "__main__":
    main()
