"""TaskFlow's own tests of jobboards, from its package, on every board that we deliver with."""

from __future__ import annotations

import contextlib
import tempfile
import uuid
from pathlib import Path
from typing import Any

import fixtures
import pytest
from taskflow import exceptions, states, test
from taskflow.jobs import backends
from taskflow.jobs.backends.impl_redis import RedisJobBoard
from taskflow.tests.unit.jobs import base
from taskflow.utils import persistence_utils
from taskflow.utils.redis_utils import RedisClient

from recovery.board.redis import OrderedRedisJobBoard
from recovery.board.sql import SqlJobBoard
from recovery.db.upgrade import upgrade
from tests.databases import database, opened
from tests.peers import need

#: Some of them wait for ever where a board is broken.
SECONDS = 60


class Boards(base.BoardTestMixin):
    """What TaskFlow asks of each of its boards, and of those with leases."""

    client: Any
    board: Any
    addCleanup: Any
    useFixture: Any

    def start(self) -> None:
        self.useFixture(fixtures.Timeout(SECONDS, gentle=True))
        self.client, self.board = self.create_board()

    def create_board(self, persistence: Any = None) -> tuple[Any, Any]:
        raise NotImplementedError

    def test_posting_claim_expiry(self) -> None:
        with base.connect_close(self.board):
            self.board.post('test', persistence_utils.temporary_log_book())
            (job,) = self.board.iterjobs(only_unclaimed=True)
            self.board.claim(job, 'somebody', expiry=0.2)
            assert self.board.find_owner(job) == 'somebody'
            assert job.state == states.CLAIMED
            while job.state == states.CLAIMED:
                assert not job.wait(0.05, max_delay=0.05)
            assert list(self.board.iterjobs(only_unclaimed=True))

    def test_posting_claim_same_owner(self) -> None:
        with base.connect_close(self.board):
            self.board.post('test', persistence_utils.temporary_log_book())
            (job,) = self.board.iterjobs()
            self.board.claim(job, 'somebody')
            with pytest.raises(exceptions.UnclaimableJob):
                self.board.claim(job, 'somebody')
            assert list(self.board.iterjobs(only_unclaimed=True)) == []

    def test_posting_claim_trash(self) -> None:
        with base.connect_close(self.board):
            self.board.post('test', persistence_utils.temporary_log_book())
            (job,) = self.board.iterjobs()
            self.board.claim(job, 'somebody')
            with pytest.raises(exceptions.JobFailure):
                self.board.trash(job, 'somebody else')
            self.board.trash(job, 'somebody')
            assert (job.state, self.board.job_count) == (states.COMPLETE, 0)


class SqlBoards(Boards):
    """Our board, loaded as TaskFlow loads a plug-in."""

    kind = ''

    def start(self) -> None:
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.url = stack.enter_context(database(self.kind, folder))
        with opened(self.url) as store:
            upgrade(store)
        super().start()

    def create_board(self, persistence: Any = None) -> tuple[Any, Any]:
        conf = {'board': 'sql', 'connection': self.url}
        board = backends.fetch('test-board', conf, persistence=persistence)
        assert isinstance(board, SqlJobBoard)
        self.addCleanup(board.close)
        return None, board


class SqlOnSQLiteTest(test.TestCase, SqlBoards):
    kind = 'sqlite'

    def setUp(self) -> None:
        super().setUp()
        self.start()


class SqlOnMariaDBTest(test.TestCase, SqlBoards):
    kind = 'mariadb'

    def setUp(self) -> None:
        super().setUp()
        self.start()


class StockRedisTest(test.TestCase, Boards):
    """TaskFlow's Redis board as it comes."""

    def setUp(self) -> None:
        super().setUp()
        self.start()

    def close_client(self, client: Any) -> None:
        client.close()

    def create_board(self, persistence: Any = None) -> tuple[Any, Any]:
        client = RedisClient.from_url(need('redis'))
        conf = {'namespace': f'taskflow-{uuid.uuid4()}'}
        board = RedisJobBoard('test-board', conf, client=client, persistence=persistence)
        self.addCleanup(board.close)
        self.addCleanup(client.close)
        return client, board


class OrderedRedisTest(test.TestCase, Boards):
    """The same, with what our adapter expects."""

    def setUp(self) -> None:
        super().setUp()
        self.start()

    def create_board(self, persistence: Any = None) -> tuple[Any, Any]:
        conf = {'url': need('redis'), 'namespace': f'taskflow-{uuid.uuid4()}'}
        board = OrderedRedisJobBoard('test-board', conf, persistence=persistence)
        self.addCleanup(board.close)
        return None, board
