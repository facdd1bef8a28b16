"""Contract for the fencing inventory: which devices fence which host."""

from __future__ import annotations

import abc
from collections.abc import Iterable
from dataclasses import dataclass

from drivers.contracts.fencing import FencePath


@dataclass(frozen=True)
class InventoryProblem:
    """One thing wrong with the inventory, in one sentence that says what would be right."""

    where: str  #: file and line, or host
    message: str
    blocks: bool = True  #: False for a warning, such as a readable secret
    #: Whom it is about, where those are several: a sentence names a few of a thousand.
    hosts: frozenset[str] = frozenset()


class InventoryError(Exception):
    """The inventory cannot be used. The message names file, line and what would be right."""


class Inventory(abc.ABC):
    """Which devices can fence which host. Reading it contacts nobody."""

    @abc.abstractmethod
    def path(self, host: str) -> FencePath:
        """The levels and devices of one host.

        :raises KeyError: the inventory has no entry, and no pattern, for this host.
        :raises InventoryError: it has one that cannot be used (an unset variable, say).
        """

    @abc.abstractmethod
    def named_hosts(self) -> tuple[str, ...]:
        """Hosts that are listed by name. Hosts that only match a pattern are not known here."""

    @abc.abstractmethod
    def problems(self, hosts: Iterable[str]) -> tuple[InventoryProblem, ...]:
        """What is wrong for these hosts, after patterns are expanded over them.

        Includes every device (driver, address, plug) that would belong to two hosts (H4).
        """

    def management_network(self) -> str:
        """The network over which the control plane is reached; '' when it is not declared."""
        return ''

    def outdated(self) -> bool:
        """Whether its source was changed since it was read: it is to be made anew."""
        return False
