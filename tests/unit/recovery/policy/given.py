"""What gates are given in their tables of inputs and answers."""

from __future__ import annotations

from typing import Any

from drivers.contracts.alarms import Alarm
from drivers.contracts.compute import Hypervisor, Migration, Service
from recovery.policy.gate import Word
from recovery.policy.inputs import Device, HostRecord, Inputs, Missing, OwnMarks, Sight, Span

Case = tuple[str, dict[str, Any], Word, str]  #: gate, what it is given, word, part of reason

NOW = 1_000_000.0
AWAY = Missing('Nova cannot be reached')
RECOVERY = '11111111-2222-3333-4444-555555555555'
ADMIT, HOLD, IGNORE = Word.ADMIT, Word.HOLD, Word.IGNORE


def service(host: str = 'c1', age: float | None = 60.0, **more: Any) -> Service:
    values: dict[str, Any] = {
        'enabled': True,
        'state': 'up',
        'forced_down': False,
        'disabled_reason': None,
    }
    at = None if age is None else NOW - age
    return Service(**({'id': f's-{host}', 'host': host, 'updated_at': at} | values | more))


def hypervisor(host: str = 'c1', kind: str = 'QEMU', number: int = 1) -> Hypervisor:
    return Hypervisor(f'{host}-{number}', host, host, kind, 'down')


def inputs(**more: Any) -> Inputs:
    others = tuple(service(f'c{number}', age=5.0) for number in range(2, 11))
    values: dict[str, Any] = {
        'kind': 'host-down',
        'subject': 'c1',
        'now': NOW,
        'alarm': Alarm('test', 'k', 'host-down', 'c1', NOW - 20),
        'arrived_at': NOW - 20,
        'host': HostRecord('c1'),
        'services': (service(), *others),
        'hypervisors': (hypervisor(),),
        'devices': (Device('bmc', 1, '192.0.2.1'),),
        'clashes': (),
        'migrations': (),
        'leftovers': (),
    }
    return Inputs(**(values | more))


def with_service(**more: Any) -> dict[str, Any]:
    return {'services': (service(**more), service('c2', age=5.0))}


def sight(age: float, seen: float = 0.0, **more: Any) -> Sight:
    """The service as it was seen before, last so many seconds ago, with the record of then."""
    values: dict[str, Any] = {
        'enabled': True, 'forced_down': False, 'disabled_reason': '', 'state': 'up',
    }  # fmt: skip
    return Sight(**(values | more), updated_at=NOW - age, seen_at=NOW - seen)


def late(*asked: tuple[float, float]) -> OwnMarks:
    """Requests of ours, newest first: when, and until when Nova may have done them."""
    spans = tuple(Span(*one) for one in asked)
    began = spans[0].began
    return OwnMarks(changed_from=began, changed_at=began + 2.0, late=spans)


def evacuation(status: str, source: str = 'c1', type: str = 'evacuation') -> Migration:
    return Migration(1, 'u', 'i-1', type, status, source, 'c2', NOW, NOW)


def devices(**identities: Any) -> dict[str, Any]:
    found = tuple(Device(name, 1, name, now) for name, now in identities.items())
    return {'devices': found, 'host': HostRecord('c1', identities={'bmc': 'AAA'})}


def stale(count: int, age: float = 60.0, **more: Any) -> dict[str, Any]:
    silent = tuple(service(f'c{number}', age=age, **more) for number in range(1, count + 1))
    alive = tuple(service(f'c{number}', age=5.0) for number in range(count + 1, 11))
    return {'services': silent + alive}


DISABLED: dict[str, Any] = {'enabled': False, 'disabled_reason': 'why'}
OUT = {'enabled': False, 'forced_down': True, 'state': 'down'}
OURS = OwnMarks(disabled=True, forced_down=True, recoveries=frozenset({RECOVERY}))
