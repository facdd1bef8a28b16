"""Is it a clock, and not the hosts? Asked of the reports of all services."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drivers.contracts.compute import Service
from recovery.policy import looks
from recovery.policy.gate import Answer, Gate, admit, hold
from recovery.policy.inputs import Inputs, Missing

#: Last reports this close together are one event: hosts report at moments of their own.
AT_ONCE = 1.0


def _clock(inputs: Inputs) -> Answer:
    if isinstance(inputs.services, Missing):
        return admit('nothing to compare: left to the gate "mass-failure"')
    counted = [
        one
        for one in inputs.services
        if one.enabled and not one.forced_down and one.updated_at is not None
    ]
    if len(counted) < 2 or not all(looks.looks_failed(one, inputs) for one in counted):
        return admit('there are hosts that report')
    times = [one.updated_at for one in counted if one.updated_at is not None]
    spread, newest = max(times) - min(times), inputs.now - max(times)
    seen: dict[str, Any] = {
        'services': len(counted),
        'spread': round(spread, 1),
        'newest': round(newest, 1),
    }
    why = _stepped(counted, spread, newest, inputs.limits.down_seconds)
    if why is not None:
        finding, sentence = why
        return hold(sentence, f'recovery approve {inputs.id}', finding=finding, **seen)
    return admit(f'their last reports are {looks.seconds(spread)} apart', **seen)


def _stepped(
    silent: Sequence[Service], spread: float, newest: float, down_seconds: float
) -> tuple[str, str] | None:
    """What it may be instead, and the sentence; None when they may have failed."""
    count, up = len(silent), sum(one.state == 'up' for one in silent)
    if not up and newest < down_seconds:
        return 'stepped', (
            f'Nova calls all {count} services down, and the newest report is '
            f'{looks.seconds(newest)} old: the clock of its API may have stepped'
        )
    if spread <= AT_ONCE:
        return 'together', (
            f'all {count} services fell silent within {AT_ONCE:.0f} s: a clock has '
            'stepped, or what they all report through has stopped; hosts do not die so'
        )
    if up:
        return 'contradicted', (
            f'by the clock of this machine none of {count} services has reported for '
            f'{looks.seconds(newest)}, yet Nova sees {up} of them up: a clock has stepped, or what '
            'they all report through has just stopped'
        )
    return None


CLOCK = Gate(
    name='clock',
    question='Did a clock step, so that everything seems to have failed at the same moment?',
    on_missing='open: the gate "mass-failure" holds then',
    decide=_clock,
    needs=frozenset({'services'}),
)
