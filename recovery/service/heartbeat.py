"""The heartbeat of a worker process: renews its claims and shows that the process lives."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable

from flows.stop import ClaimLost, StoreAway
from recovery.claims.claim import Claim
from recovery.db import workers
from recovery.db.store import Store
from recovery.service.rounds import every
from recovery.site import Identity

LOG = logging.getLogger(__name__)


class Heartbeat:
    """Beats at least four times per lease.

    :param store: with connections and time-outs of its own, so that neither a full pool nor a
        writer that waits for long delays a beat (H9).
    """

    def __init__(
        self,
        store: Store,
        identity: Identity,
        claims: Callable[[], Iterable[Claim]],
        *,
        lease: float,
    ) -> None:
        self._store = store
        self._identity = identity
        self._claims = claims
        self._lease = lease

    def run(self, stop: threading.Event) -> None:
        """Until ``stop``; the body of an actor of its own."""
        seconds = min(self._lease / 4, workers.ALIVE_SECONDS / 4)
        every(self._store.clock, seconds, self.beat, stop)

    def beat(self) -> None:
        """Once."""
        try:
            workers.seen(self._store, self._identity)
        except StoreAway as away:
            LOG.warning('no heartbeat: %s', away.reason)
        for claim in self._claims():
            try:
                claim.beat(self._store)
            except ClaimLost:
                if not claim.ending:
                    LOG.warning('%s: the claim is lost', claim.recovery_id)
            except StoreAway as away:
                LOG.warning('%s: no heartbeat: %s', claim.recovery_id, away.reason)
                if claim.lease_left() <= 0:
                    claim.stop(ClaimLost('the lease ran out while the database was away'))
