"""What becomes of a sent item, by what Nova shows (H1, H2)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flows.evacuation.settle import GAP_SECONDS, STEP_SECONDS, Outcome, Seen, adopt, settle
from flows.records import Attempt, AttemptState, Item, ItemState
from tests.unit.flows.made import SOURCE, TARGET, VM, attempt, instance, item, migration, seen


def settled(one: Item, attempts: list[Attempt], look: Seen, **more: Any) -> Outcome:
    values = {'baseline': 0, 'unsettled_seconds': 600.0, **more}
    return settle(one, attempts, look, **values)


def test_under_way() -> None:
    outcome = settled(item(), [attempt()], seen(migration()))
    assert (outcome.item, outcome.ended) == ({}, False)
    assert outcome.attempts[1]['migration'] == 7
    assert outcome.attempts[1]['destination'] == TARGET


@pytest.mark.parametrize('status', ['done', 'completed'])
def test_moved(status: str) -> None:
    arrived = instance(host=TARGET)
    outcome = settled(item(), [attempt()], seen(migration(status=status), vm=arrived))
    assert outcome.item == {'state': ItemState.MOVED, 'reason': '', 'destination': TARGET}
    assert outcome.attempts[1]['state'] is AttemptState.MOVED


@pytest.mark.parametrize(
    'behind', [instance(), instance(host=TARGET, task_state='rebuild_spawning')]
)
def test_a_record_that_is_ahead_of_the_instance_is_looked_at_again(behind: Any) -> None:
    outcome = settled(item(), [attempt()], seen(migration(status='done'), vm=behind))
    assert (outcome.item, outcome.ended) == ({}, False)


@pytest.mark.parametrize('status', ['failed', 'error', 'cancelled'])
def test_a_failed_record_ends_the_attempt_and_not_the_item(status: str) -> None:
    outcome = settled(item(), [attempt()], seen(migration(status=status)))
    assert (outcome.item, outcome.ended) == ({}, True)
    assert outcome.attempts[1]['state'] is AttemptState.FAILED


def test_arrived_in_error() -> None:
    broken = instance(host=TARGET, vm_state='error')
    outcome = settled(item(), [attempt()], seen(migration(status='done'), vm=broken))
    assert outcome.attempts[1]['state'] is AttemptState.FAILED
    assert outcome.ended


def test_deleted_meanwhile() -> None:
    gone = instance(vm_state='deleted')
    outcome = settled(item(), [attempt()], seen(migration(status='failed'), vm=gone))
    assert outcome.item['state'] is ItemState.LEFT


def test_a_time_out_ends_no_attempt() -> None:
    look = seen(migration(), at=100.0 + 601)
    outcome = settled(item(), [attempt(destination_seen_at=700.0)], look)
    assert outcome.item['state'] is ItemState.UNSETTLED
    assert not outcome.ended
    assert 'state' not in outcome.attempts.get(1, {}) or (
        outcome.attempts[1]['state'] is AttemptState.ACCEPTED
    )


def test_two_open_records_stop_the_item() -> None:
    outcome = settled(item(), [attempt()], seen(migration(), migration(id=8, uuid='m-8')))
    assert outcome.item['state'] is ItemState.UNSETTLED
    assert 'twice' in outcome.item['reason']


def test_it_is_said_once() -> None:
    look = seen(migration(), migration(id=8, uuid='m-8'))
    first = settled(item(), [attempt()], look).item
    again = item(state=ItemState.UNSETTLED, reason=first['reason'])
    assert settled(again, [attempt()], look).item == {}


@pytest.mark.parametrize(
    ('aged', 'task', 'ended'),
    [({2}, None, False), ({1}, None, True), ({1}, 'rebuilding', False)],
)
@pytest.mark.parametrize('at', [-7000.0, 171.0, 500.0])
def test_no_trace(aged: set[int], task: str | None, ended: bool, at: float) -> None:
    look = replace(seen(at=at, vm=instance(task_state=task)), aged=frozenset(aged))
    sent = attempt(state=AttemptState.INTENDED)
    outcome = settled(item(), [sent], look)
    assert outcome.ended is ended
    if ended:
        assert outcome.attempts[1]['state'] is AttemptState.ABSENT


def test_no_trace_of_what_we_have_just_come_to_know_says_nothing_and_wants_nobody() -> None:
    look = replace(seen(at=9999.0), aged=frozenset())
    outcome = settled(item(), [attempt(state=AttemptState.INTENDED)], look)
    assert (outcome.ended, outcome.item, outcome.attempts) == (False, {}, {})


def test_no_trace_in_part_of_a_list_says_nothing() -> None:
    look = replace(seen(at=171.0), whole=False)
    outcome = settled(item(), [attempt(state=AttemptState.INTENDED)], look)
    assert (outcome.ended, outcome.attempts) == (False, {})


@pytest.mark.parametrize('arrived', [attempt(), attempt(state=AttemptState.INTENDED, migration=7)])
def test_what_arrived_once_is_never_absent(arrived: Attempt) -> None:
    assert not settled(item(), [arrived], seen(at=9999.0), unsettled_seconds=1e9).ended


def test_a_record_older_than_the_recovery_is_none_of_ours() -> None:
    outcome = settled(item(), [attempt()], seen(migration(id=3, status='done')), baseline=3)
    assert outcome.attempts.get(1, {}).get('migration') is None
    assert not outcome.ended


def test_an_evacuation_by_somebody_else_is_waited_for() -> None:
    refused = attempt(state=AttemptState.REFUSED)
    outcome = settled(item(), [refused], seen(migration()))
    assert (outcome.item, outcome.ended) == ({}, False)


def test_an_evacuation_by_somebody_else_that_does_not_end_is_told() -> None:
    mine = attempt(state=AttemptState.FAILED, migration=8)
    theirs = migration(destination='compute-04')
    look = seen(theirs, migration(id=8, status='error'), at=100.0 + 601)
    outcome = settled(item(), [mine], look)
    assert outcome.item['state'] is ItemState.UNSETTLED
    assert outcome.item['reason'] == 'its evacuation to compute-04 does not end'
    assert settled(item(), [mine], replace(look, at=100.0 + 599)).item == {}


@pytest.mark.parametrize(('host', 'moved'), [('compute-04', True), ('compute-05', False)])
def test_a_silent_request_ends_where_somebody_else_has_moved_it(host: str, moved: bool) -> None:
    mine = attempt(state=AttemptState.INTENDED, after_record=7)
    theirs = migration(status='done', destination='compute-04')
    outcome = settled(item(), [mine], seen(theirs, vm=instance(host=host)))
    assert (outcome.item.get('state') is ItemState.MOVED) is moved
    assert (outcome.attempts.get(1, {}).get('state') is AttemptState.ABSENT) is moved


@pytest.mark.parametrize('status', ['error', 'failed', 'cancelled', 'lost'])
@pytest.mark.parametrize(
    ('state', 'aged', 'own'),
    [
        (AttemptState.INTENDED, False, None),
        (AttemptState.INTENDED, True, 7),
        (AttemptState.ACCEPTED, False, 7),
    ],
)
def test_what_may_still_hang_does_not_end_with_a_record_that_failed(
    status: str, state: AttemptState, aged: bool, own: int | None
) -> None:
    look = replace(seen(migration(status=status)), aged=frozenset({1} if aged else ()))
    outcome = settled(item(), [attempt(state=state)], look)
    assert outcome.attempts.get(1, {}).get('migration') == own
    assert outcome.ended is (own is not None)


def test_an_evacuation_by_somebody_else_that_arrived_counts() -> None:
    look = seen(migration(status='done'), vm=instance(host='compute-04'))
    outcome = settled(item(), [], look)
    assert outcome.item['state'] is ItemState.MOVED
    assert outcome.item['destination'] == 'compute-04'


def test_elsewhere_without_a_record_is_not_believed() -> None:
    outcome = settled(item(), [], seen(vm=instance(host='compute-04')))
    assert outcome.item == {}


def test_each_attempt_gets_its_own_record() -> None:
    first = attempt(state=AttemptState.FAILED, migration=7)
    second = attempt(id=2)
    records = (migration(status='failed'), migration(id=8, uuid='m-8'))
    adopted, strangers = adopt([first, second], VM, seen(*records), 0)
    assert [one.migration for one in adopted] == [7, 8]
    assert strangers == []


@pytest.mark.parametrize(('known', 'own'), [(None, 7), (0, 7), (6, 7), (7, 8), (8, None)])
def test_a_record_that_was_known_when_it_was_sent_is_of_somebody_else(
    known: int | None, own: int | None
) -> None:
    sent = attempt(state=AttemptState.INTENDED, after_record=known)
    records = (migration(status='error'), migration(id=8, uuid='m-8'))
    adopted, strangers = adopt([sent], VM, seen(*records), 0)
    assert [one.migration for one in adopted] == [own]
    assert {one.id for one in strangers} == {7, 8} - {own}


@pytest.mark.parametrize(
    ('up', 'at', 'sure'),
    [
        (TARGET, 105.0, True),
        (SOURCE, 105.0, False),
        (TARGET, 101.0 + GAP_SECONDS, False),
        (TARGET, 100.0 - STEP_SECONDS, True),  # the clock of who saw it was ahead
        (TARGET, 99.0 - STEP_SECONDS, False),
    ],
)
def test_a_destination_is_sure_while_it_is_seen_up(up: str, at: float, sure: bool) -> None:
    sent = attempt(destination=TARGET, migration=7)
    look = seen(migration(), at=at, up=frozenset({up}))
    outcome = settled(item(), [sent], look)
    assert outcome.attempts.get(1, {}).get('destination_sure', True) is sure


def test_an_unsure_destination_never_becomes_sure_again() -> None:
    sent = attempt(destination=TARGET, migration=7, destination_sure=False)
    outcome = settled(item(), [sent], seen(migration()))
    assert outcome.attempts.get(1, {}).get('destination_sure', False) is False
