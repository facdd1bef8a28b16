"""Opening a board: options that cannot work say what would. Its promises: tests/contract."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from drivers.simulated.clock import VirtualClock
from recovery.board.boards import BadBoard, BoardAway, open_board
from recovery.db.store import Store

CLOCK = VirtualClock()


def options(**values: str) -> SimpleNamespace:
    return SimpleNamespace(**{'driver': 'redis', 'name': 'recovery', **values})


@pytest.mark.parametrize(
    'url', ['127.0.0.1:6379', 'http://me:secret@host', 'redis://me:secret@host:port', '']
)
def test_a_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(BadBoard, match='right would be redis://HOST:PORT') as caught:
        open_board(options(url=url), Store('sqlite://', CLOCK), CLOCK, 'w1')
    assert 'secret' not in str(caught.value)


def test_a_missing_client_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, 'recovery.board.redis', raising=False)
    monkeypatch.setitem(sys.modules, 'redis', None)
    with pytest.raises(BadBoard, match=r"pip install 'openstack-recovery\[redis\]'"):
        open_board(options(url='redis://host'), Store('sqlite://', CLOCK), CLOCK, 'w1')


def test_nothing_is_connected_before_it_is_used() -> None:
    board = open_board(options(url='redis://127.0.0.1:1'), Store('sqlite://', CLOCK), CLOCK, 'w1')
    with pytest.raises(BoardAway, match='the board: '):
        board.posted()
    board.close()
