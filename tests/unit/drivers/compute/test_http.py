"""Deadlines that hold, whatever the other side does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.clock import SystemClock
from drivers.compute.http import Deadline, Gate
from drivers.compute.nova import NovaCompute
from drivers.contracts.errors import Unreachable

CLOCK = SystemClock()
GRACE = 2.0
#: Signs in to nothing, so that the first request is ours.
CLOUDS = """clouds:
  raw:
    auth_type: none
    auth: {{endpoint: "{url}"}}
    compute_endpoint_override: "{url}"
"""


class Raw:
    """A server that says to each connection what it was told to say."""

    def __init__(self, say: Callable[[socket.socket, threading.Event], None]) -> None:
        self._say = say
        self._over = threading.Event()
        self._listener = socket.create_server(('127.0.0.1', 0))
        self.url = f'http://127.0.0.1:{self._listener.getsockname()[1]}/v2.1'
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with connection:
            connection.recv(65536)
            try:
                self._say(connection, self._over)
            except OSError:
                return

    def close(self) -> None:
        self._over.set()
        self._listener.close()


def dripping_body(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n')
    while not over.wait(0.1):
        connection.sendall(b' ')


def half_a_body(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{')
    over.wait()


def silence(connection: socket.socket, over: threading.Event) -> None:
    over.wait()


def cut_body(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{')


def no_http(connection: socket.socket, over: threading.Event) -> None:
    connection.sendall(b'SSH-2.0-OpenSSH_9.2\r\n')


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., NovaCompute]]:
    servers: list[Raw] = []

    def start(say: Callable[[socket.socket, threading.Event], None]) -> NovaCompute:
        servers.append(Raw(say))
        clouds = tmp_path / 'clouds.yaml'
        clouds.write_text(CLOUDS.format(url=servers[-1].url))
        return NovaCompute(cloud='raw', client_config_file=str(clouds))

    yield start
    for server in servers:
        server.close()


@pytest.mark.parametrize('say', [dripping_body, half_a_body, silence, cut_body, no_http])
def test_no_answer_ends_at_the_deadline(serve: Callable[..., Any], say: Any) -> None:
    driver = serve(say)
    began = CLOCK.elapsed()
    with pytest.raises(Unreachable):
        driver.services(timeout=0.5)
    assert CLOCK.elapsed() - began < 0.5 + GRACE


@pytest.mark.parametrize('say', [dripping_body, half_a_body, silence, cut_body, no_http])
def test_no_answer_after_the_versions_ends_at_the_deadline(
    serve: Callable[..., Any], say: Any
) -> None:
    from drivers.compute.http import Endpoint

    driver = serve(say)
    cloud = driver._nova._cloud
    url = cloud._connection.config.get_endpoint('compute')
    cloud._endpoints['compute'] = Endpoint(url, (2, 1), (2, 95))
    began = CLOCK.elapsed()
    with pytest.raises(Unreachable):
        driver.services(timeout=0.5)
    assert CLOCK.elapsed() - began < 0.5 + GRACE


def test_a_deadline_that_has_passed_is_an_error() -> None:
    deadline = Deadline(CLOCK, 0.0)
    with pytest.raises(Unreachable, match='within 0 s'):
        deadline.left()


def test_who_waits_at_the_gate_waits_no_longer_than_he_may() -> None:
    gate = Gate()
    with (
        gate.entered(Deadline(CLOCK, 10.0)),
        pytest.raises(Unreachable),
        gate.entered(Deadline(CLOCK, 0.1)),
    ):
        pytest.fail('two at once')
    with gate.entered(Deadline(CLOCK, 0.1)):
        pass


def test_the_gate_lets_one_in_at_a_time() -> None:
    gate, inside, most = Gate(), [], []

    def enter() -> None:
        with gate.entered(Deadline(CLOCK, 10.0)):
            inside.append(1)
            most.append(len(inside))
            CLOCK.wait(None, 0.01)
            inside.pop()

    threads = [threading.Thread(target=enter) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 8
