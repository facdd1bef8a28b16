"""The fencing inventory as one YAML file."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from drivers.contracts.fencing import FenceDevice, FenceLevel, FencePath
from drivers.contracts.inventory import Inventory, InventoryProblem
from drivers.inventory.file import places
from drivers.inventory.file.entries import (
    Drivers,
    Entry,
    EntryError,
    HostEntry,
    exposed_secrets,
    read_entries,
    warnings,
)

SHOWN = 3  #: hosts that a sentence names


class FileInventory(Inventory):
    """Hosts by exact name, or else by the first pattern that matches.

    The file is read once, here. Credentials by reference are read each time a host's path is
    asked for, so that a rotated password needs no restart.
    """

    def __init__(self, file: str | Path, drivers: Drivers, *, lab: bool = False) -> None:
        """Read the file and check all of it that can be checked without a host's name.

        :param drivers: classes by the names that the file uses; each has ``SETTINGS_SCHEMA``
            and ``build(settings)``.
        :param lab: accept devices that only pretend to cut the power.
        :raises InventoryError: one line for each thing that is wrong.
        """
        self._file = Path(file)
        self._drivers = dict(drivers)
        self._lab = lab
        self._look = _look_of(self._file)  # before it is read: a change meanwhile counts
        self._entries = read_entries(self._file, self._drivers)

    def path(self, host: str) -> FencePath:
        said = self._said(host)
        levels = tuple(
            FenceLevel(number, tuple(self._device(entry.expanded(host)) for entry in devices))
            for number, devices in said.levels
        )
        return FencePath(host, levels, said.feeds, said.network)

    def named_hosts(self) -> tuple[str, ...]:
        return tuple(self._entries.hosts)

    def problems(self, hosts: Iterable[str]) -> tuple[InventoryProblem, ...]:
        asked = set(hosts)
        found = list(exposed_secrets(self._entries, self._drivers, self._file))
        found += warnings(self._entries, self._drivers, lab=self._lab)
        for host in sorted(asked):
            found += self._unusable(host)
        return (*found, *self._shared(asked))

    def management_network(self) -> str:
        return self._entries.management_network

    def outdated(self) -> bool:
        return self._look != _look_of(self._file)

    def _said(self, host: str) -> HostEntry:
        if host in self._entries.hosts:
            return self._entries.hosts[host]
        for match, said in self._entries.patterns:
            if fnmatchcase(host, match):
                return said
        raise KeyError(host)

    def _device(self, entry: Entry) -> FenceDevice:
        driver = self._drivers[entry.driver]
        settings = entry.resolved(driver, self._file)
        objections = replace(entry, settings=settings).objections(driver, lab=self._lab)
        wrong = [objection.sentence for objection in objections if objection.blocks]
        if wrong:
            raise EntryError(entry.where, '; and '.join(wrong))
        return FenceDevice(
            name=entry.name,
            driver=driver.build(settings),
            address=str(entry.place(driver)) or entry.name,
            kind=entry.driver,
            from_record=getattr(driver, 'FROM_RECORD', False),
            by_hand=getattr(driver, 'BY_HAND', False),
            **entry.common,
        )

    def _unusable(self, host: str) -> list[InventoryProblem]:
        try:
            self.path(host)
        except KeyError:
            message = f'no device can fence {host}: add it to {self._file}, or a pattern for it'
            return [InventoryProblem(host, message)]
        except EntryError as error:
            return [InventoryProblem(error.where, error.sentence)]
        return []

    def _shared(self, asked: set[str]) -> list[InventoryProblem]:
        of_host: dict[str, list[places.Place]] = {}
        for host in asked | set(self._entries.hosts):
            try:
                said = self._said(host)
            except KeyError:
                continue
            entries = [entry.expanded(host) for entry in said.devices]
            of_host[host] = [
                entry.place(self._drivers[entry.driver])
                for entry in entries
                if places.has_place(self._drivers[entry.driver].SETTINGS_SCHEMA)
            ]
        by_device: dict[tuple[str, str, bool], set[str]] = defaultdict(set)
        for first, second, place, one_machine in places.shared(of_host):
            if {first, second} & asked:
                alike = place in of_host[first] and place in of_host[second]
                pair = '' if alike and first != second and not one_machine else f'{first} {second}'
                by_device[f'{place.driver} {place}', pair, one_machine] |= {first, second}
        return [
            InventoryProblem(
                min(hosts),
                _sentence(sorted(hosts), device, one_machine=one_machine),
                hosts=frozenset(hosts),
            )
            for (device, _, one_machine), hosts in by_device.items()
        ]


def _look_of(file: Path) -> tuple[int, ...]:
    """What changes with the file, also when a rename puts another one in its place."""
    try:
        found = os.stat(file)
    except OSError:
        return ()
    return (found.st_ino, found.st_size, found.st_mtime_ns)


def _sentence(hosts: list[str], device: str, *, one_machine: bool) -> str:
    if len(hosts) == 1:
        return f'{hosts[0]} lists {device} twice; each device of a host must be another one'
    if one_machine:
        return (
            f'{" and ".join(hosts)} would both be fenced through {device}; they look like one '
            'machine under two names: delete the compute service of the name that is no longer used'
        )
    right = 'a device must belong to one host, so correct'
    if len(hosts) == 2:
        both = ' and '.join(hosts)
        return f'{both} would both be fenced through {device}; {right} one of them'
    more = len(hosts) - SHOWN
    names = ', '.join(hosts[:SHOWN]) + (f' and {more} more' if more else '')
    return f'{names} would all be fenced through {device}; {right} them'
