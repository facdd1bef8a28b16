"""The table of restarts, row by row: nothing but what is certain is restarted."""

from __future__ import annotations

import pytest

from flows.restarts import LEAVE, classify
from tests.unit.flows.made import instance, migration

NOT_RUNNING = 4


@pytest.mark.parametrize(
    ('fields', 'action', 'said'),
    [
        ({}, 'runs', 'as far as Nova knows'),
        ({'power_state': NOT_RUNNING}, 'stop', 'its guest does not run'),
        ({'power_state': 6}, 'stop', ''),  # crashed
        ({'vm_state': 'stopped', 'power_state': NOT_RUNNING}, 'start', 'it is stopped'),
        ({'vm_state': 'error', 'power_state': 0}, 'stop', 'it is error'),
        ({'vm_state': 'error'}, 'runs', ''),
        ({'task_state': 'rebooting'}, 'wait', 'it is rebooting'),
        ({'vm_state': 'stopped', 'task_state': 'powering-on'}, 'wait', 'powering-on'),
        ({'task_state': 'deleting'}, 'leave', 'deleted'),
        ({'vm_state': 'stopped', 'host': None}, 'leave', 'no host'),
        ({'vm_state': 'dreaming'}, 'leave', "'dreaming' is not known"),
        *(({'vm_state': one}, 'leave', why) for one, why in LEAVE.items()),
    ],
)
def test_row(fields: dict[str, object], action: str, said: str) -> None:
    plan = classify(instance(**fields), ())
    assert plan.action == action
    assert said in plan.reason


@pytest.mark.parametrize('kind', ['live-migration', 'migration', 'resize', 'evacuation'])
def test_what_moves_is_waited_for(kind: str) -> None:
    dead = instance(power_state=NOT_RUNNING)
    moving = classify(dead, [migration(type=kind, status='running')])
    assert (moving.action, kind in moving.reason) == ('wait', True)
    for ended in ('completed', 'confirmed', 'error', 'failed', 'done', 'finished'):
        assert classify(dead, [migration(type=kind, status=ended)]).action == 'stop'
    assert classify(dead, [migration(instance='another')]).action == 'stop'
