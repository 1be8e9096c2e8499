"""The model replaced by an attacker: quick forms of S1, S2 and S3; `make chaos` runs them in full."""

import os

from frontdesk.database import Database
from tests.actions.hostile import PLACES, adversary, injections, obeying

CALLS = int(os.environ.get("FRONTDESK_ATTACKS", "3000"))


async def test_a_hostile_model_changes_nothing_that_nobody_confirmed_and_shows_nobody_else_s_data(
    database: Database,
) -> None:
    found = await adversary(database, CALLS, seed=20_261_127)
    assert found.problems == []
    assert found.calls >= CALLS
    assert found.proposals > 10, "an attack that proposes nothing proves nothing"
    assert found.confirmed > 0


async def test_a_model_that_obeys_what_it_reads_does_nothing_that_nobody_confirmed(
    database: Database,
) -> None:
    strings = injections([])
    assert len(strings) >= 200
    found = await obeying(database, strings[::10])
    assert found.problems == []
    assert found.turns == len(strings[::10]) * len(PLACES)
    assert found.proposals > 0, "a model that proposes nothing proves nothing"
