"""Quick forms of what `make chaos` runs in full."""

import pytest

from chaos.kills import POINTS, kill_loop
from chaos.races import clicks_at_once, hang_ups, messages_at_once, repeats


def quiet(_: str) -> None: ...


@pytest.mark.timeout(300)  # a server is started for each kill
async def test_whatever_is_killed_no_message_is_lost_and_each_action_has_one_effect() -> None:
    counts, problems = await kill_loop(6, 7, quiet)
    assert problems == []
    assert counts["kills"] >= 3
    assert set(POINTS) <= set(counts)


async def test_messages_clicks_repeats_and_hang_ups_at_once() -> None:
    for running in (
        messages_at_once(8, 5, quiet),
        clicks_at_once(15, 10, quiet),
        repeats(150, quiet),
        hang_ups(10, quiet),
    ):
        _, problems = await running
        assert problems == []
