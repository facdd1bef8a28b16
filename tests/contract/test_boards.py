"""What every board promises, whatever keeps its jobs. Real servers, real processes."""

from __future__ import annotations

import multiprocessing
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from drivers.clock import SystemClock
from recovery.board.boards import Board, open_board
from recovery.db.store import Store
from recovery.db.upgrade import upgrade
from tests.databases import database
from tests.peers import need

JOBS = 600
RACERS = 4
KINDS = ('sql on SQLite', 'sql on MariaDB', 'redis')

Opener = Callable[..., Board]


def opener(database_url: str, redis_url: str | None, board: str) -> Opener:
    """How to open the board, in this process or another one."""
    options = SimpleNamespace(driver='redis' if redis_url else 'sql', url=redis_url, name=board)

    def open_it(name: str, **more: Any) -> Board:
        clock = SystemClock()
        store = Store(database_url, clock, busy_seconds=30)
        return open_board(options, store, clock, name, **more)

    return open_it


@pytest.fixture(scope='module', params=KINDS)
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, str | None]]:
    redis_url = need('redis') if request.param == 'redis' else None
    kind = 'mariadb' if request.param == 'sql on MariaDB' else 'sqlite'
    with database(kind, tmp_path_factory.mktemp('boards')) as url:
        store = Store(url, SystemClock())
        upgrade(store)
        store.close()
        yield url, redis_url


@pytest.fixture
def wanted(place: tuple[str, str | None]) -> tuple[str, str | None, str]:
    """Arguments of :func:`opener`: a board of its own for each test."""
    return (*place, f'board-{uuid.uuid4()}')


@pytest.fixture
def open_it(wanted: tuple[str, str | None, str]) -> Iterator[Opener]:
    boards: list[Board] = []

    def open_one(name: str = 'one', **more: Any) -> Board:
        boards.append(opener(*wanted)(name, **more))
        return boards[-1]

    yield open_one
    for board in boards:
        board.close()


def recoveries(board: Board) -> list[str]:
    return [posting.recovery for posting in board.jobs(None)]


def test_jobs_are_delivered_by_priority_and_then_by_age(open_it: Opener) -> None:
    board = open_it()
    urgency = {'n1': 'NORMAL', 'l': 'LOW', 'h1': 'HIGH', 'n2': 'NORMAL', 'h2': 'HIGH'}
    urgency |= {'v': 'VERY_HIGH', 'w': 'VERY_LOW'}
    for name, priority in urgency.items():
        board.post(name, priority=priority)
    assert recoveries(board) == ['v', 'h1', 'h2', 'n1', 'n2', 'l', 'w']
    assert [posting.recovery for posting in board.jobs(3)] == ['v', 'h1', 'h2']
    assert [listed.recovery for listed in board.listing()] == recoveries(board)


def test_a_recovery_is_posted_once_however_often_one_tries(open_it: Opener) -> None:
    board, other = open_it('one'), open_it('two')
    assert [board.post('r'), other.post('r'), board.post('r', priority='HIGH')] == [1, 0, 0]
    (posting,) = other.jobs()
    assert other.claim(posting)
    assert not board.post('r')  # claimed, and still on the board
    assert board.posted() == {'r'}
    assert other.consume(posting)
    assert board.posted() == frozenset()
    assert board.post('r')
    assert recoveries(board) == ['r']


def test_a_claimed_job_is_nobody_elses(open_it: Opener) -> None:
    board, other = open_it('one'), open_it('two')
    board.post('r')
    mine, seen = board.jobs()[0], other.jobs()[0]
    assert board.claim(mine)
    assert not other.claim(seen)
    assert not board.claim(mine)
    assert other.jobs() == ()
    assert other.posted() == {'r'}
    assert not other.consume(seen)
    assert not other.abandon(seen)
    (listed,) = other.listing()
    assert (listed.owner, listed.recovery, listed.priority) == ('one', 'r', 'NORMAL')
    assert 0 <= listed.age < 60


def test_an_abandoned_job_is_there_again_and_in_its_place(open_it: Opener) -> None:
    board, other = open_it('one'), open_it('two')
    for name in ('a', 'b'):
        board.post(name)
    first = board.jobs()[0]
    assert board.claim(first)
    assert recoveries(other) == ['b']
    assert board.abandon(first)
    assert not board.abandon(first)
    assert recoveries(other) == ['a', 'b']
    assert other.claim(other.jobs()[0])
    assert other.listing()[0].owner == 'two'


