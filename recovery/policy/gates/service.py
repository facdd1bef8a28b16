"""Is it one host of a kind that can be recovered?"""

from __future__ import annotations

from recovery.policy import looks, spelling
from recovery.policy.gate import Answer, Gate, admit, hold, ignore, unknown
from recovery.policy.inputs import Inputs, Missing

#: One service of these stands for many nodes, or for none of its own; Nova refuses to evacuate
#: from them, and no single power state proves anything (H8).
NOT_EVACUABLE = ('ironic', 'vmware', 'zvm', 'powervm')
STALE = 7 * 86400.0


def _service(inputs: Inputs) -> Answer:
    if isinstance(inputs.services, Missing):
        why = inputs.services.why
        return unknown(f'cannot ask Nova which host {inputs.subject} is: {why}', 'recovery doctor')
    found = looks.matches(inputs)
    if not found:
        return _unknown(inputs)
    if len(found) > 1:
        ids = ', '.join(one.id for one in found)
        return ignore(
            f'{len(found)} nova-compute services are called {inputs.subject} ({ids}); '
            'delete the one that is no longer used',
            services=len(found),
        )
    return _hypervisor(inputs)


def _unknown(inputs: Inputs) -> Answer:
    assert not isinstance(inputs.services, Missing)
    if not inputs.services:
        # An empty list is what a broken cell answers, too (H2).
        return hold('Nova lists no nova-compute service at all', 'recovery doctor', services=0)
    several = spelling.fits(inputs.subject, (one.host for one in inputs.services))
    if len(several) > 1:
        return ignore(
            f'{inputs.subject} may be any of {", ".join(several)}: send the whole name, or give '
            'the source an alias',
            services=len(inputs.services),
            similar=list(several),
        )
    close = looks.near(inputs.subject, inputs.services)
    others = f'; similar names: {", ".join(close)}' if close else ''
    return ignore(
        f'Nova has no nova-compute service on a host called {inputs.subject}{others}',
        services=len(inputs.services),
        similar=close,
    )


def _hypervisor(inputs: Inputs) -> Answer:
    if isinstance(inputs.hypervisors, Missing):
        why = inputs.hypervisors.why
        return unknown(f'cannot ask Nova for the hypervisor: {why}', 'recovery doctor')
    below = [one for one in inputs.hypervisors if one.host == inputs.subject]
    if not below:
        return hold(
            f'the service of {inputs.subject} has no hypervisor; a hung cell looks the same',
            'recovery doctor',
            hypervisors=0,
        )
    if len(below) > 1:
        return ignore(
            f'the service of {inputs.subject} has {len(below)} hypervisors; '
            'power of one machine proves nothing about the others',
            hypervisors=len(below),
        )
    kind = below[0].type
    if any(word in kind.lower() for word in NOT_EVACUABLE):
        return ignore(f'Nova cannot evacuate from a hypervisor of type {kind}', type=kind)
    return admit(f'one service with one hypervisor of type {kind}', type=kind)


def _seen(inputs: Inputs) -> Answer:
    service = looks.the_service(inputs)
    if service is None:
        return admit('nothing to ask: the host is not known')
    if service.state == 'unknown':
        return admit('its cell does not answer: left to the other gates', state=service.state)
    quiet = looks.silence(service, inputs.now)
    if quiet is None:
        return ignore(f'the service of {service.host} has never reported', updated_at=None)
    if quiet >= STALE:
        return hold(
            f'the service of {service.host} last reported {looks.seconds(quiet)} ago: '
            'it may be the record of a host that is long gone',
            f'recovery approve {inputs.id}',
            silent=round(quiet),
        )
    return admit('the service has reported this week', silent=round(quiet))


SERVICE = Gate(
    name='service',
    question='Is it exactly one compute service, with one hypervisor that can be evacuated?',
    on_missing='closed: only a definite answer of Nova refuses an alarm',
    decide=_service,
    needs=frozenset({'services', 'hypervisors'}),
    approvable=False,
)

SEEN = Gate(
    name='seen',
    question='Has the service ever been alive, and lately enough to be a real host?',
    on_missing='open: the gate "service" holds then',
    decide=_seen,
    needs=frozenset({'services'}),
)
