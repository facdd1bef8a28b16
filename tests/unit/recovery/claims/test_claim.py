"""One owner of a recovery: won by compare-and-set, kept by beats, let go with a word."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from flows.stop import Cancelled, ClaimLost, Released
from recovery.claims.claim import Claim
from recovery.db import states, tables
from recovery.db.states import IllegalTransition
from recovery.db.store import Store
from tests.unit.recovery.claims.scene import LEASE, Scene


def test_of_two_racers_one_wins(here: Scene) -> None:
    recovery = here.recovery()
    won: dict[str, Claim | None] = {}
    for name in ('w1', 'w2'):

        def race(name: str = name) -> None:
            won[name] = Claim.win(here.store, recovery, worker=name, lease=LEASE)

        here.clock.spawn(name, race)
    here.clock.run()
    assert [name for name, claim in won.items() if claim] == ['w1']
    row = here.row(recovery)
    assert (row['state'], row['worker'], row['epoch'], row['claims']) == ('running', 'w1', 1, 1)
    assert row['token']


@pytest.mark.parametrize('state', sorted(set(states.MEANINGS) - {states.READY}))
def test_only_what_is_ready_is_won(here: Scene, state: str) -> None:
    recovery = here.recovery()
    here.change(recovery, state=state)
    assert Claim.win(here.store, recovery, worker='w1', lease=LEASE) is None


def test_a_token_left_behind_is_an_owner(here: Scene) -> None:
    recovery = here.recovery()
    here.change(recovery, token='t' * 32)
    assert Claim.win(here.store, recovery, worker='w1', lease=LEASE) is None


def test_each_claim_has_its_own_epoch_and_token(here: Scene) -> None:
    first = here.claimed()
    token = here.row(first.recovery_id)['token']
    started = here.row(first.recovery_id)['started_at']
    first.release(states.READY)
    here.pass_(5)
    second = here.win(first.recovery_id, 'w1')
    row = here.row(second.recovery_id)
    assert (first.epoch, second.epoch) == (1, 2)
    assert row['token'] != token
    assert row['started_at'] == started


def test_a_write_counts_a_beat(here: Scene) -> None:
    claim = here.claimed()
    before = here.row(claim.recovery_id)['beats']
    claim.transact(lambda connection: None)
    with claim.write():
        pass
    claim.beat()
    assert here.row(claim.recovery_id)['beats'] == before + 3


def test_whoever_lost_the_claim_writes_nothing(here: Scene) -> None:
    claim = here.claimed()
    here.change(claim.recovery_id, token='x' * 32)

    def work(connection: sa.Connection) -> None:
        connection.execute(sa.insert(tables.event).values(at=0, who='w1', what='late', why=''))

    with pytest.raises(ClaimLost, match='another worker owns'):
        claim.transact(work)
    with pytest.raises(ClaimLost), claim.write() as connection:
        work(connection)
    assert here.told() == []
    with pytest.raises(ClaimLost):
        claim.check()


def test_the_row_given_back_to_the_same_worker_is_not_the_old_claims(here: Scene) -> None:
    old = here.claimed()
    here.change(old.recovery_id, token=None, state=states.READY)
    new = here.win(old.recovery_id, old.worker)
    with pytest.raises(ClaimLost):
        old.beat()
    new.beat()


def test_a_claim_that_was_declared_lost_asks_the_database_no_more(here: Scene) -> None:
    claim = here.claimed()
    claim.stop(ClaimLost('the lease ran out'))
    beats = here.row(claim.recovery_id)['beats']
    with pytest.raises(ClaimLost, match='the lease ran out'):
        claim.transact(lambda connection: None)
    assert here.row(claim.recovery_id)['beats'] == beats


class TestLeaseLeft:
    def test_less_the_margin(self, here: Scene) -> None:
        claim = here.claimed()
        assert claim.margin == 3.0
        assert claim.lease_left() == 27.0
        here.pass_(20)
        assert claim.lease_left() == 7.0
        claim.beat()
        assert claim.lease_left() == 27.0

    def test_short_leases_keep_half_a_second(self, here: Scene) -> None:
        claim = here.win(here.recovery(), lease=3.0)
        assert (claim.margin, claim.lease_left()) == (0.5, 2.5)

    def test_is_counted_from_before_the_renewal_was_sent(self, here: Scene) -> None:
        """The answer may be late; whoever takes over counts from the commit at the earliest."""
        claim = here.claimed()
        here.pass_(10)

        def slow(connection: sa.Connection) -> None:
            here.pass_(5)

        claim.transact(slow)
        assert claim.lease_left() == 22.0
        with claim.write():
            here.pass_(4)
        assert claim.lease_left() == 23.0

    def test_a_renewal_that_failed_is_none(self, here: Scene) -> None:
        claim = here.claimed()
        here.pass_(10)
        with pytest.raises(KeyError), claim.write():
            raise KeyError
        assert claim.lease_left() == 17.0

    def test_an_older_renewal_that_ends_later_takes_nothing_away(self, here: Scene) -> None:
        claim = here.claimed()
        here.pass_(10)
        claim.beat()
        claim._renew(here.clock.elapsed() - 5)
        assert claim.lease_left() == 27.0

    def test_the_wall_clock_plays_no_part(self, here: Scene) -> None:
        claim = here.claimed()
        here.clock.step_wall(-3600)
        assert claim.lease_left() == 27.0
        here.clock.step_wall(7200)
        assert claim.lease_left() == 27.0


class TestStops:
    def test_nothing_applies(self, here: Scene) -> None:
        here.claimed().check()

    def test_the_first_reason_stays_but_a_lost_claim_outweighs_it(self, here: Scene) -> None:
        claim = here.claimed()
        claim.stop(Released('told to stop'))
        claim.stop(Cancelled('too late'))
        with pytest.raises(Released):
            claim.check()
        claim.stop(ClaimLost('gone'))
        with pytest.raises(ClaimLost):
            claim.check()

    def test_a_beat_brings_the_wish(self, here: Scene) -> None:
        claim = here.claimed()
        here.change(claim.recovery_id, wish='leave', wish_by='ann', wish_reason='mine')
        claim.check()
        claim.beat()
        with pytest.raises(Cancelled, match='cancelled by ann: mine'):
            claim.check()
        claim.resume_cancelled()
        claim.check()

    def test_a_wish_that_is_carried_out_stops_nobody(self, here: Scene) -> None:
        claim = here.claimed()
        here.change(claim.recovery_id, wish='undo', wish_by='a', wish_reason='', undoing=True)
        claim.beat()
        claim.check()

    def test_only_a_cancel_is_taken_back(self, here: Scene) -> None:
        claim = here.claimed()
        claim.stop(Released(''))
        claim.resume_cancelled()
        with pytest.raises(Released):
            claim.check()

    def test_the_heartbeat_may_use_connections_of_its_own(self, here: Scene) -> None:
        claim, own = here.claimed(), Store(str(here.store.url), here.clock, busy_seconds=1.0)
        before = here.row(claim.recovery_id)['beats']
        claim.beat(own)
        assert here.row(claim.recovery_id)['beats'] == before + 1
        own.close()


class TestRelease:
    def test_frees_the_row_and_says_why(self, here: Scene) -> None:
        claim = here.claimed()
        claim.release(states.WAITING, what='waits', why='no BMC', code='fence', next_check=9.0)
        row = here.row(claim.recovery_id)
        assert (row['state'], row['token'], row['worker'], row['lease']) == (
            'waiting', None, None, None,
        )  # fmt: skip
        assert (row['code'], row['next_check'], row['open_key']) == (
            'fence',
            9.0,
            'host:compute-01',
        )
        event = here.rows(tables.event)[0]
        assert (event['who'], event['what'], event['why']) == ('w1', 'waits', 'no BMC')
        assert event['recovery'] == claim.recovery_id

    def test_lets_go_for_good(self, here: Scene) -> None:
        claim = here.claimed()
        claim.release(states.READY)
        with pytest.raises(Released):
            claim.check()
        with pytest.raises(ClaimLost):
            claim.transact(lambda connection: None)

    @pytest.mark.parametrize('state', [states.DONE, states.UNDONE, states.CANCELLED])
    def test_an_end_blocks_the_host_no_longer(self, here: Scene, state: str) -> None:
        claim = here.claimed()
        here.change(claim.recovery_id, wish='leave', wish_by='a', wish_reason='')
        claim.release(state)
        row = here.row(claim.recovery_id)
        assert (row['open_key'], row['next_check'], row['wish']) == (None, None, None)
        assert row['ended_at'] == here.clock.now()
        here.recovery()

    def test_a_wish_that_comes_as_it_would_wait_keeps_it_ready(self, here: Scene) -> None:
        """Else the wish would wait with it, for a worker that nobody calls."""
        claim = here.claimed()
        here.change(claim.recovery_id, wish='leave', wish_by='a', wish_reason='')
        claim.release(states.WAITING, code='fence-exhausted')
        assert here.row(claim.recovery_id)['state'] == states.READY

    def test_the_table_of_states_is_kept(self, here: Scene) -> None:
        claim = here.claimed()
        with pytest.raises(IllegalTransition):
            claim.release(states.EXPIRED)
        assert here.row(claim.recovery_id)['state'] == states.RUNNING

    def test_after_the_claim_was_lost_writes_nothing(self, here: Scene) -> None:
        claim = here.claimed()
        here.change(claim.recovery_id, token='x' * 32)
        with pytest.raises(ClaimLost):
            claim.release(states.DONE, what='done')
        assert here.row(claim.recovery_id)['state'] == states.RUNNING
        assert here.told() == []


def test_its_actors_are_below_the_worker(here: Scene) -> None:
    claim = here.claimed()
    assert claim.actor == f'w1/{claim.recovery_id[:8]}'
