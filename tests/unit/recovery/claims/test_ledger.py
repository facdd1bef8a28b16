"""The memory of a recovery: read afresh, written only by its owner."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from drivers.contracts.errors import Unreachable
from flows.records import ItemState
from flows.stop import ClaimLost
from recovery.claims.claim import Claim
from recovery.claims.ledger import Ledger
from recovery.db import hosts, proofs, states, tables
from recovery.db.states import IllegalTransition
from tests.unit.recovery.claims.scene import HOST, Scene, instance

ENABLED = {'enabled': True, 'not_forced': True}
DISABLED = {'enabled': False, 'not_forced': True}
FORCED = {'enabled': False, 'not_forced': False}


@pytest.fixture
def claim(here: Scene) -> Claim:
    return here.claimed()


@pytest.fixture
def ledger(claim: Claim) -> Ledger:
    return Ledger(claim)


WRITES: dict[str, Callable[[Ledger], Any]] = {
    'add_items': lambda ledger: ledger.add_items([instance(1)]),
    'settle': lambda ledger: ledger.settle({}, {1: {'reason': 'x'}}),
    'record_proof': lambda ledger: ledger.record_proof(level=1, observations=[]),
    'void_proof': lambda ledger: ledger.void_proof(1, 'x'),
    'extend_confirmation': lambda ledger: ledger.extend_confirmation(1),
    'mark_failed': lambda ledger: ledger.mark_failed(True),
    'begin': lambda ledger: ledger.begin('verify', 'verify-down'),
    'event': lambda ledger: ledger.event('said'),
    'note': lambda ledger: ledger.note('a', 1),
}


@pytest.mark.parametrize('name', WRITES)
def test_whoever_lost_the_claim_writes_nothing(here: Scene, name: str) -> None:
    ledger = here.ledger()
    (before,) = here.rows(tables.recovery)
    here.change(before['id'], token='x' * 32)
    with pytest.raises(ClaimLost):
        WRITES[name](ledger)
    (after,) = here.rows(tables.recovery)
    assert {**after, 'token': None} == {**before, 'token': None}
    for table in (tables.item, tables.proof, tables.event, tables.host):
        assert here.rows(table) == []


class TestOwnMarks:
    """H10: ours is what an intent of ours saw clear; there is no owner field in Nova."""

    def act(self, claim: Claim, action: str, observed: Any, outcome: str = 'accepted') -> None:
        with claim.act(action, claim.host, observed=observed, within=2.0) as act:
            act.read_back(outcome)

    def test_nothing_was_done(self, ledger: Ledger) -> None:
        assert (ledger.owned_disable(), ledger.owned_force_down()) == (False, False)

    def test_a_setter_that_saw_it_clear_owns_it(self, claim: Claim, ledger: Ledger) -> None:
        self.act(claim, 'disable-service', ENABLED)
        assert (ledger.owned_disable(), ledger.owned_force_down()) == (True, False)

    def test_force_down_sets_both_in_one_request(self, claim: Claim, ledger: Ledger) -> None:
        self.act(claim, 'force-down', ENABLED)
        assert (ledger.owned_disable(), ledger.owned_force_down()) == (True, True)

    def test_what_was_set_before_is_foreign(self, claim: Claim, ledger: Ledger) -> None:
        self.act(claim, 'disable-service', DISABLED)
        self.act(claim, 'force-down', FORCED)
        assert (ledger.owned_disable(), ledger.owned_force_down()) == (False, False)

    def test_a_setter_sent_again_after_a_kill_saw_our_own_mark(
        self, claim: Claim, ledger: Ledger
    ) -> None:
        with pytest.raises(ClaimLost), claim.act('force-down', HOST, observed=ENABLED, within=2.0):
            raise ClaimLost('killed between the request and its record')
        self.act(claim, 'force-down', FORCED)
        assert ledger.owned_force_down()

    def test_a_setter_without_an_answer_may_have_set_it(self, claim: Claim, ledger: Ledger) -> None:
        with (
            pytest.raises(Unreachable),
            claim.act('disable-service', HOST, observed=ENABLED, within=2.0),
        ):
            raise Unreachable('timed out')
        assert ledger.owned_disable()

    def test_a_clearer_ends_it(self, claim: Claim, ledger: Ledger) -> None:
        self.act(claim, 'force-down', ENABLED)
        self.act(claim, 'clear-force-down', FORCED)
        assert (ledger.owned_disable(), ledger.owned_force_down()) == (True, False)
        self.act(claim, 'enable-service', DISABLED)
        assert not ledger.owned_disable()

    def test_a_clearer_that_failed_or_never_ended_leaves_it(
        self, claim: Claim, ledger: Ledger
    ) -> None:
        self.act(claim, 'disable-service', ENABLED)
        with (
            pytest.raises(Unreachable),
            claim.act('enable-service', HOST, observed=DISABLED, within=2.0),
        ):
            raise Unreachable('timed out')
        assert ledger.owned_disable()
        with pytest.raises(KeyError), claim.act('enable-service', HOST, observed={}, within=2.0):
            raise KeyError('killed')
        assert ledger.owned_disable()

    def test_it_is_inherited_by_the_next_recovery_of_the_host(
        self, here: Scene, claim: Claim
    ) -> None:
        self.act(claim, 'force-down', ENABLED)
        claim.release(states.CANCELLED)
        assert here.ledger().owned_force_down()
        assert not here.ledger('compute-02').owned_force_down()


class TestItems:
    def test_they_are_in_the_order_of_evacuation(self, ledger: Ledger) -> None:
        ledger.add_items([instance(1), instance(3, priority=5), instance(2)])
        assert [one.name for one in ledger.items()] == ['vm-3', 'vm-1', 'vm-2']

    def test_known_ones_are_not_added_again(self, ledger: Ledger) -> None:
        ledger.add_items([instance(1)])
        ledger.settle({instance(1).instance: {'state': ItemState.LEFT, 'reason': 'local'}}, {})
        ledger.add_items([instance(1), instance(2)])
        assert [one.state for one in ledger.items()] == [ItemState.LEFT, ItemState.PENDING]

    def test_all_or_nothing_is_settled(self, ledger: Ledger) -> None:
        ledger.add_items([instance(1), instance(2)])
        good, bad = instance(1).instance, instance(2).instance
        ledger.settle({bad: {'state': ItemState.MOVED}}, {})
        changes = {good: {'state': ItemState.FAILED}, bad: {'state': ItemState.FAILED}}
        with pytest.raises(IllegalTransition):
            ledger.settle(changes, {})
        assert ledger.items()[0].state is ItemState.PENDING

    def test_nothing_to_settle_is_no_write(self, here: Scene, claim: Claim, ledger: Ledger) -> None:
        before = here.row(claim.recovery_id)['beats']
        ledger.settle({}, {})
        assert here.row(claim.recovery_id)['beats'] == before

    def test_leftovers_and_what_was_left(self, here: Scene, claim: Claim, ledger: Ledger) -> None:
        every = [instance(number, state) for number, state in enumerate(ItemState)]
        ledger.add_items(every)
        claim.release(states.DONE_WITH_FAILURES)
        later = here.ledger()
        assert {one.state for one in later.leftovers()} == {
            ItemState.FAILED, ItemState.UNSETTLED, ItemState.PENDING, ItemState.STARTED,
        }  # fmt: skip
        assert [one.state for one in later.left()] == [ItemState.LEFT]

    def test_what_of_it_was_accepted(self, here: Scene, claim: Claim, ledger: Ledger) -> None:
        assert ledger.accepted_leftovers() == frozenset()
        entries = [
            'leftovers',  # as releases before this one stored it: of no instance
            {'gate': 'leftovers', 'kind': 'found', 'extent': {'i-1': 1, 'i-2': 1}},
            {'gate': 'records', 'kind': 'found', 'extent': {'i-3': 1}},
        ]
        claim.transact(lambda connection: None, approved_gates=entries)
        assert ledger.accepted_leftovers() == {'i-1', 'i-2'}


class TestProofs:
    def test_a_power_proof_marks_when_the_host_was_off(self, here: Scene, ledger: Ledger) -> None:
        proof = ledger.record_proof(level=2, observations=[{'bmc': 'off'}])
        assert (proof.kind, proof.level, proof.host, proof.round) == ('power', 2, HOST, 1)
        assert ledger.proof(proof.id) == proof
        with here.store.read() as connection:
            assert hosts.get(connection, HOST).proven_off_at == proof.at

    def test_a_void_one_is_no_proof_of_the_host(self, here: Scene, ledger: Ledger) -> None:
        proof = ledger.record_proof(level=1, observations=[])
        assert ledger.last_proof() == proof
        assert ledger.proof_of_host(HOST, proof.at - 1) == proof
        assert ledger.proof_of_host(HOST, proof.at) is None
        ledger.void_proof(proof.id, 'it reads on')
        assert ledger.last_proof() is None
        assert ledger.proof_of_host(HOST, 0.0) is None
        void = ledger.proof(proof.id)
        assert void is not None
        assert void.void_reason == 'it reads on'

    def test_a_confirmation_stands_until_it_expires(
        self, here: Scene, claim: Claim, ledger: Ledger
    ) -> None:
        values = {'recovery': claim.recovery_id, 'host': HOST, 'by': 'ann', 'statement': 'off'}
        now = here.clock.now()
        with here.store.write() as connection:
            proofs.add_human(connection, **values, round_=1, epoch=1, at=now, expires_at=now + 300)
        assert ledger.confirmation() is not None
        here.pass_(300)
        assert ledger.confirmation() is None


class TestHosts:
    def test_ours_the_live_ones_and_the_marked(self, here: Scene, ledger: Ledger) -> None:
        here.recovery('c2')
        here.change(here.recovery('c3'), state=states.DONE, open_key=None)
        with here.store.write() as connection:
            hosts.put(connection, 'c4', failed_by='x' * 36)
            hosts.put(connection, 'c5', maintenance=True)
        assert ledger.hosts_under_recovery() == {HOST, 'c2', 'c4'}

    def test_the_mark_comes_and_goes(self, here: Scene, claim: Claim, ledger: Ledger) -> None:
        def host() -> hosts.Host:
            with here.store.read() as connection:
                return hosts.get(connection, HOST)

        with here.store.write() as connection:
            hosts.put(connection, HOST, maintenance=True, identities={'bmc': 'A1'})
        ledger.mark_failed(True)
        assert (host().failed_by, host().returned_at) == (claim.recovery_id, None)
        ledger.mark_failed(False)
        assert (host().failed_by, host().returned_at) == (None, here.clock.now())
        assert host().maintenance  # the operator's, not ours (H24)
        assert ledger.device_identities() == {'bmc': 'A1'}

    def test_a_host_without_a_row_was_never_enrolled(self, ledger: Ledger) -> None:
        assert ledger.device_identities() == {}


class TestStory:
    def test_events_are_told_by_the_worker(self, here: Scene, claim: Claim, ledger: Ledger) -> None:
        ledger.event('fenced', 'level 1')
        (event,) = here.rows(tables.event)
        assert (event['recovery'], event['who'], event['what'], event['why']) == (
            claim.recovery_id, 'w1', 'fenced', 'level 1',
        )  # fmt: skip

    def test_notes_are_kept_side_by_side(self, ledger: Ledger) -> None:
        ledger.note('a', 1)
        ledger.note('b', [2])
        ledger.note('a', 3)
        assert ledger.notes() == {'a': 3, 'b': [2]}

    def test_a_step_keeps_its_first_beginning_in_each_round(
        self, here: Scene, claim: Claim, ledger: Ledger
    ) -> None:
        first = here.clock.now()
        ledger.begin('verify', 'verify-down')
        here.pass_(5)
        ledger.begin('verify', 'verify-down')
        assert ledger.notes()['steps'] == {'1': {'verify-down': first}}
        assert here.row(claim.recovery_id)['phase'] == 'verify'
        claim.release(states.READY, round=2)
        again = Ledger(here.win(claim.recovery_id))
        again.begin('verify', 'verify-down')
        assert again.notes()['steps']['2'] == {'verify-down': first + 5}


def test_intents_of_one_action(here: Scene, claim: Claim, ledger: Ledger) -> None:
    for action in ('disable-service', 'power-off'):
        with claim.act(action, HOST, observed={}, within=2.0):
            pass
    assert [one.action for one in ledger.intents()] == ['disable-service', 'power-off']
    assert [one.action for one in ledger.intents('power-off')] == ['power-off']


def test_doubtful_attempts_are_asked_for_this_host(here: Scene, claim: Claim) -> None:
    ledger = Ledger(claim)
    ledger.add_items([instance(1)])
    with claim.act('evacuate', instance(1).instance, observed={}, within=2.0):
        pass
    assert len(ledger.attempts()) == 1
    assert ledger.doubtful_attempts() == ()
    claim.release(states.CANCELLED)
    assert len(here.ledger().doubtful_attempts()) == 1
