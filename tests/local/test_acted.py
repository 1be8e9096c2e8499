"""What became of a change, in words."""

from typing import get_args

import pytest

from frontdesk.domain import ActionStatus
from frontdesk.models.local.acted import BECAME, NOTHING, told


def test_every_status_has_its_words() -> None:
    assert set(BECAME) == set(get_args(ActionStatus))


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ({"status": "executed", "can_be_undone": True}, "Cancel order 456: done. It can still be taken back with the button."),
        ({"status": "failed"}, "Cancel order 456: it failed, and nothing was changed."),
        ({"status": "proposed"}, "Cancel order 456: not done yet, it waits for your confirmation."),
    ],
)  # fmt: skip
def test_an_action_is_told_by_its_title_and_never_by_its_id(action: dict[str, object], text: str) -> None:
    shown = {"id": "6e1f", "tool": "cancel_order", "title": "Cancel order 456", **action}
    assert told({"actions": [shown]}) == text


def test_no_action_is_none() -> None:
    assert told({"actions": []}) == NOTHING
