"""SIGHUP: options, inventory and sources of alarms are read again, all or nothing."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from oslo_config import cfg

from drivers.contracts.errors import DriverError
from drivers.contracts.inventory import InventoryError
from recovery import conf as groups
from recovery import plugins
from recovery.conf.fixed import fixed
from recovery.conf.reading import BadOptions
from recovery.conf.strays import strays
from recovery.intake.sources import Sources
from recovery.limits import refuse_unreasoned
from recovery.site import Site

LOG = logging.getLogger(__name__)

POLL_SECONDS = 0.5


class Asked:
    """How often SIGHUP came. A handler must wait for nothing, so it sets no event: it may have
    interrupted itself in the middle of just that."""

    def __init__(self) -> None:
        self._times: list[None] = []

    def again(self, *_signal: object) -> None:
        """The handler."""
        self._times.append(None)

    @property
    def times(self) -> int:
        return len(self._times)


class Reloader:
    """Reads the configuration of a running daemon again.

    :param fresh: reads all files into a ConfigOpts of its own. Raises BadOptions.
    """

    def __init__(self, site: Site, fresh: Callable[[], cfg.ConfigOpts], asked: Asked) -> None:
        self._site = site
        self._fresh = fresh
        self._asked = asked

    def run(self, stop: threading.Event) -> None:
        """Until ``stop``; the body of an actor of its own."""
        done = 0
        while not self._site.clock.wait(stop, POLL_SECONDS):
            times = self._asked.times
            if times == done:
                continue
            done = times
            try:
                self.reload()
            except Exception:
                LOG.exception('the configuration was not reloaded')

    def reload(self) -> bool:
        """Once. False: what is there cannot be used, and everything stays as it was."""
        site = self._site
        try:
            fresh = self._fresh()
            refuse_unreasoned(fresh)
            plugins.open_inventory(fresh)
            plugins.open_compute(fresh, site.clock)
            Sources.load(fresh)
        except (BadOptions, InventoryError, DriverError) as error:
            LOG.error('the configuration is not reloaded, and the old one goes on: %s', error)
            return False
        for stray in strays(fresh):
            LOG.warning('%s', stray)
        changed, later = _differences(site.conf, fresh)
        fresh.clear()
        site.conf.mutate_config_files()
        site.renew()
        Sources.renew(site)
        for name in later:
            LOG.warning('%s was changed: that takes effect after a restart', name)
        LOG.info('the configuration is reloaded; changed: %s', ', '.join(changed) or 'no option')
        return True


def _differences(old: cfg.ConfigOpts, new: cfg.ConfigOpts) -> tuple[list[str], list[str]]:
    """Names of options of ours that differ: those that change now, and those that do later.
    Never their values: one may be a password."""
    found: tuple[list[str], list[str]] = ([], [])
    for group, options in groups.list_opts():
        for option in options:
            if old[group.name][option.name] != new[group.name][option.name]:
                later = fixed(group.name, option.name)
                found[later].append(f'[{group.name}] {option.name}')
    return found
