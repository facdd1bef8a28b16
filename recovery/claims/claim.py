"""The claim on one recovery: its row, won by compare-and-set and kept by beats.

A claim is a random token in the recovery's row. Each write of its owner counts the row's beats
up; who wants to take the recovery over must see the same beats for a whole lease on its own
clock (:mod:`recovery.claims.orphans`). No database time and no wall clock takes part.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, TypeVar

import sqlalchemy as sa

from drivers.contracts.clock import Clock
from flows.ports import Line
from flows.stop import Cancelled, ClaimLost, Released, Stop
from recovery.claims.act import Act, Asked, acting
from recovery.claims.together import Together
from recovery.claims.wish import wish
from recovery.db import events, states
from recovery.db.store import Store
from recovery.db.tables import recovery as table

T = TypeVar('T')


class Claim:
    """One worker's ownership of one recovery, from winning its row to letting it go."""

    def __init__(self, store: Store, row: Mapping[str, Any], renewed: float) -> None:
        self.store = store
        self.recovery_id: str = row['id']
        self.kind: str = row['kind']
        self.host: str = row['host']
        self.subject: str = row['subject']
        self.round: int = row['round']
        self.epoch: int = row['epoch']
        self.worker: str = row['worker']
        self.lease: float = row['lease']
        self._token: str = row['token']
        self._renewed = renewed
        self._stop: Stop | None = None
        self._outside = 0  # calls that may be under way and change something
        self._given = False
        self._lock = threading.Lock()
        #: Reserved hosts that it took are to be looked at again, though it waits for a human.
        self.spares_owed = False
        self.heard: int | None = None  #: how many alarms of it the gates knew when they looked
        self.ending = False  #: it is being released: who finds it gone now has lost nothing
        self.together = Together(store.clock, self.transact)  #: for intents

    @classmethod
    def win(cls, store: Store, recovery_id: str, *, worker: str, lease: float) -> Claim | None:
        """Take a recovery that is ready. None: somebody else was first, or it is not ready."""
        clock = store.clock
        token, sent = clock.new_token(), clock.elapsed()

        def work(connection: sa.Connection) -> Mapping[str, Any] | None:
            now = clock.now()
            won = connection.execute(
                sa.update(table)
                .where(table.c.id == recovery_id, table.c.state == states.READY)
                .where(table.c.token.is_(None))
                .values(
                    token=token,
                    state=states.RUNNING,
                    epoch=table.c.epoch + 1,
                    beats=table.c.beats + 1,
                    claims=table.c.claims + 1,
                    worker=worker,
                    lease=lease,
                    next_check=None,
                    started_at=sa.func.coalesce(table.c.started_at, now),
                    updated_at=now,
                )
            ).rowcount
            if not won:
                return None
            query = sa.select(table).where(table.c.id == recovery_id)
            return dict(connection.execute(query).mappings().one())

        row = store.transact(work)
        return cls(store, row, sent) if row else None

    @property
    def clock(self) -> Clock:
        """The clock of the store."""
        return self.store.clock

    @property
    def actor(self) -> str:
        """The name below which everything that runs for this claim is spawned."""
        return f'{self.worker}/{self.recovery_id[:8]}'

    # --- writing ------------------------------------------------------------------------------

    def touch(self, connection: sa.Connection, **values: Any) -> None:
        """First statement of every write: locks the row, proves ownership, renews the claim."""
        if isinstance(self._stop, ClaimLost):
            raise ClaimLost(self._stop.reason)
        changed = connection.execute(
            sa.update(table)
            .where(table.c.id == self.recovery_id, table.c.token == self._token)
            .values(beats=table.c.beats + 1, **values)
        ).rowcount
        if not changed:
            self.stop(ClaimLost('another worker owns this recovery'))
            raise ClaimLost('another worker owns this recovery')

    @contextmanager
    def write(self, **values: Any) -> Iterator[sa.Connection]:
        """One guarded transaction. Never wait inside it."""
        sent = self.store.clock.elapsed()
        with self.store.write() as connection:
            self.touch(connection, **values)
            yield connection
        self._renew(sent)

    def transact(
        self, work: Callable[[sa.Connection], T], store: Store | None = None, **values: Any
    ) -> T:
        """One guarded transaction, run again when it collided with another one."""
        sent = self.store.clock.elapsed()

        def guarded(connection: sa.Connection) -> T:
            self.touch(connection, **values)
            return work(connection)

        result = (store or self.store).transact(guarded)
        self._renew(sent)
        return result

    def beat(self, store: Store | None = None) -> None:
        """Renew, and notice what an operator asked for.

        :param store: the heartbeat's own connections.
        """

        cancelled = self.transact(lambda connection: wish(connection, self.recovery_id), store)
        if cancelled is not None:
            self.stop(cancelled)

    def _renew(self, sent: float) -> None:
        with self._lock:
            self._renewed = max(self._renewed, sent)

    # --- permission ---------------------------------------------------------------------------

    @property
    def margin(self) -> float:
        """Seconds before the end of the lease in which nothing is started any more."""
        return max(0.5, self.lease / 10)

    def lease_left(self) -> float:
        """Seconds for which nobody else can have taken the recovery, less the margin.

        Counted from before the last renewal was sent, on a clock that counts suspends.
        """
        with self._lock:
            renewed = self._renewed
        return self.lease - (self.store.clock.elapsed() - renewed) - self.margin

    def stop(self, why: Stop) -> None:
        """Make the owner let go at its next step; a lost claim outweighs every other reason."""
        with self._lock:
            if self._stop is None or isinstance(why, ClaimLost):
                self._stop = why

    def resume_cancelled(self) -> None:
        """The owner answers the wish itself: undoing needs the claim once more."""
        with self._lock:
            if isinstance(self._stop, Cancelled):
                self._stop = None

    def check(self) -> None:
        """Raise the Stop that applies, if any. Asks nobody."""
        if self._stop is not None:
            raise type(self._stop)(self._stop.reason)

    def act(
        self,
        action: str,
        target: str,
        *,
        observed: Mapping[str, Any],
        within: float,
        line: Line | None = None,
        attempt_target: str | None = None,
        attempt_after: int | None = None,
        attempt_word: int | None = None,
    ) -> AbstractContextManager[Act]:
        """See :meth:`flows.ports.Claim.act`."""
        asked = Asked(attempt_target, attempt_after, attempt_word)
        return acting(self, action, target, observed, within, line, asked)

    @contextmanager
    def outside(self) -> Iterator[None]:
        """A call that changes something is about to be made: until it ends nobody but the lease
        takes the claim away."""
        with self._lock:
            if self._given:
                raise Released('let go')
            self._outside += 1
        try:
            yield
        finally:
            with self._lock:
                self._outside -= 1

    # --- letting go ---------------------------------------------------------------------------

    def give_up(self, why: str) -> bool:
        """Free the recovery for others although its run has not ended: it hangs in a question.

        False: a call that changes something may be under way, so that only the lease frees it.
        """
        with self._lock:
            if self._outside:
                return False
            self._given = True
        self.release(states.READY, what='let go', why=why, claims=table.c.claims - 1)
        return True

    def release(self, state: str, *, what: str = '', why: str = '', **values: Any) -> None:
        """Give the recovery up in another state, with the sentence that says why.

        One that would wait is ready instead while a wish is unanswered: its next owner answers.
        """
        states.check_recovery(states.RUNNING, state)
        now, self.ending = self.store.clock.now(), True
        values |= {'state': state, 'updated_at': now, 'token': None, 'worker': None, 'lease': None}
        if state in states.ENDED:
            values |= {'open_key': None, 'ended_at': now, 'next_check': None, 'wish': None}

        def work(connection: sa.Connection) -> None:
            mine = table.c.id == self.recovery_id
            connection.execute(sa.update(table).where(mine).values(**values))
            if state == states.WAITING and wish(connection, self.recovery_id) is not None:
                connection.execute(sa.update(table).where(mine).values(state=states.READY))
            if what:
                events.add(connection, self.worker, what, why, at=now, recovery=self.recovery_id)

        self.transact(work)
        self.stop(Released('let go'))
