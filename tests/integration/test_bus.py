"""Two real watchers on a real RabbitMQ that is away at first, and is restarted in the middle.

The senders and the listener here are oslo.messaging's own notifier and listener, with options of
their own, as anybody else on the bus has them.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import oslo_messaging
import pytest
import sqlalchemy as sa
import yaml
from oslo_config import cfg
from oslo_messaging import opts as messaging_options
from peer_scripts.servers import RabbitMQ
from peer_scripts.settings import from_environment

from drivers.clock import SystemClock
from drivers.contracts.alarms import Alarm
from drivers.simulated.app import App, clouds_yaml
from drivers.simulated.server import Server
from drivers.simulated.world import Settings, World, small_world
from recovery import plugins
from recovery.bus import messages
from recovery.conf import register
from recovery.conf.reading import read
from recovery.db import tables
from recovery.db.upgrade import upgrade
from recovery.intake.receive import receive
from recovery.operate.cancel import How, cancel
from recovery.site import Site
from tests.integration.shared import until
from tests.peers import need

WATCHER = Path(sys.executable).parent / 'recovery-watcher'
QUICK = Settings(report_interval=0.5, service_down_time=2.0, agent_seconds=0.2, boot_seconds=1.0)
HOSTS = ('compute-01', 'compute-02', 'compute-03')
CONF = """
[DEFAULT]
transport_url = {url}
[oslo_messaging_rabbit]
rabbit_retry_backoff = 0
rabbit_interval_max = 1
[database]
connection = sqlite:///{folder}/recovery.sqlite
[compute]
cloud = simulated
clouds_file = {folder}/clouds.yaml
[fencing]
inventory = {folder}/fencing.yaml
[policy]
down_seconds = 1
settle_seconds = 0
startup_seconds = 0
mass_count = 10
weakened = nova, settled, start-up, mass-failure: hosts of a small world die, and time is short
[watcher]
again_seconds = 1
fence_check_seconds = 0
[sources]
authority = bus:monitor.* start
authority = bus:* evidence
[bus]
alarms = true
nova = true
emit = true
alarm_topic = alarms_{run}
alarm_exchange = alarms_{run}
nova_topic = nova_{run}
nova_exchange = nova_{run}
pool = pool_{run}
emit_topics = told_{run}
emit_exchange = told_{run}
"""


class Bus:
    """Somebody else's side of the bus."""

    def __init__(self, url: str, run: str) -> None:
        self.url, self.run = url, run
        self.heard: list[tuple[str, Mapping[str, Any]]] = []
        self._listeners: list[Any] = []

    def _transport(self, exchange: str, quorum: bool = False) -> Any:
        conf = cfg.ConfigOpts()
        for group, options in messaging_options.list_opts():
            conf.register_opts(options, group=group)
        conf([], default_config_files=[], default_config_dirs=[])
        conf.set_override('control_exchange', exchange)
        conf.set_override('rabbit_quorum_queue', quorum, group='oslo_messaging_rabbit')
        return oslo_messaging.get_notification_transport(conf, url=self.url)

    def say(self, name: str, publisher: str, event: str, payload: Any) -> None:
        """As Nova and any monitor with oslo.messaging does it."""
        topic = f'{name}_{self.run}'
        transport = self._transport(topic, quorum=name == 'alarms')
        notifier = oslo_messaging.Notifier(
            transport, publisher, driver='messagingv2', topics=[topic], retry=2
        )
        notifier.info({}, event, payload)
        transport.cleanup()

    def alarm(self, host: str, publisher: str = 'monitor.rack-1') -> None:
        self.say('alarms', publisher, 'recovery.alarm', {'subject': host, 'key': f'{host} died'})

    def listen(self) -> None:
        topic = f'told_{self.run}'
        target = oslo_messaging.Target(topic=topic)
        listener = oslo_messaging.get_notification_listener(
            self._transport(topic), [target], [self]
        )
        listener.start()
        self._listeners.append(listener)

    def info(self, _context: Any, _publisher: str, event: str, payload: Any, _more: Any) -> None:
        jsonschema.validate(payload, messages.schema())
        self.heard.append((event, payload))

    def sentences(self) -> set[str]:
        return {one['event']['what'] for _event, one in self.heard if 'event' in one}

    def close(self) -> None:
        for listener in self._listeners:
            listener.stop()
            listener.wait()


class Watchers:
    """Two real processes, that end in order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: list[subprocess.Popen[bytes]] = []
        self.started = 0

    def start(self) -> None:
        for _ in range(2):
            self.started += 1
            with (self.folder / f'watcher-{self.started}.log').open('wb') as log:
                command = [str(WATCHER), '--config-file', str(self.folder / 'recovery.conf')]
                self.running.append(subprocess.Popen(command, stdout=log, stderr=log))

    def stop(self) -> None:
        for one in self.running:
            one.send_signal(signal.SIGTERM)
        for one in self.running:
            assert one.wait(15) == 0
        self.running.clear()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Nobody of them does anything meanwhile."""
        for one in self.running:
            one.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for one in self.running:
                one.send_signal(signal.SIGCONT)

    def close(self) -> None:
        for one in self.running:
            one.kill()
            one.wait()

    @property
    def log(self) -> str:
        return ''.join(path.read_text() for path in sorted(self.folder.glob('watcher-*.log')))


@pytest.fixture
def broker() -> Iterator[RabbitMQ]:
    """The peer itself, running again afterwards."""
    need('rabbitmq')
    found = RabbitMQ(from_environment())
    yield found
    found.start()
    found.wait()


