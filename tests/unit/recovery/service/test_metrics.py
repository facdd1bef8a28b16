"""The numbers of the site as Prometheus reads them."""

from __future__ import annotations

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from recovery.db import tables
from recovery.db.store import Store
from recovery.service.metrics import SiteCollector, site_registry
from recovery.service.tally import Tally
from tests.stage import Stage

HOST = 'compute-01'


def numbers(stage: Stage) -> dict[tuple[str, ...], float]:
    """Every sample: its name, then the values of its labels, by the labels' names."""
    text = generate_latest(site_registry(stage.site, SiteCollector(stage.site))).decode()
    return {
        (sample.name, *(sample.labels[key] for key in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_an_idle_site_has_zeros_and_no_gaps(stage: Stage) -> None:
    found = numbers(stage)
    assert found['recovery_database_up',] == 1
    assert found['recovery_recoveries', 'host-down', 'waiting'] == 0
    assert found['recovery_ended_recently', 'host-return', 'expired'] == 0
    assert found['recovery_processes', 'worker', 'alive'] == 0
    assert found['recovery_fence_paths', 'broken'] == 0
    assert found['recovery_queue_age_seconds',] == 0


def test_a_fence_that_fails_is_seen_as_one(stage: Stage) -> None:
    """S26: from the alarm to the number."""
    stage.world.faults.add('bmc.power-off', 'stuck')
    stage.worker('w1')
    stage.world.crash(HOST)
    stage.run(70.0)
    stage.alarm(HOST)
    stage.until(lambda: stage.state() == 'waiting', 300.0)
    found = numbers(stage)
    assert found['recovery_waiting', 'fence-exhausted', 'host-down'] == 1
    assert found['recovery_fence_requests_recently', 'simulated', 'not-off'] >= 1
    assert found['recovery_fence_requests_recently', 'simulated', 'off'] == 0
    assert found['recovery_ended_recently', 'host-down', 'done'] == 0
    stage.world.faults.clear()
    stage.watcher()
    stage.until(stage.ended, 600.0)
    found = numbers(stage)
    assert found['recovery_ended_recently', 'host-down', 'done'] == 1
    assert found['recovery_fence_requests_recently', 'simulated', 'off'] == 1
    assert ('recovery_waiting', 'fence-exhausted', 'host-down') not in found


def test_of_an_ill_fence_path_the_host_is_named(stage: Stage) -> None:
    values = {'host': HOST, 'verdict': 'broken: x', 'at': 0.0, 'since': 0.0, 'devices': []}
    with stage.site.store.write() as connection:
        connection.execute(tables.fence_path.insert().values(**values))
    found = numbers(stage)
    assert found['recovery_fence_paths', 'broken'] == 1
    assert found['recovery_fence_path_ill', 'broken', HOST] == 1


def test_without_the_database_there_are_no_numbers_but_that(stage: Stage) -> None:
    """Numbers of an hour ago would look as if all were well."""
    (stage.folder / 'damaged.sqlite').write_text('no database ' * 1000)
    other = Store(f'sqlite:///{stage.folder}/damaged.sqlite', stage.clock)
    stage.site.store, kept = other, stage.site.store
    found = {key for key in numbers(stage) if key[0] != 'recovery_process_info'}
    stage.site.store = kept
    ours = {key for key in found if key[0].startswith('recovery_')}
    assert ours == {('recovery_database_up',)}
    other.close()


@pytest.mark.parametrize('kind', ['host-down', 'host-return', 'instance-down', 'service-down'])
def test_every_kind_has_its_zero(stage: Stage, kind: str) -> None:
    """A series that begins with its first failure shows no increase."""
    found = numbers(stage)
    assert found['recovery_recoveries', kind, 'held'] == 0
    assert found['recovery_ended_recently', kind, 'done-with-failures'] == 0


def test_who_answers_is_named_and_process_numbers_come_along(stage: Stage) -> None:
    tally = Tally(stage.clock, lambda: 1)
    text = generate_latest(site_registry(stage.site, tally.registry)).decode()
    assert 'recovery_process_info{kind="cli",name="operator"' in text
    assert 'recovery_worker_claims 1.0' in text
    assert 'recovery_database_up' not in text


@pytest.mark.parametrize('state', ['held', 'ready', 'running', 'waiting'])
def test_ages_of_all_live_states_are_there(stage: Stage, state: str) -> None:
    assert numbers(stage)['recovery_oldest_seconds', state] == 0
