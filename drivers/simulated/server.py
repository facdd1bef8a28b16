"""Serves the application over HTTP, on loopback, and can cut a connection short."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import unquote

from drivers.contracts.clock import Clock
from drivers.simulated.app import CALLER, App
from drivers.simulated.errors import ClientGone, Dropped
from drivers.simulated.pipeline import Caller

DRIP_SECONDS = 0.2


class Handler(BaseHTTPRequestHandler):
    """One connection, kept open for many requests."""

    protocol_version = 'HTTP/1.1'
    wbufsize = -1
    server: Server

    def _serve(self) -> None:
        port = str(self.client_address[1]) if isinstance(self.client_address, tuple) else ''
        caller = Caller(port, self._wait, drip=self._drip)
        status: list[Any] = []
        try:
            parts = self.server.app(self._environ(caller), lambda *begin: status.extend(begin))
        except (Dropped, ClientGone):
            self._cut()
            return
        lines = [f'HTTP/1.1 {status[0]}', *(f'{name}: {value}' for name, value in status[1])]
        if self.close_connection:  # the client asked for it, and waits to be told
            lines.append('Connection: close')
        head = '\r\n'.join(lines) + '\r\n\r\n'
        self.wfile.write(head.encode('latin-1') + b''.join(parts))
        self.wfile.flush()
        for run in caller.after:
            run()

    do_GET = do_POST = do_PUT = do_DELETE = _serve

    def _wait(self, seconds: float) -> None:
        if self.server.clock.wait(self.server.stopping, seconds):
            raise ClientGone('the server stops')

    def _drip(self) -> None:
        """Promise much, and send it a byte at a time, until the client has gone."""
        self.wfile.write(b'HTTP/1.1 200 Dripping\r\nContent-Length: 1000000\r\n\r\n')
        while True:
            self.wfile.write(b' ')
            self.wfile.flush()
            self._wait(DRIP_SECONDS)

    def _cut(self) -> None:
        """Close without an answer, as a crashed service does."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _environ(self, caller: Caller) -> dict[str, Any]:
        path, _, query = self.path.partition('?')
        length = int(self.headers.get('Content-Length') or 0)
        environ: dict[str, Any] = {
            'REQUEST_METHOD': self.command,
            'PATH_INFO': unquote(path),
            'QUERY_STRING': query,
            'SERVER_NAME': 'localhost',
            'SERVER_PORT': '0',
            'CONTENT_LENGTH': str(length),
            'wsgi.url_scheme': 'http',
            'wsgi.input': io.BytesIO(self.rfile.read(length)),
            CALLER: caller,
        }
        for name, value in self.headers.items():
            environ[f'HTTP_{name.upper().replace("-", "_")}'] = value
        return environ

    def log_message(self, format: str, *args: Any) -> None:
        """The trace of the world tells more."""


class Server(socketserver.TCPServer):
    """One actor of the clock for each connection."""

    allow_reuse_address = True
    request_queue_size = 512

    def __init__(self, app: App, clock: Clock, address: tuple[str, int] | str) -> None:
        self.app = app
        self.clock = clock
        self.stopping = threading.Event()
        if isinstance(address, str):
            self.address_family = socket.AF_UNIX
            with contextlib.suppress(FileNotFoundError):
                os.unlink(address)
        super().__init__(address, Handler)  # type: ignore[arg-type]

    def server_bind(self) -> None:
        if self.address_family == socket.AF_UNIX:
            self.allow_reuse_address = False
        super().server_bind()

    def get_request(self) -> tuple[Any, Any]:
        request, address = super().get_request()
        if self.address_family == socket.AF_INET:
            request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return request, address

    @property
    def url(self) -> str:
        """Where it answers."""
        if self.address_family == socket.AF_UNIX:
            return f'unix:{self.server_address!s}'
        return f'http://{self.server_address[0]!s}:{self.server_address[1]}'

    def process_request(self, request: Any, client_address: Any) -> None:
        def serve() -> None:
            try:
                self.finish_request(request, client_address)
            except (OSError, ValueError):
                pass  # the client went away
            finally:
                self.shutdown_request(request)

        self.clock.spawn('connection', serve)

    def start(self) -> threading.Event:
        """Serve beside the caller; returns an event that is set when it has ended."""
        return self.clock.spawn('server', lambda: self.serve_forever(poll_interval=0.1))

    def stop(self) -> None:
        """Take no more connections, and end those that are made to wait."""
        self.stopping.set()
        self.shutdown()
        self.server_close()
