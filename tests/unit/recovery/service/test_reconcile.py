"""What wants a worker is on the board, what lost its owner wants a worker (H12)."""

from __future__ import annotations

from typing import Any

import pytest

from recovery.board.boards import Board, BoardAway, open_board
from recovery.db import states
from recovery.service.reconcile import POST_AGAIN_SECONDS, Reconciler
from tests.unit.recovery.board.test_conductor import Options
from tests.unit.recovery.claims.scene import Scene


@pytest.fixture
def board(here: Scene) -> Board:
    return open_board(Options, here.store, here.clock, 'w1')


def reconciler(here: Scene, board: Board, seconds: float = 0.5) -> Reconciler:
    return Reconciler(here.store, board, 'w1', orphans_seconds=lambda: seconds)


@pytest.mark.parametrize('state', sorted(states.MEANINGS))
def test_only_what_is_ready_is_posted(here: Scene, board: Board, state: str) -> None:
    recovery = here.recovery()
    here.change(recovery, state=state, token='t' if state == 'running' else None, lease=30.0)
    reconciler(here, board).sweep()
    assert board.posted() == ({recovery} if state == states.READY else frozenset())


def test_a_board_that_forgot_gets_it_again(here: Scene, board: Board) -> None:
    recovery, sweeper = here.recovery(), reconciler(here, board)
    sweeper.sweep()
    (posting,) = board.jobs()
    board.claim(posting)
    board.consume(posting)  # wiped
    sweeper.sweep()
    assert board.posted() == frozenset()
    here.pass_(POST_AGAIN_SECONDS)
    sweeper.sweep()
    assert board.posted() == {recovery}


def test_one_that_comes_back_is_posted_at_once(here: Scene, board: Board) -> None:
    recovery, sweeper = here.recovery(), reconciler(here, board)
    sweeper.sweep()
    (posting,) = board.jobs()
    board.claim(posting)
    board.consume(posting)
    claim = here.win(recovery)
    sweeper.sweep()
    claim.release(states.READY)
    sweeper.sweep()
    assert board.posted() == {recovery}


def test_hosts_that_are_down_go_first(here: Scene, board: Board) -> None:
    back = here.recovery('c1', kind='host-return')
    here.pass_(1)
    down = here.recovery('c2')
    reconciler(here, board).sweep()
    assert [one.recovery for one in board.jobs()] == [down, back]


def test_ready_ones_are_named_oldest_first(here: Scene, board: Board) -> None:
    first = here.recovery('c1')
    here.pass_(1)
    second = here.recovery('c2')
    here.change(here.recovery('c3'), state=states.HELD)
    assert list(reconciler(here, board).ready()) == [first, second]


def test_an_orphan_is_posted_in_the_same_look(here: Scene, board: Board) -> None:
    claim, sweeper = here.claimed(), reconciler(here, board)
    sweeper.sweep()
    here.pass_(30)
    sweeper.sweep()
    assert board.posted() == {claim.recovery_id}


def test_orphans_are_looked_for_no_more_often_than_said(here: Scene, board: Board) -> None:
    sweeper = reconciler(here, board, seconds=10.0)
    sweeper.sweep()
    claim = here.claimed()
    for seconds in (5, 6, 25):  # it does not look at 5, sees it first at 11, and 36 is 25 later
        here.pass_(seconds)
        sweeper.sweep()
    assert here.row(claim.recovery_id)['state'] == states.RUNNING


def test_a_board_that_is_away_is_no_reason_to_end(
    here: Scene, board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_arguments: Any, **_more: Any) -> Any:
        raise BoardAway('the board: connection refused')

    recovery, claim, sweeper = here.recovery('c2'), here.claimed(), reconciler(here, board)
    with monkeypatch.context() as patch:
        patch.setattr(board, 'post', away)
        sweeper.sweep()
        here.pass_(30)
        sweeper.sweep()
    assert here.row(claim.recovery_id)['state'] == states.READY  # orphans are found all the same
    sweeper.sweep()
    assert board.posted() == {recovery, claim.recovery_id}
