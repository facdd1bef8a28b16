"""Instances that keep a host from returning."""

from __future__ import annotations

from drivers.contracts.compute import ComputeDriver
from flows.records import ItemState
from recovery.db import items
from recovery.intake.looks import Looks
from recovery.policy.inputs import HostRecord, Leftover
from recovery.site import Site

UNFINISHED = frozenset(
    {ItemState.FAILED, ItemState.UNSETTLED, ItemState.PENDING, ItemState.STARTED}
)


def of_host(site: Site, nova: ComputeDriver | Looks, host: HostRecord) -> tuple[Leftover, ...]:
    """Items that did not end well, and instances that no item explains. Raises DriverError."""
    with site.store.read() as connection:
        every = items.newest_of_host(connection, host.name, frozenset(ItemState))
    found = [
        Leftover(one.instance, one.name, one.state) for one in every if one.state in UNFINISHED
    ]
    if host.failed_by is None:
        return tuple(found)  # it was not evacuated: what runs there belongs there
    explained = {one.instance for one in every if one.state != ItemState.MOVED}
    found += [
        Leftover(one.id, one.name, 'unexplained')
        for one in nova.instances(host=host.name, timeout=site.conf.compute.read_seconds)
        if one.id not in explained
    ]
    return tuple(found)
