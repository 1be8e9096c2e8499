import json
from collections.abc import AsyncGenerator

import pytest

from tests.web.console.console import Console, console


@pytest.fixture(scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Console]:
    """One installation for the tests of a module."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "backups.json").write_text(json.dumps([{"name": "nightly dump", "keep_days": 30}]))
    async with console(
        folder,
        smtp_url="smtp://127.0.0.1:9",
        mail_from="desk@shop.example",
        backups=str(folder / "backups.json"),
    ) as running:
        yield running
