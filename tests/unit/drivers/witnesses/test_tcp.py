"""The TCP witness, against real listeners."""

from __future__ import annotations

import pytest

from drivers.contracts.errors import Refused, Unreachable
from drivers.witnesses.tcp import TcpWitness
from tests.unit.drivers.listeners import closed_port, deaf, listening


def test_it_is_reached() -> None:
    with listening() as port:
        said = TcpWitness.build(f'tcp://127.0.0.1:{port}').ask(timeout=5.0)
    assert said == 'took the connection'


def test_a_refusal_is_not_reached() -> None:
    with pytest.raises(Unreachable, match='refused'):
        TcpWitness.build(f'tcp://127.0.0.1:{closed_port()}').ask(timeout=5.0)


def test_silence_is_not_reached() -> None:
    with deaf() as port, pytest.raises(Unreachable, match='in time'):
        TcpWitness.build(f'tcp://127.0.0.1:{port}').ask(timeout=0.2)


def test_a_malformed_url() -> None:
    with pytest.raises(Refused, match='HOST:PORT'):
        TcpWitness.build('tcp://router')
