"""Marks that others set: only who set a mark clears it (S16)."""

from __future__ import annotations

from typing import Any

from recovery.policy import looks
from recovery.policy.gate import Answer, Gate, admit, hold
from recovery.policy.inputs import Inputs, Missing


def _maintenance(inputs: Inputs) -> Answer:
    host = inputs.host
    if not host.maintenance:
        return admit('no maintenance is on', maintenance=False)
    return hold(
        f'{host.maintenance_by} set {host.name} to maintenance: {host.maintenance_reason}',
        f'recovery host maintenance {host.name} off',
        maintenance=True,
    )


def _foreign(inputs: Inputs) -> Answer:
    if isinstance(inputs.services, Missing):
        return hold(f'cannot ask Nova for marks: {inputs.services.why}', 'recovery doctor')
    service = looks.the_service(inputs)
    if service is None:
        return admit('nothing to ask: the host is not known')
    said = service.disabled_reason or ''
    ours = any(one in said for one in inputs.own.recoveries)
    seen: dict[str, Any] = {
        'enabled': service.enabled,
        'forced_down': service.forced_down,
        'disabled_reason': said,
    }
    verb = f'recovery approve {inputs.id}'
    if not service.enabled and not (ours and inputs.own.disabled):
        because = f' ("{said}")' if said else ''
        return hold(f'somebody else disabled the service{because}', verb, **seen)
    if service.forced_down and not inputs.own.forced_down:
        return hold('somebody else forced the service down', verb, **seen)
    return admit('nobody else disabled it or forced it down', **seen)


MAINTENANCE = Gate(
    name='maintenance',
    question='Has an operator set the host to maintenance?',
    on_missing='open: a host that nobody set to maintenance has no record',
    decide=_maintenance,
)

FOREIGN = Gate(
    name='foreign',
    question='Has somebody else disabled the service or forced it down?',
    on_missing='closed: without Nova nobody knows whose marks stand',
    decide=_foreign,
    needs=frozenset({'services'}),
)
