"""TaskFlow's Redis jobboard, with what our adapter expects of every board.

Stock, it delivers the newest job first, asks Redis twice per job and sweep, posts a job as often
as it is told to, and cannot say that a job has no owner.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from oslo_utils import timeutils
from redis import exceptions as redis_exceptions
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig
from redis.retry import Retry
from taskflow import exceptions
from taskflow.jobs import base
from taskflow.jobs.backends.impl_redis import RedisJob, RedisJobBoard
from taskflow.jobs.base import JobPriority
from taskflow.utils.redis_utils import RedisClient

#: Seconds for one answer of the server, and for a connection to it.
ANSWER_SECONDS = 3.0
PRIORITIES = tuple(JobPriority)


@contextmanager
def _reported() -> Iterator[None]:
    try:
        yield
    except redis_exceptions.RedisError as error:
        raise exceptions.JobFailure(f'Redis: {error}') from error


class OrderedRedisJobBoard(RedisJobBoard):
    """Jobs in a Redis hash, delivered by priority, then oldest first.

    :param conf: ``url`` and ``namespace``.
    """

    @classmethod
    def _make_client(cls, conf: Mapping[str, Any]) -> RedisClient:
        # One more try at once covers a connection that the server closed while idle; longer
        # retries would sleep outside our clock.
        return RedisClient.from_url(
            conf['url'],
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 1),
            # A question that servers before Redis 8 do not know, asked on each connection.
            maint_notifications_config=MaintNotificationsConfig(enabled=False),
        )

    def post(
        self,
        name: str,
        book: Any = None,
        details: Mapping[str, Any] | None = None,
        priority: JobPriority = JobPriority.NORMAL,
        job_uuid: str | None = None,
    ) -> RedisJob:
        """:param job_uuid: raises Duplicate while a job of that UUID is on the board."""
        if job_uuid is None:
            return super().post(name, book, details, priority)
        priority = JobPriority.convert(priority)
        posting = base.format_posting(
            job_uuid,
            name,
            created_on=timeutils.utcnow(),
            details=details,
            book=book,
            priority=priority,
        )
        key = job_uuid.encode('latin-1')
        with _reported():
            posting['sequence'] = self._client.incr(self.sequence_key)
            posted = self._client.hsetnx(self.listings_key, key, self._dumps(posting))
        if not posted:
            raise exceptions.Duplicate(f'job {job_uuid} is on the board')
        return RedisJob(
            self,
            name,
            posting['sequence'],
            key,
            uuid=job_uuid,
            details=details,
            created_on=posting['created_on'],
            book=book,
            book_data=posting.get('book'),
            backend=self._persistence,
            priority=priority,
        )

    def iterjobs(
        self, only_unclaimed: bool = False, ensure_fresh: bool = False, limit: int | None = None
    ) -> Iterator[RedisJob]:
        try:
            jobs = self._fetch_jobs()
        except (ValueError, TypeError, KeyError) as error:
            # Somebody else's data under our key; TaskFlow has deleted it.
            raise exceptions.JobFailure('a posting on the board is malformed') from error
        jobs.sort(key=lambda job: (PRIORITIES.index(job.priority), job.sequence))
        if only_unclaimed and jobs:
            with _reported():
                owners = self._client.mget([job.owner_key for job in jobs])
            jobs = [job for job, owner in zip(jobs, owners, strict=True) if owner is None]
        return iter(jobs[:limit])

    def find_owner(self, job: RedisJob) -> str | None:
        with _reported():
            owner = self._client.get(job.owner_key)
        return None if owner is None else str(self._decode_owner(owner))
