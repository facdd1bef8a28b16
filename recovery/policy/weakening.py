"""Options beyond what is safe: each needs a stated reason, which its decisions then carry."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from recovery.policy.gate import Answer, Gate, Word
from recovery.policy.inputs import Domain, Inputs, Limits, Missing


@dataclass(frozen=True)
class Bound:
    """How far one number may go before its gate counts as weakened."""

    gate: str
    option: str  #: '[group] name'
    field: str  #: of Limits
    safe: str  #: a phrase: 'at least 5', 'at most 0.5'
    weak: Callable[[Limits], bool]


@dataclass(frozen=True)
class Excess:
    """One thing that is configured beyond what is safe."""

    gate: str
    said: str  #: what is configured: '[group] name is NUMBER'
    safe: str  #: a phrase: 'at least 5', 'at most 0.5'


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
DOMAIN_SHARE = 0.5  #: more than half of what shares a switch is the switch
DOMAIN_COUNT = 10  #: as of the whole cloud
CARRIES_DOWN = 2  #: as many as a quorum of five can lose
#: Where an answer that options changed says why.
WEAKENED = 'weakened'
#: What gates answer with when nothing was changed.
USUAL = Limits()


def weak(limits: Limits, bounds: Iterable[Bound] = BOUNDS) -> tuple[Bound, ...]:
    """Every bound that these numbers exceed."""
    return tuple(one for one in bounds if one.weak(limits))


def excesses(limits: Limits) -> Iterator[Excess]:
    """Everything of these numbers that needs a reason."""
    for one in weak(limits):
        yield Excess(one.gate, f'{one.option} is {_of(limits, one.field):g}', one.safe)
    yield from above('carries', '[policy] carries_down', limits.carries_down, CARRIES_DOWN)


def of_domains(shares: Mapping[str, float], counts: Mapping[str, int]) -> Iterator[Excess]:
    """What needs a reason of the limits of domains, by KIND or KIND/NAME."""
    yield from above('domain-failure', '[policy] domain_share', shares, DOMAIN_SHARE)
    yield from above('domain-failure', '[policy] domain_count', counts, DOMAIN_COUNT)


def of_channels(lines: Iterable[str]) -> Iterator[Excess]:
    """What needs a reason of the channels of life: none that counts, where there are some."""
    answers = {one.split(maxsplit=1)[0] for one in lines}
    if answers == {'record'}:
        said = '[life] channel is only ever "record"'
        yield Excess('signs-of-life', said, 'one that is "hold" or "veto"')


def above(gate: str, option: str, numbers: Mapping[str, float], most: float) -> Iterator[Excess]:
    """Those of one option's numbers that are above the most that is safe."""
    for name, number in sorted(numbers.items()):
        if number > most:
            yield Excess(gate, f'{option} is {number:g} for {name}', f'at most {most:g}')


def problems(
    limits: Limits, gates: Iterable[Gate], others: Iterable[Excess] = ()
) -> tuple[str, ...]:
    """What is wrong with the stated reasons, one sentence each; none: the numbers can be used.

    :param others: what is beyond a bound, and no number of the limits.
    """
    known = {one.name for one in gates}
    found = [
        f'[policy] weakened names the gate "{name}", which does not exist; there are: '
        f'{", ".join(sorted(known))}'
        for name in sorted(limits.weakened)
        if name not in known
    ]
    found += [
        f'{one.said}, which weakens the gate "{one.gate}" ({one.safe} is safe): state why with '
        f'[policy] weakened = {one.gate}: REASON'
        for one in (*excesses(limits), *others)
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
    if gate.decide(_usual(inputs)).word == Word.ADMIT:
        return answer
    return replace(
        answer,
        reason=f'{answer.reason} (weakened by options: {why})',
        seen={**answer.seen, WEAKENED: why},
    )


def _usual(inputs: Inputs) -> Inputs:
    """The same, had nothing been weakened."""
    domains, signs = inputs.domains, inputs.signs
    if not isinstance(domains, Missing):
        domains = tuple(_safe(one) for one in domains)
    if not isinstance(signs, Missing) and all(one.answer == 'record' for one in signs):
        signs = tuple(replace(one, answer='hold') for one in signs)
    return replace(inputs, limits=USUAL, domains=domains, signs=signs)


def _safe(domain: Domain) -> Domain:
    share, count = domain.mass_share, domain.mass_count
    return replace(
        domain,
        mass_share=None if share is None else min(share, DOMAIN_SHARE),
        mass_count=None if count is None else min(count, DOMAIN_COUNT),
    )
