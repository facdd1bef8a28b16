"""Peers of the driver fence-agent: agents that nobody here wrote, and what they speak to."""

from __future__ import annotations

import abc
import contextlib
import os
from typing import Any, ClassVar

import pytest

from drivers.contracts.errors import Refused
from drivers.contracts.fencing import FencingDriver
from drivers.fencing.agent import AgentFencing, metadata
from tests.contract.fencing_peer import Fault, Peer
from tests.peers import BmcFarm

QUICK = {'power_timeout': 3}  # seconds for which an agent looks for what it asked for


class FarmedPeer(Peer):
    """Somebody else's program, and a farm that it speaks to."""

    farm_kind: ClassVar[str]
    switching: ClassVar[str]  #: how a request to switch begins in what the farm received

    def __init__(self) -> None:
        self.farm = BmcFarm.needed(self.farm_kind)
        self.hosts = self.farm.hosts

    def broken(self, host: str, fault: Fault) -> FencingDriver:
        self.farm.fault(host, fault.value)
        return self.driver(host)

    def restore(self) -> None:
        for host in self.hosts[:2]:
            self.farm.fault(host, 'ok')
            self.farm.power(host, 'on')

    def is_on(self, host: str) -> bool:
        return self.farm.power(host) == 'on'

    def switch(self, host: str, on: bool) -> None:
        self.farm.power(host, 'on' if on else 'off')

    def contacts(self, host: str) -> int:
        return len(self.farm.received(host))

    def requests_to_switch(self, host: str) -> int:
        return sum(line.startswith(self.switching) for line in self.farm.received(host))

    @property
    def password(self) -> str:
        return os.environ['RECOVERY_TEST_BMC_PASSWORD']


class AgentPeer(FarmedPeer):
    """One agent."""

    agent: ClassVar[str]
    tells_why = False
    asks_always = False
    has_identity = False

    def __init__(self) -> None:
        try:
            metadata.find(self.agent)
        except Refused as error:
            pytest.skip(f'{error}: tools/peers install pdu, as root')
        super().__init__()

    @abc.abstractmethod
    def settings(self, host: str, password: str) -> dict[str, Any]:
        """What the driver takes."""

    def driver(self, host: str, *, password: str | None = None) -> FencingDriver:
        return AgentFencing.build(self.settings(host, password or self.password))


class IpmilanPeer(AgentPeer):
    """fence_ipmilan, ipmitool, and ipmi_sim."""

    name = 'fence_ipmilan'
    agent = 'fence_ipmilan'
    farm_kind = 'ipmi'
    switching = 'set '
    faults = frozenset({Fault.DEAD, Fault.HANG, Fault.REFUSE, Fault.STUCK, Fault.SLOW, Fault.LIE})

    def settings(self, host: str, password: str) -> dict[str, Any]:
        ours = self.farm.settings(host)
        return {
            'agent': self.agent,
            **{key: ours[key] for key in ('address', 'port', 'username')},
            'password': password,
            'options': {'lanplus': True, 'cipher': 3, 'power_wait': 0, **QUICK},
            'secrets_in_argv': 'accepted',
        }


class FenceRedfishPeer(AgentPeer):
    """fence_redfish and sushy-tools' emulator.

    Without DEAD, which HANG and DROP stand for, and ODD: what is not Off it calls ON.
    """

    name = 'fence_redfish'
    agent = 'fence_redfish'
    farm_kind = 'redfish'
    switching = 'POST '
    faults = frozenset(Fault) - {Fault.ODD, Fault.DEAD}

    def settings(self, host: str, password: str) -> dict[str, Any]:
        ours = self.farm.settings(host)
        return {
            'agent': self.agent,
            'address': '127.0.0.1',
            'port': int(ours['address'].rpartition(':')[2]),
            'plug': f'/redfish/v1/Systems/{ours["system"]}',
            'username': ours['username'],
            'password': password,
            'options': {'ssl_insecure': True, **QUICK},
        }


class ApcSnmpPeer(AgentPeer):
    """fence_apc_snmp and snmpsim.

    Without ODD: an outlet in an unknown state it calls OFF, which is why it needs a reason.
    """

    name = 'fence_apc_snmp'
    agent = 'fence_apc_snmp'
    farm_kind = 'pdu'
    switching = 'set '
    faults = frozenset(
        {Fault.DEAD, Fault.HANG, Fault.BUSY, Fault.REFUSE, Fault.STUCK, Fault.SLOW, Fault.LIE}
    )

    def alone(self) -> contextlib.AbstractContextManager[None]:
        """A PDU hangs, or dies, with all of its outlets."""
        return self.farm.alone()

    def settings(self, host: str, password: str) -> dict[str, Any]:
        ours = self.farm.settings(host)
        return {
            'agent': self.agent,
            **{key: ours[key] for key in ('address', 'port', 'plug')},
            'options': {'snmp_version': '2c', **QUICK},
            'secrets': {'community': password},
            'class': 'power',
            'reason': 'a simulated PDU knows no third state',
            'secrets_in_argv': 'accepted',
        }


AGENT_PEERS: list[type[Peer]] = [IpmilanPeer, FenceRedfishPeer, ApcSnmpPeer]
