"""From the end of a run to the state of its recovery: one table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from flows.stop import (
    BackToFence,
    Cancelled,
    ClaimLost,
    NotNeeded,
    Released,
    Stop,
    StoreAway,
    Waiting,
)
from recovery.board.books import UnknownFlow
from recovery.board.outcome import ROUNDS, conclude
from recovery.board.run import Run
from recovery.claims.claim import Claim
from recovery.claims.ledger import Ledger
from recovery.db import states, tables
from tests.unit.recovery.board.toys import Killed, Theatre, kill, raising
from tests.unit.recovery.claims.scene import Scene


def acts(claim: Claim, action: str) -> None:
    with claim.act(action, claim.host, observed={'enabled': True}, within=2.0):
        pass


def wishes(here: Scene, claim: Claim, how: str) -> None:
    here.change(claim.recovery_id, wish=how, wish_by='ann', wish_reason='mine')


@pytest.mark.parametrize(
    ('stop', 'state', 'values'),
    [
        (Waiting('a', code='b', verb='c', again_in=5.0), 'waiting',
         {'reason': 'a', 'code': 'b', 'verb': 'c', 'claims': 0}),
        (Waiting('a', code='b'), 'waiting', {'verb': None, 'next_check': None}),
        (BackToFence('it reads on'), 'ready', {'round': 2, 'book': None, 'phase': None}),
        (Released('told to stop'), 'ready', {'round': 1, 'claims': 0}),
        (Stop('some other'), 'ready', {'round': 1, 'claims': 0}),
        (KeyError('oh'), 'waiting', {'code': 'failed', 'reason': "a step failed: KeyError: 'oh'"}),
    ],
)  # fmt: skip
def test_what_a_step_raised(
    here: Scene, theatre: Theatre, stop: BaseException, state: str, values: Mapping[str, Any]
) -> None:
    claim = theatre.claimed()
    theatre.play.at['second'] = raising(stop)
    assert theatre.conclude(claim) == state
    row = here.row(claim.recovery_id)
    assert {**row, **values, 'state': state} == row
    assert row['token'] is None
    assert '-first' not in theatre.play.did


@pytest.mark.parametrize('stop', [ClaimLost('gone'), StoreAway('database: locked')])
def test_who_may_have_lost_it_writes_nothing(here: Scene, theatre: Theatre, stop: Stop) -> None:
    claim = theatre.claimed()
    rows: list[Mapping[str, Any]] = []

    def step() -> None:
        rows.append(here.row(claim.recovery_id))
        raise stop

    theatre.play.at['first'] = step
    assert theatre.conclude(claim) == ''
    assert here.row(claim.recovery_id) == rows[0]
    with pytest.raises(ClaimLost):
        claim.check()


def test_when_to_look_again(here: Scene, theatre: Theatre) -> None:
    claim = theatre.claimed()
    theatre.play.at['first'] = raising(Waiting('a', code='b', again_in=5.0))
    theatre.conclude(claim)
    row = here.row(claim.recovery_id)
    assert row['next_check'] == here.clock.now() + 5.0
    assert here.rows(tables.event)[-1]['what'] == 'waits: b'


class TestEnds:
    @pytest.mark.parametrize(
        ('note', 'state'),
        [({}, 'done'), ({'failed': 0}, 'done'), ({'failed': 2}, 'done-with-failures')],
    )
    def test_by_what_was_counted(
        self, here: Scene, theatre: Theatre, note: dict[str, int], state: str
    ) -> None:
        claim = theatre.claimed()
        here.change(claim.recovery_id, code='x', reason='y', verb='z')
        theatre.play.at['second'] = lambda: Ledger(claim).note('outcome', note)
        assert theatre.conclude(claim) == state
        row = here.row(claim.recovery_id)
        assert (row['state'], row['open_key']) == (state, None)
        assert (row['code'], row['reason'], row['verb']) == (None, None, None)
        assert here.rows(tables.event)[-1]['what'] == f'the recovery of {claim.host} is {state}'

    def test_a_death_before_the_end_was_recorded(self, here: Scene, theatre: Theatre) -> None:
        claim = theatre.claimed()
        theatre.run(claim).forward()
        theatre.play.did.clear()
        assert theatre.conclude(theatre.died(claim)) == 'done'
        assert theatre.play.did == []


def over(claim: Claim) -> Callable[[], None]:
    """A step of a flow whose gates find that it is up again, and know no alarm."""

    def step() -> None:
        claim.heard = 0
        raise NotNeeded('it is up again')

    return step


class TestNotNeeded:
    def test_above_the_line_all_is_undone(self, here: Scene, theatre: Theatre) -> None:
        claim = theatre.claimed()
        theatre.play.at['first'] = lambda: acts(claim, 'disable-service')
        theatre.play.at['second'] = over(claim)
        assert theatre.conclude(claim) == 'undone'
        assert theatre.play.did == ['first', 'second', '-second', '-first']
        row = here.row(claim.recovery_id)
        assert (row['reason'], row['code']) == ('it is up again', 'over')

    def test_below_it_a_human_looks(self, here: Scene, theatre: Theatre) -> None:
        claim = theatre.claimed()
        theatre.play.at['first'] = lambda: acts(claim, 'power-off')
        theatre.play.at['second'] = raising(NotNeeded('it is up again'))
        assert theatre.conclude(claim) == 'waiting'
        assert theatre.play.did == ['first', 'second']

    def test_a_death_in_the_undo_is_continued_as_an_undo(
        self, here: Scene, theatre: Theatre
    ) -> None:
        claim = theatre.claimed()
        theatre.play.at = {'second': over(claim), '-first': kill}
        with pytest.raises(Killed):
            theatre.conclude(claim)
        theatre.play.at.clear()
        theatre.play.did.clear()
        assert theatre.conclude(theatre.died(claim)) == 'undone'
        assert theatre.play.did == ['-first']

    def test_an_undo_that_waits_goes_on_as_an_undo(self, here: Scene, theatre: Theatre) -> None:
        claim = theatre.claimed()
        theatre.play.at = {
            'second': over(claim),
            '-first': raising(Waiting('Nova is away', code='nova-away', again_in=1.0)),
        }
        assert theatre.conclude(claim) == 'waiting'
        theatre.play.at.clear()
        assert theatre.conclude(theatre.died(claim)) == 'undone'
        assert here.row(claim.recovery_id)['code'] == 'over'  # who says it again is heard

    def test_what_was_looked_at_before_the_newest_alarm_is_looked_at_again(
        self, here: Scene, theatre: Theatre
    ) -> None:
        claim = theatre.claimed()
        theatre.play.at['second'] = raising(NotNeeded('it is up again'))  # nobody knows by what
        assert theatre.conclude(claim) == 'ready'
        row = here.row(claim.recovery_id)
        assert (row['round'], row['undoing'], row['book']) == (2, False, None)


class TestCancel:
    def test_undone_above_the_line(self, here: Scene, theatre: Theatre) -> None:
        claim = theatre.claimed()

        def step() -> None:
            wishes(here, claim, 'undo')
            acts(claim, 'disable-service')

        theatre.play.at['second'] = step
        # It had been over once, and was run again: that says nothing of this round.
        claim.transact(lambda connection: None, notes={'over': claim.round - 1})
        assert theatre.conclude(claim) == 'undone'
        assert theatre.play.did == ['first', 'second', '-second', '-first']
        row = here.row(claim.recovery_id)
        assert (row['reason'], row['wish']) == ('cancelled by ann: mine', None)
        assert row['code'] is None  # a human ended it, for those who go on saying so, too

    def test_refused_below_it_with_the_way_on(self, here: Scene, theatre: Theatre) -> None:
        claim = theatre.claimed()

        def step() -> None:
            acts(claim, 'power-off')
            wishes(here, claim, 'undo')
            acts(claim, 'power-off')

        theatre.play.at['second'] = step
        assert theatre.conclude(claim) == 'waiting'
        row = here.row(claim.recovery_id)
        assert (row['code'], row['wish']) == ('undo-refused', None)
        assert row['verb'] == f'recovery cancel {claim.recovery_id} --leave'
        assert '-first' not in theatre.play.did

    def test_left_as_it_is_anywhere(self, here: Scene, theatre: Theatre) -> None:
        claim = theatre.claimed()

        def step() -> None:
            acts(claim, 'power-off')
            wishes(here, claim, 'leave')
            acts(claim, 'power-off')

        theatre.play.at['second'] = step
        assert theatre.conclude(claim) == 'cancelled'
        row = here.row(claim.recovery_id)
        assert (row['state'], row['reason']) == ('cancelled', 'cancelled by ann: mine')
        assert row['open_key'] is None
        assert '-first' not in theatre.play.did

    @pytest.mark.parametrize(('how', 'state'), [('undo', 'undone'), ('leave', 'cancelled')])
    def test_a_wish_of_before_is_answered_before_any_step(
        self, here: Scene, theatre: Theatre, how: str, state: str
    ) -> None:
        claim = theatre.claimed()
        wishes(here, claim, how)
        assert theatre.conclude(claim) == state
        assert [name for name in theatre.play.did if not name.startswith('-')] == []

    def test_a_wish_that_came_as_it_would_wait_is_answered(
        self, here: Scene, theatre: Theatre
    ) -> None:
        claim = theatre.claimed()

        def step() -> None:
            wishes(here, claim, 'leave')
            raise Waiting('for a human', code='fence-exhausted')

        theatre.play.at['first'] = step
        theatre.conclude(claim)
        assert here.row(claim.recovery_id)['state'] == 'ready'
        assert theatre.conclude(here.win(claim.recovery_id)) == 'cancelled'

    def test_an_undo_that_an_operator_began_while_nobody_owned_it(
        self, here: Scene, theatre: Theatre
    ) -> None:
        claim = theatre.claimed()
        here.change(claim.recovery_id, undoing=True, reason='cancelled by ann: mine')
        assert theatre.conclude(claim) == 'undone'
        assert theatre.play.did == ['-second', '-first']

    def test_before_the_book_is_open(self, here: Scene, theatre: Theatre) -> None:
        """Equipping the claim met the wish: the next owner answers it."""
        claim = theatre.claimed()
        wishes(here, claim, 'leave')

        def make(_row: Mapping[str, Any]) -> Run:
            claim.stop(Cancelled('cancelled by ann'))
            claim.check()
            raise AssertionError

        assert conclude(claim, make, claims=10) == 'ready'
        assert theatre.conclude(here.win(claim.recovery_id)) == 'cancelled'


class TestLimits:
    def test_rounds(self, here: Scene, theatre: Theatre) -> None:
        recovery = theatre.claimed()
        claim = recovery
        theatre.play.at['first'] = raising(BackToFence('it reads on'))
        for number in range(1, ROUNDS):
            assert theatre.conclude(claim) == 'ready'
            assert here.row(claim.recovery_id)['round'] == number + 1
            claim = here.win(claim.recovery_id)
        assert theatre.conclude(claim) == 'waiting'
        row = here.row(claim.recovery_id)
        assert (row['code'], row['next_check']) == ('rounds', None)
        assert 'it reads on' in row['reason']
        assert row['verb'].startswith('recovery rerun')

    def test_no_approval_outlives_its_round(self, here: Scene, theatre: Theatre) -> None:
        claim = theatre.claimed()
        approved = {'approved_by': 'ann', 'approved_reason': 'it hangs', 'approved_gates': ['nova']}
        here.change(claim.recovery_id, **approved)
        theatre.play.at['first'] = raising(BackToFence('it reads on'))
        assert theatre.conclude(claim) == 'ready'
        row = here.row(claim.recovery_id)
        assert {name: row[name] for name in approved} == dict.fromkeys(approved)

    def test_claims_that_reach_no_end(self, here: Scene, theatre: Theatre) -> None:
        claim = theatre.claimed()
        theatre.play.at['first'] = kill
        for _ in range(3):
            with pytest.raises(Killed):
                theatre.conclude(claim, claims=3)
            claim = theatre.died(claim)
        assert theatre.conclude(claim, claims=3) == 'waiting'
        row = here.row(claim.recovery_id)
        assert (row['code'], row['claims']) == ('claims', 0)
        assert row['reason'] == '3 workers began this round and none came to an end'

    def test_letting_go_in_order_is_no_claim(self, here: Scene, theatre: Theatre) -> None:
        claim = theatre.claimed()
        theatre.play.at['first'] = raising(Released('told to stop'))
        for _ in range(5):
            assert theatre.conclude(claim, claims=1) == 'ready'
            claim = here.win(claim.recovery_id)


class TestBroken:
    def test_an_unknown_flow_is_left_to_others(self, here: Scene, theatre: Theatre) -> None:
        claim = theatre.claimed()

        def make(_row: Mapping[str, Any]) -> Run:
            raise UnknownFlow('the flow x is not installed here')

        with pytest.raises(UnknownFlow):
            conclude(claim, make, claims=10)
        row = here.row(claim.recovery_id)
        assert (row['state'], row['claims'], row['token']) == ('ready', 0, None)
        assert here.rows(tables.event)[-1]['why'] == 'the flow x is not installed here'

    def test_a_defect_of_ours_waits_for_a_human(self, here: Scene, theatre: Theatre) -> None:
        claim = theatre.claimed()

        def make(_row: Mapping[str, Any]) -> Run:
            raise TypeError('one\ntwo')

        assert conclude(claim, make, claims=10) == 'waiting'
        row = here.row(claim.recovery_id)
        assert (row['code'], row['reason']) == ('failed', 'a step failed: TypeError: one')

    def test_an_undo_that_fails_waits_for_a_human(self, here: Scene, theatre: Theatre) -> None:
        claim = theatre.claimed()
        theatre.play.at = {'first': over(claim), '-first': raising(KeyError('oh'))}
        assert theatre.conclude(claim) == 'waiting'
        assert here.row(claim.recovery_id)['code'] == 'failed'

    def test_a_claim_lost_as_the_end_is_written(self, here: Scene, theatre: Theatre) -> None:
        claim = theatre.claimed()

        def step() -> None:
            here.change(claim.recovery_id, token='x' * 32)
            raise Waiting('for a human', code='x')

        theatre.play.at['first'] = step
        assert theatre.conclude(claim) == ''
        assert here.row(claim.recovery_id)['state'] == states.RUNNING
