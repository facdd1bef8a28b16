"""What has happened to this host before."""

from __future__ import annotations

from recovery.policy import looks
from recovery.policy.gate import Answer, Gate, admit, hold, ignore
from recovery.policy.inputs import Inputs

#: A source's clock that is ahead by more than this is not believed.
SKEW = 5.0


def happened_at(inputs: Inputs) -> float:
    """When the alarm's event was: by its source, or by its arrival if that is earlier."""
    arrived = inputs.now if inputs.arrived_at is None else inputs.arrived_at
    if inputs.alarm is None or inputs.alarm.at > arrived + SKEW:
        return arrived
    return min(inputs.alarm.at, arrived)


def _died_since(inputs: Inputs) -> bool:
    """Whether it is in service and silent, and this is about no earlier silence."""
    service = looks.the_service(inputs)
    if service is None or not service.enabled or service.forced_down:
        return False
    told = service.updated_at is None or happened_at(inputs) >= service.updated_at
    return told and looks.looks_failed(service, inputs)


def _handled(inputs: Inputs) -> Answer:
    moments = {
        'proof': inputs.proven_at,
        'recovery': inputs.closed_at,
        'return': inputs.host.returned_at,
    }
    for what, moment in moments.items():
        if what == 'return' and _died_since(inputs):
            continue  # it reported while it returned, and has died since: "fence-loop" asks a human
        if moment is not None and happened_at(inputs) <= moment:
            older = looks.seconds(moment - happened_at(inputs))
            return ignore(f'already handled: the alarm is {older} older than the last {what}')
    marked, service = inputs.host.failed_by, looks.the_service(inputs)
    if marked and inputs.proven_at and service and service.forced_down and inputs.own.forced_down:
        return ignore(
            f'already handled: recovery {marked[:8]} fenced {inputs.host.name}, and it has not '
            f'returned since: recovery host return {inputs.host.name}',
            failed_by=marked,
        )
    return admit('nothing has handled it yet', **moments)


def _free(inputs: Inputs) -> Answer:
    live = inputs.live
    if live is None:
        return admit('no recovery of the host is open')
    return ignore(
        f'already under recovery {live.id[:8]} ({live.kind}, {live.state})', recovery=live.id
    )


def _attempts(inputs: Inputs) -> Answer:
    limit, window = inputs.limits.attempts, looks.seconds(inputs.limits.attempts_window_seconds)
    if inputs.recoveries < limit:
        return admit(f'{inputs.recoveries} recoveries within {window}')
    return hold(
        f'{inputs.recoveries} recoveries of this host within {window} already; '
        f'{limit} are allowed without a human',
        f'recovery approve {inputs.id}',
        extent={'recoveries': inputs.recoveries},
        recoveries=inputs.recoveries,
        limit=limit,
    )


def _loop(inputs: Inputs) -> Answer:
    returned = inputs.host.returned_at
    if returned is None:
        return admit('the host has never been returned by us')
    failed = happened_at(inputs)
    if failed <= returned and inputs.failed_again_at is not None:
        failed = inputs.failed_again_at  # an old recovery was begun anew, and joined since
    since = failed - returned
    if since >= inputs.limits.loop_seconds:
        return admit(f'it returned {looks.seconds(since)} before', since=round(since))
    return hold(
        f'the host failed {looks.seconds(since)} after its return; fencing it again and again '
        'helps nobody',
        f'recovery approve {inputs.id}',
        extent={f'return {returned:.0f}': 1},
        since=round(since),
    )


HANDLED = Gate(
    name='handled',
    question='Is the alarm newer than the last proof, recovery and return of the host?',
    on_missing='open: a host without history has handled nothing',
    decide=_handled,
    needs=frozenset({'services'}),
)

FREE = Gate(
    name='free',
    question='Is the host free of any recovery that goes before this one?',
    on_missing='closed: the answer is in our own database, without which nothing starts',
    decide=_free,
    approvable=False,
)

ATTEMPTS = Gate(
    name='attempts',
    question='Was this host recovered too often lately?',
    on_missing='closed: the answer is in our own database, without which nothing starts',
    decide=_attempts,
)

LOOP = Gate(
    name='fence-loop',
    question='Has the host failed soon after its return?',
    on_missing='open: a host that never returned is in no loop',
    decide=_loop,
)
