"""Contract for witnesses: targets outside that tell whether we ourselves are cut off."""

from __future__ import annotations

import abc
from typing import Self


class WitnessDriver(abc.ABC):
    """One target. It proves nothing about any host: only that somebody reaches it from here.

    It must depend on nothing that a failing compute host could take along: a router, a switch's
    address, a service in another room.
    """

    @classmethod
    @abc.abstractmethod
    def build(cls, url: str) -> Self:
        """A driver for a URL of its scheme.

        :raises drivers.contracts.errors.Refused: the URL is malformed; the message says how.
        """

    @abc.abstractmethod
    def ask(self, *, timeout: float) -> str:
        """Ask it once, and return what it said, in a few words for people.

        Blocks for about ``timeout`` seconds at most; resolving a name may hang beyond that, so
        that who asks waits beside and not for it.

        :raises drivers.contracts.errors.DriverError: it was not reached; the message says why.
        """
