"""The HTTP witness, against real servers."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from drivers.contracts.errors import Refused, Unreachable
from drivers.witnesses.http import HttpWitness
from tests.unit.drivers.listeners import closed_port, deaf, listening


def answering(first: bytes, heard: list[bytes] | None = None) -> Callable[[socket.socket], None]:
    def serve(client: socket.socket) -> None:
        request = client.recv(4096)
        if heard is not None:
            heard.append(request)
        client.sendall(first + b'\r\nContent-Length: 0\r\n\r\n')

    return serve


@pytest.mark.parametrize('status', [200, 204, 301, 401, 404])
def test_any_answer_of_the_target_counts(status: int) -> None:
    with listening(answering(b'HTTP/1.1 %d Said' % status)) as port:
        said = HttpWitness.build(f'http://127.0.0.1:{port}/health').ask(timeout=5.0)
    assert said == f'answered {status}'


@pytest.mark.parametrize('status', [500, 502, 503])
def test_a_proxy_that_answers_in_its_place_does_not(status: int) -> None:
    with (
        listening(answering(b'HTTP/1.1 %d Said' % status)) as port,
        pytest.raises(Unreachable, match=f'answered {status}'),
    ):
        HttpWitness.build(f'http://127.0.0.1:{port}/').ask(timeout=5.0)


def test_what_is_sent() -> None:
    heard: list[bytes] = []
    with listening(answering(b'HTTP/1.1 200 OK', heard)) as port:
        HttpWitness.build(f'http://127.0.0.1:{port}/a?b=c').ask(timeout=5.0)
    lines = heard[0].decode().splitlines()
    assert lines[0] == 'GET /a?b=c HTTP/1.1'
    assert f'Host: 127.0.0.1:{port}' in lines


def test_something_else_on_that_port() -> None:
    with (
        listening(answering(b'220 mail.example.org ESMTP')) as port,
        pytest.raises(Unreachable, match='does not speak HTTP'),
    ):
        HttpWitness.build(f'http://127.0.0.1:{port}').ask(timeout=5.0)


def test_no_tls_where_it_should_be() -> None:
    with (
        listening(answering(b'HTTP/1.1 200 OK')) as port,
        pytest.raises(Unreachable, match='no TLS'),
    ):
        HttpWitness.build(f'https://127.0.0.1:{port}').ask(timeout=5.0)


def test_nobody_there() -> None:
    with pytest.raises(Unreachable, match='refused'):
        HttpWitness.build(f'http://127.0.0.1:{closed_port()}').ask(timeout=5.0)
    with deaf() as port, pytest.raises(Unreachable, match='in time'):
        HttpWitness.build(f'http://127.0.0.1:{port}').ask(timeout=0.2)


@pytest.mark.parametrize('url', ['ftp://x', 'http://', 'http://x/a b', 'http://u:p@x/'])
def test_malformed_urls(url: str) -> None:
    with pytest.raises(Refused):
        HttpWitness.build(url)
