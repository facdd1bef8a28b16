"""Marks that others set: only who set a mark clears it (S16)."""

from __future__ import annotations

from recovery.policy import looks, stamps
from recovery.policy.gate import Answer, Gate, admit, hold, unknown
from recovery.policy.gates.switches import whole
from recovery.policy.inputs import Inputs, Missing

FORCED = 'forced down'


def _maintenance(inputs: Inputs) -> Answer:
    host = inputs.host
    if not host.maintenance:
        return admit('no maintenance is on', maintenance=False)
    return hold(
        f'{host.maintenance_by} set {host.name} to maintenance: {host.maintenance_reason}',
        f'recovery host maintenance {host.name} off',
        extent={f'{host.maintenance_by}: {host.maintenance_reason}': 1},
        maintenance=True,
    )


def _foreign(inputs: Inputs) -> Answer:
    if isinstance(inputs.services, Missing):
        return unknown(f'cannot ask Nova for marks: {inputs.services.why}', 'recovery doctor')
    service = looks.the_service(inputs)
    if service is None:
        return admit('nothing to ask: the host is not known')
    if service.state == 'unknown':  # Nova shows no marks of it, and no reason for them
        return unknown(
            f'{looks.SILENT_CELL}: nobody knows whose marks stand', f'recovery approve {inputs.id}'
        )
    said = service.disabled_reason or ''
    seen = looks.sight(service)
    verb = f'recovery approve {inputs.id}'
    if stamps.disabled_by_others(service, inputs.own):
        because = f' ("{said}")' if said else ''
        extent = {f'disabled: {said}': 1.0}
        if service.forced_down and not inputs.own.forced_down:
            extent[FORCED] = 1
            because += ' and forced it down'
        return hold(f'somebody else disabled the service{because}', verb, extent=extent, **seen)
    if service.forced_down and not inputs.own.forced_down:
        return hold('somebody else forced the service down', verb, extent={FORCED: 1}, **seen)
    return admit('nobody else disabled it or forced it down', **seen)


def _window(inputs: Inputs) -> Answer:
    if not inputs.windows:
        return admit('no maintenance window is open')
    last = max(inputs.windows, key=lambda one: (one.ends_at, one.id))
    left = last.ends_at - inputs.now
    return hold(
        f'a maintenance window of {whole(last.scope)} by {last.by} is open for another '
        f'{looks.seconds(left)}: {last.reason}',
        f'recovery window close {last.id[:8]}',
        again_in=max(1.0, left),
        extent={one.id: 1 for one in inputs.windows},
        windows=[one.id for one in inputs.windows],
        ends_at=last.ends_at,
    )


MAINTENANCE = Gate(
    name='maintenance',
    question='Has an operator set the host to maintenance?',
    on_missing='open: a host that nobody set to maintenance has no record',
    decide=_maintenance,
)

WINDOW = Gate(
    name='window',
    question='Is a maintenance window open for the host, its segment or the cloud?',
    on_missing='open: a scope that nobody planned a window for has no record',
    decide=_window,
)

FOREIGN = Gate(
    name='foreign',
    question='Has somebody else disabled the service or forced it down?',
    on_missing='closed: without Nova nobody knows whose marks stand',
    decide=_foreign,
    needs=frozenset({'services'}),
)
