"""Items and attempts: the table of states is kept, and no second request is sent (S21, S22)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from flows.records import OPEN_ATTEMPTS, AttemptState, Item, ItemState
from recovery.claims.claim import Claim
from recovery.db import hosts, items, states
from recovery.db.states import IllegalTransition
from recovery.db.tables import attempt, item
from tests.unit.recovery.claims.scene import HOST, Scene, instance

VM = instance(1)
LEGAL = [(old, new) for old in ItemState for new in ItemState if new in states.ITEM[old.value]]
ILLEGAL = [
    (old, new)
    for old in ItemState
    for new in ItemState
    if new != old and new not in states.ITEM[old.value]
]


@pytest.fixture
def claim(here: Scene) -> Claim:
    return here.claimed()


def start(here: Scene, claim: Claim, state: ItemState = ItemState.PENDING) -> None:
    with here.store.write() as connection:
        items.add(connection, claim, [instance(1, state)])


def settle(here: Scene, claim: Claim, **values: Any) -> None:
    with here.store.write() as connection:
        items.settle(connection, claim, {VM.instance: values}, {})


def row(here: Scene) -> Any:
    (found,) = here.rows(item)
    return found


@pytest.mark.parametrize(('old', 'new'), LEGAL)
def test_what_may_follow(here: Scene, claim: Claim, old: ItemState, new: ItemState) -> None:
    start(here, claim, old)
    here.pass_(5)
    settle(here, claim, state=new, reason='why')
    ended = here.clock.now() if new.value in states.ITEM_ENDED else None
    assert (row(here)['state'], row(here)['reason'], row(here)['ended_at']) == (new, 'why', ended)


@pytest.mark.parametrize(('old', 'new'), ILLEGAL)
def test_what_may_not(here: Scene, claim: Claim, old: ItemState, new: ItemState) -> None:
    start(here, claim, old)
    with pytest.raises(IllegalTransition, match=f'that is {old} cannot become {new}'):
        settle(here, claim, state=new)
    assert row(here)['state'] == old


def test_other_fields_change_without_a_state(here: Scene, claim: Claim) -> None:
    start(here, claim, ItemState.MOVED)
    before = row(here)
    settle(here, claim, destination='c2')
    assert row(here) == {**before, 'destination': 'c2'}


def test_an_instance_that_is_no_item_is_a_defect(here: Scene, claim: Claim) -> None:
    with pytest.raises(sa.exc.NoResultFound):
        settle(here, claim, state=ItemState.MOVED)


def test_a_state_is_of_the_round_that_gave_it(here: Scene, claim: Claim) -> None:
    start(here, claim)
    claim.release(states.READY, round=3)
    settle(here, here.win(claim.recovery_id), state=ItemState.MOVED)
    assert row(here)['round'] == 3


def test_another_recovery_changes_nothing(here: Scene, claim: Claim) -> None:
    start(here, claim)
    other = here.claimed('compute-02')
    with here.store.write() as connection:
        number = items.add_attempt(connection, claim, VM.instance, None, None, 5.0)
        items.settle(connection, other, {}, {number: {'state': AttemptState.MOVED}})
        items.settle(connection, other, {}, {})
        (found,) = items.attempts_of_recovery(connection, claim.recovery_id)
        assert items.of_recovery(connection, other.recovery_id) == ()
    assert found.state is AttemptState.INTENDED


def test_reopening_takes_those_states_alone(here: Scene, claim: Claim) -> None:
    every = [instance(number, state, reason='x') for number, state in enumerate(ItemState)]
    with here.store.write() as connection:
        items.add(connection, claim, every)
        assert items.reopen(connection, claim.recovery_id, frozenset({'failed', 'left'})) == 2
        found = {one.name: one.state for one in items.of_recovery(connection, claim.recovery_id)}
    kept = {one.name: one.state for one in every if one.state not in ('failed', 'left')}
    assert {name: found[name] for name in kept} == kept
    assert list(found.values()).count(ItemState.PENDING) == 3


class TestListedAgain:
    """What a list of a later round shows on the failed host, and was an item already."""

    NOW = instance(1, vm_state='stopped', keep_stopped=True, priority=7)

    def again(self, here: Scene, claim: Claim, now: Item = NOW, number: int = 2) -> list[str]:
        claim.release(states.READY, round=number)
        later = here.win(claim.recovery_id)
        with here.store.write() as connection:
            return list(items.add(connection, later, [now]))

    def settled(self, here: Scene, claim: Claim, **values: Any) -> None:
        start(here, claim)
        settle(here, claim, **values)
        here.pass_(5)

    def host_returns(self, here: Scene) -> None:
        with here.store.write() as connection:
            hosts.put(connection, HOST, returned_at=here.clock.now())
        here.pass_(5)

    def test_what_had_moved_is_begun_anew_as_it_is_now(self, here: Scene, claim: Claim) -> None:
        self.settled(here, claim, state='moved', reason='', destination='c2')
        assert self.again(here, claim) == ['vm-1']
        found = row(here)
        assert (found['state'], found['round'], found['ended_at']) == ('pending', 2, None)
        assert (found['vm_state'], found['keep_stopped'], found['priority']) == ('stopped', True, 7)
        assert (found['destination'], found['started_at']) == (None, None)

    def test_what_had_moved_and_must_be_left_now_is_left(self, here: Scene, claim: Claim) -> None:
        self.settled(here, claim, state='moved', destination='c2')
        self.again(here, claim, instance(1, ItemState.LEFT, reason='shelved'))
        found = row(here)
        assert (found['state'], found['reason']) == ('left', 'shelved')
        assert found['ended_at'] == here.clock.now()

    def test_what_moved_in_this_round_has_moved(self, here: Scene, claim: Claim) -> None:
        self.settled(here, claim, state='moved', destination='c2')
        before = row(here)
        assert self.again(here, claim, number=1) == []
        assert row(here) == before

    @pytest.mark.parametrize('state', ['moved', 'left'])
    def test_the_word_of_a_human_stands(self, here: Scene, claim: Claim, state: str) -> None:
        self.settled(here, claim, state=state, reason=f'{items.BY_HAND}ann: I looked')
        self.host_returns(here)
        before = row(here)
        assert self.again(here, claim) == []
        assert row(here) == before

    def test_what_was_left_is_left_in_the_same_outage(self, here: Scene, claim: Claim) -> None:
        self.host_returns(here)
        self.settled(here, claim, state='left', reason='it waits for its resize')
        before = row(here)
        assert self.again(here, claim) == []
        assert row(here) == before

    def test_and_is_decided_about_in_a_later_one(self, here: Scene, claim: Claim) -> None:
        self.settled(here, claim, state='left', reason='it waits for its resize')
        self.host_returns(here)
        assert self.again(here, claim) == ['vm-1']
        assert (row(here)['state'], row(here)['reason']) == ('pending', '')

    @pytest.mark.parametrize('state', ['failed', 'unsettled', 'started'])
    def test_others_are_what_they_were(self, here: Scene, claim: Claim, state: str) -> None:
        self.settled(here, claim, state=state, destination='c2')
        self.host_returns(here)
        before = row(here)
        assert self.again(here, claim) == []
        assert row(here) == before

    def test_what_a_rerun_opened_stays_open_and_is_what_it_is_now(
        self, here: Scene, claim: Claim
    ) -> None:
        self.settled(here, claim, state='moved', destination='c2')
        with here.store.write() as connection:
            items.reopen(connection, claim.recovery_id, frozenset({'moved'}))
        left = replace(self.NOW, state=ItemState.LEFT, reason='left out')
        assert self.again(here, claim, left) == []
        found = row(here)
        assert (found['state'], found['reason'], found['destination']) == ('pending', '', None)
        assert (found['vm_state'], found['keep_stopped']) == ('stopped', True)

    def test_what_fails_before_it_moves_stays_as_it_was(self, here: Scene, claim: Claim) -> None:
        self.settled(here, claim, state='failed', reason='no room')
        with here.store.write() as connection:
            items.reopen(connection, claim.recovery_id, frozenset({'failed'}))
        before = row(here)
        assert self.again(here, claim) == []
        assert row(here) == before


class TestAttempts:
    def test_the_item_is_started_with_it(self, here: Scene, claim: Claim) -> None:
        start(here, claim)
        with here.store.write() as connection:
            number = items.add_attempt(connection, claim, VM.instance, 'c2', 41, 7.0)
            (found,) = items.attempts_of_recovery(connection, claim.recovery_id)
        now = here.clock.now()
        assert (found.id, found.instance, found.target) == (number, VM.instance, 'c2')
        assert found.after_record == 41
        assert (found.at, found.deadline_at, found.destination_seen_at) == (now, now + 7.0, now)
        assert (row(here)['state'], row(here)['started_at']) == ('started', now)

    @pytest.mark.parametrize('state', AttemptState)
    def test_none_beside_an_open_one(self, here: Scene, claim: Claim, state: AttemptState) -> None:
        start(here, claim)
        with here.store.write() as connection:
            number = items.add_attempt(connection, claim, VM.instance, None, None, 5.0)
            items.settle(connection, claim, {}, {number: {'state': state}})
        if state in OPEN_ATTEMPTS:
            with pytest.raises(IllegalTransition, match='S22'), here.store.write() as connection:
                items.add_attempt(connection, claim, VM.instance, None, None, 5.0)
            assert len(here.rows(attempt)) == 1
        else:
            settle(here, claim, state=ItemState.PENDING)
            with here.store.write() as connection:
                items.add_attempt(connection, claim, VM.instance, None, None, 5.0)
            assert len(here.rows(attempt)) == 2

    def test_an_open_one_of_another_instance_is_in_nobodys_way(
        self, here: Scene, claim: Claim
    ) -> None:
        other = instance(2)
        with here.store.write() as connection:
            items.add(connection, claim, [VM, other])
            for one in (VM, other):
                items.add_attempt(connection, claim, one.instance, None, None, 5.0)
        assert len(here.rows(attempt)) == 2

    def test_an_item_that_has_moved_is_not_started(self, here: Scene, claim: Claim) -> None:
        start(here, claim, ItemState.MOVED)
        with pytest.raises(IllegalTransition), here.store.write() as connection:
            items.add_attempt(connection, claim, VM.instance, None, None, 5.0)
        assert here.rows(attempt) == []


SURE, UNSURE = {'destination_sure': True}, {'destination_sure': False}
TO = {'destination': 'c2'}


@pytest.mark.parametrize(
    ('values', 'doubtful'),
    [
        ({'state': 'intended'}, True),
        ({'state': 'accepted', **TO, **SURE}, True),
        ({'state': 'failed', **TO, **UNSURE}, True),
        ({'state': 'failed', **TO, **SURE}, False),
        ({'state': 'failed', **UNSURE}, False),
        ({'state': 'moved', **TO, **UNSURE}, False),
        ({'state': 'refused'}, False),
        ({'state': 'absent'}, False),
    ],
)
def test_what_an_earlier_recovery_leaves_in_doubt(
    here: Scene, claim: Claim, values: dict[str, Any], doubtful: bool
) -> None:
    start(here, claim)
    with here.store.write() as connection:
        number = items.add_attempt(connection, claim, VM.instance, None, None, 5.0)
        items.settle(connection, claim, {}, {number: values})
    claim.release(states.CANCELLED)
    again, elsewhere = here.claimed(), here.claimed('compute-02')
    with here.store.read() as connection:
        assert [one.id for one in items.doubtful(connection, again)] == [number] * doubtful
        assert items.doubtful(connection, claim) == ()  # one's own are judged by their own rule
        assert items.doubtful(connection, elsewhere) == ()


def test_leftovers_are_of_the_newest_recovery_that_had_items(here: Scene, claim: Claim) -> None:
    with here.store.write() as connection:
        items.add(connection, claim, [instance(1, ItemState.FAILED)])
    claim.release(states.DONE_WITH_FAILURES)
    here.pass_(10)
    second = here.claimed()
    with here.store.write() as connection:
        items.add(connection, second, [instance(2, ItemState.FAILED), instance(3, ItemState.MOVED)])
    second.release(states.DONE_WITH_FAILURES)
    here.pass_(10)
    here.claimed().release(states.UNDONE)  # never came to its instances
    here.pass_(10)
    here.recovery(kind='host-return')
    with here.store.write() as connection:
        found = items.newest_of_host(connection, HOST, frozenset({'failed'}))
        assert [one.name for one in found] == ['vm-2']
        # The first one was begun anew, and has fenced the host last.
        hosts.put(connection, HOST, failed_by=claim.recovery_id)
        found = items.newest_of_host(connection, HOST, frozenset({'failed'}))
        assert [one.name for one in found] == ['vm-1']
        assert items.newest_of_host(connection, 'compute-02', frozenset({'failed'})) == ()
