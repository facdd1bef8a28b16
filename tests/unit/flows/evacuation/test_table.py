"""The state table, case by case (H5)."""

from __future__ import annotations

import pytest

from flows.evacuation.table import ENDED, Storage, classify, needs_reset
from tests.unit.flows.made import SOURCE, TARGET, instance, migration

SHARED = Storage(shared=True)
LOCAL = Storage(shared=False)


@pytest.mark.parametrize(
    ('vm_state', 'power', 'action', 'stopped'),
    [
        ('active', 1, 'evacuate', False),
        ('stopped', 4, 'evacuate', True),
        ('error', 1, 'evacuate', False),
        ('error', 0, 'evacuate', True),
        ('paused', 3, 'evacuate', True),
        ('suspended', 4, 'evacuate', True),
        ('rescued', 1, 'evacuate', True),
        ('building', 0, 'leave', False),
        ('deleted', 0, 'leave', False),
        ('soft-delete', 0, 'leave', False),
        ('resized', 1, 'leave', False),
        ('shelved', 4, 'leave', False),
        ('shelved_offloaded', 4, 'leave', False),
        ('something-new', 1, 'leave', False),
    ],
)
def test_by_state(vm_state: str, power: int, action: str, stopped: bool) -> None:
    plan = classify(instance(vm_state=vm_state, power_state=power), (), host=SOURCE, storage=SHARED)
    assert (plan.action, plan.keep_stopped) == (action, stopped)
    assert plan.reason


@pytest.mark.parametrize('task', [None, 'rebooting', 'powering-off', 'rebuilding', 'migrating'])
def test_a_task_state_is_no_obstacle(task: str | None) -> None:
    plan = classify(instance(task_state=task, locked=True), (), host=SOURCE, storage=SHARED)
    assert plan.action == 'evacuate'


def test_what_is_being_deleted_is_left() -> None:
    plan = classify(instance(task_state='deleting'), (), host=SOURCE, storage=SHARED)
    assert plan.action == 'leave'


@pytest.mark.parametrize('kind', ['live-migration', 'migration', 'resize', 'evacuation'])
@pytest.mark.parametrize('status', ['accepted', 'queued', 'preparing', 'running', 'post-migrating'])
def test_a_move_out_of_the_host_is_waited_for(kind: str, status: str) -> None:
    record = migration(type=kind, status=status)
    plan = classify(instance(), [record], host=SOURCE, storage=SHARED)
    assert plan.action == 'wait'
    assert TARGET in plan.reason


@pytest.mark.parametrize('status', sorted(ENDED))
def test_a_move_that_has_ended_is_no_obstacle(status: str) -> None:
    record = migration(type='live-migration', status=status)
    assert classify(instance(), [record], host=SOURCE, storage=SHARED).action == 'evacuate'


def test_a_move_into_the_host_is_waited_for() -> None:
    record = migration(type='live-migration', status='running', source=TARGET, destination=SOURCE)
    assert classify(instance(), [record], host=SOURCE, storage=SHARED).action == 'wait'


def test_an_evacuation_into_the_host_died_with_it() -> None:
    record = migration(source=TARGET, destination=SOURCE)
    assert classify(instance(), [record], host=SOURCE, storage=SHARED).action == 'evacuate'


def test_records_of_others_say_nothing() -> None:
    record = migration(instance='vm-9', type='live-migration', status='running')
    assert classify(instance(), [record], host=SOURCE, storage=SHARED).action == 'evacuate'


@pytest.mark.parametrize(
    ('storage', 'volume', 'ephemeral', 'action'),
    [
        (LOCAL, False, False, 'leave'),
        (LOCAL, True, False, 'evacuate'),
        (LOCAL, True, True, 'leave'),
        (Storage(shared=False, rebuild_local=True), False, True, 'evacuate'),
        (SHARED, False, True, 'evacuate'),
    ],
)
def test_by_disk(storage: Storage, volume: bool, ephemeral: bool, action: str) -> None:
    one = instance(boot_from_volume=volume, ephemeral_disk=ephemeral)
    assert classify(one, (), host=SOURCE, storage=storage).action == action


@pytest.mark.parametrize(
    ('vm_state', 'stopped', 'reset'),
    [
        ('active', False, False),
        ('stopped', True, False),
        ('paused', True, True),
        ('suspended', True, True),
        ('rescued', True, True),
        ('error', True, True),
        ('error', False, False),
    ],
)
def test_which_states_are_reset_first(vm_state: str, stopped: bool, reset: bool) -> None:
    assert needs_reset(vm_state, keep_stopped=stopped) is reset
