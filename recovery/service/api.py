"""The API as a daemon serves it: waitress, with native threads."""

from __future__ import annotations

import logging
import threading
from typing import Any

import waitress
from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer

from recovery.api import door
from recovery.api.app import build
from recovery.site import Site

LOG = logging.getLogger(__name__)

USUAL = '127.0.0.1:15868'  #: Masakari's port
POLL_SECONDS = 0.5  #: how long the end of the process may be noticed late
AGAIN_SECONDS = 10.0  #: until a port that is taken is tried again
SPARE = 4  #: times [api] max_body that are read, so that the application says what is too long


class Api:
    """:raises recovery.conf.reading.BadOptions: it may not listen there, or knows no callers."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._listen = site.conf.api.listen or USUAL
        if site.conf.api.auth == 'noauth':
            door.refuse_wide(self._listen)
        self._application = build(site)

    def run(self, stop: threading.Event) -> None:
        """Until ``stop``; then what has begun is answered. A port that is taken ends nothing."""
        clock = self._site.clock
        while not stop.is_set():
            sockets: dict[int, Any] = {}
            # A line for each request that waits for a thread would bury all others.
            logging.getLogger('waitress.queue').setLevel(logging.ERROR)
            try:
                server = self._server(sockets)
            except (OSError, ValueError, OverflowError) as error:
                LOG.warning('no API at %s: %s', self._listen, error)
                clock.wait(stop, AGAIN_SECONDS)
                continue
            for one in _listeners(sockets):
                LOG.info('the API is at http://%s:%s/', *one.socket.getsockname()[:2])
            while not stop.is_set():
                _turn(sockets, POLL_SECONDS)
            self._drain(sockets)
            server.task_dispatcher.shutdown(timeout=1)
            wasyncore.close_all(sockets)

    def _server(self, sockets: dict[int, Any]) -> Any:
        options = self._site.conf.api
        return waitress.create_server(
            self._application,
            map=sockets,
            listen=self._listen,
            threads=options.threads,
            # Masakari's senders come all at once when a rack is lost.
            connection_limit=max(1000, options.threads),
            backlog=1024,
            max_request_body_size=options.max_body * SPARE,
            # Whether a proxy is to be believed is said in [oslo_middleware].
            clear_untrusted_proxy_headers=False,
            ident='openstack-recovery',
        )

    def _drain(self, sockets: dict[int, Any]) -> None:
        """Take no more connections, and finish what runs."""
        clock = self._site.clock
        for one in _listeners(sockets):
            # Its own close() would end what wakes the loop when an answer is there.
            wasyncore.dispatcher.close(one)
        until = clock.elapsed() + self._site.conf.api.stop_seconds
        while any(_busy(one) for one in list(sockets.values())) and clock.elapsed() < until:
            _turn(sockets, 0.05)


def _listeners(sockets: dict[int, Any]) -> list[Any]:
    return [one for one in sockets.values() if isinstance(one, TcpWSGIServer)]


def _busy(one: Any) -> bool:
    if not isinstance(one, HTTPChannel):
        return False
    return bool(one.requests or one.request is not None or one.total_outbufs_len)


def _turn(sockets: dict[int, Any], seconds: float) -> None:
    wasyncore.loop(timeout=seconds, use_poll=True, map=sockets, count=1)
