"""A jobboard of TaskFlow in our own database: the embedded default.

A claim is ONE conditional UPDATE and its row count decides, so no isolation level and no lock of
any database matters. Its lease is on the wall clock: it only keeps workers from running for the
same job, and who owns a recovery is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import sqlalchemy as sa
from taskflow import exceptions
from taskflow.jobs import base
from taskflow.jobs.base import JobPriority

from drivers.clock import SystemClock
from drivers.contracts.clock import Clock
from flows.stop import StoreAway
from recovery.board.sql_job import FAR, LONGEST, POLL_SECONDS, PRIORITIES, SqlJob, held
from recovery.db.store import Store
from recovery.db.tables import job as JOB

T = TypeVar('T')


def _claimable(now: Any, far: Any) -> sa.ColumnElement[bool]:
    def over(until: sa.Column[float]) -> sa.ColumnElement[bool]:
        return sa.or_(until <= now, until > far)

    return sa.and_(
        sa.or_(JOB.c.owner.is_(None), over(JOB.c.owned_until)),
        sa.or_(JOB.c.not_before.is_(None), over(JOB.c.not_before)),
    )


# Made once: workers ask it at every look.
CLAIMABLE = _claimable(sa.bindparam('now'), sa.bindparam('far'))


def _claimable_at(now: float) -> dict[str, float]:
    return {'now': now, 'far': now + FAR}


def _first(result: sa.CursorResult[Any]) -> dict[str, Any] | None:
    row = result.mappings().first()
    return None if row is None else dict(row)


def _named(who: str) -> None:
    if not isinstance(who, str) or not who:
        raise ValueError('a claimant needs a name')


class SqlJobBoard(base.JobBoard):
    """Jobs in the table ``job``, delivered by priority, then oldest first.

    :param conf: ``connection``: SQLAlchemy URL, where no ``store`` is given.
    :param store: the database to use; it stays open when the board is closed.
    :param clock: default: the machine's, or the store's.
    """

    def __init__(
        self,
        name: str,
        conf: Mapping[str, Any],
        persistence: Any = None,
        *,
        store: Store | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(name, conf)
        if store is None and not conf.get('connection'):
            raise ValueError("the sql board needs a store, or 'connection' with a database URL")
        self.clock = clock or (store.clock if store else SystemClock())
        self._given = store
        self._store: Store | None = None
        self._persistence = persistence
        self._all = sa.select(JOB).where(self._here()).order_by(JOB.c.priority, JOB.c.seq)
        self._unclaimed = self._all.where(CLAIMABLE)

    # -- connection --------------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        return self._store is not None

    def connect(self) -> None:
        self.close()
        self._store = self._given or Store(self._conf['connection'], self.clock)
        try:
            self._read(lambda connection: connection.execute(sa.select(JOB.c.seq).limit(1)).all())
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._store is not None and self._given is None:
            self._store.close()
        self._store = None

    def register_entity(self, entity: Any) -> None:
        """Workers are rows of our own; nothing to do."""

    # -- looking -----------------------------------------------------------------------------

    @property
    def job_count(self) -> int:
        question = sa.select(sa.func.count()).where(self._here())
        return int(self._read(lambda connection: connection.execute(question).scalar_one()))

    def row(self, job: base.Job) -> Mapping[str, Any] | None:
        """The job as it is now; None when it is no longer on the board."""
        question = sa.select(JOB).where(self._is(job))
        return self._read(lambda connection: _first(connection.execute(question)))

    def find_owner(self, job: base.Job) -> str | None:
        row = self.row(job)
        return row['owner'] if row and held(row, self.clock.now()) else None

    def iterjobs(
        self, only_unclaimed: bool = False, ensure_fresh: bool = False, limit: int | None = None
    ) -> Iterator[SqlJob]:
        question = self._unclaimed if only_unclaimed else self._all
        if limit is not None:
            question = question.limit(limit)
        asked = _claimable_at(self.clock.now()) if only_unclaimed else {}
        rows = self._read(lambda connection: connection.execute(question, asked).mappings().all())
        return iter([SqlJob(self, dict(row), self._persistence) for row in rows])

    def wait(self, timeout: float | None = None) -> Iterator[SqlJob]:
        end = None if timeout is None else self.clock.elapsed() + timeout
        while True:
            jobs = list(self.iterjobs())
            if jobs:
                return iter(jobs)
            left = POLL_SECONDS if end is None else end - self.clock.elapsed()
            if left <= 0:
                raise exceptions.NotFound(f'no job arrived within {timeout:g} seconds')
            self.clock.wait(None, min(left, POLL_SECONDS))

    # -- changing ----------------------------------------------------------------------------

    def post(
        self,
        name: str,
        book: Any = None,
        details: Mapping[str, Any] | None = None,
        priority: JobPriority = JobPriority.NORMAL,
        job_uuid: str | None = None,
    ) -> SqlJob:
        """:param job_uuid: raises Duplicate while a job of that UUID is on the board."""
        now = self.clock.now()
        values = {
            'board': self.name,
            'id': job_uuid or self.clock.new_id(),
            'name': name,
            'priority': PRIORITIES.index(JobPriority.convert(priority)),
            'details': dict(details or {}),
            # An empty book is false: ask for None.
            'book': None if book is None else book.uuid,
            'book_name': None if book is None else book.name,
            'created_at': now,
            'updated_at': now,
        }
        old = sa.and_(JOB.c.board == self.name, JOB.c.id == values['id'], ~self._here())

        def work(connection: sa.Connection) -> Mapping[str, Any]:
            connection.execute(sa.delete(JOB).where(old))
            connection.execute(sa.insert(JOB).values(values))
            question = sa.select(JOB).where(self._here(), JOB.c.id == values['id'])
            return dict(connection.execute(question).mappings().one())

        try:
            return SqlJob(self, self._write(work), self._persistence)
        except sa.exc.IntegrityError:
            raise exceptions.Duplicate(f'job {values["id"]} is on the board') from None

    def claim(self, job: base.Job, who: str, expiry: float | None = None) -> None:
        """:param expiry: seconds that the claim lasts, at most LONGEST; None: for ever."""
        _named(who)
        until, now = self._until(expiry), self.clock.now()
        done = self._change(
            sa.update(JOB)
            .where(self._is(job), _claimable(**_claimable_at(now)))
            .values(owner=who, owned_until=until, not_before=None, updated_at=now)
        )
        if not done:
            if self.row(job) is None:
                raise exceptions.NotFound(f'job {job.uuid} is not on the board')
            raise exceptions.UnclaimableJob(f'job {job.uuid} is claimed or not due')

    def consume(self, job: base.Job, who: str) -> None:
        if not self._change(sa.delete(JOB).where(self._is(job), self._mine(who))):
            self._refuse(job, who, 'consumed')

    def abandon(self, job: base.Job, who: str, delay: float | None = None) -> None:
        """:param delay: seconds in which nobody may claim it, at most LONGEST."""
        values = {'owner': None, 'owned_until': None, 'not_before': self._until(delay)}
        change = sa.update(JOB).where(self._is(job), self._mine(who))
        if not self._change(change.values(updated_at=self.clock.now(), **values)):
            self._refuse(job, who, 'abandoned')

    def trash(self, job: base.Job, who: str) -> None:
        now = self.clock.now()
        values = {'owner': None, 'owned_until': None, 'trashed_at': now, 'updated_at': now}
        if not self._change(sa.update(JOB).where(self._is(job), self._mine(who)).values(**values)):
            self._refuse(job, who, 'trashed')

    # -- below -------------------------------------------------------------------------------

    def _here(self) -> sa.ColumnElement[bool]:
        return sa.and_(JOB.c.board == self.name, JOB.c.trashed_at.is_(None))

    def _is(self, job: base.Job) -> sa.ColumnElement[bool]:
        return sa.and_(self._here(), JOB.c.id == job.uuid)

    def _mine(self, who: str) -> sa.ColumnElement[bool]:
        _named(who)
        # Never NOT(_over): a claim without an end would make it NULL.
        now = self.clock.now()
        until = JOB.c.owned_until
        lasts = until.is_(None) | ((until > now) & (until <= now + FAR))
        return sa.and_(JOB.c.owner == who, lasts)

    def _until(self, seconds: float | None) -> float | None:
        if seconds is None:
            return None
        if not 0 < seconds <= LONGEST:
            raise ValueError(f'{seconds:g} s is not between 0 and {LONGEST:g} s')
        return self.clock.now() + seconds

    def _refuse(self, job: base.Job, who: str, what: str) -> None:
        row = self.row(job)
        if row is None or not held(row, self.clock.now()):
            raise exceptions.NotFound(f'job {job.uuid} cannot be {what}: nobody has claimed it')
        raise exceptions.JobFailure(f'job {job.uuid} cannot be {what}: not claimed by {who}')

    def _change(self, statement: sa.Update | sa.Delete) -> bool:
        return bool(self._write(lambda connection: connection.execute(statement).rowcount))

    def _write(self, work: Callable[[sa.Connection], T]) -> T:
        return self._ask(lambda store: store.transact(work))

    def _read(self, work: Callable[[sa.Connection], T]) -> T:
        def ask(store: Store) -> T:
            with store.read() as connection:
                return work(connection)

        return self._ask(ask)

    def _ask(self, ask: Callable[[Store], T]) -> T:
        if self._store is None:
            raise exceptions.JobFailure('the board is closed')
        try:
            return ask(self._store)
        except StoreAway as error:
            raise exceptions.JobFailure(error.reason) from error
