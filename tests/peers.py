"""Real peers, as `tools/peers env` tells where they are. Nothing is started here."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from peer_scripts.ipmi_farm import IpmiFarm
from peer_scripts.pdu_farm import PduFarm
from peer_scripts.peer import Farm
from peer_scripts.redfish_farm import RedfishFarm
from peer_scripts.settings import from_environment

FARMS: dict[str, type[Farm]] = {'ipmi': IpmiFarm, 'redfish': RedfishFarm, 'pdu': PduFarm}
FACTS = {
    'ipmi': 'RECOVERY_TEST_IPMI',
    'redfish': 'RECOVERY_TEST_REDFISH',
    'pdu': 'RECOVERY_TEST_PDU',
    'redis': 'RECOVERY_TEST_REDIS_URL',
    'mariadb': 'RECOVERY_TEST_MARIADB_URL',
    'rabbitmq': 'RECOVERY_TEST_RABBITMQ_URL',
    'alertmanager': 'RECOVERY_TEST_ALERTMANAGER_URL',
}


def need(peer: str) -> str:
    """What there is to know about a peer: a URL, or ``NAME:PORT`` and ``NAME:UUID`` of BMCs,
    and ``NAME:OUTLET``.

    Skips the test when the peer does not run; in CI a skip is a failure.
    """
    fact = os.environ.get(FACTS[peer])
    if not fact:
        pytest.skip(f'{peer} does not run: tools/peers start {peer}, then . <(tools/peers env)')
    return fact


@dataclass(frozen=True)
class BmcFarm:
    """The BMCs, or the outlets, of some hosts, for tests that break them."""

    kind: str  #: 'ipmi', 'redfish' or 'pdu'
    places: dict[str, str]  #: of each host: its port, the UUID of its system, or its outlet
    _farm: Farm

    @classmethod
    def needed(cls, kind: str) -> BmcFarm:
        """The running farm, or a skip."""
        pairs = (pair.split(':') for pair in need(kind).split())
        return cls(kind, dict(pairs), FARMS[kind](from_environment()))

    @property
    def hosts(self) -> tuple[str, ...]:
        return tuple(self.places)

    def settings(self, host: str) -> dict[str, Any]:
        """What the driver of this kind takes to reach the host's BMC."""
        login = {
            'username': os.environ['RECOVERY_TEST_BMC_USER'],
            'password': os.environ['RECOVERY_TEST_BMC_PASSWORD'],
        }
        if self.kind == 'ipmi':
            return login | {'address': '127.0.0.1', 'port': int(self.places[host])}
        if self.kind == 'pdu':
            port = int(os.environ['RECOVERY_TEST_PDU_PORT'])
            return login | {'address': '127.0.0.1', 'port': port, 'plug': self.places[host]}
        return login | {
            'address': os.environ['RECOVERY_TEST_REDFISH_URL'],
            'system': self.places[host],
            'verify': os.environ['RECOVERY_TEST_REDFISH_CA'],
        }

    def fault(self, host: str, kind: str) -> None:
        """Break the host's BMC, or make it whole with ``ok``."""
        self._farm.fault(host, kind)

    def power(self, host: str, state: str = 'get') -> str:
        """Read the host's power behind the BMC's back, or set it to ``on`` or ``off``."""
        return self._farm.power(host, state)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else breaks it meanwhile, in whatever process: for faults of a whole farm."""
        with (self._farm.directory / 'lock').open('w') as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def received(self, host: str) -> list[str]:
        """What the BMC was asked since it was started, oldest first."""
        return self._farm.received(host)