def test_a_job_that_nobody_claimed_can_not_be_consumed(open_it: Opener) -> None:
    board = open_it()
    board.post('r')
    (posting,) = board.jobs()
    assert not board.consume(posting)
    assert board.listing()[0].owner is None
    assert recoveries(board) == ['r']


def test_a_claim_expires(open_it: Opener) -> None:
    clock = SystemClock()
    board, other = open_it('one', claim_seconds=0.3), open_it('two')
    board.post('r')
    (posting,) = board.jobs()
    assert board.claim(posting)
    end = clock.elapsed() + 10
    while not other.jobs():
        assert clock.elapsed() < end, 'the claim lasts for ever'
        clock.wait(None, 0.02)
    assert other.listing()[0].owner is None
    assert not board.consume(posting), 'a claim that expired is no claim'
    assert other.claim(other.jobs()[0])
    assert not board.claim(posting)


def test_a_job_that_is_gone_is_no_trouble(open_it: Opener) -> None:
    board, other = open_it('one'), open_it('two')
    board.post('r')
    late = other.jobs()[0]
    mine = board.jobs()[0]
    assert board.claim(mine)
    assert board.consume(mine)
    assert not board.consume(mine)
    assert not other.claim(late)
    assert not other.abandon(late)


def test_boards_of_other_names_are_other_boards(
    place: tuple[str, str | None], open_it: Opener
) -> None:
    board, other = open_it(), opener(*place, f'board-{uuid.uuid4()}')('one')
    assert board.post('r')
    assert other.post('r')
    (posting,) = board.jobs()
    assert board.claim(posting)
    assert recoveries(other) == ['r']
    assert board.consume(posting)
    assert other.posted() == {'r'}
    other.close()


def test_jobs_outlive_whoever_posted_them(open_it: Opener) -> None:
    board = open_it()
    board.post('r')
    board.close()
    board.close()
    assert recoveries(open_it('two')) == ['r']
    assert recoveries(board) == ['r'], 'a board that was closed connects again'


def test_an_unknown_priority_is_a_mistake(open_it: Opener) -> None:
    with pytest.raises(ValueError, match='valid priorities'):
        open_it().post('r', priority='high-ish')


def race(wanted: tuple[str, str | None, str], name: str, go: Any, claimed: Any) -> None:
    board = opener(*wanted)(name, claim_seconds=60)
    board.connect()
    go.wait()
    mine = []
    while postings := board.jobs(20):
        for posting in postings:
            if board.claim(posting):
                mine.append(posting.recovery)
                assert board.consume(posting)
    claimed.put(mine)
    board.close()


def post_all(wanted: tuple[str, str | None, str], name: str, go: Any, posted: Any) -> None:
    board = opener(*wanted)(name)
    board.connect()
    go.wait()
    posted.put([str(job) for job in range(40) if board.post(str(job))])
    board.close()


@contextmanager
def processes(run: Callable[..., None], wanted: Any) -> Iterator[list[list[str]]]:
    """What several processes put into the queue, all let go at once."""
    context = multiprocessing.get_context('spawn')
    go, answers = context.Event(), context.Queue()
    started = [
        context.Process(target=run, args=(wanted, f'racer-{number}', go, answers), daemon=True)
        for number in range(RACERS)
    ]
    for process in started:
        process.start()
    go.set()
    try:
        yield [answers.get(timeout=120) for _ in started]
    finally:
        for process in started:
            process.join(20)
            process.kill()


@pytest.mark.slow
def test_no_job_is_claimed_twice(wanted: tuple[str, str | None, str], open_it: Opener) -> None:
    board = open_it()
    for number in range(JOBS):
        board.post(str(number))
    with processes(race, wanted) as claimed:
        counted = Counter(recovery for mine in claimed for recovery in mine)
    assert [recovery for recovery, times in counted.items() if times > 1] == []
    assert len(counted) == JOBS
    assert board.posted() == frozenset()


@pytest.mark.slow
def test_many_posters_post_one_job(wanted: tuple[str, str | None, str], open_it: Opener) -> None:
    with processes(post_all, wanted) as posted:
        counted = Counter(recovery for mine in posted for recovery in mine)
    assert set(counted.values()) == {1}
    assert open_it().posted() == set(counted) == {str(job) for job in range(40)}
