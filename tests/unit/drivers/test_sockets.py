"""Plain TCP: every way of getting no answer, told apart, within the whole time."""

from __future__ import annotations

import socket

import pytest

from drivers.clock import SystemClock
from drivers.contracts.errors import Refused, Unreachable
from drivers.sockets import MOST, Closed, Silent, address, dial
from tests.unit.drivers.listeners import closed_port, deaf, listening


@pytest.mark.parametrize(
    ('url', 'found'),
    [
        ('tcp://router:22', ('router', 22)),
        ('router:22', ('router', 22)),
        ('tcp://[fd00::1]:22', ('fd00::1', 22)),
        ('https://router/health', ('router', 443)),
    ],
)
def test_addresses(url: str, found: tuple[str, int]) -> None:
    assert address(url, 443) == found


@pytest.mark.parametrize('url', ['tcp://router', 'tcp://:22', 'router:port', 'x:99999', '//[fd::'])
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(Refused, match='is no address'):
        address(url)


def test_an_address_holds_no_password_and_repeats_none() -> None:
    with pytest.raises(Refused, match='no user and no password') as caught:
        address('tcp://ann:secret@router:22')
    assert 'secret' not in str(caught.value)


def test_lines() -> None:
    with (
        listening(lambda client: client.sendall(b'one\r\ntwo\nthree')) as port,
        dial('127.0.0.1', port, timeout=5.0) as (_, line),
    ):
        assert (line.next(), line.next()) == ('one', 'two')
        with pytest.raises(Unreachable, match='closed'):
            line.next()


def test_what_was_sent_arrives() -> None:
    def echo(client: socket.socket) -> None:
        client.sendall(client.recv(100).upper())

    with listening(echo) as port, dial('127.0.0.1', port, timeout=5.0) as (_, line):
        line.send(b'hello\n')
        assert line.next() == 'HELLO'


def test_a_closed_port() -> None:
    with (
        pytest.raises(Closed, match='refused'),
        dial('127.0.0.1', closed_port(), timeout=5.0),
    ):
        pytest.fail('it was reached')


def test_no_answer_at_all_takes_no_longer_than_it_may() -> None:
    began = SystemClock().elapsed()
    with deaf() as port, pytest.raises(Silent), dial('127.0.0.1', port, timeout=0.3):
        pytest.fail('it was reached')
    assert SystemClock().elapsed() - began < 1.5


def test_the_time_is_for_all_lines_together() -> None:
    def drip(client: socket.socket) -> None:
        for _ in range(40):
            client.sendall(b'x')
            SystemClock().wait(None, 0.05)

    began = SystemClock().elapsed()
    with (
        listening(drip) as port,
        pytest.raises(Silent),
        dial('127.0.0.1', port, timeout=0.4) as (_, line),
    ):
        line.next()
    assert SystemClock().elapsed() - began < 1.5


def test_who_talks_without_end_is_cut_off() -> None:
    def talk(client: socket.socket) -> None:
        for _ in range(MOST):
            client.sendall(b'well, ' * 100 + b'\n')

    def hear(port: int) -> None:
        with dial('127.0.0.1', port, timeout=5.0) as (_, line):
            while True:
                line.next()

    with listening(talk) as port, pytest.raises(Unreachable, match='does not come to the point'):
        hear(port)


def test_no_such_name() -> None:
    with pytest.raises(Unreachable), dial('nobody.invalid', 22, timeout=5.0):
        pytest.fail('it was reached')
