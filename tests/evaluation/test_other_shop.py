"""A hotel that the local model was not made for: a dozen of its conversations come to the right tools and answers."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from evals.other_shop.__main__ import results
from frontdesk.evaluation.happened import Result

MET = (
    "availability/plain",
    "booking/somebody-elses",
    "booking/when-arriving",
    "breakfast/add",
    "breakfast/words",
    "cancel/somebody-elses",
    "late/hour-given",
    "off-topic/flight-insurance",
    "policy/garage-height",
    "policy/smoke-balcony",
    "room/corrected",
    "room/sea-view",
    "table/piecemeal",
    "transfer/flight",
)


@pytest.fixture(scope="module")
def done() -> Sequence[Result]:
    # Not below pytest's own folder: PostgreSQL runs as another user, and each session closes that to others again.
    with tempfile.TemporaryDirectory(prefix="frontdesk-test-", ignore_cleanup_errors=True) as data:
        return results(Path(data), MET, jobs=1)


def test_a_desk_it_was_not_made_for_is_served(done: Sequence[Result]) -> None:
    assert len(done) == len(MET)
    assert [(result.name, result.findings) for result in done if not result.passed] == []
