"""What the bus is told: all of it, in order, again when nobody knows, and from where it stopped."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import Any

import jsonschema
import pytest
import sqlalchemy as sa

from flows.stop import StoreAway
from recovery.bus import messages
from recovery.bus.away import BusAway
from recovery.bus.emission import LEASE_SECONDS, Emission
from recovery.db import events, news, tables
from recovery.operate import hold
from recovery.operate.cancel import How, cancel
from recovery.service.rounds import every
from tests.stage import Stage

HOST = 'compute-01'


class Broker:
    """Keeps what it is told, unless it is away."""

    def __init__(self) -> None:
        self.got: list[tuple[str, Mapping[str, Any]]] = []
        self.away_after: int | None = None

    def send(self, event_type: str, payload: Mapping[str, Any]) -> None:
        if self.away_after is not None and len(self.got) >= self.away_after:
            raise BusAway('refused')
        jsonschema.validate(payload, messages.schema())
        self.got.append((event_type, payload))

    def types(self) -> list[str]:
        return [kind.removeprefix('recovery.') for kind, _ in self.got]

    def keys(self) -> list[str]:
        return [payload['key'] for _, payload in self.got]

    def sentences(self) -> list[str]:
        return [payload['event']['what'] for _, payload in self.got if 'event' in payload]


@pytest.fixture
def broker() -> Broker:
    return Broker()


def tell(stage: Stage, broker: Broker, name: str = 'teller') -> threading.Event:
    """A process that tells, from now on."""
    emission = Emission(stage.process(name, 'watcher'), broker.send)
    stop = threading.Event()
    stage.clock.spawn(name, lambda: every(stage.clock, 1.0, emission.sweep, stop))
    stage.run(1.0)
    return stop


def recover(stage: Stage) -> None:
    stage.world.lose_power(HOST)
    stage.run(70.0)
    stage.worker('w1')
    stage.watcher()
    assert stage.alarm(HOST).answer == 'admit'


def over(stage: Stage) -> None:
    """The recovery has ended; only who tells lives on."""
    stage.until(stage.ended)
    for name in ('w1', 'watcher'):
        stage.stop(name)
    stage.run(3.0)


def story(stage: Stage) -> list[str]:
    return [str(row['what']) for row in stage.rows(tables.event)]


def test_a_recovery_from_its_alarm_to_its_end(stage: Stage, broker: Broker) -> None:
    tell(stage, broker)
    recover(stage)
    stage.until(stage.ended)
    stage.run(3.0)
    news = [kind for kind in broker.types() if kind != 'event']
    steps = [payload['step'] for kind, payload in broker.got if kind == messages.STEP]
    assert news == ['started', *['step'] * len(steps), 'ended']
    assert steps == ['verify-down', 'disable-service', 'power-off', 'confirm-off', 'force-down',
                     'list-instances', 'evacuate', 'report']  # fmt: skip
    assert broker.sentences() == story(stage)
    _kind, last = [one for one in broker.got if one[0] == messages.ENDED][-1]
    assert last['recovery']['state'] == 'done'
    assert last['recovery']['host'] == HOST
    assert last['items'] == {'moved': 1}
    assert len(set(broker.keys())) == len(broker.keys())


def test_what_is_held_says_why_once(stage: Stage, broker: Broker) -> None:
    tell(stage, broker)
    stage.watcher()
    stage.world.freeze_agent(HOST)
    stage.run(10.0)
    assert stage.alarm(HOST).answer == 'hold'
    stage.run(16.0)
    held = [payload['recovery'] for kind, payload in broker.got if kind == messages.HELD]
    assert [(one['code'], one['state']) for one in held] == [('nova', 'held')]
    assert held[0]['verb'].startswith('recovery approve')


STORMY = {'policy.mass_count': 1, 'policy.mass_share': 0.3, 'policy.storm_cooldown_seconds': 30.0}


@pytest.mark.parametrize('stage', [STORMY], indirect=True)
def test_a_storm_is_one_message_when_it_begins_and_one_when_it_is_over(
    stage: Stage, broker: Broker
) -> None:
    tell(stage, broker)
    stage.watcher()
    hosts = ('compute-01', 'compute-02')
    for host in hosts:
        stage.world.isolate(host)
    stage.run(65.0)
    assert {stage.alarm(host).answer for host in hosts} == {'hold'}
    stage.run(20.0)
    # The one that it was noticed by has a story that begins; those that follow have none.
    assert broker.sentences() == ['a storm began in the cloud', 'held']
    for host in hosts:
        stage.world.reconnect(host)
    stage.until(stage.ended)
    stage.run(60.0)
    assert broker.sentences()[2:] == ['the storm in the cloud is over']
    assert broker.types() == ['event'] * 3
    assert '2 cancelled' in broker.got[-1][1]['event']['why']


@pytest.mark.parametrize('stage', [STORMY], indirect=True)
def test_what_becomes_of_one_that_was_in_a_storm_is_told(stage: Stage, broker: Broker) -> None:
    """Approved, or ended by an operator: that is no longer the story of the storm."""
    tell(stage, broker)
    stage.watcher()
    stage.worker('w1')
    for host in ('compute-01', 'compute-02'):
        stage.world.crash(host)
    stage.run(65.0)
    one, other = (str(stage.alarm(host).recovery) for host in ('compute-01', 'compute-02'))
    stage.ask(lambda: hold.approve(stage.site.store, one, by='ann', reason='it burns'))
    stage.ask(lambda: cancel(stage.site.store, other, How.LEAVE, by='ann', reason='it is scrap'))
    stage.until(stage.ended)
    stage.run(3.0)
    ended = [news['recovery'] for kind, news in broker.got if kind == messages.ENDED]
    assert {(row['id'], row['state']) for row in ended} == {(one, 'done'), (other, 'cancelled')}
    assert messages.HELD not in [kind for kind, _ in broker.got]


def test_what_was_before_the_first_start_is_no_news(stage: Stage, broker: Broker) -> None:
    recover(stage)
    over(stage)
    tell(stage, broker)
    stage.run(10.0)
    assert broker.sentences() == []


def test_a_broker_that_is_away_loses_nothing_and_is_not_asked_all_the_time(
    stage: Stage, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    tell(stage, broker)
    broker.away_after = 0
    with caplog.at_level(logging.WARNING, 'recovery.bus'):
        recover(stage)
        over(stage)
        stage.run(300.0)
    assert [record.levelname for record in caplog.records if 'away' in record.message] == [
        'WARNING'
    ]
    broker.away_after = None
    stage.run(61.0)
    assert broker.sentences() == story(stage)
    assert broker.types()[-1] == 'ended'
    assert len(set(broker.keys())) == len(broker.keys())


@pytest.mark.parametrize('after', [1, 2, 5, 8])
def test_cut_off_in_the_middle_it_goes_on_there(stage: Stage, broker: Broker, after: int) -> None:
    tell(stage, broker)
    broker.away_after = after
    recover(stage)
    over(stage)
    broker.away_after = None
    stage.run(61.0)
    assert broker.sentences() == story(stage)
    assert broker.types()[-1] == 'ended'
    assert len(set(broker.keys())) == len(broker.keys())


def test_one_of_two_tells_and_the_other_goes_on(stage: Stage, broker: Broker) -> None:
    tell(stage, broker, 'teller-1')
    tell(stage, broker, 'teller-2')
    recover(stage)
    stage.until(lambda: stage.state() == 'running')
    stage.run(2.0)
    assert broker.types().count('step') in range(1, 8)
    stage.clock.kill('teller-1')
    over(stage)
    stage.run(2 * LEASE_SECONDS + 5)
    assert sorted(set(broker.sentences())) == sorted(story(stage))
    ended = [payload for kind, payload in broker.got if kind == messages.ENDED]
    assert len(ended) == 1
    # The state as a whole is told again, under the keys that it had.
    keys = broker.keys()
    again = [key for key in keys if keys.count(key) > 1]
    assert all(not key.startswith('event:') for key in again)


def test_it_ended_while_nobody_told(stage: Stage, broker: Broker) -> None:
    stop = tell(stage, broker)
    stop.set()
    stage.run(2.0)
    recover(stage)
    over(stage)
    stage.run(3600.0)
    tell(stage, broker, 'next')
    stage.run(2 * LEASE_SECONDS)
    assert broker.sentences() == story(stage)
    assert broker.types()[-1] == 'ended'


@pytest.mark.parametrize('stage', [{'bus.backlog_hours': 0.1}], indirect=True)
def test_what_is_too_old_is_counted(stage: Stage, broker: Broker) -> None:
    tell(stage, broker)
    broker.away_after = 0
    add(stage, 'old 1')
    add(stage, 'old 2')
    stage.run(370.0)
    add(stage, 'young')
    broker.away_after = None
    stage.run(61.0)
    assert broker.types() == ['skipped', 'event']
    assert broker.got[0][1]['skipped'] == 2
    assert broker.sentences() == ['young']


def test_a_number_that_is_missing_is_waited_for(stage: Stage, broker: Broker) -> None:
    """Another transaction may have taken it and not be committed yet."""
    tell(stage, broker)
    add(stage, 'first', number=101)
    add(stage, 'third', number=103)
    stage.run(12.0)
    assert broker.sentences() == ['first', 'third']  # a gap is no gap for ever
    add(stage, 'fifth', number=105)
    stage.run(2.0)
    add(stage, 'fourth', number=104)
    stage.run(2.0)
    assert broker.sentences() == ['first', 'third', 'fourth', 'fifth']


def add(stage: Stage, what: str, number: int | None = None) -> None:
    """A sentence of the service's own story."""
    with stage.site.store.write() as connection:
        if number is None:
            events.add(connection, 'ann', what, at=stage.clock.now())
            return
        row = {'id': number, 'at': stage.clock.now(), 'who': 'ann', 'what': what, 'why': ''}
        connection.execute(sa.insert(tables.event).values(**row))


def test_a_word_about_one_that_ended_long_ago_is_no_second_end(
    stage: Stage, broker: Broker
) -> None:
    tell(stage, broker)
    recover(stage)
    over(stage)
    stage.run(300.0)
    before = len(broker.got)
    with stage.site.store.write() as connection:
        recovery = stage.recovery()['id']
        events.add(connection, 'ann', 'looked', at=stage.clock.now(), recovery=recovery)
    stage.run(3.0)
    assert broker.types()[before:] == ['event']


def test_a_database_that_is_away_is_no_end(
    stage: Stage, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(stage, broker)
    with monkeypatch.context() as patch:

        def away(*_more: object) -> None:
            raise StoreAway('locked')

        patch.setattr(news, 'events_after', away)
        stage.run(10.0)
    add(stage, 'after')
    stage.run(3.0)
    assert broker.sentences() == ['after']
