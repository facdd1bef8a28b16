"""No combination of what gates look at admits a fence that breaks a rule of safety."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recovery.policy import order
from recovery.policy.decide import decide
from recovery.policy.gate import Word
from recovery.policy.inputs import (
    Approval,
    Domain,
    Fences,
    HostRecord,
    Inputs,
    Missing,
    OwnMarks,
    Sign,
    Storm,
    Surroundings,
    Switch,
    Window,
    Witness,
)
from recovery.policy.order import Stage
from tests.unit.recovery.policy.given import NOW, inputs, service
from tests.unit.recovery.policy.rules import RULES, broken

OTHERS = tuple(service(f'c{number}', age=5.0) for number in range(2, 11))
#: What of it concerns a host that is closed to the scheduler, and not fenced.
CLOSING = ('its rack is down', 'many are down', 'many are closed', 'maintenance', 'a window',
           'a pause', 'disarmed')  # fmt: skip
APPROVABLE = frozenset(gate.name for gate in order.every_gate() if gate.approvable)
#: Each makes one rule matter: its rule, the gate that a human may approve it by, and what is so.
DANGERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    'it reports': ('S9', 'nova', {'services': (service(age=5.0), *OTHERS)}),
    'its agent vetoes': ('S9', '', {'signs': (Sign('a', 'agent', True, 'x', NOW, 'veto'),)}),
    'it answers': ('S9', 'signs-of-life', {'signs': (Sign('s', 'ssh', True, 'x', NOW, 'hold'),)}),
    'nobody looked': ('S9', 'signs-of-life', {'signs': Missing('broken')}),
    'we are cut off': (
        'S10', 'isolated', {'surroundings': Surroundings((Witness('w', False, 'no'),))},
    ),
    'nobody knows': ('S10', 'isolated', {'surroundings': Missing('broken')}),
    'its rack is down': (
        'S11', 'domain-failure',
        {
            'domains': (Domain('zone', 'z', frozenset({'c1', 'c2', 'c3', 'c4'}), 0.5),),
            'services': (service(), *(service(f'c{n}') for n in (2, 3)), *OTHERS[2:]),
        },
    ),
    'many are down': (
        'S11', 'mass-failure',
        {'services': (service(), *(service(f'c{n}') for n in range(2, 6)), *OTHERS[4:])},
    ),
    'many are closed': (
        'S11', 'mass-failure', {'fences': Fences(under_way=frozenset({'c2', 'c3', 'c4'}))},
    ),
    'many were fenced': ('S12', 'fence-budget', {'fences': Fences(frozenset('abcdef'))}),
    'it fails daily': ('S12', 'attempts', {'recoveries': 3}),
    'it just returned': ('S13', 'fence-loop', {'host': HostRecord('c1', returned_at=NOW - 99)}),
    'we just started': ('S14', 'start-up', {'observing_since': NOW - 9}),
    'a storm passed': ('S15', 'storm', {'storms': (Storm('cloud', NOW - 99, NOW - 9),)}),
    'maintenance': ('S16', 'maintenance', {'host': HostRecord('c1', maintenance=True)}),
    'a window': ('S16', 'window', {'windows': (Window('w', 'cloud', NOW + 9, 'a', 'b'),)}),
    'a pause': ('S16', '', {'paused': Switch('a', 'b')}),
    'disarmed': ('S16', '', {'disarmed': Switch('a', 'b', 'host:c1')}),
    'a foreign mark': (
        'S16', 'foreign', {'services': (service(enabled=False), *OTHERS)},
    ),
}  # fmt: skip


def verify(given: Inputs) -> Word:
    return decide(order.gates(given.kind, Stage.VERIFY), given).word


def test_without_any_danger_it_goes_on() -> None:
    assert verify(inputs()) == Word.ADMIT
    assert broken(inputs()) == []


@pytest.mark.parametrize('danger', DANGERS)
def test_one_danger_holds_and_its_own_approval_alone_opens(danger: str) -> None:
    rule, gate, values = DANGERS[danger]
    assert broken(inputs(**values)) == [rule]
    assert verify(inputs(**values)) != Word.ADMIT
    others = Approval('ann', APPROVABLE - {gate})
    assert verify(inputs(**values, approval=others)) != Word.ADMIT
    word = verify(inputs(**values, approval=Approval('ann', APPROVABLE)))
    assert word == (Word.ADMIT if gate else Word.HOLD)


@pytest.mark.parametrize('danger', CLOSING)
def test_nor_is_a_host_closed(danger: str) -> None:
    _, gate, values = DANGERS[danger]
    values = {'kind': 'service-down', **values}
    assert verify(inputs(kind='service-down')) == Word.ADMIT
    assert verify(inputs(**values)) != Word.ADMIT
    assert verify(inputs(**values, approval=Approval('ann', APPROVABLE - {gate}))) != Word.ADMIT
    word = verify(inputs(**values, approval=Approval('ann', APPROVABLE)))
    assert word == (Word.ADMIT if gate else Word.HOLD)


@pytest.mark.parametrize('what', ['services', 'domains'])
def test_who_cannot_count_closes_nothing(what: str) -> None:
    assert verify(inputs(kind='service-down', **{what: Missing('away')})) == Word.HOLD


def test_every_rule_has_its_danger() -> None:
    assert {rule for rule, _, _ in DANGERS.values()} == set(RULES)


def test_no_three_dangers_together_open_what_one_closes() -> None:
    """Exhaustively: any three, with nothing approved, each approved alone, and all but each."""
    words: Counter[Word] = Counter()
    for together in itertools.combinations(DANGERS, 3):
        values = {key: it for name in together for key, it in DANGERS[name][2].items()}
        gates = frozenset(DANGERS[name][1] for name in together) - {''}
        for approved in (frozenset(), gates, *(gates - {one} for one in gates)):
            given = inputs(**values, approval=Approval('ann', frozenset(approved)))
            word = verify(given)
            words[word] += 1
            if word == Word.ADMIT:
                assert broken(given) == [], (together, approved)
    assert words[Word.ADMIT] > 50  # it is no rule that nothing ever passes
    assert words[Word.HOLD] > 2000


def test_a_switch_that_takes_a_thousand_hosts_along_is_decided_in_milliseconds() -> None:
    rows = tuple(service(f'c{n}', age=60.0 if n <= 700 else 5.0) for n in range(1, 1001))
    zone = Domain('zone', 'z', frozenset(f'c{n}' for n in range(1, 334)), 0.5)
    gates = order.gates('host-down', Stage.HELD)
    best = float('inf')
    for _ in range(5):  # the best of them: the machine may be busy with something else
        looked = inputs(services=rows, domains=(zone,))
        began = time.perf_counter()
        assert decide(gates, looked).gate == 'mass-failure'
        best = min(best, time.perf_counter() - began)
    assert best < 0.05, f'{best * 1000:.1f} ms'


AGES = st.sampled_from([1.0, 19.0, 25.0, 31.0, 60.0, 90_000.0])
SERVICES = st.lists(
    st.tuples(AGES, st.sampled_from(['up', 'down', 'unknown']), st.booleans(), st.booleans()),
    min_size=1,
    max_size=9,
)
WITNESSED = st.builds(
    Surroundings,
    st.lists(st.booleans(), max_size=4).map(
        lambda every: tuple(Witness(str(n), one, 'x') for n, one in enumerate(every))
    ),
    st.dictionaries(st.sampled_from(['m2', 'm3', 'm4']), st.booleans()),
    st.none() | st.booleans().map(lambda one: Witness('judge', one, 'x')),
)
SIGNS = st.lists(
    st.builds(
        Sign,
        st.sampled_from(['a', 'b']),
        st.just('ssh'),
        st.sampled_from([True, False, None]),
        st.just('x'),
        st.none(),
        st.sampled_from(['veto', 'hold', 'record']),
    ),
    max_size=2,
).map(tuple)
PAST = st.sampled_from([0.0, 14.0, 59.0, 61.0, 299.0, 301.0, 3599.0, 3601.0])
HOSTS = st.frozensets(st.sampled_from([f'c{n}' for n in range(1, 9)]), max_size=8)


def mostly(usual: Any, others: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """So that not everything is wrong at once, and some of it is admitted."""
    return st.integers(0, 3).flatmap(lambda one: others if one == 0 else st.just(usual))


@st.composite
def looks(draw: st.DrawFn) -> Inputs:
    rows = draw(mostly([(5.0, 'up', True, False)] * 9, SERVICES))
    found = [service(age=draw(mostly(60.0, AGES)), state=draw(st.sampled_from(['up', 'down'])),
                     enabled=draw(mostly(True, st.booleans())))]  # fmt: skip
    found += [
        service(f'c{number}', age=age, state=state, enabled=enabled, forced_down=forced)
        for number, (age, state, enabled, forced) in enumerate(rows, start=2)
    ]
    missing = Missing('away')
    returned = draw(mostly(None, PAST.map(lambda ago: NOW - 20 - ago)))
    domain = st.builds(Domain, st.just('zone'), st.just('z'), HOSTS.map(lambda one: one | {'c1'}),
                       st.sampled_from([None, 0.3, 0.6]))  # fmt: skip
    return inputs(
        services=draw(mostly(tuple(found), st.just(missing))),
        surroundings=draw(mostly(None, WITNESSED | st.just(missing))),
        signs=draw(mostly((), SIGNS | st.just(missing))),
        domains=draw(mostly((), st.tuples(domain) | st.just(missing))),
        storms=draw(mostly((), st.tuples(st.builds(
            Storm, st.sampled_from(['cloud', 'zone:z', 'zone:y']), st.just(NOW - 9000),
            PAST.map(lambda ago: NOW - ago))))),
        host=HostRecord('c1', maintenance=draw(mostly(False, st.booleans())),
                        returned_at=returned),
        paused=draw(mostly(None, st.just(Switch('a', 'b')))),
        disarmed=draw(mostly(None, st.just(Switch('a', 'b')))),
        windows=draw(mostly((), st.just((Window('w', 'cloud', NOW + 9, 'a', 'b'),)))),
        observing_since=draw(mostly(None, PAST.map(lambda ago: NOW - ago))),
        recoveries=draw(mostly(0, st.integers(0, 4))),
        fences=Fences(draw(mostly(frozenset(), HOSTS)), draw(mostly(frozenset(), HOSTS))),
        own=OwnMarks(disabled=False),
        approval=draw(mostly(None, st.builds(
            Approval, st.just('ann'), st.frozensets(st.sampled_from(sorted(APPROVABLE)))))),
    )  # fmt: skip


@settings(
    max_examples=1500, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(looks())
def test_whatever_is_admitted_breaks_no_rule(given: Inputs) -> None:
    if verify(given) == Word.ADMIT:
        assert broken(given) == []
    if verify(replace(given, kind='service-down')) == Word.ADMIT:
        assert RULES['S11'](given)
