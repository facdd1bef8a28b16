"""The port on which Prometheus asks for numbers: one actor, one scrape at a time."""

from __future__ import annotations

import logging
import socket
import socketserver
import threading
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from prometheus_client import CollectorRegistry, make_wsgi_app

from drivers.contracts.clock import Clock

LOG = logging.getLogger(__name__)

POLL_SECONDS = 0.5  #: how long the end of the process may be noticed late
CLIENT_SECONDS = 5.0  #: for which one client may keep the others waiting
AGAIN_SECONDS = 10.0  #: until a port that is taken is tried again

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class _Handler(WSGIRequestHandler):
    timeout = CLIENT_SECONDS

    def log_message(self, format: str, *args: Any) -> None:
        """A scrape each few seconds is no news."""


class _Server(WSGIServer):
    timeout = POLL_SECONDS

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)
        # Its own way asks the name service, which may take long when all is down.
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]
        self.setup_environ()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away harms nobody."""
        LOG.debug('a scrape failed', exc_info=True)


class Exporter:
    """:param listen: ADDRESS:PORT; port 0 takes a free one. What it is, is logged."""

    def __init__(self, clock: Clock, listen: str, registry: CollectorRegistry) -> None:
        host, _colon, port = listen.rpartition(':')
        self._clock = clock
        self._address = (host.strip('[]'), int(port))
        self._application = _only_metrics(make_wsgi_app(registry))

    def run(self, stop: threading.Event) -> None:
        """Until ``stop``; the body of an actor of its own. A port that is taken ends nothing."""
        while not stop.is_set():
            try:
                server = self._server()
            except (OSError, OverflowError) as error:
                LOG.warning('no metrics at %s port %d: %s', *self._address, error)
                self._clock.wait(stop, AGAIN_SECONDS)
                continue
            with server:
                LOG.info('metrics at http://%s:%d/metrics', *server.server_address[:2])
                while not stop.is_set():
                    server.handle_request()

    def _server(self) -> WSGIServer:
        ipv6 = ':' in self._address[0]
        kind = type('Server', (_Server,), {'address_family': socket.AF_INET6}) if ipv6 else _Server
        server: WSGIServer = kind(self._address, _Handler)
        server.set_app(self._application)
        return server


def _only_metrics(metrics: Application) -> Application:
    def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get('PATH_INFO') == '/metrics':
            return metrics(environ, start)
        start('404 Not Found', [('Content-Type', 'text/plain')])
        return [b'there is /metrics\n']

    return application
