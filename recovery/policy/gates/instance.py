"""Is it an instance that may be restarted where it is?"""

from __future__ import annotations

from drivers.contracts.compute import Instance
from flows.evacuation.choice import TRUE
from flows.restarts import classify
from recovery.policy import looks, spelling
from recovery.policy.gate import Answer, Gate, admit, hold, ignore, unknown
from recovery.policy.inputs import Inputs, Missing

#: The source whose reports name the host beside the instance. Who reports was asked for her right
#: to that host and its segment, and for no other one.
MASAKARI = 'masakari'


def _instance(inputs: Inputs) -> Answer:
    found = inputs.instance
    if isinstance(found, Missing):
        return unknown(f'cannot ask Nova for the instance: {found.why}', 'recovery doctor')
    if found is None:
        return ignore(f'Nova has no instance {inputs.subject}')
    if found.host is None:
        return ignore(f'Nova has the instance {found.name} on no host', state=found.vm_state)
    if found.host != inputs.host.name:
        return ignore(
            f'{found.name} is on {found.host} by now, and was on {inputs.host.name}',
            host=found.host,
        )
    said = _reported(inputs)
    if said and not spelling.fits(said, [found.host]):
        return ignore(f'{found.name} is on {found.host}, and was reported of {said}', host=said)
    return admit(f'it is {found.name} on {found.host}', host=found.host)


def _reported(inputs: Inputs) -> str:
    """The host that a monitor of Masakari says the instance is on; '' when nobody says one."""
    alarm = inputs.alarm
    if alarm is None or alarm.source != MASAKARI:
        return ''
    return str(alarm.evidence.get('hostname') or '')


def _wanted(inputs: Inputs) -> Answer:
    found, key = inputs.instance, inputs.limits.ha_key
    if inputs.limits.every_instance:
        return admit('every instance is restarted')
    if not isinstance(found, Instance):
        return admit('nothing to ask: left to the gate "instance"')
    said = found.metadata.get(key)
    if (said or '').strip().lower() in TRUE:
        return admit(f'its owner wants it ({key})', said=said)
    return ignore(
        f'the metadata of {found.name} do not say {key}=true, and only those that do are restarted '
        '([instance] process_all_instances)',
        said=said,
    )


def _restartable(inputs: Inputs) -> Answer:
    found = inputs.instance
    if not isinstance(found, Instance):
        return admit('nothing to ask: left to the gate "instance"')
    plan = classify(found, ())  # the flow looks at migrations, and waits for them
    seen = {'vm_state': found.vm_state, 'task_state': found.task_state}
    if plan.action == 'leave':
        return ignore(f'{found.name} is left as it is: {plan.reason}', **seen)
    return admit(plan.reason, **seen)


def _above(inputs: Inputs) -> Answer:
    above = inputs.above
    if above is None:
        return admit('its host is under no recovery')
    said = f'{inputs.host.name} is under recovery {above.id[:8]} ({above.kind}, {above.state})'
    verb = f'recovery show {above.id[:8]}'
    if above.kind == 'host-down' and above.state != 'held' and not above.undoing:
        return ignore(f'it belongs to recovery {above.id[:8]}: {said}', recovery=above.id)
    return hold(f'{said}, which goes first', verb, recovery=above.id)


def _serves(inputs: Inputs) -> Answer:
    host = inputs.host.name
    if isinstance(inputs.services, Missing):
        return unknown(f'cannot ask Nova for {host}: {inputs.services.why}', 'recovery doctor')
    service = next((one for one in inputs.services if one.host == host), None)
    if service is None:
        return unknown(f'Nova lists no nova-compute service of {host}', 'recovery doctor')
    if service.state == 'up' and not service.forced_down:
        return admit(f'the service of {host} is up', state=service.state)
    state = 'forced down' if service.forced_down else service.state
    return hold(
        f'the service of {host} is {state}: nobody there would carry it out',
        f'recovery plan {host}',
        state=service.state,
    )


def _often(inputs: Inputs) -> Answer:
    limit, window = inputs.limits.attempts, looks.seconds(inputs.limits.attempts_window_seconds)
    if inputs.recoveries < limit:
        return admit(f'{inputs.recoveries} restarts within {window}')
    return hold(
        f'it was to be restarted {inputs.recoveries} times within {window} already; {limit} are '
        'allowed without a human',
        f'recovery approve {inputs.id}',
        extent={'recoveries': inputs.recoveries},
        recoveries=inputs.recoveries,
        limit=limit,
    )


INSTANCE = Gate(
    name='instance',
    question='Is it an instance that Nova knows, and on which host?',
    on_missing='closed: only a definite answer of Nova refuses an alarm',
    decide=_instance,
    needs=frozenset({'instance'}),
    approvable=False,
)

WANTED = Gate(
    name='wanted',
    question='Does its owner want it to be restarted?',
    on_missing='open: the gate "instance" holds then',
    decide=_wanted,
    needs=frozenset({'instance'}),
    approvable=False,
)

RESTARTABLE = Gate(
    name='restartable',
    question='Is it in a state from which it may be restarted?',
    on_missing='open: the gate "instance" holds then',
    decide=_restartable,
    needs=frozenset({'instance'}),
    approvable=False,
)

ABOVE = Gate(
    name='host-recovery',
    question='Is its host free of a recovery of its own?',
    on_missing='closed: the answer is in our own database, without which nothing starts',
    decide=_above,
    approvable=False,
)

SERVES = Gate(
    name='host-serves',
    question='Is the compute service of its host up, so that it can be asked?',
    on_missing='closed: what nobody carries out is not asked for',
    decide=_serves,
    needs=frozenset({'services'}),
    approvable=False,
)

OFTEN = Gate(
    name='restarts',
    question='Was it restarted too often lately?',
    on_missing='closed: the answer is in our own database, without which nothing starts',
    decide=_often,
)
