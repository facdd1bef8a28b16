"""Switches that stop the whole service."""

from __future__ import annotations

from recovery.policy.gate import Answer, Gate, admit, hold
from recovery.policy.inputs import Inputs


def _armed(inputs: Inputs) -> Answer:
    off = inputs.disarmed
    if off is None:
        return admit('the service is armed', armed=True)
    return hold(f'the service was disarmed by {off.by}: {off.reason}', 'recovery arm', armed=False)


def _paused(inputs: Inputs) -> Answer:
    on = inputs.paused
    if on is None:
        return admit('the service is not paused', paused=False)
    return hold(f'the service was paused by {on.by}: {on.reason}', 'recovery unpause', paused=True)


ARMED = Gate(
    name='armed',
    question='May anything be done automatically?',
    on_missing='closed: the answer is in our own database, without which nothing starts',
    decide=_armed,
    approvable=False,
)

PAUSED = Gate(
    name='paused',
    question='Is the service paused?',
    on_missing='closed: the answer is in our own database, without which nothing starts',
    decide=_paused,
    approvable=False,
)
