"""A witness that takes a TCP connection."""

from __future__ import annotations

from typing import Self

from drivers.contracts.errors import Unreachable
from drivers.contracts.witness import WitnessDriver
from drivers.sockets import Closed, address, dial


class TcpWitness(WitnessDriver):
    """``tcp://HOST:PORT``. A port that takes a connection; a refusal counts as not reached: it may
    come from a firewall on our own side of the cut."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port

    @classmethod
    def build(cls, url: str) -> Self:
        return cls(*address(url))

    def ask(self, *, timeout: float) -> str:
        try:
            with dial(self._host, self._port, timeout=timeout):
                return 'took the connection'
        except Closed as error:
            raise Unreachable('refused the connection') from error
