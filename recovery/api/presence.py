"""The row of a process that answers requests: others see that it lives."""

from __future__ import annotations

import logging
import threading

from flows.stop import StoreAway
from recovery.db import workers
from recovery.site import Site

LOG = logging.getLogger(__name__)

SECONDS = workers.ALIVE_SECONDS / 4


class Presence:
    """Of one process."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def run(self, stop: threading.Event) -> None:
        """Until ``stop``; the body of an actor of its own."""
        while not stop.is_set():
            try:
                workers.seen(self._site.store, self._site.identity)
            except StoreAway as away:
                LOG.warning('no heartbeat: %s', away.reason)
            self._site.clock.wait(stop, SECONDS)

    def gone(self) -> None:
        """The process ends in order."""
        try:
            workers.gone(self._site.store, self._site.identity)
        except StoreAway as away:
            LOG.warning('%s', away.reason)