@pytest.fixture
def bus(request: pytest.FixtureRequest) -> Iterator[Bus]:
    """On the peer; a parameter is another URL."""
    url = getattr(request, 'param', None) or need('rabbitmq').replace('amqp:', 'rabbit:')
    made = Bus(url, uuid.uuid4().hex[:8])
    yield made
    made.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    clock = SystemClock()
    made = small_world(clock, 6, 0, QUICK)
    server = Server(App(made), clock, ('127.0.0.1', 0))
    (tmp_path / 'clouds.yaml').write_text(clouds_yaml(server.url))
    server.start()
    yield made
    server.stop()


@pytest.fixture
def site(tmp_path: Path, world: World, bus: Bus) -> Site:
    """A process beside the watchers, on the same database."""
    path = tmp_path / 'recovery.conf'
    path.write_text(CONF.format(folder=tmp_path, url=bus.url, run=bus.run))
    devices = [[{'name': 'by-hand', 'driver': 'manual'}]]
    patterns = {'patterns': [{'match': '*', 'levels': devices}]}
    (tmp_path / 'fencing.yaml').write_text(yaml.safe_dump(patterns))
    (tmp_path / 'fencing.yaml').chmod(0o600)
    conf = cfg.ConfigOpts()
    register(conf)
    read(conf, ['--config-file', str(path)])
    made = plugins.open_site(conf)
    upgrade(made.store)
    return made


@pytest.fixture
def watchers(tmp_path: Path, site: Site) -> Iterator[Watchers]:
    made = Watchers(tmp_path)
    yield made
    made.close()


def rows(site: Site, table: sa.Table) -> list[Mapping[str, Any]]:
    with site.store.read() as connection:
        return [dict(row) for row in connection.execute(sa.select(table)).mappings()]


def recovered(site: Site, host: str, source: str) -> Callable[[], Any]:
    """Whether an alarm of that source has become a recovery of the host."""

    def found() -> Any:
        begun = [one['alarm'] for one in rows(site, tables.recovery) if one['host'] == host]
        told = {one['id']: one['source'] for one in rows(site, tables.alarm)}
        return [one for one in begun if told[one] == source]

    return found


def told(site: Site, bus: Bus) -> None:
    """Everything of every story was heard."""
    stories = {str(row['what']) for row in rows(site, tables.event)}
    until(f'heard: {stories} of {bus.sentences()}', lambda: stories <= bus.sentences())


def by_hand(site: Site, host: str) -> str:
    """An alarm that comes in another way, while the bus is away. Its recovery, on the board."""
    until('a watcher has the duty to tell',
          lambda: any(row['name'] == 'duty:bus-emission' for row in rows(site, tables.guard))
          )  # fmt: skip
    alarm = Alarm(source='cli', key='k', kind='host-down', subject=host, at=site.clock.now())
    outcome = until('the alarm is admitted', lambda: _taken(site, alarm))
    until('the recovery is on the board', lambda: rows(site, tables.job))
    assert outcome.recovery is not None
    return str(outcome.recovery)


@pytest.mark.parametrize('bus', ['rabbit://ann:hunter2@127.0.0.1:1/'], indirect=True)
def test_a_bus_that_never_comes(world: World, site: Site, watchers: Watchers) -> None:
    world.lose_power(HOSTS[0])
    watchers.start()
    by_hand(site, HOSTS[0])
    until('it is said', lambda: 'the bus is away' in watchers.log)
    watchers.stop()
    assert 'Traceback' not in watchers.log
    assert 'hunter2' not in watchers.log
    assert watchers.log.count('the bus is away; what is to be told waits') <= 2


def test_a_bus_that_comes_and_goes(
    broker: RabbitMQ, bus: Bus, world: World, site: Site, watchers: Watchers
) -> None:
    one, two, three = HOSTS
    for host in HOSTS:
        world.lose_power(host)

    # Away at the start: everything else works.
    broker.stop()
    watchers.start()
    recovery = by_hand(site, one)

    # Back: what happened meanwhile is told; an alarm on the bus becomes a recovery.
    broker.start()
    broker.wait()
    bus.listen()
    bus.alarm(two)
    until('the alarm from the bus is a recovery', recovered(site, two, 'bus:monitor.rack-1'))
    bus.alarm(three, publisher='stranger')
    until('the alarm of a stranger is evidence',
          lambda: [row['answer'] for row in rows(site, tables.alarm)
                   if row['source'] == 'bus:stranger'] == ['ignore'])  # fmt: skip
    bus.say('nova', 'nova-api:c1', 'service.update', _update(two))
    until('evidence', lambda: any(row['who'] == 'nova' for row in rows(site, tables.event)))
    told(site, bus)

    # Restarted in the middle, while no watcher listens: all go on, and the alarm is still there.
    with watchers.frozen():
        bus.alarm(three)
        cancel(site.store, recovery, How.LEAVE, by='ann', reason='repaired')
        broker.stop()
        broker.start()
        broker.wait()
    until('the alarm in the queue is a recovery', recovered(site, three, 'bus:monitor.rack-1'))
    told(site, bus)
    ended = [one['recovery'] for event, one in bus.heard if event == messages.ENDED]
    assert {(row['host'], row['state']) for row in ended} == {(one, 'cancelled')}
    watchers.stop()
    assert 'Traceback' not in watchers.log
    assert 'guest:guest' not in watchers.log


def _taken(site: Site, alarm: Alarm) -> Any:
    outcome = receive(site, alarm)
    return outcome if outcome.answer == 'admit' else None


def _update(host: str) -> dict[str, Any]:
    data = {'host': host, 'binary': 'nova-compute', 'disabled': True, 'forced_down': False,
            'disabled_reason': 'disk swap', 'report_count': 7}  # fmt: skip
    return {'nova_object.name': 'ServiceStatusPayload', 'nova_object.namespace': 'nova',
            'nova_object.version': '1.1', 'nova_object.data': data}  # fmt: skip
