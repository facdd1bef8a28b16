"""The watcher: decides again what is held or waits, and brings back what is due."""

from __future__ import annotations

import logging
import threading

from flows.stop import StoreAway
from recovery.board.boards import open_board
from recovery.bus.bus import Bus
from recovery.db import workers
from recovery.intake import again, restarts
from recovery.service.fence_check import FenceCheck
from recovery.service.life import Life
from recovery.service.nova_poll import NovaPoll
from recovery.service.reconcile import Reconciler
from recovery.service.rounds import every
from recovery.service.witnessing import Witnessing
from recovery.site import Site

LOG = logging.getLogger(__name__)

SEEN_SECONDS = 10.0
FENCE_LOOK_SECONDS = 5.0


class Watcher:
    """Any number of them may run: there is no leader, each due row is taken by compare-and-set."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._name = f'{site.identity.name}/watcher'
        settings = site.conf.watcher
        board = open_board(site.conf.board, site.store, site.clock, self._name)
        self._reconciler = Reconciler(
            site.store, board, self._name, orphans_seconds=lambda: settings.sweep_seconds
        )
        self._life = Life(site)
        self._witnessing = Witnessing(site)
        self._fence_check = FenceCheck(site)
        self._nova_poll = NovaPoll(site)
        self.bus = Bus(site)
        self._seen_at = float('-inf')

    def run(self, stop: threading.Event) -> None:
        """Until ``stop``."""
        clock, settings = self._site.clock, self._site.conf.watcher
        LOG.info('%s started', self._name)
        # Beside: a dead device takes its whole time-out, and there may be many of them.
        clock.spawn(
            f'{self._name}/life',
            lambda: every(clock, lambda: settings.life_seconds, self._life.sweep, stop),
        )
        clock.spawn(
            f'{self._name}/fence-check',
            lambda: every(clock, FENCE_LOOK_SECONDS, self._fence_check.sweep, stop),
        )
        clock.spawn(
            f'{self._name}/nova-poll',
            lambda: every(clock, lambda: settings.poll_seconds, self._nova_poll.sweep, stop),
        )
        clock.spawn(
            f'{self._name}/undecided',
            lambda: every(clock, lambda: settings.again_seconds, self._undecided, stop),
        )
        self.bus.start(stop, every)
        every(clock, lambda: settings.sweep_seconds, self.sweep, stop)
        self._gone()

    def _undecided(self) -> None:
        again.undecided(self._site)
        restarts.sweep(self._site)

    def _gone(self) -> None:
        try:
            self._nova_poll.gone()
            self.bus.gone()
        except StoreAway as away:
            LOG.warning('others take over after a lease: %s', away.reason)

    def sweep(self) -> None:
        """Look once at all rows. Raises StoreAway."""
        site, now = self._site, self._site.clock.elapsed()
        if site.identity.kind == 'watcher' and now - self._seen_at >= SEEN_SECONDS:
            workers.seen(site.store, site.identity)
            self._seen_at = now
        if site.identity.kind == 'watcher':
            self._witnessing.tend()
        self._reconciler.sweep()
        again.held(site)
        again.waiting(site)
