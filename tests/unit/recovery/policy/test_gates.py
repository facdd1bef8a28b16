"""Each gate answers every case of its question, missing data included."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields, replace
from typing import Any

import pytest

from drivers.contracts.alarms import Alarm
from recovery.policy import order
from recovery.policy.gate import Gate, Word
from recovery.policy.inputs import (
    Approval,
    Domain,
    Fences,
    Finding,
    HostRecord,
    Inputs,
    Leftover,
    Limits,
    Live,
    Missing,
    OwnMarks,
    Storm,
    Switch,
)
from tests.unit.recovery.policy.given import (
    ADMIT,
    AWAY,
    DISABLED,
    HOLD,
    IGNORE,
    NOW,
    OURS,
    OUT,
    RECOVERY,
    Case,
    devices,
    evacuation,
    hypervisor,
    inputs,
    late,
    service,
    sight,
    stale,
    with_service,
)
from tests.unit.recovery.policy.table import MORE

GATES = {gate.name: gate for gate in order.every_gate()}

CASES: list[Case] = [
    ('armed', {}, ADMIT, 'armed'),
    ('armed', {'disarmed': Switch('ann', 'storage work')}, HOLD, 'disarmed by ann: storage work'),
    ('paused', {}, ADMIT, 'not paused'),
    ('paused', {'paused': Switch('bob', 'upgrade')}, HOLD, 'paused by bob: upgrade'),
    ('service', {}, ADMIT, 'one hypervisor of type QEMU'),
    ('service', {'services': AWAY}, HOLD, 'cannot ask Nova'),
    ('service', {'services': ()}, HOLD, 'no nova-compute service at all'),
    ('service', {'services': (service('c2'),)}, IGNORE, 'no nova-compute service on a host'),
    ('service', {'subject': 'C1.example.org'}, IGNORE, 'similar names: c1'),
    ('service', {'services': (service(), service(id='x'))}, IGNORE, '2 nova-compute services'),
    ('service', {'hypervisors': AWAY}, HOLD, 'cannot ask Nova for the hypervisor'),
    ('service', {'hypervisors': ()}, HOLD, 'no hypervisor'),
    (
        'service',
        {'hypervisors': (hypervisor(), hypervisor(number=2))},
        IGNORE,
        '2 hypervisors',
    ),
    ('service', {'hypervisors': (hypervisor(kind='ironic'),)}, IGNORE, 'type ironic'),
    (
        'service',
        {'hypervisors': (hypervisor(kind='VMware vCenter Server'),)},
        IGNORE,
        'VMware',
    ),
    ('seen', {}, ADMIT, 'this week'),
    ('seen', {'services': AWAY}, ADMIT, 'not known'),
    ('seen', with_service(age=None), IGNORE, 'never reported'),
    ('seen', with_service(age=None, state='unknown'), ADMIT, 'cell does not answer'),
    ('seen', with_service(age=30 * 86400.0), HOLD, '30 days ago'),
    ('handled', {}, ADMIT, 'nothing has handled it'),
    ('handled', {'proven_at': NOW - 10}, IGNORE, '10 s older than the last proof'),
    ('handled', {'proven_at': NOW - 30}, ADMIT, ''),
    ('handled', {'closed_at': NOW - 10}, IGNORE, 'older than the last recovery'),
    (
        'handled',
        {'host': HostRecord('c1', returned_at=NOW - 15), **with_service(state='up', age=2)},
        IGNORE,
        'last return',
    ),
    ('handled', {'host': HostRecord('c1', returned_at=NOW - 15)}, ADMIT, ''),  # and died since
    (
        'handled',
        {'host': HostRecord('c1', returned_at=NOW - 15), **with_service(enabled=False)},
        IGNORE,
        'last return',
    ),
    ('handled', {'host': HostRecord('c1', returned_at=NOW - 25)}, ADMIT, ''),
    (
        'handled',  # a source whose clock is ahead is not believed
        {'alarm': Alarm('t', 'k', 'host-down', 'c1', NOW + 900), 'proven_at': NOW - 10},
        IGNORE,
        'already handled',
    ),
    (
        'handled',
        {
            'host': HostRecord('c1', failed_by=RECOVERY),
            'proven_at': NOW - 90,
            'own': OURS,
            **with_service(**OUT),
        },
        IGNORE,
        'recovery host return c1',
    ),
    (
        'handled',  # somebody put it back into service without us
        {
            'host': HostRecord('c1', failed_by=RECOVERY),
            'proven_at': NOW - 90,
            'own': OURS,
            **with_service(),
        },
        ADMIT,
        '',
    ),
    ('free', {}, ADMIT, 'no recovery'),
    (
        'free',
        {'live': Live(RECOVERY, 'host-down', 'running')},
        IGNORE,
        'already under recovery 11111111 (host-down, running)',
    ),
    ('maintenance', {}, ADMIT, 'no maintenance'),
    (
        'maintenance',
        {'host': HostRecord('c1', True, 'ann', 'new disks')},
        HOLD,
        'ann set c1 to maintenance: new disks',
    ),
    ('foreign', {}, ADMIT, 'nobody else'),
    ('foreign', {'services': AWAY}, HOLD, 'cannot ask Nova'),
    (
        'foreign',
        with_service(enabled=False, disabled_reason='rack move'),
        HOLD,
        'somebody else disabled the service ("rack move")',
    ),
    ('foreign', with_service(forced_down=True), HOLD, 'forced the service down'),
    (
        'foreign',
        {**with_service(**OUT, disabled_reason=f'recovery {RECOVERY}'), 'own': OURS},
        ADMIT,
        '',
    ),
    (
        'foreign',  # our words, but no intent of ours: somebody copied them
        with_service(enabled=False, disabled_reason=f'recovery {RECOVERY}'),
        HOLD,
        'somebody else',
    ),
    (
        'foreign',  # our intent, but somebody has written a reason of his own since
        {**with_service(enabled=False, disabled_reason='hands off'), 'own': OURS},
        HOLD,
        'hands off',
    ),
    ('nova', {}, ADMIT, 'has not reported for 60 s'),
    ('nova', {'services': AWAY}, HOLD, 'cannot ask Nova'),
    ('nova', with_service(age=10), HOLD, 'Nova still sees it alive (up)'),
    ('nova', with_service(age=29.9, state='down'), HOLD, 'alive (down)'),
    ('nova', with_service(age=30), ADMIT, ''),
    ('nova', with_service(age=-40), HOLD, '40 s in the future'),
    ('nova', with_service(age=60, state='unknown'), HOLD, 'cell of the host'),
    ('nova', with_service(age=None), ADMIT, 'never reported'),
    (
        'nova',  # updated_at moved with a request of ours: no sign of life
        {**with_service(age=5, state='down'), 'own': OwnMarks(changed_at=NOW - 5.5)},
        ADMIT,
        'last change of its record was ours',
    ),
    (
        'nova',
        {**with_service(age=5, state='up'), 'own': OwnMarks(changed_at=NOW - 5.5)},
        HOLD,
        'sees the service up',
    ),
    (
        'nova',  # it has reported after our request
        {**with_service(age=5, state='down'), 'own': OwnMarks(changed_at=NOW - 20)},
        HOLD,
        'alive',
    ),
    ('nova', stale(10, age=40), HOLD, 'compare the clocks'),
    ('nova', {**stale(1, age=3), 'limits': Limits(down_seconds=0.0)}, ADMIT, ''),
    ('nova', stale(10, age=40, state='down'), ADMIT, ''),
    ('over', {}, ADMIT, 'not reported since'),
    ('over', {'services': AWAY}, ADMIT, 'nothing to compare'),
    ('over', with_service(age=5), IGNORE, 'c1 is back: it reported 15 s after the alarm'),
    ('over', {**with_service(age=5), 'joined_at': NOW - 9}, IGNORE, '4 s after the alarm'),
    ('over', {**with_service(age=5), 'joined_at': NOW - 3}, ADMIT, 'not reported since'),
    ('over', with_service(age=5, state='down'), ADMIT, ''),
    (
        'over',  # our request may have moved it
        {**with_service(age=5), 'own': late((NOW - 13, NOW + 49))},
        HOLD,
        'silence tells',
    ),
    (
        'over',
        {**with_service(age=5), 'own': late((NOW - 13, NOW - 11))},
        IGNORE,
        'it reported 15 s after the alarm',
    ),
    (
        'over',
        {**with_service(age=30), 'own': late((NOW - 38, NOW + 24))},
        ADMIT,
        'not reported since',
    ),
    (
        'over',  # the older one may be late, too
        {**with_service(age=12), 'own': late((NOW - 6, NOW - 5), (NOW - 40, NOW + 20))},
        HOLD,
        'silence tells',
    ),
    (
        'over',  # somebody has disabled it, or it reported
        with_service(age=5, **DISABLED),
        HOLD,
        'somebody who changed its marks',
    ),
    (
        'over',
        {**with_service(age=5, **DISABLED), 'sights': (sight(5, **DISABLED),)},
        HOLD,
        'another report tells',
    ),
    (
        'over',  # it was marked before
        {**with_service(age=5, **DISABLED), 'sights': (sight(9, **DISABLED),)},
        IGNORE,
        'it reported 15 s after the alarm',
    ),
    (
        'over',  # that was another mark
        {**with_service(age=5, **DISABLED), 'sights': (sight(9, enabled=False),)},
        HOLD,
        'another report tells',
    ),
    (
        'over',  # somebody has taken it away
        {**with_service(age=5), 'sights': (sight(9, **DISABLED),)},
        HOLD,
        'another report tells',
    ),
    (
        'over',
        {**with_service(age=5), 'sights': (sight(60, **DISABLED), sight(15))},
        IGNORE,
        'it reported 15 s after the alarm',
    ),
    (
        'over',  # by the clock of Nova it has reported since
        {**with_service(age=330), 'sights': (sight(400, state='down'),)},
        HOLD,
        'a clock may have stepped',
    ),
    (
        'over',
        {**with_service(age=330, state='down'), 'sights': (sight(400, state='down'),)},
        ADMIT,
        'not reported since',
    ),
    (
        'over',  # who forces it down makes it look down
        {
            **with_service(age=330),
            'sights': (sight(400, state='down', forced_down=True),),
        },
        ADMIT,
        'not reported since',
    ),
    (
        'over',  # it was back, and died again, which is what the newest alarm is about
        {**with_service(age=35), 'sights': (sight(400, seen=21, state='down'),)},
        ADMIT,
        'not reported since',
    ),
    (
        'over',  # the clock of Nova is behind: its stamp is older than our request
        {
            **with_service(age=5),
            'own': OwnMarks(changed_from=NOW - 3, changed_at=NOW - 1, reported_at=NOW - 40),
        },
        ADMIT,
        'not reported since',
    ),
    ('over', {**with_service(age=5), 'agreed': False}, ADMIT, 'never seen it down'),
    ('over', {**with_service(age=5), 'own': OwnMarks(changed_at=NOW - 5)}, ADMIT, 'not been seen'),
    (
        'over',  # our change hides the report that it saw
        {**with_service(age=1), 'own': OwnMarks(changed_at=NOW - 1, reported_at=NOW - 9)},
        IGNORE,
        'c1 is back: it reported 11 s after the alarm',
    ),
    (
        'over',
        {**with_service(age=1), 'own': OwnMarks(changed_at=NOW - 1, reported_at=NOW - 40)},
        ADMIT,
        'not reported since',
    ),
    (
        'over',
        {
            **with_service(age=1, state='down'),
            'own': OwnMarks(changed_at=NOW - 1, reported_at=NOW - 9),
        },
        ADMIT,
        'not reported since',
    ),
    (
        'over',
        {**with_service(age=5), 'approval': Approval('ann', frozenset({'nova'}))},
        ADMIT,
        'ann wants it',
    ),
    ('cell', {}, ADMIT, 'its state says'),
    ('cell', {'services': AWAY}, ADMIT, 'not known'),
    ('cell', with_service(state='down'), ADMIT, 'its state says'),
    ('cell', with_service(age=5, state='down'), ADMIT, 'its state says'),
    ('cell', with_service(age=5, state='down', forced_down=True), HOLD, 'changed 5 s ago'),
    ('cell', with_service(age=30, state='down', forced_down=True), ADMIT, 'its state says'),
    (
        'cell',  # we have just disabled it
        {
            **with_service(age=1, state='down', forced_down=True),
            'own': OwnMarks(changed_from=NOW - 1, changed_at=NOW - 1, reported_at=NOW - 40),
        },
        ADMIT,
        'its state says',
    ),
    (
        'cell',
        {**with_service(age=5, state='down', forced_down=True), 'own': OwnMarks(forced_down=True)},
        ADMIT,
        'its state says',
    ),
    (
        'cell',
        {
            **with_service(age=5, state='down', forced_down=True),
            'approval': Approval('ann', findings=(Finding('nova', 'alive'),)),
        },
        ADMIT,
        'although it reports',
    ),
    ('cell', with_service(age=60, state='unknown'), HOLD, 'it may be back'),
    (
        'cell',
        {
            **with_service(age=60, state='unknown'),
            'approval': Approval('ann', findings=(Finding('nova', 'unknown'),)),
        },
        ADMIT,
        'ann wants it',
    ),
    (
        'cell',
        {
            **with_service(age=60, state='unknown'),
            'approval': Approval('ann', findings=(Finding('nova', 'alive'),)),
        },
        HOLD,
        'it may be back',
    ),
    ('inventory', {}, ADMIT, '1 devices in 1 levels'),
    ('inventory', {'devices': None}, HOLD, 'no device for c1'),
    ('inventory', {'devices': ()}, HOLD, 'no device for c1'),
    ('inventory', {'devices': Missing('line 3: ...')}, HOLD, 'line 3'),
    ('device-alone', {}, ADMIT, ''),
    ('device-alone', {'clashes': ('c1 and c2 share x',)}, HOLD, 'c1 and c2 share x'),
    ('device-alone', {'clashes': AWAY}, HOLD, 'cannot compare'),
    ('identity', {}, ADMIT, ''),
    ('identity', {'devices': AWAY}, ADMIT, 'no device to ask'),
    ('identity', devices(bmc='AAA'), ADMIT, ''),
    ('identity', devices(bmc='BBB'), HOLD, 'no longer what it was at enrolment (AAA); it says BBB'),
    ('identity', devices(bmc=None), HOLD, 'says nothing'),
    ('identity', devices(bmc=Missing('no answer')), ADMIT, ''),
    ('identity', devices(pdu='CCC'), ADMIT, ''),
    ('start-up', {}, ADMIT, 'nobody works yet'),
    ('start-up', {'observing_since': NOW - 59}, HOLD, 'started 59 s ago'),
    ('start-up', {'observing_since': NOW - 60}, ADMIT, ''),
    ('settled', {}, ADMIT, ''),
    ('settled', {'arrived_at': NOW - 14}, HOLD, 'waiting 1 s'),
    ('settled', {'arrived_at': None}, ADMIT, 'no alarm'),
    ('mass-failure', {}, ADMIT, '1 of 10'),
    ('mass-failure', {'services': AWAY}, HOLD, 'cannot count'),
    ('mass-failure', stale(3), ADMIT, '3 of 10'),
    ('mass-failure', stale(4), HOLD, '4 of 10 hosts look failed at once'),
    ('mass-failure', stale(4, state='down'), HOLD, '4 of 10'),
    ('mass-failure', stale(4, age=19, state='up'), ADMIT, '1 of 10'),
    ('mass-failure', stale(4, age=1, state='unknown'), HOLD, '4 of 10'),
    # Counted before filtering: what an operator or a recovery took out lately counts.
    ('mass-failure', stale(4, enabled=False), HOLD, '4 of 10'),
    ('mass-failure', stale(4, forced_down=True, state='down'), HOLD, '4 of 10'),
    ('mass-failure', stale(4, age=9e4, enabled=False), ADMIT, '1 of 7'),
    ('mass-failure', stale(4, age=9e4), HOLD, '4 of 10'),
    (
        'mass-failure',  # in flight, whatever Nova still says of them
        {'fences': Fences(under_way=frozenset({'c2', 'c3', 'c4'}))},
        HOLD,
        '4 of 10',
    ),
    ('fence-budget', {}, ADMIT, '0 other hosts'),
    ('fence-budget', {'fences': Fences(frozenset('abcde'))}, HOLD, '5 hosts were fenced'),
    ('fence-budget', {'fences': Fences(frozenset({*'abc', 'c1'}))}, ADMIT, ''),
    ('attempts', {'recoveries': 2}, ADMIT, ''),
    ('attempts', {'recoveries': 3}, HOLD, '3 recoveries of this host within 24 h'),
    ('fence-loop', {}, ADMIT, 'never been returned'),
    ('fence-loop', {'host': HostRecord('c1', returned_at=NOW - 3000)}, HOLD, 'after its return'),
    ('fence-loop', {'host': HostRecord('c1', returned_at=NOW - 3700)}, ADMIT, ''),
    (
        'fence-loop',
        {
            'host': HostRecord('c1', returned_at=NOW - 4000),
            'arrived_at': NOW - 5000,
            'failed_again_at': NOW - 100,
        },
        ADMIT,
        'it returned 65 min before',
    ),
    (
        'fence-loop',
        {
            'host': HostRecord('c1', returned_at=NOW - 4000),
            'arrived_at': NOW - 5000,
            'failed_again_at': NOW - 3900,
        },
        HOLD,
        'failed 100 s after its return',
    ),
    ('out-of-service', with_service(age=5), IGNORE, 'it is in service'),
    ('out-of-service', with_service(age=5, enabled=False), ADMIT, ''),
    ('out-of-service', with_service(age=40), ADMIT, ''),
    ('out-of-service', {'services': AWAY}, ADMIT, ''),
    (
        'out-of-service',
        {**with_service(age=5), 'host': HostRecord('c1', failed_by=RECOVERY)},
        ADMIT,
        'marked it failed',
    ),
    ('records', {}, ADMIT, ''),
    ('records', {'migrations': AWAY}, HOLD, 'cannot ask Nova for evacuations'),
    ('records', {'migrations': (evacuation('pre-migrating'),)}, HOLD, 'i-1 (pre-migrating)'),
    ('records', {'migrations': (evacuation('done'), evacuation('failed'))}, ADMIT, ''),
    ('records', {'migrations': (evacuation('running', source='c2'),)}, ADMIT, ''),
    ('records', {'migrations': (evacuation('running', type='live-migration'),)}, ADMIT, ''),
    ('leftovers', {}, ADMIT, ''),
    ('leftovers', {'leftovers': AWAY}, HOLD, 'cannot ask what is left over'),
    (
        'leftovers',
        {'leftovers': (Leftover('i-1', 'web', 'failed'),)},
        HOLD,
        'web (failed)',
    ),
    *MORE,
]


@pytest.mark.parametrize(('name', 'given', 'word', 'words'), CASES)
def test_gate(name: str, given: dict[str, Any], word: Word, words: str) -> None:
    answer = GATES[name].decide(inputs(**given))
    assert (answer.word, answer.reason) == (word, answer.reason)
    assert words in answer.reason


def test_every_gate_is_tried_both_ways() -> None:
    tried = {(name, word == ADMIT) for name, _, word, _ in CASES}
    both = {(name, open) for name in GATES for open in (True, False)}
    assert tried == both - {('capacity', False)}  # which only warns


@pytest.mark.parametrize('case', [case for case in CASES if case[2] == HOLD])
def test_a_hold_names_the_command_that_releases_it(
    case: Case,
) -> None:
    verb = GATES[case[0]].decide(replace(inputs(**case[1]), recovery=RECOVERY)).verb
    assert verb.startswith('recovery ')
    assert 'ID' not in verb


def nothing_known() -> Inputs:
    """Whatever has to be asked of somebody outside could not be."""
    asked = ('services', 'hypervisors', 'devices', 'clashes', 'migrations', 'leftovers',
             'surroundings', 'signs', 'domains', 'instances')  # fmt: skip
    return inputs(
        **dict.fromkeys(asked, AWAY),
        arrived_at=NOW - 99,
        fences=Fences(frozenset({'c8', 'c9'})),
        storms=(Storm('zone:az2', NOW - 90, NOW - 60),),
        carriers={'database': frozenset({'c1'})},
        limits=Limits(approve_instances=1),
    )


@pytest.mark.parametrize('gate', GATES.values(), ids=list(GATES))
def test_a_gate_says_what_missing_data_means(gate: Gate) -> None:
    assert gate.question.endswith('?')
    opened, because, _ = gate.on_missing.partition(': ')
    assert opened in ('open', 'closed')
    assert because
    answer = gate.decide(nothing_known())
    if gate.needs:  # what our own database says is never missing
        assert (answer.word == ADMIT) == (opened == 'open'), answer


#: What a closed gate names as a need, and may admit without: (gate, need) -> why.
LEFT = {
    ('device-alone', 'services'): 'devices are compared with the hosts that Nova has: no clashes',
    ('storm', 'services'): 'the storm is of another zone, and "mass-failure" holds',
}


@pytest.mark.parametrize(
    ('name', 'need'),
    [
        (name, need)
        for name, gate in GATES.items()
        for need in sorted(gate.needs - {'identities'})
        if gate.on_missing.startswith('closed') and (name, need) not in LEFT
    ],
)
def test_a_closed_gate_admits_with_none_of_its_needs_missing(name: str, need: str) -> None:
    """Each by itself, where there is something to lose: not only when nothing at all is known."""
    known = inputs(
        arrived_at=NOW - 99,
        fences=Fences(frozenset({'c8', 'c9'})),
        storms=(Storm('zone:az2', NOW - 90, NOW - 60),),
        carriers={'database': frozenset({'c1', 'c2'})},
        domains=(Domain('zone', 'az1', frozenset({'c1', 'c2'}), 0.5),),
        limits=Limits(approve_instances=1, approve_hosts=1),
    )
    missing: dict[str, Any] = {need: AWAY}
    assert GATES[name].decide(replace(known, **missing)).word == HOLD


class Watched(Inputs):
    """Inputs that say what of them was looked at."""

    def __getattribute__(self, name: str) -> Any:
        SEEN.add(name)
        return super().__getattribute__(name)


SEEN: set[str] = set()


def test_a_gate_looks_at_nothing_that_it_does_not_need() -> None:
    """What is not named as a need is not gathered for it, and its absence is not tried above."""
    outside = {one.name for one in fields(Inputs) if 'Missing' in str(one.type)}
    assert {'services', 'signs', 'surroundings'} <= outside
    looked: dict[str, set[str]] = defaultdict(set)
    for name, given, _, _ in CASES:
        plain = inputs(**given)
        watched = Watched(**{one.name: getattr(plain, one.name) for one in fields(Inputs)})
        SEEN.clear()
        GATES[name].decide(watched)
        looked[name] |= SEEN & outside
    assert {name: found - GATES[name].needs for name, found in looked.items()} == {
        name: set() for name in GATES
    }


@pytest.mark.parametrize('gate', GATES.values(), ids=list(GATES))
def test_only_a_definite_answer_ignores(gate: Gate) -> None:
    assert gate.decide(nothing_known()).word != IGNORE
    assert gate.decide(Inputs('host-down', 'c1', NOW)).word != IGNORE


def test_times_that_heal_say_when_to_ask_again() -> None:
    assert GATES['settled'].decide(inputs(arrived_at=NOW - 14)).again_in == pytest.approx(1)
    assert GATES['start-up'].decide(inputs(observing_since=NOW - 59)).again_in == pytest.approx(1)
    assert GATES['nova'].decide(inputs(**with_service(age=10))).again_in == pytest.approx(20)
