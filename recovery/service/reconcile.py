"""The reconcile loop: what wants a worker is on the board, what lost its owner wants a worker.

Any number of processes do this side by side; each step is decided by compare-and-set.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

import sqlalchemy as sa

from recovery.board.boards import Board, BoardAway
from recovery.claims.orphans import Orphans
from recovery.db import states
from recovery.db.store import Store
from recovery.db.tables import recovery as table

LOG = logging.getLogger(__name__)

POST_AGAIN_SECONDS = 5.0  # a board that lost a job gets it once more
PRIORITIES = {'host-down': 'HIGH'}
# Made once: it is asked ten times a second.
WANTING = (
    sa.select(table.c.id, table.c.kind)
    .where(table.c.state.in_(states.POSTED))
    .order_by(table.c.created_at)
)


class Reconciler:
    """:param orphans_seconds: between two looks at the beats of running recoveries."""

    def __init__(
        self, store: Store, board: Board, who: str, *, orphans_seconds: Callable[[], float]
    ) -> None:
        self._store = store
        self._board = board
        self._orphans = Orphans(store, who)
        self._orphans_seconds = orphans_seconds
        self._looked = float('-inf')
        self._posted: dict[str, float] = {}

    def sweep(self) -> None:
        """Look once. Raises StoreAway."""
        now = self._store.clock.elapsed()
        if now - self._looked >= self._orphans_seconds():
            self._looked = now
            for freed in self._orphans.sweep():
                LOG.warning('%s: its worker died', freed)
        self._post(now)

    def ready(self) -> Iterable[str]:
        """Recoveries that want a worker, oldest first. Raises StoreAway."""
        return tuple(recovery for recovery, _kind in self._wanting())

    def _wanting(self) -> tuple[tuple[str, str], ...]:
        with self._store.read() as connection:
            return tuple((row.id, row.kind) for row in connection.execute(WANTING))

    def _post(self, now: float) -> None:
        wanting = dict(self._wanting())
        self._posted = {key: at for key, at in self._posted.items() if key in wanting}
        for recovery, kind in wanting.items():
            if now - self._posted.get(recovery, float('-inf')) < POST_AGAIN_SECONDS:
                continue
            try:
                self._board.post(recovery, priority=PRIORITIES.get(kind, 'NORMAL'))
            except BoardAway as away:
                LOG.warning('%s could not be posted: %s', recovery, away)
                return
            self._posted[recovery] = now
