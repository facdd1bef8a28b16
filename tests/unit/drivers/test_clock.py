"""The clock of the machine, by its contract; the virtual one is tested with the simulation."""

from __future__ import annotations

import logging
import threading
import uuid

import pytest

from drivers.clock import SystemClock

CLOCK = SystemClock()


def test_elapsed_never_goes_back_and_counts_waits() -> None:
    before = CLOCK.elapsed()
    assert not CLOCK.wait(None, 0.02)
    assert CLOCK.elapsed() - before >= 0.02


def test_now_is_seconds_since_1970() -> None:
    later = CLOCK.now() + 0.01
    CLOCK.wait(None, 0.02)
    assert CLOCK.now() > later


def test_a_wait_ends_early_by_its_event() -> None:
    event = threading.Event()
    waiting = threading.Event()
    seen: list[bool] = []

    def wait() -> None:
        waiting.set()
        seen.append(CLOCK.wait(event, 60.0))

    ended = CLOCK.spawn('waiter', wait)
    assert waiting.wait(10)
    event.set()
    assert ended.wait(10)
    assert seen == [True]


@pytest.mark.parametrize('seconds', [0.0, -1.0])
def test_a_wait_without_time_only_looks(seconds: float) -> None:
    event = threading.Event()
    assert not CLOCK.wait(event, seconds)
    event.set()
    assert CLOCK.wait(event, seconds)


def test_what_is_spawned_runs_beside_under_its_name() -> None:
    names: list[str] = []
    ended = CLOCK.spawn('w1/heartbeat', lambda: names.append(threading.current_thread().name))
    assert ended.wait(10)
    assert names == ['w1/heartbeat']


def test_it_keeps_no_process_alive() -> None:
    forever, daemon = threading.Event(), []
    begun = threading.Event()

    def body() -> None:
        daemon.append(threading.current_thread().daemon)
        begun.set()
        forever.wait(10)

    ended = CLOCK.spawn('forever', body)
    assert begun.wait(10)
    forever.set()
    assert ended.wait(10)
    assert daemon == [True]


@pytest.mark.parametrize('error', [KeyError('lost'), SystemExit(3)])
def test_an_error_is_logged_and_ends_only_itself(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    def body() -> None:
        raise error

    with caplog.at_level(logging.ERROR):
        assert CLOCK.spawn('clumsy', body).wait(10)
    assert 'clumsy ended by an error nobody handled' in caplog.text


def test_identifiers_are_fresh() -> None:
    assert len({CLOCK.new_id() for _ in range(100)}) == 100
    one = CLOCK.new_id()
    assert str(uuid.UUID(one)) == one
    tokens = {CLOCK.new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(len(token) == 32 and int(token, 16) >= 0 for token in tokens)
