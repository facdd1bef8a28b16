"""Is it the right moment, or will a second look see more?"""

from __future__ import annotations

from recovery.policy import looks
from recovery.policy.gate import Answer, Gate, Word, admit, hold
from recovery.policy.gates.count import DOMAINS, MASS, STORM, scope
from recovery.policy.gates.switches import whole
from recovery.policy.inputs import Inputs, Missing, Storm

#: Recoveries that these hold have one story together: that of the storm.
STORMY = frozenset({'mass-failure', 'domain-failure', 'storm'})


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


def _storm(inputs: Inputs) -> Answer:
    # Said here, too, so that who approves the mass failure approves what follows from it.
    verb = f'recovery approve {inputs.id}'
    storms = [one for one in inputs.storms if _covers(one, inputs)]
    left = {one: one.seen_at + inputs.limits.storm_cooldown_seconds - inputs.now for one in storms}
    # What cools down is the least of a storm: who approves while it is on approves that, too.
    extent: dict[str, float] = {one.scope: 1.0 for one in storms if left[one] > 0}
    raging = [answer for answer in _raging(inputs) if STORM in answer.seen]
    for answer in raging:
        extent |= answer.extent
    if raging:
        where = _where(raging[0].seen[STORM])
        return hold(f'a storm is on in {where}', verb, extent=extent)
    last = max(left, key=lambda one: (left[one], one.scope), default=None)
    if last is None or left[last] <= 0:
        return admit('no storm is on, or has just passed', storms=[one.scope for one in storms])
    return hold(
        f'a storm in {_where(last.scope)} was seen {looks.seconds(inputs.now - last.seen_at)} ago; '
        f'nothing begins for another {looks.seconds(left[last])}, for hosts return one by one',
        verb,
        again_in=max(1.0, left[last]),
        extent=extent,
        scope=last.scope,
        began_at=last.began_at,
        seen_at=last.seen_at,
    )


def _raging(inputs: Inputs) -> list[Answer]:
    answers = [gate.decide(inputs) for gate in (MASS, DOMAINS)]
    return [one for one in answers if one.word == Word.HOLD]


def _covers(storm: Storm, inputs: Inputs) -> bool:
    if storm.scope == 'cloud' or isinstance(inputs.domains, Missing):
        return True
    return storm.scope in {scope(one) for one in inputs.domains}


def _where(scope: str) -> str:
    return 'the cloud' if scope == 'cloud' else whole(scope)


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

COOLED = Gate(
    name='storm',
    question='Has the last storm been over for long enough?',
    on_missing='closed: when nobody knows the domains of the host, each storm may be its own',
    decide=_storm,
    needs=frozenset({'services', 'domains'}),
)
