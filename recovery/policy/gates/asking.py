"""Who may start it alone, and what is so wide that a human is asked first?"""

from __future__ import annotations

from recovery.policy import looks
from recovery.policy.gate import Answer, Gate, admit, hold, ignore, unknown
from recovery.policy.inputs import Inputs, Missing


def _authority(inputs: Inputs) -> Answer:
    source = inputs.alarm.source if inputs.alarm is not None else 'an operator'
    if inputs.authority == 'start':
        return admit(f'{source} may start it alone', authority=inputs.authority)
    if inputs.authority == 'evidence':
        return ignore(
            f'what {source} says is evidence: it is kept, and starts nothing',
            authority=inputs.authority,
        )
    return hold(
        f'what {source} says has to be approved by a human',
        f'recovery approve {inputs.id}',
        authority=inputs.authority,
    )


def _wide(inputs: Inputs) -> Answer:
    limits, verb = inputs.limits, f'recovery approve {inputs.id}'
    reasons: list[str] = []
    extent: dict[str, float] = {}
    if limits.approve_hosts or limits.approve_share < 1.0:
        if isinstance(inputs.services, Missing):
            return unknown(f'cannot count failed hosts: {inputs.services.why}', verb)
        failed, total = looks.failed(inputs)
        if limits.approve_hosts and len(failed) > limits.approve_hosts:
            reasons.append(f'{len(failed)} hosts look failed, more than {limits.approve_hosts}')
            extent['hosts'] = len(failed)
        if len(failed) > limits.approve_share * total:
            share = f'{limits.approve_share:.0%}'
            reasons.append(f'{len(failed)} of {total} hosts look failed, more than {share}')
            extent['hosts'] = len(failed)
    if limits.approve_instances:
        if isinstance(inputs.instances, Missing):
            return unknown(f'cannot count the instances: {inputs.instances.why}', verb)
        if inputs.instances is not None and inputs.instances > limits.approve_instances:
            most = limits.approve_instances
            reasons.append(f'{inputs.instances} instances run on the host, more than {most}')
            extent['instances'] = inputs.instances
    if not reasons:
        return admit('no more is at stake than may be done without a human')
    return hold(f'a human is asked first: {"; ".join(reasons)}', verb, extent=extent)


AUTHORITY = Gate(
    name='authority',
    question='May the source of the alarm start a recovery alone?',
    on_missing='closed: an authority that nobody knows asks for an approval',
    decide=_authority,
)

WIDE = Gate(
    name='blast-radius',
    question='Is so much at stake that a human is asked first?',
    on_missing='closed: what cannot be counted may be too much',
    decide=_wide,
    needs=frozenset({'services', 'instances'}),
)
