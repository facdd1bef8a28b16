"""Switches that stop the whole service, a segment, or a host."""

from __future__ import annotations

from recovery.policy.gate import Answer, Gate, admit, hold
from recovery.policy.inputs import Inputs


def _armed(inputs: Inputs) -> Answer:
    off = inputs.disarmed
    if off is None:
        return admit('the service is armed', armed=True)
    return hold(
        f'{whole(off.scope)} was disarmed by {off.by}: {off.reason}',
        f'recovery arm{flags(off.scope)}',
        armed=False,
        scope=off.scope,
    )


def _paused(inputs: Inputs) -> Answer:
    on = inputs.paused
    if on is None:
        return admit('the service is not paused', paused=False)
    return hold(
        f'{whole(on.scope)} was paused by {on.by}: {on.reason}',
        f'recovery unpause{flags(on.scope)}',
        paused=True,
        scope=on.scope,
    )


def whole(scope: str) -> str:
    """A scope as a sentence names it."""
    kind, _, name = scope.partition(':')
    return f'{kind} {name}' if name else 'the service'


def flags(scope: str) -> str:
    """A scope as a command takes it, with a space before it."""
    kind, _, name = scope.partition(':')
    return f' --{kind} {name}' if name else ''


ARMED = Gate(
    name='armed',
    question='May anything be done automatically?',
    on_missing='closed: the answer is in our own database, without which nothing starts',
    decide=_armed,
    approvable=False,
)

PAUSED = Gate(
    name='paused',
    question='Is the service, the segment or the host paused?',
    on_missing='closed: the answer is in our own database, without which nothing starts',
    decide=_paused,
    approvable=False,
)
