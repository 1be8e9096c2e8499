"""Run the shop: `python -m examples.ourshop.shop`."""

import contextlib
import os
import signal
import sys
import threading

import uvicorn

from examples.ourshop.shop.app import create_app
from examples.ourshop.shop.faults import Faults
from examples.ourshop.shop.seed import seed
from examples.ourshop.shop.settings import read_settings


def _stop_with_stdin() -> None:
    """End the process when whoever started it is gone."""

    def wait() -> None:
        with contextlib.suppress(OSError, ValueError):
            while os.read(sys.stdin.fileno(), 4096):
                pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="stdin", daemon=True).start()


def main() -> None:
    """Seed the database if it is empty, then serve until told to stop."""
    try:
        settings = read_settings()
    except ValueError as error:
        sys.exit(str(error))
    if settings.stop_with_stdin:
        _stop_with_stdin()
    seed(settings.database_url)
    app = create_app(
        settings.database_url,
        token=settings.token,
        clock=settings.clock,
        faults=Faults() if settings.faults else None,
    )
    uvicorn.run(app, host=settings.host, port=settings.port, log_level="warning", timeout_graceful_shutdown=5)


if __name__ == "__main__":
    main()
