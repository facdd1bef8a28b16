"""Hosts of Masakari that nothing would be done for here, as it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from drivers.contracts.compute import Service
from recovery.db import hosts, masakari
from recovery.db.masakari import Contents
from recovery.site import Site
from recovery.view.ids import short


@dataclass(frozen=True)
class Unprotected:
    """A host that nothing would be done for, as it stands."""

    host: str
    why: str
    verb: str


def unprotected(site: Site, contents: Contents) -> tuple[Unprotected, ...]:
    """Hosts of Masakari that would not be recovered here, each with what helps.

    :raises drivers.contracts.errors.DriverError: Nova could not be asked.
    :raises drivers.contracts.inventory.InventoryError: the inventory cannot be used.
    """
    services = {
        one.host: one for one in site.compute.services(timeout=site.conf.compute.read_seconds)
    }
    closed = {one.uuid: one for one in contents.segments if not one.enabled}
    found = []
    with site.store.read() as connection:
        here = {one.name: hosts.get(connection, one.name) for one in contents.hosts}
    for host in contents.hosts:
        holes = [*_holes(site, host, services, closed), *_marks(host, here[host.name])]
        if here[host.name].failed_by is None:  # else they are ours, and its return lifts them
            holes += _flags(host, services)
        for why, verb in holes:
            found.append(Unprotected(host.name, why, verb))
    return tuple(found)


def _marks(wanted: masakari.Host, here: hosts.Host) -> Iterator[tuple[str, str]]:
    """What is on record here, an earlier import included."""
    if here.maintenance and not wanted.on_maintenance:
        why = f'it is in maintenance here, by {here.maintenance_by}: {here.maintenance_reason}'
        yield why, f'recovery host maintenance {wanted.name} off'
    if here.failed_by is not None:
        yield (
            f'recovery {short(here.failed_by)} found it failed, and nobody has brought it back',
            f'recovery host return {wanted.name}',
        )


def _flags(wanted: masakari.Host, services: dict[str, Service]) -> Iterator[tuple[str, str]]:
    """What Masakari leaves behind in Nova; a reserved host is disabled as it should be."""
    service = services.get(wanted.name)
    if service is None:
        return
    if service.forced_down:
        yield (
            'its service is forced down in Nova',
            f'when it is well: openstack compute service set --up {wanted.name} nova-compute',
        )
    if not service.enabled and not wanted.reserved:
        yield (
            f'somebody disabled its service in Nova ({service.disabled_reason or "no reason"})',
            f'when it is well: openstack compute service set --enable {wanted.name} nova-compute',
        )


def _holes(
    site: Site,
    host: masakari.Host,
    services: dict[str, Service],
    closed: dict[str, masakari.Segment],
) -> Iterator[tuple[str, str]]:
    if host.name not in services:
        yield 'Nova has no compute service of that name', 'recovery host list'
    if host.on_maintenance:
        why = 'it is on maintenance, by an operator or since a failure that nobody cleared'
        yield why, f'recovery host maintenance {host.name} off'
    if host.segment in closed:
        name = closed[host.segment].name
        yield (
            f'its segment {name} is not enabled',
            f'openstack segment update {name} --is_enabled true',
        )
    try:
        site.inventory.path(host.name)
    except KeyError:
        yield 'no device can fence it', f'add it to {site.conf.fencing.inventory}'
