"""The worker: claims recoveries and runs them."""

from __future__ import annotations

import logging
import threading

import sqlalchemy as sa

from flows.stop import StoreAway
from recovery import plugins
from recovery.board.boards import open_board
from recovery.board.conductor import RecoveryConductor
from recovery.claims.claim import Claim
from recovery.db import workers
from recovery.db.store import Store
from recovery.db.tables import recovery as table
from recovery.intake import surroundings
from recovery.service.equipment import Equipment
from recovery.service.heartbeat import Heartbeat
from recovery.service.reconcile import Reconciler
from recovery.service.rounds import every
from recovery.service.tally import Tally
from recovery.service.witnessing import Witnessing
from recovery.site import Site

LOG = logging.getLogger(__name__)


class _Conductor(RecoveryConductor):
    """Counts how its runs end."""

    tally: Tally

    def _run_claim(self, claim: Claim) -> None:
        try:
            super()._run_claim(claim)
        finally:
            self.tally.ended(claim)


class Worker:
    """One per process."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._name = site.identity.name
        settings, clock = site.conf.worker, site.clock
        self._board = open_board(site.conf.board, site.store, clock, self._name)
        self._reconciler = Reconciler(
            site.store,
            self._board,
            self._name,
            orphans_seconds=lambda: min(0.5, settings.lease_seconds / 10),
        )
        self.tally = Tally(clock, lambda: len(self._conductor.claimed()))
        self._conductor = _Conductor(
            self._name,
            self._board,
            site.store,
            lease=settings.lease_seconds,
            at_once=settings.recoveries,
            claims=settings.claims,
            equip=Equipment(site, self.tally),
            builder=plugins.flow_builder,
            may_claim=self._may_claim,
            ready=self._reconciler.ready,
        )
        self._conductor.tally = self.tally
        self._draining = False
        self._witnessing = Witnessing(site)
        own = max(1.0, settings.lease_seconds / 8)
        self._beats = Store(site.conf.database.connection, clock, busy_seconds=own)
        self._heartbeat = Heartbeat(
            self._beats, site.identity, self._conductor.claimed, lease=settings.lease_seconds
        )

    def run(self, stop: threading.Event) -> None:
        """Until ``stop``; then every recovery is let go within the configured time."""
        clock, settings = self._site.clock, self._site.conf.worker
        beats_end = threading.Event()
        beating = clock.spawn(f'{self._name}/heartbeat', lambda: self._heartbeat.run(beats_end))
        LOG.info('%s started', self._name)
        every(clock, lambda: self._site.conf.board.poll_seconds, self._look, stop)
        in_time = self._conductor.stop(settings.stop_seconds)
        beats_end.set()
        clock.wait(beating, settings.stop_seconds)
        try:
            workers.gone(self._site.store, self._site.identity)
            self._witnessing.gone()
        except StoreAway as away:
            LOG.warning('%s', away.reason)
        LOG.info('%s stopped%s', self._name, '' if in_time else '; some claims run out by lease')

    def _look(self) -> None:
        self._reconciler.sweep()
        self._witnessing.tend()
        self._let_go()
        self._conductor.run()

    def _let_go(self) -> None:
        """What it runs goes to others, when an operator wants it drained at once."""
        if not self._conductor.claimed():
            return
        with self._site.store.read() as connection:
            who = workers.lets_go(connection, self._name)
        if who is not None:
            self._conductor.let_go(f'{who} drains this worker at once')

    def _may_claim(self, recovery: str) -> bool:
        """Not while it drains, nor while it is cut off and another is not (S10); and a worker does
        not power off the host it runs on while another could do it (H14), which is not cut off."""
        site = self._site
        if surroundings.cut_off(site):
            return False
        with site.store.read() as connection:
            if self._drains(connection):
                return False
            query = sa.select(table.c.host).where(table.c.id == recovery)
            if connection.execute(query).scalar() != site.identity.host:
                return True
        host, now, others = site.identity.host, site.clock.now(), surroundings.cut_off_others(site)
        with site.store.read() as connection:
            _here, elsewhere = workers.here_and_elsewhere(connection, host, now, others)
        return not elsewhere

    def _drains(self, connection: sa.Connection) -> bool:
        drains = workers.draining(connection, self._name)
        if drains != self._draining:
            self._draining = drains
            LOG.info('%s %s', self._name, 'drains' if drains else 'takes recoveries again')
        return drains
