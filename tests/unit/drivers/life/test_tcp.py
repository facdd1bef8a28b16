"""Life on a port, against real listeners."""

from __future__ import annotations

import pytest

from drivers.contracts.errors import Refused
from drivers.life.tcp import TcpLife
from tests.unit.drivers.listeners import closed_port, deaf, listening


def test_a_port_that_takes_the_connection_is_life() -> None:
    with listening() as port:
        seen = TcpLife.build(f'tcp://{{host}}:{port}').look('127.0.0.1', timeout=5.0)
    assert seen.alive is True


def test_a_refusal_says_nothing() -> None:
    seen = TcpLife.build(f'tcp://{{host}}:{closed_port()}').look('127.0.0.1', timeout=5.0)
    assert (seen.alive, 'closed' in seen.said) == (None, True)


def test_silence_is_no_life() -> None:
    with deaf() as port:
        seen = TcpLife.build(f'tcp://{{host}}:{port}').look('127.0.0.1', timeout=0.2)
    assert (seen.alive, seen.said) == (False, 'no answer in time')


@pytest.mark.parametrize('host', ['nobody.invalid', '-oProxyCommand=x', 'a b', ''])
def test_what_cannot_be_asked_says_nothing(host: str) -> None:
    assert TcpLife.build('tcp://{host}:22').look(host, timeout=5.0).alive is None


def test_a_port_is_needed() -> None:
    with pytest.raises(Refused, match='HOST:PORT'):
        TcpLife.build('tcp://{host}')
