"""What the fencing contract is run against. A new driver adds its peer to PEERS."""

from __future__ import annotations

from typing import Any, ClassVar

from drivers.contracts.fencing import FencingDriver
from drivers.fencing.ipmi import IpmiFencing
from drivers.fencing.redfish import RedfishFencing
from drivers.fencing.rmcpplus import RmcpPlusFencing
from tests.contract.agent_peers import AGENT_PEERS
from tests.contract.external_peer import ExternalPeer
from tests.contract.fencing_peer import Fault, Peer
from tests.contract.simulated_peers import IronicPeer, MaasPeer
from tests.peers import BmcFarm


class FarmPeer(Peer):
    """A farm of real BMCs."""

    kind: ClassVar[str]  #: 'ipmi' or 'redfish', as tools/peers calls it
    make: type[IpmiFencing] | type[RmcpPlusFencing] | type[RedfishFencing]
    switching: ClassVar[str]  #: how a request to switch begins in what a BMC received

    def __init__(self) -> None:
        self.farm = BmcFarm.needed(self.kind)
        self.hosts = self.farm.hosts

    def driver(self, host: str, *, password: str | None = None) -> FencingDriver:
        settings = self.farm.settings(host)
        return self.make.build(settings | ({'password': password} if password else {}))

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
        password: str = self.farm.settings(self.hosts[0])['password']
        return password


class IpmiSimPeer(FarmPeer):
    """OpenIPMI's ipmi_sim."""

    kind = 'ipmi'
    switching = 'set '
    faults = frozenset({Fault.DEAD, Fault.HANG, Fault.REFUSE, Fault.STUCK, Fault.SLOW, Fault.LIE})


class IpmiPeer(IpmiSimPeer):
    """pyghmi and ipmi_sim."""

    name = 'ipmi'
    make = IpmiFencing


class RmcpPlusPeer(IpmiSimPeer):
    """python-ipmi and the same ipmi_sim."""

    name = 'ipmi-rmcpplus'
    make = RmcpPlusFencing


class RedfishPeer(FarmPeer):
    """sushy and sushy-tools' emulator."""

    name = kind = 'redfish'
    make = RedfishFencing
    switching = 'POST '
    faults = frozenset(Fault)

    def broken(self, host: str, fault: Fault) -> FencingDriver:
        if fault is Fault.DEAD:
            settings: dict[str, Any] = self.farm.settings(host)
            return RedfishFencing(settings | {'address': 'https://127.0.0.1:9'})
        return super().broken(host, fault)


#: Every implementation of the contract, with the peer that it speaks to.
PEERS: list[type[Peer]] = [
    IpmiPeer, RmcpPlusPeer, RedfishPeer, IronicPeer, MaasPeer, *AGENT_PEERS, ExternalPeer,
]  # fmt: skip
