"""Do too many look failed at once? Counted by the reports of all services, before any filter."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from recovery.policy import looks
from recovery.policy.gate import Answer, Gate, admit, hold, unknown
from recovery.policy.inputs import Domain, Inputs, Missing

#: Where an answer says which scope is in a storm; whoever records the decision remembers it.
STORM = 'storm'


def _mass(inputs: Inputs) -> Answer:
    if isinstance(inputs.services, Missing):
        return unknown(f'cannot count failed hosts: {inputs.services.why}', 'recovery doctor')
    failed, total = looks.failed(inputs)
    limits = inputs.limits
    seen: dict[str, Any] = {'failed': len(failed), 'of': total, 'hosts': sorted(failed)[:20]}
    if not too_many(len(failed), total, limits.mass_share, limits.mass_count):
        return admit(f'{len(failed)} of {total} hosts look failed', **seen)
    return hold(
        f'{len(failed)} of {total} hosts look failed at once, more than {limits.mass_share:.0%} '
        f'and more than {limits.mass_count}: that is rarely the hosts, usually the network',
        f'recovery approve {inputs.id}',
        extent={'cloud': len(failed)},
        storm='cloud',
        **seen,
    )


def too_many(failed: int, total: int, share: float, count: int) -> bool:
    """More than the share, and more than the number that never counts."""
    return failed > count and failed > share * total


def _domains(inputs: Inputs) -> Answer:
    verb = f'recovery approve {inputs.id}'
    if isinstance(inputs.domains, Missing):
        return unknown(f'cannot ask what fails together: {inputs.domains.why}', verb)
    if not inputs.domains:
        return admit('the host belongs to no domain that has a limit of its own')
    if isinstance(inputs.services, Missing):
        return unknown(f'cannot count failed hosts: {inputs.services.why}', 'recovery doctor')
    failed, _ = looks.failed(inputs)
    known = {one.host for one in inputs.services if not looks.long_out(one, inputs.now)} | failed
    counts = {scope(one): _count(one, failed, known) for one in inputs.domains}
    seen = {name: f'{down} of {total}' for name, (down, total) in counts.items()}
    broken = [one for one in inputs.domains if _too_many(one, inputs, *counts[scope(one)])]
    if broken:
        one = broken[0]
        down, total = counts[scope(one)]
        share, count = _limits(one, inputs)
        others = ''.join(f', and {seen[scope(each)]} of {words(each)}' for each in broken[1:])
        return hold(
            f'{down} of {total} hosts of {words(one)} look failed at once, more '
            f'than {share:.0%} and more than {count}{others}: that is rarely the hosts, usually '
            'what they share',
            verb,
            extent={scope(each): counts[scope(each)][0] for each in broken},
            domains=seen,
            storm=scope(one),
        )
    said = ', '.join(f'{how} of {name.replace(":", " ", 1)}' for name, how in seen.items())
    return admit(f'hosts that look failed: {said}', domains=seen)


def _too_many(domain: Domain, inputs: Inputs, down: int, total: int) -> bool:
    share, count = _limits(domain, inputs)
    return share is not None and too_many(down, total, share, count)


def words(domain: Domain) -> str:
    """A domain as a sentence names it."""
    return f'{domain.kind} {domain.name}'


def scope(domain: Domain) -> str:
    """A domain as scopes are written."""
    return f'{domain.kind}:{domain.name}'


def _limits(domain: Domain, inputs: Inputs) -> tuple[float | None, int]:
    count = inputs.limits.mass_count if domain.mass_count is None else domain.mass_count
    share = domain.mass_share
    # A number alone is a limit, too, as others set it on aggregates.
    return (0.0 if share is None and domain.mass_count is not None else share), count


def _count(domain: Domain, failed: Set[str], known: Set[str]) -> tuple[int, int]:
    return len(failed & domain.hosts), len(known & domain.hosts)


MASS = Gate(
    name='mass-failure',
    question='Do too many of all hosts look failed at once?',
    on_missing='closed: who cannot count may be the isolated one',
    decide=_mass,
    needs=frozenset({'services'}),
)

DOMAINS = Gate(
    name='domain-failure',
    question='Do too many hosts of its segment, zone or aggregate look failed at once?',
    on_missing='closed: who cannot count may be the isolated one',
    decide=_domains,
    needs=frozenset({'services', 'domains'}),
)
