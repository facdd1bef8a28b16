"""Spreading evacuations: a burst that is left to the scheduler usually lands on one host."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from drivers.contracts.compute import Capacity


class Targets:
    """The hosts that can still take something, most room first, less what we sent there already.

    :param capacities: as Placement says; empty leaves every choice to the scheduler.
    :param exclude: hosts that must not be named: failed ones, disabled ones, those that are down.
    """

    def __init__(self, capacities: Iterable[Capacity], exclude: Collection[str]) -> None:
        self._free = {one.host: one for one in capacities if one.host not in exclude}

    def choose(self, *, vcpus: int, ram_mb: int, disk_gb: int) -> str | None:
        """The host with most free memory that has room, counted down for the next choice.

        None: no host is known to have room, the scheduler decides.
        """
        fitting = [
            one
            for one in self._free.values()
            if one.free_vcpus >= vcpus and one.free_ram_mb >= ram_mb and one.free_disk_gb >= disk_gb
        ]
        if not fitting:
            return None
        best = max(fitting, key=lambda one: (one.free_ram_mb, one.free_vcpus, one.host))
        self._free[best.host] = replace(
            best,
            free_vcpus=best.free_vcpus - vcpus,
            free_ram_mb=best.free_ram_mb - ram_mb,
            free_disk_gb=best.free_disk_gb - disk_gb,
        )
        return best.host

    def drop(self, host: str) -> None:
        """Do not name it again: it refused, or failed meanwhile."""
        self._free.pop(host, None)


class Nowhere(Exception):
    """There is no host that this instance may go to now. The message says why."""


class Only:
    """One host and no other one: a spare.

    :param capacities: None: nobody knows what it has room for, and Nova is asked.
    :param exclude: see :class:`Targets`.
    """

    def __init__(
        self, host: str, capacities: Iterable[Capacity] | None, exclude: Collection[str]
    ) -> None:
        self._host = host
        self._unfit = host in exclude
        self._targets: Targets | None = None
        if capacities is not None:
            self._targets = Targets((one for one in capacities if one.host == host), ())

    def choose(self, *, vcpus: int, ram_mb: int, disk_gb: int) -> str:
        """The host. Raises Nowhere when it cannot be used, or has no room."""
        if self._unfit:
            raise Nowhere(f'{self._host} cannot be used any more')
        if self._targets is None:
            return self._host
        if self._targets.choose(vcpus=vcpus, ram_mb=ram_mb, disk_gb=disk_gb) is None:
            raise Nowhere(f'{self._host} has no room for it')
        return self._host

    def drop(self, host: str) -> None:
        """Do not name it again."""
        self._unfit = self._unfit or host == self._host
