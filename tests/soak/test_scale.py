"""Many hosts at once: what held is said once and fenced in time, judged by the truth."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from recovery.bus.emission import Emission
from recovery.db import states, tables
from recovery.operate import hold
from recovery.service.rounds import every
from recovery.view.numbers import count
from tests.stage import Stage, play

ALARMS = 20  #: that arrive while the switch is down; each of them is decided by itself
SETTLED = {'policy.settle_seconds': 15.0, 'policy.storm_cooldown_seconds': 30.0}
#: Questions to Nova and to the database for one alarm, of a cloud ten times the size: none may
#: be asked for each host. Room for what is written again when a batch is full.
MORE_QUESTIONS = 1.5


@pytest.mark.slow
def test_a_switch_dies(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """W17: four hundred of a thousand hosts fall silent. Nobody is fenced, an alarm costs about
    what it costs in a cloud of a hundred, and operators are told one story."""
    small = _switch_dies(100)
    with caplog.at_level(logging.INFO):
        large = _switch_dies(1000)
    told = [one.getMessage() for one in caplog.records if one.name.startswith('recovery')]
    with capsys.disabled():
        print(f'\n{ALARMS} alarms, 40% of the hosts silent: {large / small:.2f} times the '
              f'questions of 100 hosts at 1000 ({large} to {small})')  # fmt: skip
    assert large <= MORE_QUESTIONS * small
    assert len(told) < ALARMS, told


def _switch_dies(hosts: int) -> int:
    """How many questions were asked, of Nova and of the database, to decide about the alarms."""
    with play(hosts=hosts, instances=0, conf=SETTLED) as stage:
        stage.watcher()
        stage.worker('w1')
        bus = _listen(stage)
        silent = [f'compute-{number:02d}' for number in range(1, hosts * 2 // 5 + 1)]
        for host in silent:
            stage.world.isolate(host)
        stage.run(65.0)
        virtual, web = stage.clock.elapsed(), sum(stage.world.faults.counts().values())
        with _statements() as said:
            answers = {stage.alarm(host).answer for host in silent[:ALARMS]}
        asked = len(said) + sum(stage.world.faults.counts().values()) - web
        assert answers == {'hold'}
        assert stage.clock.elapsed() - virtual <= 5.0
        stage.run(20.0)
        with stage.site.store.read() as connection:
            numbers = count(connection, stage.clock.now(), 60.0)
        assert numbers.storm
        assert sum(numbers.held.values()) == ALARMS
        assert len(numbers.held) == 1, 'one alert, not one for each host'
        for host in silent:
            stage.world.reconnect(host)
        stage.until(stage.ended, 120.0)
        stage.run(60.0)
        _one_story(stage, bus)
        return asked


def _one_story(stage: Stage, bus: list[str]) -> None:
    story = [str(row['what']) for row in stage.rows(tables.event)]
    # The one that it was noticed by says so in its own story, too.
    assert story == ['a storm began in the cloud', 'held', 'the storm in the cloud is over']
    assert f'{ALARMS} cancelled' in stage.rows(tables.event)[-1]['why']
    assert bus == ['recovery.event'] * len(story)
    assert {row['state'] for row in stage.recoveries()} == {states.CANCELLED}
    assert not list(stage.world.trace.find('asked.off'))
    assert not stage.broken()


def _listen(stage: Stage) -> list[str]:
    """What the bus is told from now on: the types of its messages."""
    got: list[str] = []
    emission = Emission(stage.process('teller', 'watcher'), lambda kind, _payload: got.append(kind))
    stop = threading.Event()
    stage.clock.spawn('teller', lambda: every(stage.clock, 1.0, emission.sweep, stop))
    stage.run(1.0)
    return got


@contextlib.contextmanager
def _statements() -> Iterator[list[str]]:
    """Every statement that is sent to a database meanwhile."""
    said: list[str] = []

    def hear(_c: object, _cursor: object, sql: str, *_more: Any) -> None:
        said.append(sql)

    sa.event.listen(sa.Engine, 'before_cursor_execute', hear)
    try:
        yield said
    finally:
        sa.event.remove(sa.Engine, 'before_cursor_execute', hear)


@pytest.mark.slow
def test_a_rack_is_fenced_side_by_side() -> None:
    """Forty hosts without power, held as a mass failure, and approved: as wide as budget and
    worker allow, all of them within a minute, and no two of them one after the other."""
    conf = {'policy.mass_count': 5, 'policy.mass_share': 0.1, 'policy.fence_budget': 100,
            'worker.recoveries': 40}  # fmt: skip
    with play(hosts=100, instances=100, conf=conf) as stage:
        stage.watcher()
        stage.worker('w1')
        rack = _dark(stage, 40)
        assert not list(stage.world.trace.find('asked.off'))
        for row in stage.recoveries():
            _approve(stage, str(row['id']))
        stage.until(stage.ended, 120.0)
        asked = [event.when for event in stage.world.trace.find('asked.off')]
        assert len(asked) == len(rack)
        assert max(asked) - min(asked) <= 10.0
        assert {row['state'] for row in stage.recoveries()} == {states.DONE}
        assert {row['state'] for row in stage.rows(tables.item)} == {'moved'}
        assert not stage.broken()


@pytest.mark.slow
def test_a_rack_is_fenced_no_wider_than_the_budget() -> None:
    """Eight of twenty hosts, all approved, and a budget of four in ten minutes: four side by side
    at once, and the other four side by side as soon as those have left the window."""
    conf = {'policy.mass_count': 3, 'policy.mass_share': 0.1, 'policy.fence_budget': 4,
            'policy.fence_window_seconds': 600.0, 'worker.recoveries': 8}  # fmt: skip
    with play(hosts=20, instances=20, conf=conf) as stage:
        stage.watcher()
        stage.worker('w1')
        rack = _dark(stage, 8)
        for row in stage.recoveries():
            _approve(stage, str(row['id']))
        stage.until(stage.ended, 1800.0)
        asked = sorted(event.when for event in stage.world.trace.find('asked.off'))
        assert len(asked) == len(rack)
        assert asked[3] - asked[0] <= 10.0
        assert 600.0 <= asked[4] - asked[0] <= 700.0
        assert asked[7] - asked[4] <= 30.0
        assert not stage.broken()


def _dark(stage: Stage, count: int) -> list[str]:
    """So many hosts crash together, and their alarms are held."""
    rack = [f'compute-{number:02d}' for number in range(1, count + 1)]
    for host in rack:
        stage.world.crash(host)
    stage.run(65.0)
    assert {stage.alarm(host).answer for host in rack} == {'hold'}
    stage.run(20.0)
    return rack


def _approve(stage: Stage, recovery: str) -> None:
    stage.ask(lambda: hold.approve(stage.site.store, recovery, by='ann', reason='the rack is dark'))
