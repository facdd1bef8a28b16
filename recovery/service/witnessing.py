"""Telling the other processes, now and then, what this one sees of the witnesses."""

from __future__ import annotations

import logging
import threading

from flows.stop import StoreAway
from recovery.db import witnesses
from recovery.intake import surroundings
from recovery.site import Site

LOG = logging.getLogger(__name__)


class Witnessing:
    """One per process; does nothing while no witness is configured."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._looked_at = float('-inf')
        self._ended: threading.Event | None = None

    def tend(self) -> None:
        """Begin a look if one is due, beside the caller: a witness may take its whole time-out."""
        site, now = self._site, self._site.clock.elapsed()
        if not surroundings.configured(site):
            return
        if self._ended is not None and not self._ended.is_set():
            return
        if now - self._looked_at < site.conf.isolation.look_seconds:
            return
        self._looked_at = now
        self._ended = site.clock.spawn(f'{site.identity.name}/witnesses', self._look)

    def _look(self) -> None:
        try:
            surroundings.tell(self._site)
        except StoreAway as away:
            LOG.warning('what the witnesses said is not told: %s', away.reason)
        except Exception:
            LOG.exception('the witnesses were not asked')

    def gone(self) -> None:
        """The process ends in order: what it saw counts no more. Raises StoreAway."""
        if self._looked_at > float('-inf'):
            self._site.store.transact(
                lambda connection: witnesses.gone(connection, self._site.identity)
            )
