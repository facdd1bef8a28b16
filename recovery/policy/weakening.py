"""Options beyond what is safe: each needs a stated reason, which its decisions then carry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from recovery.policy.gate import Answer, Gate, Word
from recovery.policy.inputs import Inputs, Limits


@dataclass(frozen=True)
class Bound:
    """How far one number may go before its gate counts as weakened."""

    gate: str
    option: str  #: '[group] name'
    field: str  #: of Limits
    safe: str  #: a phrase: 'at least 5', 'at most 0.5'
    weak: Callable[[Limits], bool]


def _least(gate: str, option: str, field: str, number: float) -> Bound:
    return Bound(gate, option, field, f'at least {number:g}', lambda one: _of(one, field) < number)


def _most(gate: str, option: str, field: str, number: float) -> Bound:
    return Bound(gate, option, field, f'at most {number:g}', lambda one: _of(one, field) > number)


def _of(limits: Limits, field: str) -> float:
    return float(getattr(limits, field))


BOUNDS: tuple[Bound, ...] = (
    _least('nova', '[policy] down_seconds', 'down_seconds', 10.0),
    _least('settled', '[policy] settle_seconds', 'settle_seconds', 5.0),
    _least('start-up', '[policy] startup_seconds', 'startup_seconds', 15.0),
    _most('mass-failure', '[policy] mass_share', 'mass_share', 0.5),
    _most('mass-failure', '[policy] mass_count', 'mass_count', 10),
    _most('fence-budget', '[policy] fence_budget', 'fence_budget', 50),
    _least('fence-budget', '[policy] fence_window_seconds', 'fence_window_seconds', 60.0),
    _most('attempts', '[policy] attempts', 'attempts', 10),
    _least('attempts', '[policy] attempts_window_seconds', 'attempts_window_seconds', 3600.0),
    _least('fence-loop', '[restore] loop_seconds', 'loop_seconds', 300.0),
    _least('storm', '[policy] storm_cooldown_seconds', 'storm_cooldown_seconds', 30.0),
)
#: Where an answer that options changed says why.
WEAKENED = 'weakened'
#: What gates answer with when nothing was changed.
USUAL = Limits()


def weak(limits: Limits, bounds: Iterable[Bound] = BOUNDS) -> tuple[Bound, ...]:
    """Every bound that these numbers exceed."""
    return tuple(one for one in bounds if one.weak(limits))


def problems(limits: Limits, gates: Iterable[Gate]) -> tuple[str, ...]:
    """What is wrong with the stated reasons, one sentence each; none: the numbers can be used."""
    known = {one.name for one in gates}
    found = [
        f'[policy] weakened names the gate "{name}", which does not exist; there are: '
        f'{", ".join(sorted(known))}'
        for name in sorted(limits.weakened)
        if name not in known
    ]
    found += [
        f'{one.option} is {_of(limits, one.field):g}, which weakens the gate "{one.gate}" '
        f'({one.safe} is safe): state why with [policy] weakened = {one.gate}: REASON'
        for one in weak(limits)
        if one.gate not in limits.weakened
    ]
    return tuple(found)


def reasons(lines: Iterable[str]) -> Mapping[str, str]:
    """'gate, gate: reason' lines, by gate."""
    parts = (one.partition(':') for one in lines)
    return {gate.strip(): why.strip() for gates, _, why in parts for gate in gates.split(',')}


def confess(gate: Gate, inputs: Inputs, answer: Answer) -> Answer:
    """The answer, with the reason of the weakening if the usual numbers would have held."""
    why = inputs.limits.weakened.get(gate.name)
    if why is None or answer.word != Word.ADMIT:
        return answer
    if gate.decide(replace(inputs, limits=USUAL)).word == Word.ADMIT:
        return answer
    return replace(
        answer,
        reason=f'{answer.reason} (weakened by options: {why})',
        seen={**answer.seen, WEAKENED: why},
    )
