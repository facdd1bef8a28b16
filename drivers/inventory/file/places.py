"""Where a device is, in a spelling that makes two names of one device equal (hazard H4)."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain, combinations, product
from typing import Any
from urllib.parse import urlsplit

#: The settings, of any driver, that say where a device is. One address may serve several
#: machines, which "system" or "plug" tell apart.
PLACE_KEYS = ('address', 'system', 'plug')

_PORTS = {'http': 80, 'https': 443}


@dataclass(frozen=True)
class Place:
    """The one thing that a device switches."""

    driver: str
    address: str
    plug: str | None = None
    protocol: str = ''  #: what several drivers of the same devices speak; the driver when empty

    def __str__(self) -> str:
        return self.address if self.plug is None else f'{self.address} {self.plug}'

    @property
    def spoken(self) -> str:
        """What the devices speak that this may be."""
        return self.protocol or self.driver

    def overlaps(self, other: Place) -> bool:
        """Whether both may switch the same machine. No plug is the only one at its address."""
        if (self.spoken, self.address) != (other.spoken, other.address):
            return False
        return self.plug is None or other.plug is None or self.plug == other.plug

    @property
    def machine(self) -> str:
        """The host of its address, without scheme and port."""
        return self._split()[0]

    def may_be(self, other: Place) -> bool:
        """Whether two that are spoken to differently may be one: the same machine and port, as far
        as ports are known, and no two plugs of it."""
        (name, port), (its_name, its_port) = self._split(), other._split()
        if name != its_name or (port and its_port and port != its_port):
            return False
        return self.plug is None or other.plug is None or self.plug == other.plug

    def _split(self) -> tuple[str, str]:
        rest = self.address.rpartition('//')[2]
        name, colon, port = rest.rpartition(':')
        return (name, port) if colon and port.isdigit() else (rest, '')

    def short(self) -> Place:
        """The same without the domain of its address, as a search domain would complete it."""
        head, slashes, rest = self.address.rpartition('//')
        name, colon, port = rest.partition(':')
        if not name or _is_ip(name.strip('[]')) or rest.startswith('['):
            return self
        return replace(self, address=head + slashes + name.split('.')[0] + colon + port)


def place(driver: str, settings: Mapping[str, Any], schema: Mapping[str, Any]) -> Place:
    """The place that a device's settings name."""
    address = str(settings.get('address', _stand_in(settings, schema))).strip().lower()
    plug = settings.get('system', settings.get('plug'))
    if plug is not None:
        plug = str(plug).rstrip('/').rsplit('/', 1)[-1]
    if '://' in address:
        parts = urlsplit(address)
        port = parts.port or _PORTS.get(parts.scheme)
        return Place(driver, f'{parts.scheme}://{_host(parts.hostname or "")}:{port}', plug)
    default = schema.get('properties', {}).get('port', {}).get('default')
    port = settings.get('port', default)
    host = _host(address)
    return Place(driver, host if port is None else f'{host}:{port}', plug)


def has_place(schema: Mapping[str, Any]) -> bool:
    """Whether its devices are somewhere at all; a human is not."""
    return bool(set(PLACE_KEYS) & schema.get('properties', {}).keys())


def _stand_in(settings: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """What the schema marks as standing for an address where there is none."""
    for key, part in schema.get('properties', {}).items():
        if 'place' in part and key in settings:
            value = settings[key]
            return ' '.join(map(str, value)) if isinstance(value, list) else str(value)
    return ''


def _host(name: str) -> str:
    if not _is_ip(name):
        return name.rstrip('.')
    address = ipaddress.ip_address(name)
    return f'[{address}]' if address.version == 6 else str(address)


def _is_ip(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


_User = tuple[str, Place]  # a host, and a place that it uses


def shared(places: Mapping[str, Iterable[Place]]) -> Iterator[tuple[str, str, Place, bool]]:
    """Each pair of hosts with a place in common, and whether they look like one machine.

    :param places: of each host.
    """
    by_address: dict[tuple[str, str], list[_User]] = defaultdict(list)
    for host in sorted(places):
        for one in places[host]:
            by_address[one.spoken, one.short().address].append((host, one))
    yield from _by_other_drivers(by_address.values())
    for users in by_address.values():
        for (first, a), (second, b) in _candidates(users):
            if first == second and a.driver != b.driver:
                continue  # a second way to ask the same BMC
            same_name = first != second and _one_name(first, second)
            if a.overlaps(b) or (same_name and a.short().overlaps(b.short())):
                yield min(first, second), max(first, second), a, same_name


def _by_other_drivers(
    groups: Iterable[list[_User]],
) -> Iterator[tuple[str, str, Place, bool]]:
    """The same of places that are spoken to differently, as an agent and a driver of ours do.

    :param groups: users of what is spoken to alike at one address.
    """
    by_machine: dict[str, list[dict[str | None, list[_User]]]] = defaultdict(list)
    for users in groups:
        alike: dict[str, list[_User]] = defaultdict(list)
        for user in users:
            alike[user[1].machine].append(user)
        for machine, each in alike.items():
            by_machine[machine].append(_by_plug(each))
    for kinds in by_machine.values():
        for one, other in combinations(kinds, 2):
            for (first, a), (second, b) in _matching(one, other):
                if first != second and a.may_be(b):
                    yield min(first, second), max(first, second), a, _one_name(first, second)


def _matching(
    one: Mapping[str | None, list[_User]], other: Mapping[str | None, list[_User]]
) -> Iterator[tuple[_User, _User]]:
    for plug in one.keys() & other.keys():
        yield from product(one[plug], other[plug])
    for mine, its in ((one, other), (other, one)):
        for plug in its.keys() - {None}:
            yield from product(mine.get(None, ()), its[plug])


def _by_plug(users: Iterable[_User]) -> dict[str | None, list[_User]]:
    found: dict[str | None, list[_User]] = defaultdict(list)
    for user in users:
        found[user[1].plug].append(user)
    return found


def _candidates(users: list[_User]) -> Iterator[tuple[_User, _User]]:
    """Pairs that may overlap; a service with thousands of systems must not cost millions."""
    by_plug = _by_plug(users)
    for group in by_plug.values():
        yield from combinations(group, 2)
    alone = by_plug.pop(None, [])
    yield from product(alone, chain.from_iterable(by_plug.values()))


def _one_name(first: str, second: str) -> bool:
    """Whether one is the other with a domain."""
    short, full = sorted((first.lower(), second.lower()), key=len)
    return full.startswith(short + '.')
