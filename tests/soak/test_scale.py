"""Many hosts at once: what held is said and fenced in time, judged by the truth of the world."""

from __future__ import annotations

import time

import pytest

from recovery.db import states, tables
from recovery.operate import hold
from tests.stage import Stage, play

HOSTS, BEHIND = 1000, 400
ALARMS = 20  #: that arrive while the switch is down; each of them is decided by itself
REAL_SECONDS = 60.0  #: for all of them on a loaded machine; printed, a fraction of it elsewhere


@pytest.mark.slow
def test_a_switch_dies(capsys: pytest.CaptureFixture[str]) -> None:
    """W17: four hundred of a thousand hosts fall silent, and nobody is fenced."""
    with play(hosts=HOSTS, instances=0, conf={'policy.settle_seconds': 15.0}) as stage:
        stage.watcher()
        stage.worker('w1')
        silent = [f'compute-{number:02d}' for number in range(1, BEHIND + 1)]
        for host in silent:
            stage.world.isolate(host)
        stage.run(65.0)
        virtual, real = stage.clock.elapsed(), time.perf_counter()
        answers = {stage.alarm(host).answer for host in silent[:ALARMS]}
        virtual, real = stage.clock.elapsed() - virtual, time.perf_counter() - real
        with capsys.disabled():
            print(f'\n{ALARMS} alarms about {BEHIND} of {HOSTS} silent hosts: '
                  f'{virtual:.1f} s of virtual time, {real:.1f} s of real time')  # fmt: skip
        assert answers == {'hold'}
        assert virtual <= 5.0
        assert real <= REAL_SECONDS
        stage.run(20.0)
        for host in silent:
            stage.world.reconnect(host)
        stage.run(30.0)
        assert not list(stage.world.trace.find('asked.off'))
        assert not stage.broken()
        quiet = {states.HELD, states.CANCELLED, states.UNDONE}
        assert {row['state'] for row in stage.recoveries()} <= quiet


@pytest.mark.slow
def test_a_rack_is_fenced_side_by_side() -> None:
    """Forty hosts without power, held as a mass failure, and approved: as wide as budget and
    worker allow, all of them within a minute, and no two of them one after the other."""
    conf = {'policy.mass_count': 5, 'policy.mass_share': 0.1, 'policy.fence_budget': 100,
            'worker.recoveries': 40}  # fmt: skip
    with play(hosts=100, instances=100, conf=conf) as stage:
        stage.watcher()
        stage.worker('w1')
        rack = [f'compute-{number:02d}' for number in range(1, 41)]
        for host in rack:
            stage.world.crash(host)
        stage.run(65.0)
        assert {stage.alarm(host).answer for host in rack} == {'hold'}
        stage.run(20.0)
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


def _approve(stage: Stage, recovery: str) -> None:
    stage.ask(lambda: hold.approve(stage.site.store, recovery, by='ann', reason='the rack is dark'))
