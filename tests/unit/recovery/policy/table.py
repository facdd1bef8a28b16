"""The tables of the gates that ask about us, the others, and what is at stake."""

from __future__ import annotations

from typing import Any

from recovery.policy.inputs import (
    Approval,
    Domain,
    Fences,
    Limits,
    Missing,
    Segment,
    Sign,
    Storm,
    Surroundings,
    Switch,
    Window,
    Witness,
)
from tests.unit.recovery.policy.given import (
    ADMIT,
    AWAY,
    HOLD,
    IGNORE,
    NOW,
    Case,
    service,
    stale,
)
from tests.unit.recovery.policy.kinds import KINDS

APPROVED = Approval('ann', frozenset({'mass-failure', 'storm'}))


def around(
    *reached: bool, arbitrator: bool | None = None, **others: bool
) -> dict[str, Surroundings]:
    """Witnesses by whether they are reached; machines of ours by whether they see a majority."""
    witnesses = tuple(
        Witness(f't{number}', one, 'answers' if one else 'no route')
        for number, one in enumerate(reached)
    )
    judge = None if arbitrator is None else Witness('judge', arbitrator, 'said so')
    return {'surroundings': Surroundings(witnesses, others, judge)}


def signs(**alive: tuple[bool | None, str]) -> dict[str, Any]:
    """Channels by (alive, answer)."""
    found = tuple(
        Sign(name, name, living, 'hello' if living else 'nothing', NOW, answer)
        for name, (living, answer) in alive.items()
    )
    return {'signs': found}


def window(scope: str, ends_in: float = 600.0) -> Window:
    return Window('abcdef123456', scope, NOW + ends_in, 'bob', 'new switch')


def zone(share: float | None, *numbers: int, count: int | None = None) -> dict[str, Any]:
    hosts = frozenset(f'c{number}' for number in numbers)
    return {'domains': (Domain('zone', 'az1', hosts, share, count),)}


def silent_together(count: int, spread: float, **more: Any) -> dict[str, Any]:
    """All services of a cloud, their last reports evenly over ``spread`` seconds."""
    step = spread / (count - 1)
    age = more.pop('age', 60.0)
    found = tuple(service(f'c{one}', age=age + one * step, **more) for one in range(1, count + 1))
    return {'services': found}


def carried(*hosts: str, label: str = 'database', **most: int) -> dict[str, Any]:
    return {'carriers': {label: frozenset(hosts)}, 'limits': Limits(carries_down=most)}


def storm(scope: str, ago: float) -> dict[str, Any]:
    return {'storms': (Storm(scope, NOW - ago - 60, NOW - ago),)}


