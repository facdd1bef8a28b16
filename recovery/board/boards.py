"""The board as the rest of the service sees it: it delivers recoveries to workers, no more.

Whoever took a job must still win the recovery's row; so a board that forgets everything, hands a
job to two workers or is away loses no recovery and doubles none.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any

from taskflow import exceptions
from taskflow.jobs import backends
from taskflow.jobs.base import JobBoard, JobPriority

from drivers.contracts.clock import Clock
from recovery.db.store import Store

#: Seconds after which a job may be claimed anew, if its claimer died before it won the row. Far
#: below a lease, so that such a death delays a recovery no longer than any other.
CLAIM_SECONDS = 5.0


class BoardAway(Exception):
    """The board did not answer; try again later. What was asked may have been done."""


class BadBoard(ValueError):
    """The options of the board cannot work; the message says what would."""


@dataclass(frozen=True)
class Posting:
    """A job, as it was when the board was read."""

    recovery: str  #: its ID; also the job's UUID, which is what makes posting idempotent
    priority: str
    sequence: int
    created_at: float  #: wall clock, seconds since 1970 UTC
    job: Any  #: TaskFlow's


@dataclass(frozen=True)
class Listed:
    """A job, for the eyes of an operator."""

    id: str
    recovery: str
    owner: str | None
    priority: str
    age: float  #: seconds


class Board:
    """Our narrow view of a jobboard; it connects when it is first used, and again after trouble.

    :param board: a jobboard of TaskFlow whose ``post`` takes a ``job_uuid`` and refuses a
        duplicate, whose ``claim`` takes an ``expiry``, and whose ``iterjobs`` takes a ``limit``
        and gives jobs by priority, then oldest first.
    :param name: of the worker; unique per process start. A name that is used again would renew
        the claims of its predecessor.
    """

    def __init__(
        self, board: JobBoard, *, clock: Clock, name: str, claim_seconds: float = CLAIM_SECONDS
    ) -> None:
        self.name = name
        self._board = board
        self._clock = clock
        self._claim_seconds = claim_seconds
        self._lock = Lock()

    def connect(self) -> None:
        """Connect, if it is not. Raises BoardAway."""
        with self._asked():
            pass

    def close(self) -> None:
        """Give the connection back."""
        with self._lock:
            self._board.close()

    def post(self, recovery: str, *, priority: str = 'NORMAL') -> bool:
        """Offer a recovery to the workers. False: it is on the board already.

        :param priority: VERY_HIGH, HIGH, NORMAL, LOW or VERY_LOW.
        :raises BoardAway: it may have been posted all the same.
        """
        urgency = JobPriority.convert(priority)
        try:
            with self._asked() as board:
                board.post(
                    f'recovery {recovery}',
                    details={'recovery': recovery},
                    priority=urgency,
                    job_uuid=recovery,
                )
        except exceptions.Duplicate:
            return False
        return True

    def jobs(self, limit: int | None = 20) -> tuple[Posting, ...]:
        """What may be claimed now, the most urgent and then the oldest first."""
        with self._asked() as board:
            jobs = list(board.iterjobs(only_unclaimed=True, ensure_fresh=True, limit=limit))
        return tuple(_posting(job) for job in jobs)

    def posted(self) -> frozenset[str]:
        """IDs of all recoveries that are on the board, claimed or not."""
        with self._asked() as board:
            return frozenset(_posting(job).recovery for job in board.iterjobs(ensure_fresh=True))

    def claim(self, posting: Posting) -> bool:
        """Take a job for a few seconds: long enough to win the row and to consume it.

        False: somebody else has it, or it is gone.
        """
        try:
            with self._asked() as board:
                board.claim(posting.job, self.name, expiry=self._claim_seconds)
        except (exceptions.UnclaimableJob, exceptions.NotFound):
            return False
        return True

    def consume(self, posting: Posting) -> bool:
        """Take a claimed job off the board. False: it was not ours any more."""
        return self._end(posting, 'consume')

    def abandon(self, posting: Posting) -> bool:
        """Give a claimed job back. False: it was not ours any more."""
        return self._end(posting, 'abandon')

    def listing(self) -> tuple[Listed, ...]:
        """All jobs, in the order of delivery, with their owners."""
        now = self._clock.now()
        with self._asked() as board:
            return tuple(
                Listed(
                    id=job.uuid,
                    recovery=_posting(job).recovery,
                    owner=board.find_owner(job),
                    priority=job.priority.value,
                    age=max(0.0, now - _seconds(job.created_on)),
                )
                for job in board.iterjobs(ensure_fresh=True)
            )

    def _end(self, posting: Posting, verb: str) -> bool:
        try:
            with self._asked() as board:
                getattr(board, verb)(posting.job, self.name)
        except (exceptions.NotFound, exceptions.JobFailure):
            return False
        return True

    @contextmanager
    def _asked(self) -> Iterator[Any]:
        try:
            with self._lock:
                if not self._board.connected:
                    self._board.connect()
            yield self._board
        except exceptions.JobFailure as error:
            # TaskFlow says JobFailure for a refusal and for a server that is away; only the
            # latter has a cause.
            if error.__cause__ is None and self._board.connected:
                raise
            raise BoardAway(f'the board: {error.__cause__ or error}') from error


def open_board(
    options: Any, store: Store, clock: Clock, name: str, *, claim_seconds: float = CLAIM_SECONDS
) -> Board:
    """The board that the options name; nothing is connected yet.

    :param options: the values of [board].
    :param name: of the process that uses it; unique per process start.
    :raises BadBoard: the options cannot work.
    """
    make = _sql if options.driver == 'sql' else _redis
    board = make(options, store, clock)
    return Board(board, clock=clock, name=name, claim_seconds=claim_seconds)


def _sql(options: Any, store: Store, clock: Clock) -> JobBoard:
    return backends.fetch(options.name, {'board': 'sql'}, store=store, clock=clock)


def _redis(options: Any, _store: Store, _clock: Clock) -> JobBoard:
    try:
        from recovery.board.redis import OrderedRedisJobBoard
    except ImportError as error:
        raise BadBoard(
            "[board] driver = redis needs the Redis client: pip install 'openstack-recovery[redis]'"
        ) from error
    try:
        return OrderedRedisJobBoard(options.name, {'url': options.url, 'namespace': options.name})
    except ValueError as error:
        raise BadBoard(
            '[board] url is not a Redis URL; right would be redis://HOST:PORT or '
            'redis://USER:PASSWORD@HOST:PORT'
        ) from error


def _posting(job: Any) -> Posting:
    return Posting(
        recovery=job.details.get('recovery', job.uuid),
        priority=job.priority.value,
        sequence=job.sequence,
        created_at=_seconds(job.created_on),
        job=job,
    )


def _seconds(when: datetime.datetime) -> float:
    # Redis keeps UTC without saying so.
    return when.replace(tzinfo=when.tzinfo or datetime.UTC).timestamp()
