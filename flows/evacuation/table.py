"""The state table: what becomes of an instance, by its states, its disks and its open migrations.

Pure. Nova evacuates an instance that is active, stopped or in error, whatever its task state
(its API checks none), and refuses every other one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from drivers.contracts.compute import Instance, Migration

RUNNING = 1  # Nova's power_state of a guest that runs

#: Migration statuses after which nothing moves any more, whatever the type; 'lost' is ours.
ENDED = frozenset(
    {'done', 'completed', 'confirmed', 'reverted', 'failed', 'error', 'cancelled', 'lost'}
)
AWAITS_CONFIRM = 'finished'  # a resize that waits for its owner's confirm or revert

LEAVE: Mapping[str, str] = {
    'building': 'it was still being built; delete it and create it again',
    'deleted': 'it is deleted',
    'soft-delete': 'it is deleted and can only be restored by its owner',
    'resized': 'it waits for its resize to be confirmed; reverting is impossible while this host '
    'is off; confirm, then rerun its item',
    'shelved': 'it is shelved and does not run; shelve-offload it, then unshelve it elsewhere',
    'shelved_offloaded': 'it is shelved and has no host',
}

#: Their memory is gone with the host. Nova evacuates them only after their state is reset; they
#: come back stopped, because they were not at work either.
RESET = frozenset({'paused', 'suspended', 'rescued'})


@dataclass(frozen=True)
class Storage:
    """Where the site keeps the disks of instances."""

    shared: bool  #: all disks are on storage that every host reaches
    rebuild_local: bool = False  #: the site accepts the loss of local disks


@dataclass(frozen=True)
class Plan:
    """What is to be done with one instance."""

    action: str  #: 'evacuate', 'leave' or 'wait'
    reason: str
    keep_stopped: bool = False


def classify(
    instance: Instance, migrations: Iterable[Migration], *, host: str, storage: Storage
) -> Plan:
    """Decide about one instance of a failed host.

    :param migrations: migration records of this instance; ended ones are passed over.
    :param host: the failed host.
    """
    if instance.vm_state in ('deleted', 'soft-delete') or instance.task_state == 'deleting':
        return Plan('leave', LEAVE['deleted'])
    moving = _moving(instance, migrations, host)
    if moving:
        return Plan('wait', moving)
    if instance.vm_state in LEAVE:
        return Plan('leave', LEAVE[instance.vm_state])
    if instance.vm_state not in {'active', 'stopped', 'error'} | RESET:
        return Plan('leave', f'its state {instance.vm_state!r} is not known to be evacuable')
    if _loses_disk(instance, storage):
        return Plan(
            'leave',
            'its disk is local to the failed host and would come back empty '
            '([evacuation] instance_storage)',
        )
    if instance.vm_state in RESET:
        return Plan('evacuate', f'was {instance.vm_state}: comes back stopped', True)
    stopped = instance.vm_state == 'stopped' or (
        instance.vm_state == 'error' and instance.power_state != RUNNING
    )
    return Plan('evacuate', 'stays stopped' if stopped else 'comes back running', stopped)


def needs_reset(vm_state: str, *, keep_stopped: bool) -> bool:
    """Whether its state must be reset to active before its evacuation.

    Nova refuses some states; and one in error it starts, however it is asked (measured on Nova
    34: at 2.95 the wanted state counts only if the instance is not in error).
    """
    return vm_state in RESET or (vm_state == 'error' and keep_stopped)


def _loses_disk(instance: Instance, storage: Storage) -> bool:
    if storage.shared or storage.rebuild_local:
        return False
    return not instance.boot_from_volume or instance.ephemeral_disk


def _moving(instance: Instance, migrations: Iterable[Migration], host: str) -> str:
    """Why it must not be touched now, if it must not (H5); '' otherwise."""
    for record in migrations:
        if record.instance != instance.id or record.status in ENDED:
            continue
        if record.type == 'evacuation':
            if record.source == host:
                return f'an evacuation to {record.destination or "a host"} is {record.status}'
            continue  # an evacuation INTO this host died with it, and this host is proven off
        if record.status == AWAITS_CONFIRM:
            continue  # vm_state resized answers
        if record.source == host:
            return (
                f'a {record.type} to {record.destination or "another host"} is {record.status}: '
                'the guest may run there'
            )
        if record.destination == host:
            return f'a {record.type} from {record.source} is {record.status}'
    return ''
