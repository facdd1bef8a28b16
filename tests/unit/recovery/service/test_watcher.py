"""The watcher: every due row is looked at, whatever becomes of the others."""

from __future__ import annotations

import dataclasses
import itertools
import threading

import pytest

from flows.stop import StoreAway
from recovery.db import hosts, tables
from recovery.intake import again
from recovery.service.watcher import Watcher
from tests.stage import Stage
from tests.unit.recovery.service.test_life import HOST, WHEN_BACK, recovered


def held(stage: Stage) -> None:
    """A dead host with a recovery that is held because the service is paused."""
    stage.world.lose_power(HOST)
    stage.run(70.0)


def test_it_shows_that_it_lives(stage: Stage) -> None:
    stage.watcher()
    stage.run(30.0)
    (row,) = stage.rows(tables.worker)
    assert (row['name'], row['kind']) == ('watcher', 'watcher')
    assert row['seen_at'] > stage.clock.now() - 15


def test_beside_a_worker_the_process_is_shown_once(stage: Stage) -> None:
    stage.site.identity = dataclasses.replace(stage.site.identity, kind='standalone')
    Watcher(stage.site).sweep()
    assert stage.rows(tables.worker) == []


def test_it_stops_at_once(stage: Stage) -> None:
    stage.watcher()
    stage.run(5.0)
    stage.stop('watcher')
    stage.run(stage.conf.watcher.life_seconds)
    assert not [name for name in stage.clock.actors if name.startswith('watcher')]


def test_what_is_ready_comes_on_the_board(stage: Stage) -> None:
    held(stage)
    assert stage.alarm(HOST).answer == 'admit'
    stage.watcher()
    stage.run(2.0)
    (job,) = stage.rows(tables.job)
    assert job['id'] == stage.recovery()['id']


def test_a_database_that_is_away_ends_nothing(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[float] = []

    def sweep(_site: object) -> int:
        looks.append(stage.clock.elapsed())
        raise [StoreAway('locked'), KeyError('a row of yesterday')][len(looks) % 2]

    monkeypatch.setattr(again, 'held', sweep)
    stage.watcher()
    stage.run(10.0)
    assert len(looks) >= 10


@pytest.mark.parametrize('stage', [WHEN_BACK], indirect=True)
def test_a_host_that_comes_back_is_seen(stage: Stage) -> None:
    recovered(stage)
    stage.watcher()
    stage.run(20.0)
    stage.world.give_power(HOST)
    stage.run(20.0)
    assert [row['kind'] for row in stage.recoveries()] == ['host-down', 'host-return']


@pytest.mark.parametrize('stage', [WHEN_BACK], indirect=True)
def test_devices_that_hang_do_not_keep_it_from_its_rows(stage: Stage) -> None:
    """Many dead BMCs take their whole time-out each, while alarms come in."""
    recovered(stage)
    with stage.site.store.write() as connection:
        hosts.put(connection, 'compute-02', failed_by='x' * 36)
    stage.world.faults.add('bmc.*', 'hang')
    times: list[float] = []
    site = stage.site
    watching = Watcher(site)
    real = watching.sweep

    def sweep() -> None:
        times.append(stage.clock.elapsed())
        real()

    watching.sweep = sweep  # type: ignore[method-assign]
    stop = threading.Event()
    stage.clock.spawn('looking', lambda: watching.run(stop))
    stage.run(30.0)
    stop.set()
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert max(gaps) < 2.0
