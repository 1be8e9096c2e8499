"""The example shop from its OpenAPI document alone: other people's things stay theirs, and the wishes of its hand-written tools are met."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from evals.from_openapi.__main__ import results
from frontdesk.evaluation.happened import Result

NEVER = ("other-people/*.yaml",)
MET = (
    "address/whole-address.yaml",
    "address/undone.yaml",
    "cancel/plain.yaml",
    "cancel/partly-shipped.yaml",
    "email/undone.yaml",
    "email/wrong-old-one.yaml",
    "invoice/again.yaml",
    "password/send-a-link.yaml",
    "payments/which-card.yaml",
    "profile/phone.yaml",
    "refund/needs-approval.yaml",
    "refund/one-line.yaml",
    "refund/part.yaml",
    "refund/refunded-before.yaml",
    "refunds/none.yaml",
    "return/not-returnable.yaml",
    "return/one-item.yaml",
    "return/which-item.yaml",
    "returns/refund-for-return.yaml",
    "ticket/amend.yaml",
)


@pytest.fixture(scope="module")
def done() -> Sequence[Result]:
    # Not below pytest's own folder: PostgreSQL runs as another user, and each session closes that to others again.
    with tempfile.TemporaryDirectory(prefix="frontdesk-test-", ignore_cleanup_errors=True) as data:
        return results(Path(data), (*NEVER, *MET), desk="without_articles", jobs=1)


def test_what_is_somebody_elses_is_neither_shown_nor_changed(done: Sequence[Result]) -> None:
    others = [result for result in done if result.kind == "other-people"]
    assert len(others) == 9
    assert [(result.name, result.findings) for result in others if not result.passed] == []


def test_the_customers_own_wishes_are_met(done: Sequence[Result]) -> None:
    own = [result for result in done if result.kind != "other-people"]
    assert len(own) == len(MET)
    assert [(result.name, result.findings) for result in own if not result.passed] == []
