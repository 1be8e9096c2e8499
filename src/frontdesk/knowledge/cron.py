"""Schedules as cron has them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from croniter import CroniterError, croniter

from frontdesk.errors import SettingsError

_FIELD = re.compile(
    r"(?:[0-9*/,-]|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun)+",
    re.IGNORECASE,
)


def check_cron(cron: str) -> None:
    """Raise SettingsError unless ``cron`` is a schedule of five fields that comes due at some time."""
    fields = cron.split()
    try:
        if len(fields) == 5 and all(_FIELD.fullmatch(field) for field in fields):
            times = croniter(cron, datetime.now(UTC))
            times.get_next()  # refuses a 30 February
            times.get_prev()
            return
    except (CroniterError, ValueError, KeyError, IndexError):
        pass
    raise SettingsError(
        f"schedule: {cron[:40]!r} is no schedule; write five fields as cron has them,"
        ' "0 * * * *" for each full hour'
    )
