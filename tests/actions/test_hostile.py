"""The model replaced by an attacker: quick forms of S1 and S2; `make chaos` runs them in full."""

import os

from frontdesk.database import Database
from tests.actions.hostile import adversary

CALLS = int(os.environ.get("FRONTDESK_ATTACKS", "3000"))


async def test_a_hostile_model_changes_nothing_that_nobody_confirmed_and_shows_nobody_else_s_data(
    database: Database,
) -> None:
    found = await adversary(database, CALLS, seed=20_261_127)
    assert found.problems == []
    assert found.calls >= CALLS
    assert found.proposals > 10, "an attack that proposes nothing proves nothing"
    assert found.confirmed > 0
