"""Is it one host, or is it the network, the clock, or us?"""

from __future__ import annotations

from typing import Any

from recovery.policy import looks
from recovery.policy.gate import Answer, Gate, admit, hold
from recovery.policy.inputs import Inputs, Missing


def _startup(inputs: Inputs) -> Answer:
    since, wanted = inputs.observing_since, inputs.limits.startup_seconds
    if since is None:
        return admit('nobody works yet: the worker that takes it asks again')
    left = since + wanted - inputs.now
    if left <= 0:
        return admit(f'the service has looked for {looks.seconds(inputs.now - since)}')
    return hold(
        f'the service started {looks.seconds(inputs.now - since)} ago and looks first for '
        f'{looks.seconds(wanted)}',
        f'recovery approve {inputs.id}',
        again_in=left,
        started=since,
    )


def _settled(inputs: Inputs) -> Answer:
    if inputs.arrived_at is None:
        return admit('there is no alarm to wait after')
    left = inputs.arrived_at + inputs.limits.settle_seconds - inputs.now
    if left <= 0:
        return admit('other alarms have had time to arrive')
    return hold(
        f'waiting {looks.seconds(left)} to see whether other hosts fail with it',
        f'recovery approve {inputs.id}',
        again_in=left,
    )


def _mass(inputs: Inputs) -> Answer:
    if isinstance(inputs.services, Missing):
        return hold(f'cannot count failed hosts: {inputs.services.why}', 'recovery doctor')
    counted = [one for one in inputs.services if not looks.long_out(one, inputs.now)]
    failed = {one.host for one in counted if looks.looks_failed(one, inputs)}
    # What is under recovery has failed, whatever Nova still says of it.
    failed |= {inputs.subject} | inputs.fences.under_way
    total = len({one.host for one in counted} | failed)
    limits = inputs.limits
    seen: dict[str, Any] = {'failed': len(failed), 'of': total, 'hosts': sorted(failed)[:20]}
    if len(failed) <= limits.mass_count or len(failed) <= limits.mass_share * total:
        return admit(f'{len(failed)} of {total} hosts look failed', **seen)
    return hold(
        f'{len(failed)} of {total} hosts look failed at once, more than {limits.mass_share:.0%} '
        f'and more than {limits.mass_count}: that is rarely the hosts, usually the network',
        f'recovery approve {inputs.id}',
        **seen,
    )


def _budget(inputs: Inputs) -> Answer:
    others = inputs.fences.hosts - {inputs.subject}
    limit, window = inputs.limits.fence_budget, looks.seconds(inputs.limits.fence_window_seconds)
    if len(others) < limit:
        return admit(f'{len(others)} other hosts fenced within {window}', fenced=len(others))
    return hold(
        f'{len(others)} hosts were fenced within {window}, and {limit} are allowed',
        f'recovery approve {inputs.id}',
        fenced=sorted(others)[:20],
        limit=limit,
    )


STARTUP = Gate(
    name='start-up',
    question='Has the service looked at the cloud long enough since it started?',
    on_missing='open: nobody works yet, and who will work asks again',
    decide=_startup,
)

SETTLED = Gate(
    name='settled',
    question='Have other alarms had time to arrive?',
    on_missing='open: what a human asks for has no alarm',
    decide=_settled,
)

MASS = Gate(
    name='mass-failure',
    question='Do too many of all hosts look failed at once?',
    on_missing='closed: who cannot count may be the isolated one',
    decide=_mass,
    needs=frozenset({'services'}),
)

BUDGET = Gate(
    name='fence-budget',
    question='Were too many hosts fenced lately?',
    on_missing='closed: the answer is in our own database, without which nothing starts',
    decide=_budget,
)
