"""A few tasks of the retail benchmark: what its policy allows passes, what it forbids does not; `make tau` runs all."""

import pytest

from evals.tau_retail.backend import FOLDER
from evals.tau_retail.replay import replay
from frontdesk.database import Database


@pytest.mark.skipif(
    not FOLDER.exists(), reason="the benchmark's data are not part of this repository: DATA_DIR"
)
async def test_gold_calls_pass_and_their_mutations_are_stopped(database: Database) -> None:
    found = await replay(database, most=6)
    assert [problem for problem in found.problems if not problem.startswith("recorded")] == []
    assert found.states == found.tasks == 6
    assert sum(found.stopped.values()) > 50
