"""Real listeners on loopback, each in an actor of its own, gone after the test."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator

from drivers.clock import SystemClock

Serve = Callable[[socket.socket], None]


@contextlib.contextmanager
def listening(serve: Serve | None = None) -> Iterator[int]:
    """A TCP listener; ``serve`` talks to each client. Without it nobody takes the connections,
    which the kernel makes all the same. Gives its port."""
    clock, stop = SystemClock(), threading.Event()
    listener = socket.create_server(('127.0.0.1', 0))
    listener.settimeout(0.05)

    def body() -> None:
        while not stop.is_set():
            try:
                client, _ = listener.accept()
            except TimeoutError:
                continue
            with client, contextlib.suppress(OSError):
                client.settimeout(5.0)
                assert serve is not None
                serve(client)

    ended = clock.spawn('listener', body) if serve is not None else None
    try:
        yield int(listener.getsockname()[1])
    finally:
        stop.set()
        if ended is not None:
            clock.wait(ended, 5.0)
        listener.close()


@contextlib.contextmanager
def deaf() -> Iterator[int]:
    """A port whose line of waiting connections is full: a new one gets no answer at all."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(('127.0.0.1', 0))
        listener.listen(0)
        port = int(listener.getsockname()[1])
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(('127.0.0.1', port))
        yield port


def closed_port() -> int:
    """A port on which nothing listens."""
    with socket.create_server(('127.0.0.1', 0)) as listener:
        return int(listener.getsockname()[1])
