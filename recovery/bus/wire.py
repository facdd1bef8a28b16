"""The only module that knows oslo.messaging.

Its options are read from the files of the process into a ConfigOpts of its own. The threads of a
listener are made by oslo.messaging itself, not by our clock: one that polls the broker and a few
that call us.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Protocol

import oslo_messaging
from oslo_config import cfg
from oslo_messaging import opts as messaging_options

from drivers.contracts.clock import Clock
from recovery.bus.away import BusAway
from recovery.bus.brief import be_brief
from recovery.conf.reading import BadOptions

RABBIT, NOTIFICATIONS = 'oslo_messaging_rabbit', 'oslo_messaging_notifications'
THREADS = 4  #: messages that are taken side by side
PREFETCH = 16  #: messages that the broker hands out before the first of them is acknowledged
SEND_TRIES = 1  #: once more, as a connection may have died while nothing was sent
PRIORITY = 'info'
ENVELOPE = 2.0  #: of oslo.messaging, as all of OpenStack sends today

HANDLED: str = oslo_messaging.NotificationResult.HANDLED
REQUEUE: str = oslo_messaging.NotificationResult.REQUEUE


class Endpoint(Protocol):
    """What a listener calls: a method for each priority, returning HANDLED or REQUEUE."""

    def info(
        self, context: Any, publisher: Any, event_type: Any, payload: Any, metadata: Any
    ) -> str: ...


class Wire:
    """The bus of one process.

    :param conf: ours; its files hold the options of oslo.messaging as well.
    :raises BadOptions: no bus is named, or its URL cannot be used.
    """

    def __init__(self, conf: cfg.ConfigOpts, clock: Clock) -> None:
        self._options = conf.bus
        self._conf = conf
        self._clock = clock
        be_brief()
        self._url = self._find_url()
        self._plain = self._transport(_private(conf))

    def _find_url(self) -> str:
        if self._options.transport_url:
            return str(self._options.transport_url)
        files = _private(self._conf)
        url = files[NOTIFICATIONS].transport_url or files.transport_url
        if not url or url == 'rabbit://':  # the library's own default: a guest on this machine
            raise BadOptions(
                '[bus] transport_url is not set, nor that of [oslo_messaging_notifications] or '
                '[DEFAULT]: name the bus, or switch off alarms, nova and emit of [bus]'
            )
        return str(url)

    def _transport(self, conf: cfg.ConfigOpts) -> Any:
        try:
            if '://' not in self._url:  # the library would take a guest on this machine for it
                raise oslo_messaging.InvalidTransportURL('', 'no ://')
            return oslo_messaging.get_notification_transport(conf, url=self._url)
        except oslo_messaging.InvalidTransportURL as error:
            # Its own words repeat the URL, and with it the password.
            raise BadOptions(
                '[bus] transport_url cannot be read: give rabbit://USER:PASSWORD@HOST:PORT/'
            ) from error
        except oslo_messaging.DriverLoadFailure as error:
            scheme = self._url.partition('://')[0]
            raise BadOptions(
                f'[bus] transport_url begins with {scheme!r}, which oslo.messaging cannot load: '
                'give rabbit://...'
            ) from error

    def send(self, publisher: str, event_type: str, payload: Mapping[str, Any]) -> None:
        """Tell all topics, and wait until the broker has it.

        The library's notifier is not used: it hides whether the broker took a message.

        :raises BusAway: it may, or may not, have arrived.
        """
        message = {
            'message_id': self._clock.new_id(),
            'publisher_id': publisher,
            'event_type': event_type,
            'priority': PRIORITY.upper(),
            'payload': dict(payload),
            'timestamp': _timestamp(self._clock.now()),
        }
        for topic in self._options.emit_topics:
            target = oslo_messaging.Target(
                topic=f'{topic}.{PRIORITY}', exchange=self._options.emit_exchange
            )
            try:
                self._plain._send_notification(
                    target, {}, dict(message), version=ENVELOPE, retry=SEND_TRIES
                )
            except Exception as error:
                raise BusAway(_short(error)) from error

    def alarm_listener(self, endpoint: Endpoint) -> Any:
        """A listener for alarms, not started. Watchers share its queues."""
        options = self._options
        target = oslo_messaging.Target(topic=options.alarm_topic, exchange=options.alarm_exchange)
        conf = _private(self._conf, quorum=options.alarm_quorum)
        return self._listener(conf, target, endpoint, pool=None)

    def nova_listener(self, endpoint: Endpoint) -> Any:
        """A listener for a copy of Nova's notifications, not started."""
        options = self._options
        target = oslo_messaging.Target(topic=options.nova_topic, exchange=options.nova_exchange)
        return self._listener(_private(self._conf), target, endpoint, pool=options.pool)

    def _listener(self, conf: cfg.ConfigOpts, target: Any, endpoint: Any, pool: Any) -> Any:
        return oslo_messaging.get_notification_listener(
            self._transport(conf), [target], [endpoint], allow_requeue=True, pool=pool
        )


def _private(conf: cfg.ConfigOpts, *, quorum: bool = False) -> cfg.ConfigOpts:
    """The options of oslo.messaging as the files of ``conf`` set them."""
    private = cfg.ConfigOpts()
    for group, options in messaging_options.list_opts():
        private.register_opts(options, group=group)
    files: dict[str, Any] = {
        'default_config_files': list(conf.config_file or []),
        'default_config_dirs': list(conf.config_dir or []),
    }
    private([], project='recovery', **files)
    private.set_override('executor_thread_pool_size', THREADS)
    if not private[RABBIT].rabbit_qos_prefetch_count:
        private.set_override('rabbit_qos_prefetch_count', PREFETCH, group=RABBIT)
    if quorum:
        private.set_override('rabbit_quorum_queue', True, group=RABBIT)
    return private


def _timestamp(now: float) -> str:
    """As oslo.messaging writes it: UTC, and it does not say so."""
    return str(datetime.datetime.fromtimestamp(now, datetime.UTC).replace(tzinfo=None))


def _short(error: Exception) -> str:
    lines = str(error).splitlines()
    return f'{type(error).__name__}: {lines[0][:200]}' if lines else type(error).__name__
