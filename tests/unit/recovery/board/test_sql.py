"""The SQL board on virtual time: leases, delays, waiting, and clocks that step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from taskflow import exceptions, states
from taskflow.persistence import models

from drivers.simulated.clock import VirtualClock
from recovery.board.sql import SqlJobBoard
from recovery.board.sql_job import FAR, LONGEST
from recovery.db.upgrade import upgrade
from tests.databases import opened


@pytest.fixture
def clock() -> Iterator[VirtualClock]:
    clock = VirtualClock()
    yield clock
    clock.close()


@pytest.fixture
def board(clock: VirtualClock, tmp_path: Path) -> Iterator[SqlJobBoard]:
    with opened(f'sqlite:///{tmp_path}/a.sqlite', clock) as store:
        upgrade(store)
        board = SqlJobBoard('board', {}, store=store)
        board.connect()
        yield board


def unclaimed(board: SqlJobBoard) -> list[str]:
    return [job.name for job in board.iterjobs(only_unclaimed=True)]


def test_a_claim_lasts_as_long_as_it_said(board: SqlJobBoard, clock: VirtualClock) -> None:
    job = board.post('a')
    board.claim(job, 'one', expiry=5)
    clock.wait(None, 4.9)
    assert (job.state, board.find_owner(job), unclaimed(board)) == (states.CLAIMED, 'one', [])
    with pytest.raises(exceptions.UnclaimableJob):
        board.claim(job, 'two')
    clock.wait(None, 0.1)
    assert (job.state, board.find_owner(job)) == (states.UNCLAIMED, None)
    with pytest.raises(exceptions.NotFound):
        board.consume(job, 'one')
    board.claim(job, 'two')
    with pytest.raises(exceptions.JobFailure, match='not claimed by one'):
        board.consume(job, 'one')


def test_a_claim_without_an_end_has_none(board: SqlJobBoard, clock: VirtualClock) -> None:
    job = board.post('a')
    board.claim(job, 'one')
    clock.wait(None, 1e7)
    assert board.find_owner(job) == 'one'
    board.consume(job, 'one')
    assert job.state == states.COMPLETE


@pytest.mark.parametrize('step', [3600, -3600])
def test_a_clock_that_steps_hides_no_job(
    board: SqlJobBoard, clock: VirtualClock, step: float
) -> None:
    """The worker dies right after its claim; an hour's step must not cost an hour."""
    job, delayed = board.post('a'), board.post('b')
    board.claim(job, 'one', expiry=5)
    board.claim(delayed, 'one', expiry=5)
    board.abandon(delayed, 'one', delay=5)
    clock.step_wall(step)
    clock.wait(None, 5)
    assert unclaimed(board) == ['a', 'b']
    for one in (job, delayed):
        board.claim(one, 'two', expiry=5)


def test_who_waited_long_for_its_turn_steals_nothing(
    board: SqlJobBoard, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its look at the clock is older than the claim that it meets."""
    job = board.post('a')
    clock.wait(None, LONGEST)
    board.claim(job, 'one', expiry=LONGEST)
    late = clock.now() - (FAR - LONGEST)
    monkeypatch.setattr(clock, 'now', lambda: late)
    with pytest.raises(exceptions.UnclaimableJob):
        board.claim(job, 'two', expiry=5)


def test_an_abandoned_job_may_rest_a_while(board: SqlJobBoard, clock: VirtualClock) -> None:
    job = board.post('a')
    board.claim(job, 'one', expiry=5)
    board.abandon(job, 'one', delay=3)
    assert (job.state, unclaimed(board)) == (states.UNCLAIMED, [])
    with pytest.raises(exceptions.UnclaimableJob, match='not due'):
        board.claim(job, 'two')
    clock.wait(None, 3)
    board.claim(job, 'two')
    board.abandon(job, 'two')
    assert unclaimed(board) == ['a']


def test_what_lasts_too_long_or_not_at_all_is_refused(board: SqlJobBoard) -> None:
    job = board.post('a')
    for seconds in (0, -1, LONGEST + 1):
        with pytest.raises(ValueError, match='not between 0 and 60 s'):
            board.claim(job, 'one', expiry=seconds)
    with pytest.raises(ValueError, match='needs a name'):
        board.claim(job, '')


def test_a_trashed_job_is_off_the_board_and_may_be_posted_again(board: SqlJobBoard) -> None:
    job = board.post('a', job_uuid='r')
    board.claim(job, 'one')
    board.trash(job, 'one')
    assert (job.state, board.job_count, unclaimed(board)) == (states.COMPLETE, 0, [])
    with pytest.raises(exceptions.NotFound):
        board.claim(job, 'two')
    board.post('b', job_uuid='r')
    assert unclaimed(board) == ['b']


def test_waiting_takes_virtual_time(board: SqlJobBoard, clock: VirtualClock) -> None:
    with pytest.raises(exceptions.NotFound, match='within 2 seconds'):
        board.wait(2)
    assert clock.elapsed() == pytest.approx(2)
    found: list[Any] = []

    def poster() -> None:
        clock.wait(None, 30)
        board.post('a')

    def waiter() -> None:
        (job,) = board.wait()
        board.claim(job, 'one', expiry=60)
        clock.wait(None, 30)
        board.consume(job, 'one')

    def watcher() -> None:
        job = next(iter(board.wait()))
        found.append(job.wait(10))
        found.append(job.wait())
        found.append(job.wait(10))

    for actor in (poster, waiter, watcher):
        clock.spawn(actor.__name__, actor)
    clock.run()
    assert found == [False, True, True]
    assert 60 < clock.elapsed() < 64


def test_a_job_shows_what_taskflow_expects(board: SqlJobBoard, clock: VirtualClock) -> None:
    book = models.LogBook('book')  # an empty one is false
    job = board.post('a', book, {'x': 1})
    clock.wait(None, 7)
    board.claim(job, 'one')
    (found,) = board.iterjobs()
    assert (found.book_uuid, found.book_name, found.details) == (book.uuid, 'book', {'x': 1})
    assert found.created_on.timestamp() == pytest.approx(clock.now() - 7)
    assert found.last_modified is not None
    assert found.last_modified.timestamp() == pytest.approx(clock.now())
    board.consume(found, 'one')
    assert found.last_modified is None


def test_a_closed_board_says_so(board: SqlJobBoard) -> None:
    job = board.post('a')
    board.close()
    assert not board.connected
    with pytest.raises(exceptions.JobFailure, match='closed'):
        _ = job.state


def test_it_needs_to_know_its_database() -> None:
    with pytest.raises(ValueError, match="needs a store, or 'connection'"):
        SqlJobBoard('board', {})
