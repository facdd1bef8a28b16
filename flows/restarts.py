"""The table of restarts: what becomes of one instance that failed while its host lives.

Pure. Nova stops an instance that is active or in error, and starts one that is stopped; whatever
else it is, somebody made it so, or is about to, and a restart would take that away from him.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from drivers.contracts.compute import Instance, Migration
from flows.evacuation.table import AWAITS_CONFIRM, ENDED, RUNNING

LEAVE: Mapping[str, str] = {
    'building': 'it is still being built',
    'deleted': 'it is deleted',
    'paused': 'its owner paused it',
    'rescued': 'its owner rescues it',
    'resized': 'its resize waits to be confirmed or reverted, and a restart would keep it from '
    'being reverted',
    'shelved': 'its owner shelved it',
    'shelved_offloaded': 'its owner shelved it',
    'soft-delete': 'its owner deleted it',
    'suspended': 'its owner suspended it',
}
DELETING = frozenset({'deleting', 'soft-deleting'})


@dataclass(frozen=True)
class Plan:
    """What is to be done with one instance."""

    action: str  #: 'leave', 'wait', 'runs' (as far as Nova knows), 'stop' or 'start'
    reason: str


def classify(instance: Instance, migrations: Iterable[Migration]) -> Plan:
    """Decide about one instance.

    :param migrations: migration records of this instance; ended ones are passed over.
    """
    if instance.task_state in DELETING:
        return Plan('leave', LEAVE['deleted'])
    if instance.vm_state in LEAVE:
        return Plan('leave', LEAVE[instance.vm_state])
    if instance.vm_state not in ('active', 'stopped', 'error'):
        return Plan('leave', f'its state {instance.vm_state!r} is not known to be restartable')
    if instance.host is None:
        return Plan('leave', 'Nova has it on no host')
    for record in migrations:
        if record.instance == instance.id and record.status not in ENDED | {AWAITS_CONFIRM}:
            there = record.destination or 'another host'
            return Plan('wait', f'a {record.type} of it to {there} is {record.status}')
    if instance.task_state is not None:
        return Plan('wait', f'it is {instance.task_state}')
    if instance.vm_state == 'stopped':
        return Plan('start', 'it is stopped')
    if instance.power_state == RUNNING:
        return Plan('runs', 'it runs, as far as Nova knows')
    return Plan('stop', f'it is {instance.vm_state}, and its guest does not run')