SWITCHES: list[Case] = [
    ('segment-enabled', {}, ADMIT, 'in no segment'),
    ('segment-enabled', {'segment': Segment('r1', True)}, ADMIT, 'segment r1 is enabled'),
    ('segment-enabled', {'segment': Segment('r1', False)}, IGNORE, 'segment r1 is disabled'),
    ('armed', {'disarmed': Switch('ann', 'x', 'segment:r1')}, HOLD, 'segment r1 was disarmed'),
    ('paused', {'paused': Switch('ann', 'x', 'host:c1')}, HOLD, 'host c1 was paused by ann'),
    ('window', {}, ADMIT, 'no maintenance window'),
    ('window', {'windows': (window('cloud'),)}, HOLD, 'of the service by bob is open for another'),
    ('window', {'windows': (window('host:c1'),)}, HOLD, 'of host c1 by bob'),
    (
        'window',  # the one that ends last counts
        {'windows': (window('host:c1', 60.0), window('segment:r1', 7200.0))},
        HOLD,
        'of segment r1 by bob is open for another 2 h: new switch',
    ),
]
ISOLATION: list[Case] = [
    ('isolated', {}, ADMIT, 'no witness is configured'),
    ('isolated', {'surroundings': AWAY}, HOLD, 'cannot find out whether we are cut off'),
    ('isolated', around(True), ADMIT, 'not us'),
    ('isolated', around(False), HOLD, 'we reach 0 of 1 witnesses (t0: no route)'),
    ('isolated', around(True, True, False), ADMIT, ''),
    ('isolated', around(True, False, False), HOLD, 'we reach 1 of 3'),
    ('isolated', around(True, False), HOLD, '1 of 2 witnesses, and no arbitrator is named'),
    ('isolated', around(True, False, arbitrator=True), ADMIT, ''),
    ('isolated', around(True, False, arbitrator=False), HOLD, 'the arbitrator judge as well'),
    # An arbitrator decides ties, and nothing but ties.
    ('isolated', around(False, False, arbitrator=True), HOLD, 'we reach 0 of 2'),
    ('isolated', around(True, True, arbitrator=False), ADMIT, ''),
    ('isolated', around(arbitrator=True), ADMIT, ''),
    ('isolated', around(arbitrator=False), HOLD, 'judge: said so'),
    # The other machines of ours: a quorum of them, with this one.
    ('isolated', around(True, m2=True, m3=False), ADMIT, ''),
    ('isolated', around(True, m2=False, m3=False), HOLD, '2 of 3 machines of ours see no majority'),
    ('isolated', around(True, m2=False), HOLD, '1 of 2 machines of ours see no majority (m2)'),
    ('isolated', around(True, m2=False, arbitrator=True), ADMIT, ''),
    ('isolated', around(True, m2=False, arbitrator=False), HOLD, '1 of 2 machines'),
    ('isolated', around(False, m2=True, m3=True), HOLD, 'we reach 0 of 1'),
]
LIFE: list[Case] = [
    ('veto', {}, ADMIT, 'nothing that vetoes'),
    ('veto', {'signs': AWAY}, ADMIT, 'left to the gate "signs-of-life"'),
    (
        'veto',
        signs(agent=(True, 'veto')),
        HOLD,
        'c1 is alive: agent says hello; nobody can approve',
    ),
    ('veto', signs(agent=(False, 'veto'), ssh=(True, 'hold')), ADMIT, ''),
    ('veto', signs(agent=(None, 'veto')), ADMIT, ''),
    ('signs-of-life', {}, ADMIT, 'no channel is configured'),
    ('signs-of-life', {'signs': AWAY}, HOLD, 'cannot look for signs of life'),
    ('signs-of-life', signs(ssh=(True, 'hold')), HOLD, 'c1 shows signs of life: ssh says hello'),
    ('signs-of-life', signs(ssh=(False, 'hold')), ADMIT, 'it shows no sign of life'),
    ('signs-of-life', signs(ssh=(None, 'hold')), ADMIT, ''),
    ('signs-of-life', signs(ssh=(True, 'record')), ADMIT, 'on record: ssh says hello'),
    ('signs-of-life', signs(ssh=(True, 'record'), tcp=(True, 'hold')), HOLD, 'tcp says hello'),
    ('signs-of-life', signs(new=(True, 'what?')), HOLD, 'new says hello'),
    ('signs-of-life', signs(agent=(True, 'veto')), ADMIT, ''),
]
ASKING: list[Case] = [
    ('authority', {}, ADMIT, 'test may start it alone'),
    ('authority', {'authority': 'approve'}, HOLD, 'what test says has to be approved'),
    ('authority', {'authority': 'evidence'}, IGNORE, 'what test says is evidence'),
    ('authority', {'authority': 'what?'}, HOLD, 'has to be approved'),
    ('authority', {'alarm': None}, ADMIT, 'an operator'),
    ('blast-radius', {}, ADMIT, 'no more is at stake'),
    ('blast-radius', {'instances': 500}, ADMIT, ''),
    ('blast-radius', {'limits': Limits(approve_instances=50), 'instances': 50}, ADMIT, ''),
    (
        'blast-radius',
        {'limits': Limits(approve_instances=50), 'instances': 51},
        HOLD,
        '51 instances run on the host, more than 50',
    ),
    ('blast-radius', {'limits': Limits(approve_instances=50), 'instances': AWAY}, HOLD, 'cannot'),
    ('blast-radius', {'limits': Limits(approve_instances=50)}, ADMIT, ''),
    ('blast-radius', {'limits': Limits(approve_hosts=1)}, ADMIT, ''),
    ('blast-radius', {**stale(2), 'limits': Limits(approve_hosts=1)}, HOLD, '2 hosts look failed'),
    ('blast-radius', {**stale(2), 'limits': Limits(approve_share=0.1)}, HOLD, '2 of 10 hosts'),
    ('blast-radius', {**stale(2), 'limits': Limits(approve_share=0.2)}, ADMIT, ''),
    ('blast-radius', {'services': AWAY, 'limits': Limits(approve_hosts=1)}, HOLD, 'cannot count'),
    ('blast-radius', {'services': AWAY}, ADMIT, ''),
]
COUNTS: list[Case] = [
    ('domain-failure', {}, ADMIT, 'belongs to no domain'),
    ('domain-failure', {'domains': AWAY}, HOLD, 'cannot ask what fails together'),
    ('domain-failure', zone(0.5, 1, 2, 3, 4), ADMIT, '1 of 4 of zone az1'),
    ('domain-failure', {**stale(3), **zone(0.5, 1, 2, 3, 4)}, HOLD, '3 of 4 hosts of zone az1'),
    ('domain-failure', {**stale(2), **zone(0.5, 1, 2)}, ADMIT, ''),
    ('domain-failure', {**stale(2), **zone(0.5, 1, 2, count=1)}, HOLD, 'more than 50% and more'),
    ('domain-failure', {**stale(3), **zone(None, 1, 2, 3, 4)}, ADMIT, ''),
    ('domain-failure', {**stale(3), **zone(None, 1, 2, 3, 4, count=2)}, HOLD, '3 of 4'),
    ('domain-failure', {**stale(3), **zone(0.5, 1, 5, 6, 7)}, ADMIT, '1 of 4'),
    ('domain-failure', {'services': AWAY, **zone(0.5, 1)}, HOLD, 'cannot count'),
    (
        'domain-failure',  # in flight, whatever Nova still says of them
        {**zone(0.5, 1, 2, 3, 4), 'fences': Fences(under_way=frozenset({'c2', 'c3'}))},
        HOLD,
        '3 of 4',
    ),
    ('clock', {}, ADMIT, 'there are hosts that report'),
    ('clock', {'services': AWAY}, ADMIT, 'left to the gate "mass-failure"'),
    ('clock', {'services': (service(),)}, ADMIT, ''),
    ('clock', silent_together(2, 0.5), HOLD, 'all 2 services fell silent within 1 s'),
    ('clock', silent_together(5, 0.9, state='down'), HOLD, 'all 5 services'),
    ('clock', silent_together(5, 8.0, state='down'), ADMIT, 'reports are 8 s apart'),
    ('clock', silent_together(5, 8.0), HOLD, 'yet Nova sees 5 of them up: a clock'),
    (
        'clock',
        {'services': (service(state='down'), service('c2', age=67.0), service('c3', age=63.0))},
        HOLD,
        'Nova sees 2 of them up',
    ),
    ('clock', silent_together(5, 8.0, age=3, state='down'), HOLD, 'the clock of its API may have'),
    (
        'clock',  # what is out of service on purpose says nothing
        {'services': (*silent_together(3, 0.5)['services'], service('c9', enabled=False))},
        HOLD,
        'all 3 services',
    ),
    ('storm', {}, ADMIT, 'no storm is on'),
    ('storm', stale(4), HOLD, 'a storm is on in the cloud'),
    ('storm', {**stale(3), **zone(0.5, 1, 2, 3, 4)}, HOLD, 'a storm is on in zone az1'),
    ('storm', storm('cloud', 299), HOLD, 'seen 5 min ago; nothing begins for another 1 s'),
    ('storm', storm('cloud', 300), ADMIT, ''),
    ('storm', storm('zone:az1', 10), ADMIT, ''),
    ('storm', {**storm('zone:az1', 10), **zone(0.5, 1, 2, 3)}, HOLD, 'a storm in zone az1'),
    ('storm', {**storm('zone:az2', 10), **zone(0.5, 1, 2, 3)}, ADMIT, ''),
    ('storm', {**storm('zone:az2', 10), 'domains': Missing('x')}, HOLD, 'a storm in zone az2'),
    ('storm', {**storm('cloud', 10), 'limits': Limits(storm_cooldown_seconds=0)}, ADMIT, ''),
]
BUDGETS: list[Case] = [
    ('fence-budget', {'fences': Fences(frozenset('abc'))}, ADMIT, ''),
    (
        'fence-budget',  # 1 of 10 is a third of the way to 30 %
        {'fences': Fences(frozenset('abcd'))},
        HOLD,
        '4 are allowed while 1 of 10 hosts look failed (5 else)',
    ),
    ('fence-budget', {**stale(3), 'fences': Fences(frozenset('ab'))}, HOLD, '2 are allowed'),
    ('fence-budget', {**stale(3), 'fences': Fences(frozenset('a'))}, ADMIT, ''),
    (
        'fence-budget',  # who approved the mass failure has seen how much is broken
        {**stale(8), 'approval': APPROVED, 'fences': Fences(frozenset('abcd'))},
        ADMIT,
        '',
    ),
    (
        'fence-budget',
        {**stale(8), 'approval': APPROVED, 'fences': Fences(frozenset('abcde'))},
        HOLD,
        '5 hosts were fenced within 10 min, and 5 are allowed',
    ),
    ('fence-budget', {'services': AWAY, 'fences': Fences(frozenset('a'))}, ADMIT, ''),
    ('fence-budget', {'services': AWAY, 'fences': Fences(frozenset('ab'))}, HOLD, 'nobody can'),
]
STAKES: list[Case] = [
    ('carries', {}, ADMIT, 'carries nothing else'),
    ('carries', {**carried('c1'), 'services': AWAY}, HOLD, 'cannot count'),
    ('carries', carried('c1', 'c2', 'c3'), ADMIT, 'database (1 of 3 down)'),
    (
        'carries',
        {**stale(2), **carried('c1', 'c2', 'c3')},
        HOLD,
        '2 hosts down that carry database',
    ),
    ('carries', {**stale(2), **carried('c1', 'c2', 'c3', database=2)}, ADMIT, ''),
    ('carries', carried('c1', 'c2', database=0), HOLD, '1 hosts down that carry database (c1)'),
    ('carries', {**stale(2), **carried('c1', 'c5')}, ADMIT, ''),
    (
        'carries',  # out for days is no failure of now, and still down
        {
            'services': (service(), service('c2', age=9e5, enabled=False, state='down')),
            **carried('c1', 'c2'),
        },
        HOLD,
        '(c1, c2)',
    ),
    (
        'carries',
        {**carried('c1', 'c2'), 'fences': Fences(under_way=frozenset({'c2'}))},
        HOLD,
        '(c1, c2)',
    ),
    ('own-host', {}, ADMIT, 'no worker of ours'),
    ('own-host', {'workers_here': ('w1',), 'workers_elsewhere': ('w2',)}, ADMIT, 'another worker'),
    ('own-host', {'workers_here': ('w1',)}, HOLD, 'not cut off runs on c1 (w1)'),
    ('own-host', {'workers_elsewhere': ('w2',)}, ADMIT, ''),
    ('capacity', {}, ADMIT, '9 other hosts'),
    ('capacity', {'services': AWAY}, ADMIT, 'nobody knows'),
    ('capacity', stale(10), ADMIT, 'warning: no other host is up and enabled'),
]
MORE: list[Case] = [
    *SWITCHES, *ISOLATION, *LIFE, *ASKING, *COUNTS, *BUDGETS, *STAKES, *KINDS,
]  # fmt: skip
