"""What every peer can be asked to do."""

from __future__ import annotations

import abc
from collections.abc import Mapping

from peer_scripts.settings import Settings


class Peer(abc.ABC):
    """One kind of real peer. Starting is in two halves so that several can start at once."""

    name: str
    packages: tuple[str, ...] = ()  #: of Debian
    programs: tuple[str, ...] = ()  #: what has to be on the machine before it can start

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.directory = settings.directory / self.name

    @abc.abstractmethod
    def start(self) -> None:
        """Start what does not run yet; does not wait for it. Raises Failed."""

    @abc.abstractmethod
    def wait(self) -> None:
        """Wait until it answers. Raises Failed."""

    @abc.abstractmethod
    def stop(self) -> None:
        """Stop what runs."""

    @abc.abstractmethod
    def runs(self) -> bool:
        """Whether all of it runs."""

    @abc.abstractmethod
    def environment(self) -> Mapping[str, str]:
        """What tests need to know to reach it."""


class Farm(Peer):
    """A peer that stands in for the BMC of each host, and breaks on demand."""

    @abc.abstractmethod
    def fault(self, name: str, kind: str) -> None:
        """Break the BMC of one host, or make it whole with ``ok``. Raises Failed."""

    @abc.abstractmethod
    def power(self, name: str, state: str) -> str:
        """Set the host's power to ``on`` or ``off`` behind the BMC's back, or only ``get`` it."""

    @abc.abstractmethod
    def received(self, name: str) -> list[str]:
        """What the BMC was asked since it was started, oldest first."""
