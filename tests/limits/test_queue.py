"""How many turns may wait."""

import pytest

from frontdesk.errors import QueueFull
from frontdesk.queue import FEW, TurnQueue
from frontdesk.settings import Settings


class Machine:
    """A queue on a machine whose clock and whose congestion a test sets."""

    def __init__(self, **settings: object) -> None:
        self.now, self.congested = 0.0, True
        self.queue = TurnQueue(Settings(**settings), lambda: self.congested, lambda: self.now)

    def works(self, seconds: int, a_second: int) -> None:
        for _ in range(seconds):
            self.queue.waiting = 800
            for n in range(a_second):
                self.now += 1.0 if n == a_second - 1 else 0.0
                self.queue.ended()

    @property
    def full_at(self) -> int:
        for waiting in range(5000):
            self.queue.waiting = waiting
            try:
                self.queue.admit()
            except QueueFull:
                return waiting
        raise AssertionError


def test_no_more_wait_than_the_limit() -> None:
    assert Machine(queue_limit=300, queue_seconds=60).full_at == 300


def test_what_is_being_stored_counts() -> None:
    machine = Machine(queue_limit=300)
    machine.queue.arriving = 200
    assert machine.full_at == 100


def test_no_more_wait_than_are_answered_in_time() -> None:
    machine = Machine(queue_limit=5000, queue_seconds=6)
    machine.works(20, a_second=100)
    assert machine.full_at == pytest.approx(600, abs=5)
    machine.works(20, a_second=50)
    assert machine.full_at == pytest.approx(300, abs=5)


def test_a_burst_is_worked_off() -> None:
    machine = Machine(queue_limit=2000, queue_seconds=6)
    machine.works(2, a_second=50)
    assert machine.full_at == 2000
    machine.works(1, a_second=50)
    assert machine.full_at < 2000


def test_a_few_may_always_wait() -> None:
    machine = Machine()
    machine.works(30, a_second=1)
    assert machine.full_at == FEW


def test_turns_that_wait_for_a_slow_model_are_not_too_many() -> None:
    machine = Machine(queue_limit=2000)
    for _ in range(30):
        machine.congested = True  # for a moment, as in a burst
        machine.queue.waiting = 801
        machine.queue.ended()
        machine.congested = False
        machine.works(1, a_second=5)
    machine.congested = True
    assert machine.full_at == 2000


def test_a_quiet_hour_does_not_make_the_queue_short() -> None:
    machine = Machine(queue_limit=5000, queue_seconds=6)
    machine.works(20, a_second=100)
    machine.congested = False
    machine.works(60, a_second=1)
    machine.congested = True
    machine.works(3, a_second=100)
    assert machine.full_at == pytest.approx(600, abs=5)


def test_a_process_that_ends_nothing_learns_it_too() -> None:
    machine = Machine(queue_limit=5000)
    for _ in range(20):
        machine.now += 1
        machine.queue.admit()
    assert machine.full_at == FEW
