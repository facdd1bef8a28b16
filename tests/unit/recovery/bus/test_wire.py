"""oslo.messaging as we use it: options of our own files, over the bus that it keeps in memory."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import oslo_messaging
import pytest
from oslo_config import cfg

from drivers.clock import SystemClock
from recovery import conf as groups
from recovery.bus.away import BusAway
from recovery.bus.wire import HANDLED, RABBIT, Wire, _private
from recovery.conf.reading import BadOptions

SECONDS = 10.0


def options(tmp_path: Path, text: str = '', **bus: Any) -> cfg.ConfigOpts:
    path = tmp_path / 'recovery.conf'
    path.write_text(text)
    conf = cfg.ConfigOpts()
    groups.register(conf)
    conf(['--config-file', str(path)], default_config_files=[], default_config_dirs=[])
    for name, value in bus.items():
        conf.set_override(name, value, 'bus')
    return conf


class Ear:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []
        self.some = threading.Event()

    def info(self, _context: Any, *more: Any) -> str:
        self.heard.append(more)
        self.some.set()
        return HANDLED


def test_what_is_sent_is_heard_by_an_independent_listener(tmp_path: Path) -> None:
    url = 'kombu+memory://wire'
    conf = options(tmp_path, transport_url=url, emit_topics=['a', 'b'], emit_exchange='told')
    wire, ear = Wire(conf, SystemClock()), Ear()
    transport = oslo_messaging.get_notification_transport(_private(conf), url=url)
    target = oslo_messaging.Target(topic='b', exchange='told')
    listener = oslo_messaging.get_notification_listener(transport, [target], [ear])
    listener.start()
    try:
        wire.send('recovery-watcher:c1', 'recovery.held', {'key': 'k'})
        assert ear.some.wait(SECONDS)
    finally:
        listener.stop()
        listener.wait()
    ((publisher, event, payload, metadata),) = ear.heard
    assert (publisher, event, payload) == ('recovery-watcher:c1', 'recovery.held', {'key': 'k'})
    assert metadata['message_id']
    assert metadata['timestamp'].startswith('20')


@pytest.mark.parametrize('which', ['alarm', 'nova'])
def test_listeners_hear_their_topic(tmp_path: Path, which: str) -> None:
    conf = options(tmp_path, transport_url=f'kombu+memory://{which}')
    wire, ear = Wire(conf, SystemClock()), Ear()
    listener = wire.alarm_listener(ear) if which == 'alarm' else wire.nova_listener(ear)
    topic, exchange = conf.bus[f'{which}_topic'], conf.bus[f'{which}_exchange']
    text = f'[{RABBIT}]\nrabbit_quorum_queue = {which == "alarm"}\n'
    other = options(tmp_path, text, transport_url=f'kombu+memory://{which}', emit_topics=[topic],
                    emit_exchange=exchange)  # fmt: skip
    listener.start()
    try:
        Wire(other, SystemClock()).send('somebody', 'some.type', {'n': 1})
        assert ear.some.wait(SECONDS)
    finally:
        listener.stop()
        listener.wait()
    assert [one[:3] for one in ear.heard] == [('somebody', 'some.type', {'n': 1})]


def test_a_broker_that_refuses_is_away_soon_and_without_its_password(tmp_path: Path) -> None:
    wire = Wire(options(tmp_path, transport_url='rabbit://ann:hunter2@127.0.0.1:1/'), SystemClock())
    with pytest.raises(BusAway) as away:
        wire.send('recovery', 'recovery.held', {})
    assert 'refused' in str(away.value)
    assert 'hunter2' not in str(away.value)


@pytest.mark.parametrize(
    'text',
    [
        '[DEFAULT]\ntransport_url = kombu+memory://one\n',
        '[oslo_messaging_notifications]\ntransport_url = kombu+memory://one\n',
    ],
)
def test_the_bus_of_the_site_is_found_in_our_own_file(tmp_path: Path, text: str) -> None:
    assert Wire(options(tmp_path, text), SystemClock())._url == 'kombu+memory://one'


def test_no_bus_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadOptions, match='transport_url is not set'):
        Wire(options(tmp_path), SystemClock())


@pytest.mark.parametrize(
    ('url', 'says'),
    [
        ('rabbit:/ann:hunter2@c1', 'cannot be read: give rabbit://'),
        ('rabbbit://ann:hunter2@c1:5672/', "begins with 'rabbbit'"),
    ],
)
def test_a_url_that_cannot_be_used_is_not_repeated(tmp_path: Path, url: str, says: str) -> None:
    with pytest.raises(BadOptions) as refused:
        Wire(options(tmp_path, transport_url=url), SystemClock())
    assert says in str(refused.value)
    assert 'hunter2' not in str(refused.value)


def test_only_the_queues_of_alarms_are_ours_to_choose(tmp_path: Path) -> None:
    """A queue of Nova that is declared with other properties is refused by the broker."""
    text = '[oslo_messaging_rabbit]\namqp_durable_queues = true\nrabbit_qos_prefetch_count = 5\n'
    conf = options(tmp_path, text)
    assert _private(conf, quorum=True)[RABBIT].rabbit_quorum_queue is True
    assert _private(conf)[RABBIT].rabbit_quorum_queue is False
    assert _private(conf)[RABBIT].amqp_durable_queues is True
    assert _private(conf)[RABBIT].rabbit_qos_prefetch_count == 5
    assert _private(options(tmp_path))[RABBIT].rabbit_qos_prefetch_count > 0


def test_no_thread_is_green() -> None:
    """A library below imports eventlet; nothing may be patched by it."""
    patcher = pytest.importorskip('eventlet.patcher', reason='by design: it is going away')
    assert not patcher.is_monkey_patched('thread')
