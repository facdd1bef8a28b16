"""An approval passes what the human saw: not another finding of the same gate, nor a worse one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from recovery.policy import approvals, order
from recovery.policy.decide import decide
from recovery.policy.gate import FOUND, UNKNOWN, Answer, Gate, Word, hold
from recovery.policy.inputs import (
    Domain,
    Fences,
    HostRecord,
    Inputs,
    Leftover,
    Limits,
    Missing,
    OwnMarks,
)
from recovery.policy.order import Stage
from tests.unit.recovery.policy.given import (
    AWAY,
    HOLD,
    NOW,
    OUT,
    Case,
    inputs,
    service,
    stale,
    with_service,
)
from tests.unit.recovery.policy.table import (
    around,
    carried,
    signs,
    silent_together,
    storm,
    window,
    zone,
)
from tests.unit.recovery.policy.test_gates import CASES, GATES

Given = Mapping[str, Any]
HELD = [
    case
    for case in CASES
    if case[2] == HOLD and GATES[case[0]].approvable and 'approval' not in case[1]
]


def upkeep(by: str, reason: str) -> Given:
    host = HostRecord('c1', maintenance=True, maintenance_by=by, maintenance_reason=reason)
    return {'host': host}


def left(*names: str) -> Given:
    return {'leftovers': tuple(Leftover(f'i-{name}', name, 'failed') for name in names)}


def two_zones(first: int, second: int) -> Given:
    """Eight hosts of two zones; so many are down of each."""
    down = {f'c{number}' for number in range(1, first + 1)}
    down |= {f'c{number}' for number in range(5, second + 5)}
    rows = (service(f'c{n}', age=60.0 if f'c{n}' in down else 5.0) for n in range(1, 11))
    zones = (
        Domain('zone', 'a', frozenset({'c1', 'c2', 'c3', 'c4'}), 0.5),
        Domain('zone', 'b', frozenset({'c5', 'c6', 'c7', 'c8'}), 0.5),
    )
    return {'services': tuple(rows), 'domains': zones}


BUSY = Limits(approve_instances=50)
CLOCKS = stale(10)  # by our clock nobody has reported, and Nova sees them up
FORCED = with_service(age=5, state='down', forced_down=True)
#: gate, what the human saw, what it finds later, whether that is still approved.
LATER: list[tuple[str, Given, Given, bool]] = [
    ('mass-failure', stale(4), stale(4), True),
    ('mass-failure', stale(6), stale(4), True),
    ('mass-failure', stale(4), stale(5), False),
    ('mass-failure', {'services': AWAY}, {'services': Missing('another reason')}, True),
    ('mass-failure', {'services': AWAY}, stale(4), False),
    ('mass-failure', stale(4), {'services': AWAY}, False),
    ('domain-failure', two_zones(3, 0), two_zones(3, 2), True),
    ('domain-failure', two_zones(3, 0), two_zones(3, 3), False),
    ('domain-failure', two_zones(3, 0), two_zones(4, 0), False),
    ('domain-failure', two_zones(3, 3), two_zones(1, 3), True),
    ('domain-failure', two_zones(3, 0), two_zones(1, 3), False),
    ('domain-failure', {'domains': AWAY}, two_zones(3, 0), False),
    ('storm', stale(4), stale(4), True),
    ('storm', stale(4), stale(5), False),
    ('storm', stale(4), storm('cloud', 9), True),  # what cools down is the least of it
    ('storm', storm('cloud', 9), stale(4), False),
    ('storm', storm('cloud', 99), storm('cloud', 9), True),
    ('storm', {**storm('zone:az1', 9), **zone(0.5, 1)}, storm('cloud', 9), False),
    ('nova', {'services': AWAY}, with_service(age=5), False),
    ('nova', with_service(state='unknown'), with_service(age=5), False),
    ('nova', with_service(state='unknown'), {'services': AWAY}, True),
    ('nova', with_service(age=5), with_service(age=1), True),
    ('nova', CLOCKS, with_service(age=5), False),
    ('nova', with_service(age=-9), with_service(age=5), False),
    ('cell', with_service(state='unknown'), with_service(state='unknown'), True),
    ('cell', with_service(state='unknown'), FORCED, False),
    ('cell', FORCED, with_service(state='unknown'), False),
    ('signs-of-life', {'signs': AWAY}, signs(ssh=(True, 'hold')), False),
    ('signs-of-life', signs(ssh=(True, 'hold')), signs(ssh=(True, 'hold')), True),
    ('signs-of-life', signs(ssh=(True, 'hold')), signs(tcp=(True, 'hold')), False),
    (
        'signs-of-life',
        signs(ssh=(True, 'hold')),
        signs(ssh=(True, 'hold'), tcp=(True, 'hold')),
        False,
    ),
    ('isolated', {'surroundings': AWAY}, around(False), False),
    ('isolated', around(True, False, False), around(False, True, False), True),
    ('isolated', around(True, False, False), around(False, False, False), False),
    ('isolated', around(True, m2=False), around(True, m2=False, m3=False), False),
    ('clock', silent_together(2, 0.5), silent_together(5, 8.0, age=3, state='down'), False),
    ('foreign', {'services': AWAY}, with_service(enabled=False), False),
    ('foreign', with_service(enabled=False), with_service(**OUT), False),
    (
        'foreign',
        with_service(enabled=False, disabled_reason='disks'),
        with_service(enabled=False, disabled_reason='disks'),
        True,
    ),
    (
        'foreign',
        with_service(enabled=False, disabled_reason='disks'),
        with_service(enabled=False, disabled_reason='somebody is inside'),
        False,
    ),
    ('foreign', with_service(**OUT), with_service(enabled=False), True),
    ('foreign', with_service(forced_down=True), with_service(enabled=False), False),
    ('maintenance', upkeep('bob', 'disks'), upkeep('bob', 'disks'), True),
    ('maintenance', upkeep('bob', 'disks'), upkeep('eve', 'I am inside'), False),
    ('window', {'windows': (window('cloud'),)}, {'windows': (window('cloud', 9.0),)}, True),
    (
        'window',
        {'windows': (window('cloud'),)},
        {'windows': (replace(window('host:c1'), id='another'),)},
        False,
    ),
    ('fence-budget', {'fences': Fences(frozenset('abcdef'))},
     {'fences': Fences(frozenset('abcde'))}, True),
    ('fence-budget', {'fences': Fences(frozenset('abcde'))},
     {'fences': Fences(frozenset('abcdef'))}, False),
    # As many were fenced, and fewer may be, for more of the cloud looks failed.
    ('fence-budget', {'fences': Fences(frozenset('abcde'))},
     {**stale(3), 'fences': Fences(frozenset('abcde'))}, False),
    (
        'fence-budget',
        {'services': AWAY, 'fences': Fences(frozenset('abcde'))},
        {'fences': Fences(frozenset('abcde'))},
        False,
    ),
    ('attempts', {'recoveries': 3}, {'recoveries': 4}, False),
    ('restarts', {'recoveries': 3}, {'recoveries': 4}, False),
    (
        'fence-loop',
        {'host': HostRecord('c1', returned_at=NOW - 99)},
        {'host': HostRecord('c1', returned_at=NOW - 50)},
        False,
    ),
    ('carries', {**carried('c1'), 'services': AWAY}, carried('c1', database=0), False),
    ('carries', carried('c1', database=0), carried('c1', database=0), True),
    (
        'carries',
        carried('c1', 'c2', 'c3', database=0),
        {**stale(2), **carried('c1', 'c2', 'c3', database=0)},
        False,
    ),
    ('carries', carried('c1', database=0), carried('c1', label='bus', bus=0), False),
    ('blast-radius', {'limits': BUSY, 'instances': AWAY}, {'limits': BUSY, 'instances': 51}, False),
    ('blast-radius', {'limits': BUSY, 'instances': 60}, {'limits': BUSY, 'instances': 51}, True),
    ('blast-radius', {'limits': BUSY, 'instances': 51}, {'limits': BUSY, 'instances': 60}, False),
    ('leftovers', {'leftovers': AWAY}, left('web'), False),
    ('leftovers', left('web', 'db'), left('db'), True),
    ('leftovers', left('web'), left('web', 'db'), False),
]  # fmt: skip


def approved(gate: str, given: Given) -> list[approvals.Entry]:
    """What approving a gate stores, as the decision that held has it on record."""
    [asked] = decide([GATES[gate]], inputs(**given)).asked
    assert asked.answer.word == Word.HOLD, asked.answer
    return [approvals.of_record(asked.record())]


def asked_again(gate: str, entries: list[approvals.Entry], given: Given) -> Word:
    approval = approvals.approval('ann', entries)
    return decide([GATES[gate]], inputs(**given, approval=approval)).word


@pytest.mark.parametrize(('gate', 'saw', 'later', 'passes'), LATER)
def test_an_approval_is_for_what_was_seen(
    gate: str, saw: Given, later: Given, passes: bool
) -> None:
    assert GATES[gate].decide(inputs(**later)).word == Word.HOLD
    entries = approved(gate, saw)
    assert (asked_again(gate, entries, later) == Word.ADMIT) == passes
    assert asked_again(gate, entries, saw) == Word.ADMIT
    assert asked_again(gate, [gate], later) == Word.ADMIT  # by name, as it was stored before


def test_no_gate_is_forgotten() -> None:
    one_finding = {'seen', 'authority', 'start-up', 'settled', 'own-host'}
    never_held = {'out-of-service', 'handled', 'over', 'capacity', 'segment-enabled'}
    approvable = {gate.name for gate in GATES.values() if gate.approvable}
    assert {row[0] for row in LATER} == approvable - one_finding - never_held


@pytest.mark.parametrize('case', HELD, ids=lambda case: f'{case[0]}-{case[3]}')
def test_not_knowing_is_a_finding_of_its_own(case: Case) -> None:
    """What could not be looked at is 'unknown', and what was looked at never is."""
    name, given, _, _ = case
    answer = GATES[name].decide(inputs(**given))
    away = any(isinstance(one, Missing) for one in given.values())
    cell = not away and any(one.state == 'unknown' for one in given.get('services', ()))
    needed = away and name not in ('storm', 'blast-radius')
    if needed or (name == 'blast-radius' and 'cannot' in answer.reason):
        assert answer.finding == UNKNOWN
    elif not (name in ('nova', 'cell') and cell):
        assert answer.finding not in ('', UNKNOWN)


@pytest.mark.parametrize('case', HELD, ids=lambda case: f'{case[0]}-{case[3]}')
def test_whatever_is_approved_passes_as_long_as_nothing_changes(case: Case) -> None:
    assert asked_again(case[0], approved(case[0], case[1]), case[1]) == Word.ADMIT


def test_no_approval_of_one_finding_passes_an_unlike_one() -> None:
    """Of all pairs of tables' rows: only the same kind passes, and only as much of everything."""
    passed = 0
    for name, saw, _, _ in HELD:
        for other, later, _, _ in HELD:
            if other != name:
                continue
            answer, was = (GATES[name].decide(inputs(**one)) for one in (later, saw))
            if asked_again(name, approved(name, saw), later) == Word.ADMIT:
                passed += 1
                assert was.finding == answer.finding
                assert all(was.extent.get(key, 0) >= much for key, much in answer.extent.items())
    assert passed > len(HELD)  # more than each its own


