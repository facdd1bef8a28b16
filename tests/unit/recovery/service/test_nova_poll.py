"""Nova's silence as an alarm: of hosts that were up, by one watcher, with one request a look."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from drivers.contracts.errors import Unreachable
from recovery.db import guards, tables
from recovery.site import Once
from tests.stage import Stage

HOST = 'compute-01'
POLL = 15.0
CONF = {
    'watcher.poll': 'on',
    'watcher.poll_seconds': POLL,
    'watcher.sweep_seconds': 5.0,
}
polling = pytest.mark.parametrize('stage', [CONF], indirect=True)
EVIDENCE = CONF | {'sources.authority': ['nova evidence']}


def alarms(stage: Stage) -> list[tuple[Any, ...]]:
    return [
        (row['source'], row['kind'], row['subject'], row['answer'])
        for row in stage.rows(tables.alarm)
    ]


def asked(stage: Stage) -> int:
    return len([one for one in stage.world.faults.requests if one.kind == 'nova.services'])


def seen_up(stage: Stage, *names: str) -> None:
    """Watchers that have looked while every host was up."""
    for name in names or ('watcher',):
        stage.watcher(name)
    stage.run(2 * POLL)


def test_off_it_asks_nothing(stage: Stage) -> None:
    seen_up(stage)
    stage.world.lose_power(HOST)
    stage.run(600.0)
    assert alarms(stage) == []
    assert asked(stage) == 0


@polling
def test_a_silent_host_becomes_one_alarm_and_one_recovery(stage: Stage) -> None:
    seen_up(stage)
    stage.world.lose_power(HOST)
    stage.run(60.0)
    assert alarms(stage) == []  # silent, but for less than poll_down_seconds
    stage.run(60.0)
    assert alarms(stage) == [('nova', 'host-down', HOST, 'admit')]
    stage.run(1200.0)
    assert alarms(stage) == [('nova', 'host-down', HOST, 'admit')]
    assert [row['host'] for row in stage.recoveries()] == [HOST]


@polling
def test_three_watchers_ask_once_a_look_and_another_takes_over(stage: Stage) -> None:
    seen_up(stage, 'watcher-1', 'watcher-2', 'watcher-3')
    before = asked(stage)
    stage.run(10 * POLL)
    assert asked(stage) - before == 10
    (holder,) = [row['by'] for row in stage.rows(tables.guard) if row['name'] == 'duty:nova-poll']
    stage.kill(holder)
    stage.world.lose_power(HOST)
    stage.run(240.0)
    assert alarms(stage) == [('nova', 'host-down', HOST, 'admit')]


@polling
def test_one_that_stops_in_order_is_followed_at_the_next_look(stage: Stage) -> None:
    seen_up(stage, 'watcher-1', 'watcher-2')
    (holder,) = [row['by'] for row in stage.rows(tables.guard) if row['name'] == 'duty:nova-poll']
    stage.stop(holder)
    stage.run(6.0)
    before = asked(stage)
    stage.run(2 * POLL)
    assert asked(stage) - before == 2


@polling
def test_it_died_while_no_watcher_lived(stage: Stage) -> None:
    seen_up(stage)
    stage.kill('watcher')
    stage.world.lose_power(HOST)
    stage.run(600.0)
    stage.watcher('another')
    stage.run(120.0)
    assert alarms(stage) == [('nova', 'host-down', HOST, 'admit')]


@polling
def test_what_was_never_seen_up_is_no_alarm(stage: Stage) -> None:
    stage.world.lose_power(HOST)
    stage.run(120.0)
    stage.watcher()
    stage.run(600.0)
    assert alarms(stage) == []
    stage.world.give_power(HOST)
    stage.run(120.0)
    stage.world.lose_power(HOST)
    stage.run(120.0)
    assert alarms(stage) == [('nova', 'host-down', HOST, 'admit')]


@polling
@pytest.mark.parametrize('marks', [{'enabled': False}, {'forced_down': True}])
def test_what_somebody_put_out_of_service_is_no_alarm(stage: Stage, marks: Any) -> None:
    seen_up(stage)
    (service,) = [
        one for one in stage.ask(lambda: stage.site.compute.services(timeout=5.0))
        if one.host == HOST
    ]  # fmt: skip
    stage.ask(lambda: stage.site.compute.set_service(service.id, timeout=5.0, **marks))
    stage.world.lose_power(HOST)
    stage.run(600.0)
    assert alarms(stage) == []


def close(stage: Stage) -> None:
    """Its compute service dies, and we close it to the scheduler."""
    seen_up(stage)
    stage.worker('w1')
    stage.world.kill_agent(HOST)
    stage.alarm(HOST, kind='service-down')
    stage.until(lambda: not stage.world.hosts[HOST].enabled)


@pytest.mark.parametrize('stage', [CONF | {'restore.service_policy': 'never'}], indirect=True)
def test_a_host_that_we_closed_and_that_reported_since(stage: Stage) -> None:
    close(stage)
    stage.until(stage.ended)
    stage.run(300.0)
    assert alarms(stage) == [('test', 'service-down', HOST, 'admit')]  # it lives, for all we know
    stage.world.start_agent(HOST)
    stage.run(300.0)
    stage.world.lose_power(HOST)
    stage.run(150.0)
    assert ('nova', 'host-down', HOST, 'admit') in alarms(stage)
    assert len(alarms(stage)) == 2


@pytest.mark.parametrize(
    'stage', [CONF | {'life.channel': ['hold sim:ssh of {host}', 'hold nova']}], indirect=True
)
def test_a_host_that_we_closed_and_that_shows_no_sign_of_life(stage: Stage) -> None:
    close(stage)
    stage.run(300.0)
    assert alarms(stage) == [('test', 'service-down', HOST, 'admit')]
    stage.world.lose_power(HOST)
    stage.run(60.0)
    assert ('nova', 'host-down', HOST, 'admit') in alarms(stage)
    assert {row['kind']: row['state'] for row in stage.recoveries()}['service-down'] == 'superseded'


@polling
def test_without_a_channel_its_silence_says_nothing(stage: Stage) -> None:
    close(stage)
    stage.run(600.0)
    assert alarms(stage) == [('test', 'service-down', HOST, 'admit')]


@pytest.mark.parametrize('stage', [EVIDENCE], indirect=True)
def test_as_evidence_it_starts_nothing_and_is_not_said_each_minute(stage: Stage) -> None:
    seen_up(stage)
    stage.world.lose_power(HOST)
    stage.run(3600.0)
    assert alarms(stage) == [('nova', 'host-down', HOST, 'ignore')]
    assert stage.recoveries() == []
    assert len(stage.rows(tables.decision)) < 8
    assert stage.alarm(HOST).answer == 'admit'


@polling
def test_many_at_once_meet_the_gates_of_a_mass_failure(stage: Stage) -> None:
    seen_up(stage)
    for host in stage.world.hosts:
        stage.world.lose_power(host)
    stage.run(150.0)
    assert {answer for *_, answer in alarms(stage)} == {'hold'}
    assert stage.world.faults.counts().get('bmc.power-off', 0) == 0


@polling
def test_a_nova_that_is_away_is_asked_less_and_less(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    seen_up(stage)
    fault = stage.world.faults.add('nova.services', 'error', 500)
    before = asked(stage)
    with caplog.at_level(logging.WARNING, 'recovery.service.nova_poll'):
        stage.run(1800.0)
    said = [one for one in caplog.records if one.name == 'recovery.service.nova_poll']
    assert len(said) == 1
    assert 'Nova is not polled until it answers' in said[0].getMessage()
    assert 5 < asked(stage) - before < 30  # at a look each 15 s it would be 120
    stage.world.faults.remove(fault)
    stage.world.lose_power(HOST)
    stage.run(420.0)
    assert alarms(stage) == [('nova', 'host-down', HOST, 'admit')]


@polling
def test_a_watcher_that_is_cut_off_from_nova_lets_another_one_poll(stage: Stage) -> None:
    seen_up(stage, 'watcher-1', 'watcher-2')
    (holder,) = [row['by'] for row in stage.rows(tables.guard) if row['name'] == 'duty:nova-poll']
    site, asked = stage.sites[holder], list[float]()

    class CutOff:
        def services(self, *, timeout: float) -> None:
            asked.append(stage.clock.elapsed())
            raise Unreachable('no route')

        def __getattr__(self, name: str) -> Any:
            return getattr(stage.site.compute, name)

    site._compute = Once(CutOff)  # type: ignore[arg-type]
    stage.world.lose_power(HOST)
    stage.run(300.0)
    assert alarms(stage) == [('nova', 'host-down', HOST, 'admit')]
    assert 3 <= len(asked) < 8


@polling
def test_a_held_recovery_that_expired_is_said_again(stage: Stage) -> None:
    stage.conf.set_override('expire_seconds', 300.0, 'watcher')
    seen_up(stage)
    with stage.site.store.write() as connection:
        guards.pause(connection, by='ann', reason='work', now=stage.clock.now())
    stage.world.lose_power(HOST)
    stage.run(3600.0)
    states = {row['state'] for row in stage.recoveries()}
    assert 'expired' in states
    assert len(stage.recoveries()) > 1
