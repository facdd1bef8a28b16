"""A board that is away, restarted, wiped or hung: one exception, and as before afterwards."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from drivers.clock import SystemClock
from recovery.board.boards import Board, BoardAway, Posting, open_board
from recovery.db.store import Store
from recovery.db.upgrade import upgrade
from tests.databases import database, opened
from tests.peers import need

CLOCK = SystemClock()
POSTING = Posting('r', 'NORMAL', 1, 0.0, None)
VERBS: dict[str, Callable[[Board, Posting], Any]] = {
    'connect': lambda board, posting: board.connect(),
    'post': lambda board, posting: board.post('another'),
    'jobs': lambda board, posting: board.jobs(),
    'posted': lambda board, posting: board.posted(),
    'listing': lambda board, posting: board.listing(),
    'claim': lambda board, posting: board.claim(posting),
    'consume': lambda board, posting: board.consume(posting),
    'abandon': lambda board, posting: board.abandon(posting),
}


def redis_board(url: str, name: str = 'one', board: str | None = None) -> Board:
    options = SimpleNamespace(driver='redis', url=url, name=board or f'board-{uuid.uuid4()}')
    return open_board(options, Store('sqlite://', CLOCK), CLOCK, name)


def sql_board(store: Store, name: str = 'one') -> Board:
    return open_board(SimpleNamespace(driver='sql', name='board'), store, CLOCK, name)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return int(probe.getsockname()[1])


def all_say_away(board: Board, posting: Posting, but: tuple[str, ...] = ()) -> None:
    for verb, run in VERBS.items():
        if verb not in but:
            with pytest.raises(BoardAway) as caught:
                run(board, posting)
            assert 'secret' not in str(caught.value), verb


def test_a_redis_that_is_not_there() -> None:
    all_say_away(redis_board(f'redis://me:secret@127.0.0.1:{free_port()}'), POSTING)


def test_a_mariadb_that_is_not_there() -> None:
    with opened(f'mysql+pymysql://me:secret@127.0.0.1:{free_port()}/recovery') as store:
        all_say_away(sql_board(store), POSTING)


def test_a_server_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    need('redis')
    monkeypatch.setattr('recovery.board.redis.ANSWER_SECONDS', 0.2)
    with socket.create_server(('127.0.0.1', 0)) as server:
        board = redis_board(f'redis://127.0.0.1:{server.getsockname()[1]}')
        started = CLOCK.elapsed()
        with pytest.raises(BoardAway, match=r'[Tt]imeout|timed out'):
            board.jobs()
        assert CLOCK.elapsed() - started < 5


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Store]:
    with opened(f'sqlite:///{tmp_path}/a.sqlite', busy_seconds=0.1) as store:
        upgrade(store)
        yield store


def test_a_sqlite_that_somebody_has_locked(locked: Store) -> None:
    board = sql_board(locked)
    board.post('r')
    (posting,) = board.jobs()
    with locked.write():
        all_say_away(board, posting, but=('connect', 'jobs', 'posted', 'listing'))
    assert board.claim(posting)


def test_a_schema_that_is_not_there_is_a_mistake_and_not_away(tmp_path: Path) -> None:
    with (
        opened(f'sqlite:///{tmp_path}/a.sqlite') as store,
        pytest.raises(Exception, match='no such table') as caught,
    ):
        sql_board(store).jobs()
    assert not isinstance(caught.value, BoardAway)


def test_a_wiped_redis() -> None:
    import redis

    url, name = need('redis'), f'board-{uuid.uuid4()}'
    board, other = redis_board(url, 'one', name), redis_board(url, 'two', name)
    for recovery in ('a', 'b'):
        board.post(recovery)
    first = board.jobs()[0]
    assert board.claim(first)
    server = redis.Redis.from_url(url)
    server.delete(*server.keys(f'{name}:*'))
    assert (board.posted(), other.jobs()) == (frozenset(), ())
    assert not board.consume(first)
    assert other.post('a')
    assert other.claim(other.jobs()[0])
    assert not board.consume(first), 'the new job is not the one that was claimed'
    assert other.posted() == {'a'}


@contextlib.contextmanager
def a_redis(port: int) -> Iterator[None]:
    command = ['redis-server', '--bind', '127.0.0.1', '--port', str(port), '--save', '']
    server = subprocess.Popen([*command, '--appendonly', 'no'], stdout=subprocess.DEVNULL)
    end = CLOCK.elapsed() + 20
    while True:
        with contextlib.suppress(OSError), socket.create_connection(('127.0.0.1', port), 1):
            break
        assert CLOCK.elapsed() < end
        assert server.poll() is None
        CLOCK.wait(None, 0.02)
    try:
        yield
    finally:
        server.kill()
        server.wait()


def test_a_redis_that_is_killed_and_started_again() -> None:
    if shutil.which('redis-server') is None:
        need('redis')
    port = free_port()
    board = redis_board(f'redis://127.0.0.1:{port}')
    with a_redis(port):
        board.post('r')
        (posting,) = board.jobs()
    all_say_away(board, posting, but=('connect',))
    with a_redis(port):
        assert board.posted() == frozenset()
        assert board.post('r')
        (posting,) = board.jobs()
        assert board.claim(posting)
        assert board.consume(posting)


def test_a_mariadb_connection_that_was_killed(tmp_path: Path) -> None:
    with database('mariadb', tmp_path) as url, opened(url) as store:
        upgrade(store)
        board = sql_board(store)
        board.post('r')
        with store.read() as connection:
            mine = connection.exec_driver_sql('SELECT CONNECTION_ID()').scalar()
        with opened(url) as other, other.read() as connection:
            connection.exec_driver_sql(f'KILL {mine}')
        assert board.posted() == {'r'}