def line(approval: list[approvals.Entry], **given: Any) -> str:
    now = inputs(**given, approval=approvals.approval('ann', approval))
    decision = decide(order.gates('host-down', Stage.LINE), now)
    return f'{decision.word} {decision.gate}'.strip()


def back() -> Given:
    """The host reports again, after its alarm."""
    return {'services': (service(age=2.0), service('c2', age=5.0)), 'arrived_at': NOW - 60}


def test_that_nova_could_not_be_asked_does_not_make_a_living_host_fair_game() -> None:
    """An approval of 'cannot ask Nova' said nothing about a host that comes back by itself."""
    assert line(approved('nova', {'services': AWAY}), **back()) == 'ignore over'
    assert line(approved('nova', with_service(age=5)), **back()) == 'admit'


def test_the_whole_budget_is_for_as_many_broken_hosts_as_were_approved() -> None:
    fences = {'fences': Fences(frozenset('abc'))}
    for saw, later, said in (
        (stale(8), stale(8), 'admit'),
        (stale(8), stale(4), 'admit'),
        (stale(4), stale(8), 'hold fence-budget'),
        ({'services': AWAY}, stale(8), 'hold fence-budget'),
    ):
        entries = approved('mass-failure', saw)
        now = inputs(**later, **fences, approval=approvals.approval('ann', entries))
        decision = decide([GATES['fence-budget']], now)
        assert f'{decision.word} {decision.gate}'.strip() == said


