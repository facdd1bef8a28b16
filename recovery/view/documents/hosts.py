"""Hosts as JSON, and their fence paths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from recovery.db import fence_paths
from recovery.db.store import Store
from recovery.view import hosts
from recovery.view.ids import Unknown, short
from recovery.view.times import precise, stamp

if TYPE_CHECKING:
    from recovery.site import Site

Document = dict[str, Any]


def listing(site: Site) -> Document:
    """Every host, and why the list may be short: {'hosts': [...], 'trouble': [...]}."""
    found = hosts.hosts(site)
    with site.store.read() as connection:
        paths = fence_paths.grades(connection)
    return {
        'hosts': [_listed(one, paths.get(one.name, '')) for one in found.hosts],
        'trouble': list(found.trouble),
    }


def _listed(one: hosts.Host, path: str) -> Document:
    return {
        'host': one.name,
        'nova': one.nova,
        'fencing': one.fencing,
        'fence_path': path,
        'marks': one.marks,
        'segment': one.memory.segment or '',
        'maintenance': one.memory.maintenance,
        'failed_by': one.memory.failed_by or '',
        **_recovery(one),
    }


def _recovery(one: hosts.Host) -> Document:
    row = one.recovery
    return {
        'recovery': '' if row is None else str(row['id']),
        'recovery_state': '' if row is None else row['state'],
    }


def one(site: Site, name: str) -> Document:
    """One host, its devices asked now.

    :raises recovery.view.ids.Unknown: nobody knows it.
    :raises drivers.contracts.errors.DriverError: Nova does not answer.
    """
    host = hosts.host(site, name)
    counts = hosts.instances(site, name)
    devices = hosts.devices(site, name) if host.fenceable else []
    memory, service = host.memory, host.service
    with site.store.read() as connection:
        path = fence_paths.get(connection, name)
    return {
        'host': name,
        'nova': host.nova,
        'disabled_reason': service.disabled_reason or '' if service else '',
        'reported_or_changed_at': precise(service.updated_at if service else None),
        'instances': dict(counts),
        'fencing': host.fencing,
        'devices': [_device(one) for one in devices],
        'fence_path': path.verdict if path else '',
        'maintenance': memory.maintenance,
        'maintenance_by': memory.maintenance_by or '',
        'maintenance_reason': memory.maintenance_reason or '',
        'failed_by': memory.failed_by or '',
        'segment': memory.segment or '',
        'carries': list(memory.carries),
        'proven_off_at': precise(memory.proven_off_at),
        'returned_at': precise(memory.returned_at),
        **_recovery(host),
        'next': _next(host),
    }


def _device(one: hosts.Device) -> Document:
    return vars(one) | {'verdict': one.verdict}


def _next(host: hosts.Host) -> str:
    if host.recovery is not None:
        return f'recovery show {short(host.recovery["id"])}'
    if host.memory.failed_by:
        return f'recovery host return {host.name}'
    if host.memory.maintenance:
        return f'recovery host maintenance {host.name} off'
    return ''


def paths(store: Store) -> list[Document]:
    """What the newest check of each fence path found."""
    with store.read() as connection:
        return [_path(row) for row in fence_paths.every(connection).values()]


def path(store: Store, name: str) -> Document:
    """What the newest check of one fence path found. Raises Unknown: it was never checked."""
    with store.read() as connection:
        row = fence_paths.get(connection, name)
    if row is None:
        raise Unknown(f'the fence path of {name!r} was never checked: recovery fence test {name}')
    return _path(row)


def _path(row: fence_paths.FencePathRow) -> Document:
    checked = bool(row.verdict)
    found: list[Mapping[str, Any]] = list(row.devices)
    return {
        'host': row.host,
        'off_works': row.off_works if checked else None,
        'on_works': row.on_works if checked else None,
        'verdict': row.verdict,
        'since': stamp(row.since) if checked else None,
        'at': stamp(row.at) if checked else None,
        'devices': [dict(each) for each in found],
    }
