"""Hosts, joined from what Nova says, what the inventory says, and what we remember."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from drivers.contracts.compute import Service
from drivers.contracts.errors import DriverError
from drivers.contracts.fencing import FenceDevice, FencePath
from drivers.contracts.inventory import Inventory, InventoryError
from flows.fencing.readings import read
from recovery.db import hosts as remembered
from recovery.db import tables
from recovery.intake.looks import looks
from recovery.view.ids import Unknown, short

if TYPE_CHECKING:
    from recovery.site import Site

READ_SECONDS = 20.0


@dataclass(frozen=True)
class Host:
    """One host, without asking its devices."""

    name: str
    service: Service | None  #: None: Nova does not know it, or did not answer
    fencing: str  #: 'ipmi, redfish', or what is wrong
    fenceable: bool
    memory: remembered.Host
    recovery: Mapping[str, Any] | None  #: the live one

    @property
    def nova(self) -> str:
        """'up', 'down', 'unknown', with what was switched."""
        if self.service is None:
            return 'unknown'
        marks = ['' if self.service.enabled else 'disabled']
        marks.append('forced down' if self.service.forced_down else '')
        return ', '.join(word for word in (self.service.state, *marks) if word)

    @property
    def marks(self) -> str:
        """The operator's maintenance, and ours."""
        found = []
        if self.memory.maintenance:
            found.append(f'maintenance by {self.memory.maintenance_by}')
        if self.memory.failed_by:
            found.append(f'failed: {short(self.memory.failed_by)}')
        return ', '.join(found)


@dataclass(frozen=True)
class Device:
    """One device of a host, as it answered now."""

    level: int
    name: str
    address: str
    power: str
    identity: str | None
    enrolled: str | None
    error: str = ''

    @property
    def verdict(self) -> str:
        """'ok', 'not enrolled', 'changed' or 'unreachable'."""
        if self.error:
            return 'unreachable'
        if self.enrolled is None:
            return 'not enrolled' if self.identity else 'ok'
        return 'ok' if self.identity == self.enrolled else 'changed'


@dataclass(frozen=True)
class Listing:
    """Hosts, and why the list may be short."""

    hosts: list[Host]
    trouble: list[str] = field(default_factory=list)


def hosts(site: Site) -> Listing:
    """Every host that Nova, the inventory or we know by name."""
    trouble: list[str] = []
    services: dict[str, Service] = {}
    try:
        found = looks(site).services(READ_SECONDS)
        services = {one.host: one for one in found}
    except DriverError as error:
        trouble.append(f'Nova: {error}')
    inventory = _inventory(site, trouble)
    with site.store.read() as connection:
        memory = {one.name: one for one in remembered.every(connection)}
        live = _live(connection)
    named = set(inventory.named_hosts()) if inventory else set()
    names = sorted({*services, *memory, *live, *named})
    return Listing([_host(name, services, inventory, memory, live) for name in names], trouble)


def host(site: Site, name: str) -> Host:
    """One host. Raises Unknown when nobody knows it; DriverError when Nova does not answer."""
    services = {one.host: one for one in looks(site).services(READ_SECONDS)}
    inventory = _inventory(site, [])
    with site.store.read() as connection:
        memory = {one.name: one for one in remembered.every(connection)}
        live = _live(connection)
    if name not in {*services, *memory, *live}:
        known = ', '.join(sorted(services)[:10]) or 'none'
        raise Unknown(f'nobody knows a host {name!r}; Nova knows: {known}')
    return _host(name, services, inventory, memory, live)


def devices(site: Site, name: str) -> list[Device]:
    """Ask every device of a host for its power and identity.

    :raises Unknown: the inventory has none for it.
    :raises InventoryError: it has one that cannot be used.
    """
    try:
        path: FencePath = site.inventory.path(name)
    except KeyError:
        raise Unknown(
            f'no device can fence {name}: add it to {site.conf.fencing.inventory}'
        ) from None
    with site.store.read() as connection:
        enrolled = remembered.get(connection, name).identities
    return [
        _device(site, level.number, device, enrolled.get(device.name))
        for level in path.levels
        for device in level.devices
    ]


def instances(site: Site, name: str) -> Mapping[str, int]:
    """How many instances Nova places on a host, by vm state. Raises DriverError."""
    found = looks(site).instances(host=name, timeout=READ_SECONDS)
    return dict(Counter(one.vm_state for one in found))


def _device(site: Site, level: int, device: FenceDevice, enrolled: str | None) -> Device:
    reading = read(device, site.clock)
    identity, error = None, reading.error
    if not error:
        try:
            identity = device.driver.identity(timeout=device.request_timeout)
        except DriverError as failure:
            error = str(failure)
    return Device(
        level, device.name, device.address, reading.state.value, identity, enrolled, error
    )


def _inventory(site: Site, trouble: list[str]) -> Inventory | None:
    try:
        return site.inventory
    except InventoryError as error:
        trouble.append(str(error))
        return None


def _live(connection: sa.Connection) -> dict[str, Mapping[str, Any]]:
    table = tables.recovery
    # Those of its instances are not its own.
    query = sa.select(table).where(table.c.open_key.startswith('host:'))
    return {row['host']: dict(row) for row in connection.execute(query).mappings()}


def _host(
    name: str,
    services: Mapping[str, Service],
    inventory: Inventory | None,
    memory: Mapping[str, remembered.Host],
    live: Mapping[str, Mapping[str, Any]],
) -> Host:
    fencing, fenceable = _fencing(inventory, name)
    return Host(
        name=name,
        service=services.get(name),
        fencing=fencing,
        fenceable=fenceable,
        memory=memory.get(name) or remembered.Host(name),
        recovery=live.get(name),
    )


def _fencing(inventory: Inventory | None, name: str) -> tuple[str, bool]:
    if inventory is None:
        return 'the inventory cannot be used', False
    try:
        path = inventory.path(name)
    except KeyError:
        return 'NO DEVICE', False
    except InventoryError as error:
        return str(error), False
    return ' > '.join('+'.join(one.name for one in level.devices) for level in path.levels), True
