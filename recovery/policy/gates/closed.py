"""Is the host open to the scheduler, so that there is something to close?"""

from __future__ import annotations

from recovery.policy import looks
from recovery.policy.gate import Answer, Gate, admit, ignore
from recovery.policy.inputs import Inputs


def _closed(inputs: Inputs) -> Answer:
    service = looks.the_service(inputs)
    if service is None:
        return admit('nothing to ask: the host is not known')
    said = service.disabled_reason or ''
    ours = inputs.own.disabled and any(one in said for one in inputs.own.recoveries)
    seen = {'enabled': service.enabled, 'disabled_reason': said}
    if inputs.host.failed_by:
        return ignore(
            f'recovery {inputs.host.failed_by[:8]} has taken {service.host} out of service, and '
            f'its return opens it: recovery host return {service.host}',
            **seen,
        )
    if service.enabled:
        return admit('the scheduler may use it', **seen)
    if ours:
        return admit('it was us who closed it', **seen)
    because = f' ("{said}")' if said else ''
    return ignore(f'somebody else has closed {service.host} already{because}', **seen)


CLOSED = Gate(
    name='closed',
    question='Is the host open to the scheduler, or closed by us?',
    on_missing='open: the gate "service" holds then',
    decide=_closed,
    needs=frozenset({'services'}),
    approvable=False,
)
