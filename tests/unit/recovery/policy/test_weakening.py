"""Numbers beyond what is safe need a reason, which the decisions that they changed carry."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from oslo_config import cfg

from recovery import conf as groups
from recovery import limits as configured
from recovery.policy import order, weakening
from recovery.policy.decide import decide
from recovery.policy.gate import Word
from recovery.policy.inputs import Domain, Limits, Sign
from recovery.policy.order import Stage
from tests.unit.recovery.policy.given import NOW, inputs, stale

GATES = order.every_gate()
SETTLED = tuple(gate for gate in GATES if gate.name == 'settled')
WHY = {'settled': 'a laboratory'}


def test_the_defaults_are_safe_and_those_of_the_options() -> None:
    conf = cfg.ConfigOpts()
    groups.register(conf)
    conf([])
    given = configured.limits(conf)
    assert weakening.problems(given, GATES) == ()
    assert replace(given, carries_down={}) == weakening.USUAL
    assert set(given.carries_down.values()) == {1}  # as for a label that is not named


@pytest.mark.parametrize('bound', weakening.BOUNDS, ids=lambda one: one.field)
def test_each_bound_asks_for_a_reason(bound: weakening.Bound) -> None:
    beyond: dict[str, Any] = {bound.field: 0.0 if 'least' in bound.safe else 1e6}
    weak = Limits(**beyond)
    (problem,) = weakening.problems(weak, GATES)
    assert bound.option in problem
    assert f'weakened = {bound.gate}: REASON' in problem
    assert bound.safe in problem
    assert weakening.problems(replace(weak, weakened={bound.gate: 'why'}), GATES) == ()


@pytest.mark.parametrize(
    ('shares', 'counts', 'said'),
    [
        ({'zone': 0.9}, {}, '[policy] domain_share is 0.9 for zone'),
        ({'segment/rack-1': 1.0}, {}, '[policy] domain_share is 1 for segment/rack-1'),
        ({}, {'aggregate': 11}, '[policy] domain_count is 11 for aggregate'),
    ],
)
def test_a_weak_limit_of_a_domain_asks_for_a_reason(
    shares: dict[str, float], counts: dict[str, int], said: str
) -> None:
    (problem,) = weakening.problems(Limits(), GATES, weakening.of_domains(shares, counts))
    assert problem.startswith(f'{said}, which weakens the gate "domain-failure" (at most ')
    reasoned = Limits(weakened={'domain-failure': 'why'})
    assert weakening.problems(reasoned, GATES, weakening.of_domains(shares, counts)) == ()


def test_so_does_much_that_may_be_down_at_once() -> None:
    assert weakening.problems(Limits(carries_down={'bus': 2}), GATES) == ()
    (problem,) = weakening.problems(Limits(carries_down={'bus': 3}), GATES)
    assert '[policy] carries_down is 3 for bus, which weakens the gate "carries"' in problem


@pytest.mark.parametrize(
    ('lines', 'weak'),
    [
        ([], False),
        (['record nova'], True),
        (['record nova', 'hold ssh://{host}'], False),
        (['veto command:/a {host}'], False),
    ],
)
def test_channels_of_which_none_counts_do_too(lines: list[str], weak: bool) -> None:
    found = weakening.problems(Limits(), GATES, weakening.of_channels(lines))
    assert bool(found) is weak
    assert all('signs-of-life' in one for one in found)


def zone(hosts: int, share: float | None, count: int | None = None) -> tuple[Domain, ...]:
    members = frozenset(f'c{number}' for number in range(1, hosts + 1))
    return (Domain('zone', 'az1', members, share, count),)


@pytest.mark.parametrize(
    ('gate', 'given'),
    [
        ('domain-failure', {**stale(3), 'domains': zone(4, 1.0)}),
        ('domain-failure', {**stale(11), 'domains': zone(11, None, 12)}),
        ('signs-of-life', {'signs': (Sign('tcp', 'tcp', True, 'answers', answer='record'),)}),
    ],
)
def test_the_reason_stands_there_whatever_was_weakened(gate: str, given: dict[str, Any]) -> None:
    (asked,) = (one for one in GATES if one.name == gate)
    decision = decide((asked,), inputs(limits=Limits(weakened={gate: 'a lab'}), **given))
    assert decision.word == Word.ADMIT
    assert decision.answer.reason.endswith(f'weakened by options: {gate} (a lab)')


def test_every_bound_is_of_a_gate() -> None:
    assert {one.gate for one in weakening.BOUNDS} <= {gate.name for gate in GATES}


def test_a_reason_for_what_is_no_gate_is_refused() -> None:
    (problem,) = weakening.problems(Limits(weakened={'setled': 'x'}), GATES)
    assert '"setled", which does not exist' in problem


def test_one_line_may_give_the_reason_of_several_gates() -> None:
    assert weakening.reasons(['a, b: so: and so', 'c:x']) == {
        'a': 'so: and so',
        'b': 'so: and so',
        'c': 'x',
    }


def test_the_reason_stands_in_a_decision_that_it_changed() -> None:
    weak = Limits(settle_seconds=0.0, weakened=WHY)
    decision = decide(SETTLED, inputs(arrived_at=NOW - 3, limits=weak))
    assert decision.word == Word.ADMIT
    assert decision.answer.reason.endswith('; weakened by options: settled (a laboratory)')
    assert '(weakened by options: a laboratory)' in decision.records()[0]['reason']


def test_and_in_no_other() -> None:
    weak = Limits(settle_seconds=0.0, weakened=WHY)
    assert 'weak' not in decide(SETTLED, inputs(arrived_at=NOW - 16, limits=weak)).answer.reason
    strong = Limits(settle_seconds=60.0, weakened=WHY)
    assert 'weak' not in decide(SETTLED, inputs(arrived_at=NOW - 3, limits=strong)).answer.reason


def test_a_hold_is_never_turned_by_it() -> None:
    every = dict.fromkeys((gate.name for gate in GATES), 'why')
    for stage in Stage:
        asked = order.gates('host-down', stage)
        plain = decide(asked, inputs())
        told = decide(asked, inputs(limits=Limits(weakened=every)))
        assert [one.answer.word for one in plain.asked] == [one.answer.word for one in told.asked]
