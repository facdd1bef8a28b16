"""What would go down with the host, beside its instances? (H14)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from recovery.policy import looks
from recovery.policy.gate import Answer, Gate, admit, hold, unknown
from recovery.policy.inputs import Inputs, Limits, Missing

#: Of a label that the options do not name, one host may be down.
USUAL = 1


def _carries(inputs: Inputs) -> Answer:
    if not inputs.carriers:
        return admit('the host carries nothing else that is known')
    if isinstance(inputs.services, Missing):
        return unknown(f'cannot count what is down: {inputs.services.why}', 'recovery doctor')
    failed, _ = looks.failed(inputs)
    gone = failed | {inputs.subject} | _out(inputs)
    down = {label: sorted(hosts & gone) for label, hosts in inputs.carriers.items()}
    seen = {
        label: f'{len(hosts)} of {len(inputs.carriers[label])}' for label, hosts in down.items()
    }
    for label in sorted(down):
        most = inputs.limits.carries_down.get(label, USUAL)
        if len(down[label]) > most:
            names = ', '.join(down[label][:5])
            return hold(
                f'with {inputs.subject} there would be {len(down[label])} hosts down that carry '
                f'{label} ({names}), and {most} may be',
                f'recovery approve {inputs.id}',
                extent=_over(down, inputs.limits),
                carries=seen,
            )
    said = ', '.join(f'{label} ({how} down)' for label, how in seen.items())
    return admit(f'what it carries lives on elsewhere: {said}', carries=seen)


def _over(down: Mapping[str, Sequence[str]], limits: Limits) -> dict[str, float]:
    """How many hosts would be down of each label of which too many would be."""
    return {
        label: len(hosts)
        for label, hosts in down.items()
        if len(hosts) > limits.carries_down.get(label, USUAL)
    }


def _out(inputs: Inputs) -> set[str]:
    """Hosts that have been out for so long that they no longer count as failing: still down."""
    assert not isinstance(inputs.services, Missing)
    return {one.host for one in inputs.services if looks.looks_failed(one, inputs)}


def _own(inputs: Inputs) -> Answer:
    here, elsewhere = inputs.workers_here, inputs.workers_elsewhere
    if not here:
        return admit('no worker of ours runs on it', elsewhere=len(elsewhere))
    if elsewhere:
        return admit('another worker takes it than the one that runs on it', here=list(here))
    return hold(
        f'every worker of ours that is not cut off runs on {inputs.subject} ({", ".join(here)}): '
        'nobody would go on once it is fenced; start one elsewhere',
        f'recovery approve {inputs.id}',
        here=list(here),
    )


def _capacity(inputs: Inputs) -> Answer:
    if isinstance(inputs.services, Missing):
        return admit('nobody knows where there is room')
    away = inputs.fences.under_way | {inputs.subject}
    usable = [
        one.host
        for one in inputs.services
        if one.host not in away and one.enabled and not looks.looks_failed(one, inputs)
    ]
    if not usable:
        return admit(
            'warning: no other host is up and enabled, so that nothing can be evacuated', usable=0
        )
    return admit(f'{len(usable)} other hosts are up and enabled', usable=len(usable))


CARRIES = Gate(
    name='carries',
    question='Would too many hosts be down that carry the database, the message bus and so on?',
    on_missing='closed: who cannot count may cut off the last of them',
    decide=_carries,
    needs=frozenset({'services'}),
)

OWN = Gate(
    name='own-host',
    question='Would the last worker of ours go down with it?',
    on_missing='open: nobody works yet, and who will work asks again',
    decide=_own,
)

CAPACITY = Gate(
    name='capacity',
    question='Is there another host that could take its instances?',
    on_missing='open: it only warns; Nova refuses what has no room',
    decide=_capacity,
    needs=frozenset({'services'}),
)
