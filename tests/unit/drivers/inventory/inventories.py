"""Inventories for tests, and a driver that is nothing but its settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from drivers.contracts.fencing import FencingDriver, PowerState
from drivers.fencing.agent import AgentFencing
from drivers.fencing.ipmi import IpmiFencing
from drivers.fencing.redfish import RedfishFencing
from drivers.fencing.rmcpplus import RmcpPlusFencing
from drivers.inventory.file import FileInventory
from drivers.inventory.file.entries import Drivers

Make = Callable[[str], FileInventory]


class Pdu(FencingDriver):
    """Remembers its settings."""

    SETTINGS_SCHEMA: ClassVar[Mapping[str, Any]] = {
        'type': 'object',
        'required': ['address', 'plug'],
        'additionalProperties': False,
        'properties': {
            'address': {'type': 'string'},
            'plug': {'type': ['string', 'integer']},
            'community': {'type': 'string', 'maxLength': 8, 'secret': True},
        },
    }

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    @classmethod
    def build(cls, settings: Any) -> Pdu:
        return cls(settings)

    def power_state(self, *, timeout: float) -> PowerState:
        raise NotImplementedError

    def power_off(self, *, timeout: float) -> None:
        raise NotImplementedError

    def power_on(self, *, timeout: float) -> None:
        raise NotImplementedError

    def identity(self, *, timeout: float) -> str | None:
        raise NotImplementedError


class Agent(Pdu):
    """Settings of an agent, which need not be installed."""

    SETTINGS_SCHEMA: ClassVar[Mapping[str, Any]] = AgentFencing.SETTINGS_SCHEMA


DRIVERS: Drivers = {
    'ipmi': IpmiFencing,
    'ipmi-rmcpplus': RmcpPlusFencing,
    'redfish': RedfishFencing,
    'pdu': Pdu,
    'fence-agent': Agent,
}


def messages(inventory: FileInventory, *hosts: str, blocks: bool = True) -> list[str]:
    return [problem.message for problem in inventory.problems(hosts) if problem.blocks is blocks]


TWO_LEVELS = """
    defaults:
      ipmi: {username: admin, password: secret, off_timeout: 90}
    hosts:
      one:
        - - {driver: ipmi, address: 192.0.2.1}
        - - {name: left, driver: pdu, address: PDU-1.example.com., plug: 3}
          - {name: right, driver: pdu, address: pdu-2.example.com, plug: 3, request_timeout: 5}
    patterns:
      - match: rack?-*
        levels:
          - - {driver: ipmi, address: 'bmc-{host}', off_timeout: 30}
    """
