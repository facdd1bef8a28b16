"""The tables of the gates of instance-down and service-down."""

from __future__ import annotations

from typing import Any

from drivers.contracts.alarms import Alarm
from drivers.contracts.compute import Instance
from recovery.policy.inputs import HostRecord, Limits, Live
from tests.unit.recovery.policy.given import (
    ADMIT,
    AWAY,
    HOLD,
    IGNORE,
    OURS,
    RECOVERY,
    Case,
    with_service,
)


def guest(**more: Any) -> dict[str, Any]:
    """An instance on c1 whose owner wants it restarted."""
    values: dict[str, Any] = {
        'id': 'i-1',
        'name': 'web',
        'host': 'c1',
        'vm_state': 'active',
        'task_state': None,
        'power_state': 4,
        'locked': False,
        'metadata': {'HA_Enabled': 'True'},
    }
    return {'instance': Instance(**(values | more))}


def reported(host: str, source: str = 'masakari') -> dict[str, Any]:
    """By a monitor that says where the instance is."""
    alarm = Alarm(source, 'k', 'instance-down', 'i-1', 1.0, {'hostname': host})
    return {**guest(host='c1'), 'alarm': alarm}


def above(kind: str, state: str, undoing: bool = False) -> dict[str, Any]:
    return {'above': Live('abcdef1234', kind, state, undoing)}


INSTANCE: list[Case] = [
    ('instance', guest(), ADMIT, 'it is web on c1'),
    ('instance', {'instance': AWAY}, HOLD, 'cannot ask Nova for the instance'),
    ('instance', {'instance': None}, IGNORE, 'Nova has no instance'),
    ('instance', guest(host=None), IGNORE, 'on no host'),
    ('instance', guest(host='c2'), IGNORE, 'web is on c2 by now, and was on c1'),
    ('instance', reported('c1'), ADMIT, 'it is web on c1'),
    ('instance', reported('c1.example.com'), ADMIT, 'it is web on c1'),
    ('instance', reported('c2'), IGNORE, 'web is on c1, and was reported of c2'),
    ('instance', reported('c2', 'aodh'), ADMIT, 'it is web on c1'),
    ('wanted', guest(), ADMIT, 'its owner wants it (HA_Enabled)'),
    ('wanted', guest(metadata={'HA_Enabled': ' yes'}), ADMIT, ''),
    ('wanted', guest(metadata={}), IGNORE, 'do not say HA_Enabled=true'),
    ('wanted', guest(metadata={'HA_Enabled': 'false'}), IGNORE, 'do not say'),
    ('wanted', {**guest(metadata={}), 'limits': Limits(every_instance=True)}, ADMIT, 'every'),
    ('wanted', {**guest(), 'limits': Limits(ha_key='ha')}, IGNORE, 'ha=true'),
    ('wanted', {'instance': None}, ADMIT, 'left to the gate'),
    ('restartable', guest(), ADMIT, ''),
    ('restartable', guest(vm_state='stopped'), ADMIT, 'it is stopped'),
    ('restartable', guest(vm_state='error'), ADMIT, ''),
    ('restartable', guest(vm_state='paused'), IGNORE, 'left as it is: its owner paused it'),
    ('restartable', guest(vm_state='resized'), IGNORE, 'its resize waits'),
    ('restartable', guest(vm_state='dreaming'), IGNORE, 'not known to be restartable'),
    ('restartable', guest(task_state='deleting'), IGNORE, 'it is deleted'),
    ('restartable', guest(task_state='rebooting'), ADMIT, 'it is rebooting'),
    ('restartable', {'instance': AWAY}, ADMIT, 'left to the gate'),
    ('host-recovery', {}, ADMIT, 'under no recovery'),
    ('host-recovery', above('host-down', 'running'), IGNORE, 'it belongs to recovery abcdef12'),
    ('host-recovery', above('host-down', 'held'), HOLD, 'which goes first'),
    ('host-recovery', above('host-down', 'waiting', undoing=True), HOLD, 'which goes first'),
    ('host-recovery', above('host-return', 'waiting'), HOLD, 'which goes first'),
    ('host-serves', {}, ADMIT, 'the service of c1 is up'),
    ('host-serves', {'services': AWAY}, HOLD, 'cannot ask Nova'),
    ('host-serves', {'services': ()}, HOLD, 'lists no nova-compute service of c1'),
    ('host-serves', with_service(state='down'), HOLD, 'is down: nobody there would'),
    ('host-serves', with_service(forced_down=True), HOLD, 'is forced down'),
    ('restarts', {'recoveries': 2}, ADMIT, '2 restarts within'),
    ('restarts', {'recoveries': 3}, HOLD, 'to be restarted 3 times within 24 h already'),
]
SERVICE: list[Case] = [
    ('closed', {}, ADMIT, 'the scheduler may use it'),
    ('closed', {'services': AWAY}, ADMIT, 'not known'),
    ('closed', with_service(enabled=False, disabled_reason='disk'), IGNORE, 'already ("disk")'),
    (
        'closed',
        {**with_service(enabled=False, disabled_reason=f'recovery {RECOVERY}'), 'own': OURS},
        ADMIT,
        'it was us',
    ),
    (
        'closed',
        {'host': HostRecord('c1', failed_by=RECOVERY)},
        IGNORE,
        'has taken c1 out of service, and its return opens it',
    ),
    (
        'closed',  # our words, but no act of ours
        with_service(enabled=False, disabled_reason=f'recovery {RECOVERY}'),
        IGNORE,
        'somebody else has closed c1',
    ),
]
KINDS: list[Case] = [*INSTANCE, *SERVICE]
