"""May the host return?"""

from __future__ import annotations

from flows.evacuation.lost import SUCCEEDED
from recovery.policy import looks
from recovery.policy.gate import Answer, Gate, admit, hold, ignore, unknown
from recovery.policy.inputs import Inputs, Missing

#: A booting agent destroys the guests of these records, and they are not elsewhere yet (H13).
OPEN_RECORDS = frozenset({'accepted', 'pre-migrating', 'running', 'queued', 'preparing'})


def _out(inputs: Inputs) -> Answer:
    service, marked = looks.the_service(inputs), inputs.host.failed_by
    if service is None or marked:
        return admit('recovery marked it failed' if marked else 'nothing to compare')
    alive = not looks.looks_failed(service, inputs)
    if service.enabled and not service.forced_down and alive:
        return ignore(f'{service.host} is up, enabled and not marked failed: it is in service')
    return admit('it is out of service', state=service.state, enabled=service.enabled)


def _records(inputs: Inputs) -> Answer:
    if isinstance(inputs.migrations, Missing):
        why = inputs.migrations.why
        return unknown(f'cannot ask Nova for evacuations: {why}', 'recovery doctor')
    mine = [
        one
        for one in inputs.migrations
        if one.type == 'evacuation' and one.source == inputs.subject
    ]
    # A later one that succeeded: the flow looks whether the open one died with its destination.
    newest: dict[str, int] = {}
    for one in mine:
        if one.status in SUCCEEDED:
            newest[one.instance] = max(newest.get(one.instance, 0), one.id)
    still = [
        one for one in mine if one.status in OPEN_RECORDS and one.id > newest.get(one.instance, 0)
    ]
    if not still:
        return admit('no evacuation from the host is open')
    names = ', '.join(f'{one.instance} ({one.status})' for one in still[:5])
    return hold(
        f'{len(still)} evacuations from the host are still open: {names}',
        f'recovery plan {inputs.subject}',
        again_in=30.0,
        open=len(still),
    )


def _leftovers(inputs: Inputs) -> Answer:
    if isinstance(inputs.leftovers, Missing):
        return unknown(f'cannot ask what is left over: {inputs.leftovers.why}', 'recovery doctor')
    if not inputs.leftovers:
        return admit('nothing is left over on the host')
    names = ', '.join(f'{one.name or one.instance} ({one.state})' for one in inputs.leftovers[:5])
    return hold(
        f'{len(inputs.leftovers)} instances are left over on the host: {names}',
        f'recovery host return {inputs.subject} --accept-leftovers',
        extent={one.instance: 1 for one in inputs.leftovers},
        leftovers=len(inputs.leftovers),
    )


OUT = Gate(
    name='out-of-service',
    question='Is there anything to return it from?',
    on_missing='open: the gate "service" holds then',
    decide=_out,
    needs=frozenset({'services'}),
)

RECORDS = Gate(
    name='records',
    question='Have all evacuations from the host ended?',
    on_missing='closed: its agent destroys guests that may be nowhere else',
    decide=_records,
    needs=frozenset({'migrations'}),
    approvable=False,
)

LEFTOVERS = Gate(
    name='leftovers',
    question='Is every instance of the host moved, or deliberately left?',
    on_missing='closed: a host with instances that nobody explains stays out',
    decide=_leftovers,
    needs=frozenset({'leftovers'}),
)
