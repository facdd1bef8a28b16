"""A job on our SQL jobboard."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from taskflow import states
from taskflow.jobs import base
from taskflow.jobs.base import JobPriority

if TYPE_CHECKING:
    from recovery.board.sql import SqlJobBoard

#: Seconds that a claim or a delay may last at most.
LONGEST = 60.0
#: One that ends later than this many seconds from now was written by a clock that is wrong, and
#: is not believed: else a stepped clock hides a job for hours. Well above LONGEST, because who
#: asks looked at its clock before it waited for its turn to write.
FAR = 2 * LONGEST
POLL_SECONDS = 0.5
PRIORITIES = tuple(JobPriority)  # the most urgent first


def held(row: Mapping[str, Any], now: float) -> bool:
    """Whether somebody has claimed the job of this row."""
    until = row['owned_until']
    return row['owner'] is not None and (until is None or now < until <= now + FAR)


def _date(seconds: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)


class SqlJob(base.Job):
    """A job on a SqlJobBoard."""

    board: SqlJobBoard

    def __init__(self, board: SqlJobBoard, row: Mapping[str, Any], persistence: Any) -> None:
        book = {'uuid': row['book'], 'name': row['book_name']} if row['book'] else None
        super().__init__(
            board,
            row['name'],
            uuid=row['id'],
            details=row['details'],
            backend=persistence,
            book_data=book,
        )
        self.sequence: int = row['seq']
        self._row = row

    @property
    def priority(self) -> JobPriority:
        return PRIORITIES[self._row['priority']]

    @property
    def created_on(self) -> datetime.datetime:
        return _date(self._row['created_at'])

    @property
    def last_modified(self) -> datetime.datetime | None:
        row = self.board.row(self)
        return _date(row['updated_at']) if row else None

    @property
    def state(self) -> str:
        row = self.board.row(self)
        if row is None:
            return str(states.COMPLETE)
        return str(states.CLAIMED if held(row, self.board.clock.now()) else states.UNCLAIMED)

    def wait(
        self,
        timeout: float | None = None,
        delay: float = 0.01,
        delay_multiplier: float = 2.0,
        max_delay: float = POLL_SECONDS,
        sleep_func: Callable[[float], Any] | None = None,
    ) -> bool:
        clock = self.board.clock
        sleep = sleep_func or (lambda seconds: clock.wait(None, seconds))
        end = None if timeout is None else clock.elapsed() + timeout
        while self.state != states.COMPLETE:
            left = max_delay if end is None else end - clock.elapsed()
            if left <= 0:
                return False
            sleep(min(delay, left))
            delay = min(delay * delay_multiplier, max_delay)
        return True
