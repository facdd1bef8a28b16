"""What holds recoveries back is found before it is needed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from recovery.db import guards, windows
from recovery.db.windows import Window
from recovery.view import doctor_policy
from recovery.view.finding import Finding, Level
from tests.stage import Stage, play


@pytest.fixture
def stage() -> Iterator[Stage]:
    with play(hosts=3, instances=0) as made:
        yield made


def said(found: Iterator[Finding]) -> list[tuple[str, str, str]]:
    return [(one.level.value, one.finding, one.todo) for one in found]


def test_switches_and_windows_of_every_scope(stage: Stage) -> None:
    site, now = stage.site, stage.clock.now()
    assert said(doctor_policy.switches(site)) == [('ok', 'armed, and not paused', '')]
    with site.store.write() as connection:
        guards.pause(connection, by='ann', reason='x', now=now, scope='host:c1')
        guards.disarm(connection, by='bob', reason='y', now=now)
        for number, begins in ((1, now), (2, now + 50)):
            one = Window(str(number) * 36, 'segment:a', begins, now + 90, 'eve', 'z', now)
            windows.add(connection, one)
    assert said(doctor_policy.switches(site)) == [
        ('warn', 'host c1 is paused by ann: x', 'recovery unpause --host c1'),
        ('warn', 'disarmed by bob: y', 'recovery arm'),
        ('warn', 'segment a is left alone for 1 min 30 s: z', 'recovery window close 11111111'),
    ]


def isolation(stage: Stage, *witnesses: str, arbitrator: str | None = None) -> list[str]:
    stage.conf.set_override('witnesses', list(witnesses), 'isolation')
    stage.conf.set_override('arbitrator', arbitrator, 'isolation')
    stage.run(10.0)  # what was seen before is forgotten
    return [
        f'{one.level}: {one.finding}'
        for one in stage.ask(lambda: list(doctor_policy.isolation(stage.site)))
    ]


def test_witnesses(stage: Stage) -> None:
    assert isolation(stage) == []
    assert isolation(stage, 'sim://a', 'sim://b', 'sim://c') == ['ok: 3 of 3 witnesses are reached']
    stage.world.faults.add('witness.ask', 'drop', subject='b/*')
    assert isolation(stage, 'sim://a', 'sim://b', 'sim://c') == [
        'warn: sim://b is not reached: the connection was closed',
        'ok: 2 of 3 witnesses are reached',
    ]
    assert isolation(stage, 'sim://a', 'sim://b')[1:] == [
        'warn: 2 witnesses may be divided, and a tie holds every recovery',
        'bad: no majority of the witnesses is reached',
    ]
    assert isolation(stage, 'sim://a', 'sim://b', arbitrator='sim://x')[1:] == [
        'ok: 2 of 3 witnesses are reached'
    ]


def test_witnesses_that_cannot_be_used(stage: Stage) -> None:
    (found,) = isolation(stage, 'tcp://router')
    assert found.startswith('bad: [isolation] cannot be used: tcp://router')


def test_answers_that_are_too_old_before_the_next_ones(stage: Stage) -> None:
    stage.conf.set_override('fresh_seconds', 10.0, 'isolation')
    found = isolation(stage, 'sim://a', 'workers')
    assert 'bad: what others saw is too old after 10 s, and they look every 15 s' in found


def test_channels(stage: Stage) -> None:
    assert said(doctor_policy.life(stage.site)) == []
    stage.conf.set_override('channel', ['hold ssh://{host}', 'record nova'], 'life')
    assert said(doctor_policy.life(stage.site)) == [
        ('ok', '2 channels: hold ssh://{host}, record nova', '')
    ]
    stage.conf.set_override('channel', ['hold command:alive {host}'], 'life')
    (found,) = doctor_policy.life(stage.site)
    assert (found.level, 'whole path' in found.finding) == (Level.BAD, True)
