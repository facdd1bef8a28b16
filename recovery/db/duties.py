"""Duties: what one process at a time does among all replicas, with what it has to remember.

A duty is a row that its holder touches. Who sees it stand still for a whole lease, by his own
clock, takes it over: the clocks of two machines are never compared. Two may hold one for a moment
(a holder that was frozen and woke up), so that what a duty does must be harmless when done twice.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from recovery.db.store import Store
from recovery.db.tables import guard as table

NOBODY = ''
TOUCHES = 6  # in a lease, by who holds it
TICK = 0.001  # two touches are never the same, whatever the wall clock does


class Duty:
    """One process's hold of one duty.

    :param name: of the duty, the same in every replica.
    :param who: this process; unique per start.
    :param lease_seconds: for which the row must stand still until it may be taken over.
    """

    def __init__(self, store: Store, name: str, who: str, *, lease_seconds: float) -> None:
        self._store = store
        self._row = table.c.name == f'duty:{name}'
        self._name = f'duty:{name}'
        self._who = who
        self.lease_seconds = lease_seconds  #: may be changed
        self._mine: float | None = None  # the touch that was ours
        self._touched = 0.0  # when that was, as elapsed time
        self._seen: tuple[str, float, float] = ('', 0.0, 0.0)  # holder, its touch, when we saw it
        self.value: Any = None  #: what the holder remembers; None when nothing ever was

    def hold(self) -> bool:
        """Touch it, or take it over. False: somebody else holds it. Raises StoreAway.

        Asked often, it is touched now and then: to hold it costs no write for each look.
        """
        if self._mine is not None:
            fresh = self._store.clock.elapsed() - self._touched < self.lease_seconds / TOUCHES
            if fresh or self.save(self.value):
                return True
        self._mine = None
        return self._take()

    def save(self, value: Any) -> bool:
        """Remember something, if it still is ours. Raises StoreAway."""
        if self._mine is None:
            return False
        began = self._store.clock.elapsed()
        touch = max(self._store.clock.now(), self._mine + TICK)
        mine = self._row & (table.c.by == self._who) & (table.c.at == self._mine)
        if not self._write(mine, touch, value):
            self._mine = None
            return False
        self._mine, self._touched, self.value = touch, began, value
        return True

    def release(self) -> None:
        """Let others have it at once. Raises StoreAway."""
        if self._mine is not None:
            mine = self._row & (table.c.by == self._who) & (table.c.at == self._mine)
            update = sa.update(table).where(mine).values(by=NOBODY)
            self._store.transact(lambda connection: connection.execute(update))
            self._mine = None

    def _take(self) -> bool:
        with self._store.read() as connection:
            found = connection.execute(sa.select(table).where(self._row)).mappings().first()
        now = self._store.clock.elapsed()  # after the answer: later is safer
        if found is None:
            return self._begin()
        holder, touched = found['by'], found['at']
        if holder not in (NOBODY, self._who):  # ours: an answer to our last touch was lost
            if self._seen[:2] != (holder, touched):
                self._seen = (holder, touched, now)
            if now - self._seen[2] < self.lease_seconds:
                return False
        touch = max(self._store.clock.now(), touched + TICK)
        theirs = self._row & (table.c.by == holder) & (table.c.at == touched)
        if not self._write(theirs, touch, found['value']):
            return False
        self._mine, self._touched, self.value = touch, now, found['value']
        return True

    def _begin(self) -> bool:
        now = self._store.clock.now()
        row = {'name': self._name, 'value': None, 'by': self._who, 'reason': '', 'at': now}
        try:
            self._store.transact(
                lambda connection: connection.execute(sa.insert(table).values(**row))
            )
        except sa.exc.IntegrityError:  # somebody else was first
            return False
        self._mine, self._touched, self.value = now, self._store.clock.elapsed(), None
        return True

    def _write(self, which: sa.ColumnElement[bool], touch: float, value: Any) -> bool:
        update = sa.update(table).where(which).values(by=self._who, at=touch, value=value)
        return bool(self._store.transact(lambda connection: connection.execute(update)).rowcount)
