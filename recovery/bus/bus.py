"""The part that one watcher has in the bus: its listeners, and its turn at telling."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from drivers.contracts.clock import Clock
from recovery.bus.away import BusAway
from recovery.bus.emission import LOOK_SECONDS, Emission
from recovery.bus.tally import BusTally
from recovery.conf.reading import BadOptions
from recovery.site import Site

if TYPE_CHECKING:
    from recovery.bus.wire import Wire

LOG = logging.getLogger(__name__)

AGAIN_FIRST, AGAIN_MOST = 2.0, 60.0  #: seconds until a listener that cannot begin tries again


class Bus:
    """Nothing, where no option of [bus] asks for it.

    :raises BadOptions: it is asked for, and cannot be had.
    """

    def __init__(self, site: Site) -> None:
        options = site.conf.bus
        self._site = site
        self._wire = _open(site) if options.alarms or options.nova or options.emit else None
        self._tally = BusTally()
        self.registry = self._tally.registry
        self.emission = Emission(site, self._send) if options.emit else None

    def start(self, stop: threading.Event, every: Callable[..., None]) -> None:
        """Listen and tell beside everything else, until ``stop``.

        :param every: :func:`recovery.service.rounds.every`.
        """
        if self._wire is None:
            return
        from recovery.bus.hearing import AlarmEndpoint, Hearing, NovaEndpoint

        clock, name, wire = self._site.clock, self._site.identity.name, self._wire
        hearing = Hearing(self._site, stop, self._tally)
        listeners: dict[str, Callable[[], Any]] = {}
        if self._site.conf.bus.alarms:
            listeners['alarms'] = lambda: wire.alarm_listener(AlarmEndpoint(hearing))
        if self._site.conf.bus.nova:
            listeners['nova'] = lambda: wire.nova_listener(NovaEndpoint(hearing))
        for what, make in listeners.items():
            clock.spawn(f'{name}/bus-{what}', partial(listen, clock, make, stop))
        emission = self.emission
        if emission is not None:
            clock.spawn(
                f'{name}/bus-emission', lambda: every(clock, LOOK_SECONDS, emission.sweep, stop)
            )

    def gone(self) -> None:
        """The process ends in order: another one may tell at once. Raises StoreAway."""
        if self.emission is not None:
            self.emission.gone()

    def _send(self, event_type: str, payload: Mapping[str, Any]) -> None:
        assert self._wire is not None
        identity = self._site.identity
        try:
            self._wire.send(f'recovery-{identity.kind}:{identity.host}', event_type, payload)
        except BusAway:
            self._tally.told(event_type, 'away')
            raise
        self._tally.told(event_type, 'taken')


def listen(clock: Clock, make: Callable[[], Any], stop: threading.Event) -> None:
    """Start a listener, again and again until it begins, and stop it at the end.

    Once begun, oslo.messaging brings it back by itself when the broker was away.
    """
    pause = AGAIN_FIRST
    while not stop.is_set():
        try:
            listener = make()
            listener.start()
        except Exception as error:
            first = str(error).splitlines()[:1] or ['no word why']
            LOG.warning('the bus is not listened to: %s: %s', type(error).__name__, first[0][:200])
            clock.wait(stop, pause)
            pause = min(2 * pause, AGAIN_MOST)
            continue
        clock.wait(stop)
        listener.stop()
        listener.wait()


def _open(site: Site) -> Wire:
    try:
        from recovery.bus.wire import Wire
    except ImportError as error:
        raise BadOptions(
            f'[bus] needs oslo.messaging ({error}): pip install openstack-recovery[bus]'
        ) from error
    return Wire(site.conf, site.clock)
