"""One call outside: allowed, recorded before it is made, and bounded by the lease (S7, S32)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from drivers.contracts.errors import AccessDenied, Refused, Unreachable
from flows.records import Verdict
from flows.stop import Cancelled, ClaimLost, InHands, Released, StoreAway, Waiting
from recovery.claims.act import Act
from recovery.claims.claim import Claim
from recovery.claims.ledger import Ledger
from recovery.db import guards, hosts, recoveries, states, tables, windows
from recovery.db.windows import Window
from tests.unit.recovery.claims.scene import FRESH, HOST, Scene, instance

Begin = Callable[..., AbstractContextManager[Act]]
VM = instance(1)


def off(claim: Claim, **more: Any) -> AbstractContextManager[Act]:
    values: dict[str, Any] = {'observed': {'bmc': 'on'}, 'within': 10.0} | more
    return claim.act('power-off', 'bmc', **values)


def evacuate(claim: Claim, **more: Any) -> AbstractContextManager[Act]:
    values: dict[str, Any] = {'observed': {}, 'within': 10.0, 'attempt_target': 'c2'} | more
    return claim.act('evacuate', VM.instance, **values)


@pytest.fixture
def claim(here: Scene) -> Claim:
    claim = here.claimed()
    Ledger(claim).add_items([VM])
    return claim


def intent(here: Scene) -> Any:
    (row,) = here.rows(tables.intent)
    return row


def maintain(here: Scene, reason: str = 'a fan') -> None:
    with here.store.write() as connection:
        said = {'maintenance_by': 'ann', 'maintenance_reason': reason}
        hosts.put(connection, HOST, maintenance=True, **said)


class Answer:
    """Gates of the line with one answer."""

    def __init__(self, word: str) -> None:
        self._word = word
        self.seen: list[int] = []

    def check(self, transaction: sa.Connection) -> Verdict:
        query = sa.select(sa.func.count()).select_from(tables.intent)
        self.seen.append(transaction.execute(query).scalar_one())
        return Verdict(self._word, 'mass', 'too many look failed', 'recovery approve X')


class TestBefore:
    def test_the_intent_is_committed_before_the_call(self, here: Scene, claim: Claim) -> None:
        with off(claim):
            row = intent(here)
            assert (row['action'], row['target'], row['observed']) == (
                'power-off', 'bmc', {'bmc': 'on'},
            )  # fmt: skip
            assert (row['recovery'], row['round'], row['epoch'], row['host']) == (
                claim.recovery_id, 1, 1, claim.host,
            )  # fmt: skip
            assert row['outcome'] is None

    def test_a_lost_claim_acts_not(self, here: Scene, claim: Claim) -> None:
        here.change(claim.recovery_id, token='x' * 32)
        with pytest.raises(ClaimLost), off(claim):
            pytest.fail('it acted')
        assert here.rows(tables.intent) == []

    def test_a_worker_that_is_to_stop_acts_not(self, here: Scene, claim: Claim) -> None:
        claim.stop(Released('told to stop'))
        with pytest.raises(Released), off(claim):
            pytest.fail('it acted')
        assert here.rows(tables.intent) == []

    def test_a_pause_is_honoured(self, here: Scene, claim: Claim) -> None:
        with here.store.write() as connection:
            guards.pause(connection, by='ann', reason='network work', now=1.0)
        with pytest.raises(Waiting, match='paused by ann: network work') as caught, off(claim):
            pytest.fail('it acted')
        assert (caught.value.code, caught.value.verb) == ('paused', 'recovery unpause')
        assert caught.value.again_in
        assert here.rows(tables.intent) == []

    @pytest.mark.parametrize(
        ('scope', 'said', 'verb'),
        [
            (f'host:{HOST}', f'host {HOST} is paused by ann', f'recovery unpause --host {HOST}'),
            ('segment:a', 'segment a is paused by ann', 'recovery unpause --segment a'),
        ],
    )
    def test_so_is_that_of_its_host_or_segment(
        self, here: Scene, claim: Claim, scope: str, said: str, verb: str
    ) -> None:
        with here.store.write() as connection:
            hosts.put(connection, HOST, segment='a')
            guards.pause(connection, by='ann', reason='work', now=1.0, scope=scope)
        with pytest.raises(Waiting, match=said) as caught, off(claim):
            pytest.fail('it was let outside')
        assert (caught.value.code, caught.value.verb) == ('paused', verb)

    def test_but_not_that_of_another_one(self, here: Scene, claim: Claim) -> None:
        with here.store.write() as connection:
            for scope in ('host:compute-77', 'segment:a'):
                guards.pause(connection, by='ann', reason='work', now=1.0, scope=scope)
        with off(claim):
            pass
        assert len(here.rows(tables.intent)) == 1

    def test_a_wish_is_honoured_though_no_beat_brought_it(self, here: Scene, claim: Claim) -> None:
        here.change(claim.recovery_id, wish='leave', wish_by='ann', wish_reason='mine')
        with pytest.raises(Cancelled, match='cancelled by ann: mine'), off(claim):
            pytest.fail('it acted')
        assert here.rows(tables.intent) == []

    def test_an_undo_acts_although_it_was_wished(self, here: Scene, claim: Claim) -> None:
        wish = {'wish': 'undo', 'wish_by': 'ann', 'wish_reason': '', 'undoing': True}
        here.change(claim.recovery_id, **wish)
        with claim.act('enable-service', 'c1', observed={}, within=2.0):
            pass
        assert intent(here)['outcome'] == 'sent'

    def test_a_line_that_holds_leaves_no_intent(self, here: Scene, claim: Claim) -> None:
        with pytest.raises(Waiting, match='too many') as caught, off(claim, line=Answer('hold')):
            pytest.fail('it acted')
        assert (caught.value.code, caught.value.verb) == ('held', 'recovery approve X')
        assert here.rows(tables.intent) == []

    def test_a_line_that_admits_is_asked_before_our_own_intent_counts(
        self, here: Scene, claim: Claim
    ) -> None:
        line = Answer('admit')
        with off(claim, line=line):
            pass
        assert (line.seen, len(here.rows(tables.intent))) == ([0], 1)

    @pytest.mark.parametrize('action', ['power-on', 'clear-force-down', 'enable-service'])
    @pytest.mark.parametrize('kind', ['host-down', 'host-return', 'service-down'])
    def test_a_host_in_maintenance_is_not_brought_back(
        self, here: Scene, kind: str, action: str
    ) -> None:
        claim = here.win(here.recovery(kind=kind))
        maintain(here)
        with pytest.raises(InHands, match=f'ann set {HOST} to maintenance: a fan') as caught:  # noqa: SIM117
            with claim.act(action, HOST, observed={}, within=2.0):
                pytest.fail('it acted')
        wait = caught.value
        assert (wait.code, wait.verb) == ('maintenance', f'recovery host maintenance {HOST} off')
        assert wait.again_in
        assert here.rows(tables.intent) == []

    def test_nor_is_one_with_an_open_window(self, here: Scene, claim: Claim) -> None:
        now = here.clock.now()
        with here.store.write() as connection:
            window = Window('w' * 32, f'host:{HOST}', now, now + 8.0, 'ann', 'a fan', now)
            windows.add(connection, window)
        with pytest.raises(InHands, match='is open for another 8 s: a fan') as caught:  # noqa: SIM117
            with claim.act('enable-service', HOST, observed={}, within=2.0):
                pytest.fail('it acted')
        wait = caught.value
        assert (wait.code, wait.again_in) == ('window', 8.0)
        assert wait.verb == f'recovery window close {"w" * 8}'
        here.pass_(8)
        with claim.act('enable-service', HOST, observed={}, within=2.0):
            pass
        assert intent(here)['outcome'] == 'sent'

    def test_unless_a_human_approved_it_in_spite_of_that(self, here: Scene, claim: Claim) -> None:
        seen = {'gate': 'maintenance', 'kind': 'found', 'extent': {'ann: a fan': 1}}
        here.change(claim.recovery_id, approved_by='bob', approved_gates=[seen])
        maintain(here)
        with claim.act('power-on', 'bmc', observed={}, within=2.0):
            pass
        maintain(here, 'another one')
        with pytest.raises(InHands), claim.act('power-on', 'bmc', observed={}, within=2.0):
            pytest.fail('it acted')

    @pytest.mark.parametrize('action', ['power-off', 'force-down', 'disable-spare'])
    def test_what_takes_out_of_service_is_asked_elsewhere(
        self, here: Scene, claim: Claim, action: str
    ) -> None:
        maintain(here)
        with claim.act(action, HOST, observed={}, within=2.0):
            pass
        assert intent(here)['outcome'] == 'sent'


class TestTime:
    def test_as_much_as_was_asked(self, here: Scene, claim: Claim) -> None:
        with off(claim) as act:
            assert act.timeout == 10.0
            here.pass_(4)
            assert act.timeout == 6.0

    def test_never_more_than_the_lease_holds(self, here: Scene, claim: Claim) -> None:
        """A call that takes all its time still ends before anybody may take over."""
        with off(claim, within=600.0) as act:
            assert act.timeout == 24.0
            assert act.timeout <= claim.lease_left()

    def test_it_lies_inside_the_lease_though_the_commit_was_slow(
        self, here: Scene, claim: Claim
    ) -> None:
        sa.event.listen(here.store.engine, 'commit', lambda _connection: here.pass_(5))
        with off(claim, within=24.0) as act:
            assert 0 < act.timeout <= claim.lease_left()

    def test_a_database_too_slow_for_the_lease_is_away(
        self, here: Scene, claim: Claim, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        beats: list[float] = []

        def beat() -> None:
            beats.append(here.clock.elapsed())
            here.pass_(29)

        monkeypatch.setattr(claim, 'beat', beat)
        monkeypatch.setattr(claim, 'lease_left', lambda: 1.0)
        with pytest.raises(StoreAway, match='too slow to hold a lease of 30 s'), off(claim):
            pytest.fail('it acted')
        assert beats
        assert intent(here)['outcome'] is None

    def test_who_was_frozen_wakes_up_without_permission(self, here: Scene, claim: Claim) -> None:
        with pytest.raises(ClaimLost, match='frozen'), off(claim) as act:  # noqa: PT012
            here.pass_(10)
            _ = act.timeout
        assert intent(here)['outcome'] is None

    def test_the_deadline_of_an_attempt_is_no_earlier_than_that_of_the_call(
        self, here: Scene, claim: Claim
    ) -> None:
        """After the deadline nothing of ours may be on its way (H1), however slow the commit."""
        sa.event.listen(here.store.engine, 'commit', lambda _connection: here.pass_(5))
        with evacuate(claim) as act:
            (row,) = here.rows(tables.attempt)
            assert row['deadline_at'] == here.clock.now() + act.timeout


class TestAfter:
    def test_what_was_read_back(self, here: Scene, claim: Claim) -> None:
        with off(claim) as act:
            here.pass_(3)
            act.read_back('reads off')
        row = intent(here)
        assert (row['outcome'], row['ended_at']) == ('reads off', here.clock.now())

    def test_nothing_read_back_is_sent(self, here: Scene, claim: Claim) -> None:
        with off(claim):
            pass
        assert intent(here)['outcome'] == 'sent'

    @pytest.mark.parametrize(('kind', 'did'), [(Unreachable, 'failed'), (AccessDenied, 'refused')])
    def test_an_error_of_a_driver_is_recorded_and_handed_on(
        self, here: Scene, claim: Claim, kind: type[Exception], did: str
    ) -> None:
        with pytest.raises(kind), off(claim):
            raise kind('no')
        assert intent(here)['outcome'] == f'{did}: {kind.__name__}: no'

    def test_a_long_error_is_cut(self, here: Scene, claim: Claim) -> None:
        with pytest.raises(Refused), off(claim):
            raise Refused('x' * 9999)
        assert len(intent(here)['outcome']) == 2000

    @pytest.mark.parametrize('stop', [Released('x'), ClaimLost('x'), KeyError('a defect')])
    def test_anything_else_leaves_it_open_as_a_kill_would(
        self, here: Scene, claim: Claim, stop: BaseException
    ) -> None:
        with pytest.raises(type(stop)), off(claim):
            raise stop
        assert intent(here)['outcome'] is None

    def test_a_claim_lost_meanwhile_records_nothing(self, here: Scene, claim: Claim) -> None:
        with pytest.raises(ClaimLost), off(claim):
            here.change(claim.recovery_id, token='x' * 32)
        assert intent(here)['outcome'] is None


class TestEvacuate:
    def test_the_attempt_comes_with_the_intent(self, here: Scene, claim: Claim) -> None:
        with evacuate(claim) as act:
            (attempt,) = here.rows(tables.attempt)
            assert (attempt['id'], attempt['instance'], attempt['target']) == (
                act.attempt_id, VM.instance, 'c2',
            )  # fmt: skip
            assert attempt['state'] == 'intended'
            assert here.rows(tables.item)[0]['state'] == 'started'

    def test_its_end_is_settled_with_the_attempt(self, here: Scene, claim: Claim) -> None:
        with pytest.raises(Unreachable), evacuate(claim):
            raise Unreachable('?')
        assert intent(here)['outcome'] is None
        assert here.rows(tables.attempt)[0]['state'] == 'intended'

    def test_no_second_one_while_one_is_open(self, here: Scene, claim: Claim) -> None:
        with evacuate(claim):
            pass
        with pytest.raises(states.IllegalTransition, match='S22'), evacuate(claim):
            pytest.fail('it acted')
        assert len(here.rows(tables.intent)) == 1

    def test_others_have_no_attempt(self, here: Scene, claim: Claim) -> None:
        with off(claim) as act:
            assert act.attempt_id is None
        assert here.rows(tables.attempt) == []


def restart(here: Scene) -> Claim:
    """A claim on the restart of an instance of HOST."""
    identifier = here.clock.new_id()
    fresh = replace(FRESH, id=identifier, kind='instance-down', subject='i-1', created_at=1.0)
    with here.store.write() as connection:
        recoveries.create(connection, fresh)
    claim = Claim.win(here.store, identifier, worker='w1', lease=30.0)
    assert claim is not None
    return claim


@pytest.mark.parametrize('kind', ['host-down', 'host-return'])
def test_an_instance_is_left_alone_while_its_host_is_under_recovery(here: Scene, kind: str) -> None:
    claim = restart(here)
    above = here.recovery(kind=kind)
    act = claim.act('start-instance', 'i-1', observed={}, within=10.0)
    with pytest.raises(Waiting, match=rf'under recovery {above[:8]} \({kind}\)') as caught, act:
        raise AssertionError('it was allowed')
    assert (caught.value.code, caught.value.verb) == ('host-recovery', f'recovery show {above[:8]}')
    assert here.rows(tables.intent) == []


@pytest.mark.parametrize(
    'other',
    [
        {'kind': 'host-down', 'state': states.HELD},  # it has not begun
        {'kind': 'service-down'},
        {'kind': 'host-down', 'host': 'compute-99'},
    ],
)
def test_nothing_else_keeps_it_from_acting(here: Scene, other: dict[str, Any]) -> None:
    claim = restart(here)
    here.recovery(**other)
    with claim.act('start-instance', 'i-1', observed={}, within=10.0):
        pass
    assert [row['action'] for row in here.rows(tables.intent)] == ['start-instance']
