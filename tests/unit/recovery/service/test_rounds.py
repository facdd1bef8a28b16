"""Whatever goes wrong in one look, the next one comes."""

from __future__ import annotations

import logging
import threading

import pytest

from drivers.simulated.clock import VirtualClock
from flows.stop import StoreAway
from recovery.service.rounds import TROUBLE_SECONDS, every


def looked(seconds: float, errors: dict[int, BaseException], until: float) -> list[float]:
    """When it looked."""
    clock, stop, times = VirtualClock(), threading.Event(), []

    def look() -> None:
        times.append(clock.elapsed())
        if len(times) in errors:
            raise errors[len(times)]

    ended = clock.spawn('a', lambda: every(clock, seconds, look, stop))
    clock.run(until=until)
    stop.set()
    clock.wait(ended)
    return times


def test_at_once_and_then_after_each_pause() -> None:
    assert looked(2.0, {}, 5.0) == [0.0, 2.0, 4.0]


def test_a_database_that_is_away_is_asked_more_rarely(caplog: pytest.LogCaptureFixture) -> None:
    assert looked(0.25, {2: StoreAway('locked')}, 1.6) == [0.0, 0.25, 1.25, 1.5]
    assert [one.getMessage() for one in caplog.records] == ['locked']
    assert looked(5.0, {1: StoreAway('locked')}, 6.0) == [0.0, 5.0]
    assert TROUBLE_SECONDS == 1.0


def test_a_defect_ends_nothing_and_is_told(caplog: pytest.LogCaptureFixture) -> None:
    assert looked(2.0, {1: KeyError('a row of yesterday')}, 3.0) == [0.0, 2.0]
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert 'a row of yesterday' in caplog.text


def test_it_looks_no_more_after_the_stop() -> None:
    clock, stop = VirtualClock(), threading.Event()
    stop.set()
    every(clock, 1.0, lambda: pytest.fail('it looked'), stop)