def test_what_would_end_and_must_not_is_a_finding_of_its_own() -> None:
    asked = decide([GATES['over']], inputs(**back()), may_end=False)
    assert asked.holding[0].answer.finding == 'ended'
    entries = [approvals.of_record(asked.asked[0].record())]
    again = inputs(**back(), approval=approvals.approval('ann', entries))
    assert decide([GATES['over']], again, may_end=False).word == Word.ADMIT


def never(_inputs: Inputs) -> Answer:
    return hold('no', 'recovery approve ID', extent={'a': 2})


def test_entries_are_kept_once_and_read_back() -> None:
    gate = Gate('x', '?', 'closed: x', never)
    entry = approvals.of_answer('x', never(inputs()))
    assert entry == {'gate': 'x', 'kind': FOUND, 'extent': {'a': 2}}
    assert approvals.of_record(decide([gate], inputs()).asked[0].record()) == entry
    assert approvals.of_record({'gate': 'x', 'answer': 'hold'}) == 'x'  # of an earlier release
    both = approvals.together(['nova'], [entry, 'nova', entry])
    assert both == ['nova', entry]
    assert approvals.names(both) == ('nova', 'x')
    assert approvals.names(None) == ()
    read = approvals.approval('ann', both)
    assert read is not None
    assert read.saw('nova', 'anything')
    assert read.passes('nova', UNKNOWN, {'b': 9})
    assert read.saw('x', FOUND)
    assert not read.saw('x', UNKNOWN)
    assert read.passes('x', FOUND, {'a': 1})
    assert not read.passes('x', FOUND, {'a': 1, 'b': 1})
    assert approvals.approval(None, both) is None


def test_own_marks_are_no_part_of_what_was_seen() -> None:
    """Approved while somebody had disabled it: the force-down that is ours adds nothing."""
    entries = approved('foreign', with_service(enabled=False))
    ours = OwnMarks(forced_down=True)
    assert asked_again('foreign', entries, {**with_service(**OUT), 'own': ours}) == Word.ADMIT
