"""The quick form of ``make cluster``: two processes behind the HAProxy configuration that deploy/ ships, one killed."""

from pathlib import Path

import pytest

from chaos.backend import backend
from chaos.cluster import proxying, up
from chaos.servers import client_of, servers
from chaos.talkers import Talkers
from tests.debian import program
from tests.process import free_port

pytestmark = pytest.mark.timeout(180)


async def test_a_killed_process_loses_no_message_and_its_streams_go_on_at_the_other(tmp_path: Path) -> None:
    if program("haproxy", package="haproxy") is None:
        pytest.skip("apt-get install haproxy")
    port = free_port()
    async with backend() as shop, servers(2, CHAOS_BACKEND=shop.url) as (url, started, _):
        with proxying(tmp_path, port, [server.port for server in started]):
            async with client_of(f"http://127.0.0.1:{port}") as client:
                await up(client)
                talkers = Talkers(client, shop, url, 6)
                async with talkers.talking():
                    await talkers.all_answered("at first")
                    started[0].kill()
                    await talkers.all_answered("with one killed")
                await talkers.reconcile()
    assert talkers.tally.problems == []
    assert talkers.tally.counts["messages"] == talkers.tally.counts["replies"] >= 12
    assert talkers.tally.counts["streams"] >= 3
