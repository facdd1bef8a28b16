"""Recoveries whose owner died: found by watching their beats, never by reading a clock of others.

A row whose token and beats stay the same for a whole lease, as counted on the watching process's
own clock from the moment it saw them first, has lost its owner: the owner counts its lease from
before it sent its last beat, so it stopped acting before we take over.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from recovery.db import events, states
from recovery.db.store import Store
from recovery.db.tables import recovery as table

# Made once: every process asks it at every look.
RUNNING = sa.select(table.c.id, table.c.token, table.c.beats, table.c.lease, table.c.worker).where(
    table.c.state == states.RUNNING
)


@dataclass(frozen=True)
class _Seen:
    token: str
    beats: int
    since: float


class Orphans:
    """Watches every running recovery; any number of processes may do so side by side."""

    def __init__(self, store: Store, who: str) -> None:
        self._store = store
        self._who = who
        self._seen: dict[str, _Seen] = {}

    def sweep(self) -> tuple[str, ...]:
        """Look once. Returns the recoveries that were taken from a dead owner: ready now."""
        with self._store.read() as connection:
            rows = connection.execute(RUNNING).all()
        now = self._store.clock.elapsed()  # after the answer: later is safer
        freed = []
        seen: dict[str, _Seen] = {}
        for row in rows:
            before = self._seen.get(row.id)
            if before is None or (before.token, before.beats) != (row.token, row.beats):
                seen[row.id] = _Seen(row.token, row.beats, now)
            elif now - before.since < row.lease:
                seen[row.id] = before
            elif self._take(row.id, before, row.worker):
                freed.append(row.id)
        self._seen = seen
        return tuple(freed)

    def _take(self, recovery_id: str, seen: _Seen, worker: str) -> bool:
        now = self._store.clock.now()

        def work(connection: sa.Connection) -> bool:
            freed = connection.execute(
                sa.update(table)
                .where(table.c.id == recovery_id, table.c.state == states.RUNNING)
                .where(table.c.token == seen.token, table.c.beats == seen.beats)
                .values(token=None, worker=None, lease=None, state=states.READY, updated_at=now)
            ).rowcount
            if freed:
                what, why = f'{worker} stopped answering', 'no beat for a lease'
                events.add(connection, self._who, what, why, at=now, recovery=recovery_id)
            return bool(freed)

        return self._store.transact(work)
