"""What a soak looks at, and whether it stays as it is: the slope of each row against its own noise."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import psutil
import psycopg
from psycopg.rows import dict_row

COUNTED = """
SELECT
  (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()) AS connections,
  (SELECT sum(n_dead_tup) FROM pg_stat_user_tables) AS dead,
  (SELECT sum(n_live_tup) FROM pg_stat_user_tables) AS live,
  (SELECT sum(pg_table_size(relid)) FROM pg_stat_user_tables) AS tables,
  (SELECT sum(pg_indexes_size(relid)) FROM pg_stat_user_tables) AS indexes,
  (SELECT sum(size) FROM pg_ls_waldir()) AS kept,
  pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS wal
"""


@dataclass(frozen=True)
class Row:
    """One thing that is looked at. ``share``: how much of its middle it may grow while it is looked at and count as flat."""

    name: str
    unit: str
    share: float = 0.01


ROWS = (
    Row("memory of the server", "MB"),
    Row("open descriptors", "", 0.05),
    Row("connections in PostgreSQL", "", 0.05),
    Row("dead rows for each live one", "%", 0.5),
    Row("bytes of tables a live row", ""),
    Row("bytes of indexes a live row", ""),
    Row("write-ahead log a turn", "kB", 0.1),
    Row("write-ahead log on disk", "MB", 0.5),
    Row("wait of the event loop, p95", "ms", 0.5),
    Row("a turn, p50", "ms", 0.1),
    Row("a turn, p95", "ms", 0.2),
    Row("cores busy, with all programs", "", 0.2),
)


@dataclass(frozen=True)
class Verdict:
    """``growth``: what the slope of the last two thirds comes to in an hour; ``noise``: twice its standard error."""

    row: Row
    first: float
    last: float
    growth: float
    noise: float
    flat: bool


class Meter:
    """Takes the samples of one server process and its database."""

    def __init__(self, process: int, url: str) -> None:
        self._process = psutil.Process(process)
        self._connection = psycopg.connect(url, autocommit=True, row_factory=dict_row)
        self._began = time.monotonic()
        self._wal = self._counted()["wal"]
        self.minutes: list[float] = []
        self.values: list[list[float]] = []

    def take(self, turns: Sequence[float], waits: Sequence[float]) -> list[float]:
        """A sample of now; ``turns`` (ms) and ``waits`` (ms) are those since the one before it."""
        found = self._counted()
        live = max(1.0, found["live"])
        wal, self._wal = found["wal"] - self._wal, found["wal"]
        values = [
            self._process.memory_info().rss / 1e6,
            float(self._process.num_fds()),
            found["connections"] - 1,  # this one
            100 * found["dead"] / live,
            found["tables"] / live,
            found["indexes"] / live,
            wal / 1e3 / max(1, len(turns)),
            found["kept"] / 1e6,
            quantile(waits, 0.95),
            quantile(turns, 0.5),
            quantile(turns, 0.95),
            psutil.cpu_percent() * psutil.cpu_count() / 100,
        ]
        self.minutes.append((time.monotonic() - self._began) / 60)
        self.values.append(values)
        return values

    def _counted(self) -> dict[str, float]:
        row = self._connection.execute(COUNTED).fetchone()
        assert row
        return {name: float(value or 0) for name, value in row.items()}

    def verdicts(self) -> list[Verdict]:
        """Of each row, over the last two thirds of the samples."""
        from_ = len(self.minutes) // 3
        return [
            _verdict(row, self.minutes[from_:], [values[n] for values in self.values[from_:]])
            for n, row in enumerate(ROWS)
        ]


def quantile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of them do not pass; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


def _verdict(row: Row, minutes: Sequence[float], values: Sequence[float]) -> Verdict:
    """A line through the values, by least squares.

    Flat is what falls, what grows less than twice the error of its slope, and what grows by less than its share of
    the middle while it was looked at.
    """
    count = len(minutes)
    middle_x, middle_y = sum(minutes) / count, sum(values) / count
    spread = sum((x - middle_x) ** 2 for x in minutes) or 1.0
    slope = sum((x - middle_x) * (y - middle_y) for x, y in zip(minutes, values, strict=True)) / spread
    left = sum((y - middle_y - slope * (x - middle_x)) ** 2 for x, y in zip(minutes, values, strict=True))
    noise = 2 * math.sqrt(left / max(1, count - 2) / spread)
    grown = slope * (minutes[-1] - minutes[0])
    flat = slope <= noise or grown <= row.share * abs(middle_y)
    return Verdict(row, values[0], values[-1], slope * 60, noise * 60, flat)
