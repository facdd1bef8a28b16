"""What plugs in: drivers and flows by their entry points, wired into a site."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import Any

from oslo_config import cfg
from stevedore import driver, extension
from stevedore.exception import NoMatches

from drivers.clock import SystemClock
from drivers.contracts.clock import Clock
from drivers.contracts.compute import ComputeDriver
from drivers.contracts.errors import Refused
from drivers.contracts.inventory import Inventory
from drivers.inventory.file import FileInventory
from recovery.db.store import Store
from recovery.limits import refuse_unreasoned
from recovery.site import Identity, Site

COMPUTE, FENCING, FLOWS = 'recovery.compute', 'recovery.fencing', 'recovery.flows'


def names(group: str) -> tuple[str, ...]:
    """What is installed in a group of entry points."""
    return tuple(sorted(extension.ExtensionManager(group).entry_points_names()))


def load(group: str, name: str) -> Any:
    """One entry point.

    :raises LookupError: there is none of that name, or it cannot be imported.
    """
    try:
        return driver.DriverManager(group, name, warn_on_missing_entrypoint=False).driver
    except NoMatches as error:
        known = ', '.join(names(group)) or 'none'
        raise LookupError(f'{group} has no usable {name!r}; installed: {known}') from error
    except ImportError as error:  # a part of it is missing here
        raise LookupError(f'{group} has {name!r}, which cannot be imported: {error}') from error


def fencing_drivers() -> dict[str, Any]:
    """Every fencing driver that can be imported, by the name that the inventory uses."""
    found = extension.ExtensionManager(FENCING, on_load_failure_callback=_skip)
    return {one.name: one.plugin for one in found}


def _skip(_manager: Any, _entry_point: Any, _error: BaseException) -> None:
    """A driver whose library is absent is an unknown device type; the inventory says so."""


def flow_builder(kind: str) -> Callable[..., Any]:
    """The builder of a failure kind's flow. Raises LookupError."""
    builder: Callable[..., Any] = load(FLOWS, kind)
    return builder


def open_compute(conf: cfg.ConfigOpts, clock: Clock) -> ComputeDriver:
    """The compute driver as configured. Raises DriverError; asks the cloud nothing yet."""
    options = conf.compute
    try:
        make = load(COMPUTE, options.driver)
    except LookupError as error:
        raise Refused(f'[compute] driver: {error}') from error
    compute: ComputeDriver = make(
        cloud=options.cloud,
        region=options.region,
        interface=options.interface,
        client_config_file=options.clouds_file,
        clock=clock,
    )
    return compute


def open_inventory(conf: cfg.ConfigOpts) -> Inventory:
    """The fencing inventory as configured. Raises InventoryError."""
    return FileInventory(conf.fencing.inventory, fencing_drivers(), lab=conf.fencing.allow_noop)


def identify(conf: cfg.ConfigOpts, kind: str, clock: Clock) -> Identity:
    """Who this process is."""
    machine, pid = socket.gethostname(), os.getpid()
    name = f'{kind}-{machine}-{pid}-{clock.new_token()[:6]}'
    return Identity(name, kind, conf.worker.own_host or machine, pid)


def open_site(
    conf: cfg.ConfigOpts, clock: Clock | None = None, store: Store | None = None, kind: str = 'cli'
) -> Site:
    """The site as configured; nothing is contacted before it is needed.

    :param store: an open one; otherwise ``[database] connection`` is opened.
    :param kind: what this process is: worker, watcher, standalone, cli.
    :raises recovery.conf.reading.BadOptions: a gate is weakened without a stated reason.
    """
    refuse_unreasoned(conf)
    ticking = clock or SystemClock()
    return Site(
        conf=conf,
        clock=ticking,
        store=store
        or Store(conf.database.connection, ticking, busy_seconds=conf.database.busy_seconds),
        identity=identify(conf, kind, ticking),
        compute=lambda: open_compute(conf, ticking),
        inventory=lambda: open_inventory(conf),
    )
