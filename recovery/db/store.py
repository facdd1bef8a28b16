"""The database: one engine, reads and writes, and what counts as 'it is away'."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import exc

from drivers.contracts.clock import Clock
from flows.stop import StoreAway
from recovery.db.engines import make_engine, make_url

T = TypeVar('T')

#: MariaDB: deadlock or Galera certification conflict, and a row that changed under a snapshot.
#: Nothing of the transaction was done, so it is safe to run again; and at once, while a lock wait
#: that timed out (1205) has used up its patience.
CONFLICTS = frozenset({1213, 1020})
TRIES = 4
#: Unknown column, no default value, a CHECK that failed.
MARIADB_MISTAKES = frozenset({1054, 1364, 4025})
SQLITE_MISTAKES = frozenset({sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_RANGE})
SQLITE_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class Store:
    """Connections to the one database.

    :param url: SQLAlchemy URL; SQLite and MariaDB are supported, others raise BadDatabase.
    :param busy_seconds: how long a writer waits for another one before the store counts as away.
    """

    def __init__(self, url: str, clock: Clock, *, busy_seconds: float = 5.0) -> None:
        self.clock = clock
        self.url = make_url(url)
        self.engine = make_engine(self.url, busy_seconds)
        # Writers take SQLite's lock at once: a read that is upgraded later can fail for good
        # (SQLITE_BUSY_SNAPSHOT), whatever the busy time-out.
        self.writer = self.engine.execution_options(sqlite_begin='BEGIN IMMEDIATE')

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection to read with. Raises StoreAway."""
        with away(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction. Never wait inside it. Raises StoreAway, conflicts included."""
        with away(), self.writer.begin() as connection:
            yield connection

    def transact(self, work: Callable[[sa.Connection], T]) -> T:
        """Run ``work`` in one transaction, again when it collided with another one."""
        for tried in range(1, TRIES + 1):
            try:
                with away(), self.writer.begin() as connection:
                    return work(connection)
            except StoreAway as error:
                if tried == TRIES or not _conflict(error.__cause__):
                    raise
                self.clock.wait(None, 0.02 * tried)
        raise AssertionError('unreachable')

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


@contextmanager
def away() -> Iterator[None]:
    """Turn a database that does not answer into StoreAway; let our own mistakes through."""
    try:
        yield
    except exc.TimeoutError as error:
        raise StoreAway(f'database: {_short(error)}') from error
    except exc.DBAPIError as error:
        if not _is_away(error):
            raise
        raise StoreAway(f'database: {_short(error)}') from error


def _is_away(error: exc.DBAPIError) -> bool:
    if error.connection_invalidated or isinstance(error, exc.InterfaceError):
        return True
    primary = getattr(error.orig, 'sqlite_errorcode', 0) & 0xFF
    if not isinstance(error, exc.OperationalError):
        return primary in SQLITE_DAMAGED or _conflict(error)
    # Both drivers call a missing column operational: waiting would not bring it.
    return primary not in SQLITE_MISTAKES and _number(error) not in MARIADB_MISTAKES


def _short(error: exc.SQLAlchemyError) -> str:
    lines = str(getattr(error, 'orig', None) or error).splitlines()
    return lines[0][:200] if lines else type(error).__name__


def _number(error: BaseException | None) -> Any:
    arguments: tuple[Any, ...] = getattr(getattr(error, 'orig', None), 'args', ())
    return arguments[0] if arguments else None


def _conflict(error: BaseException | None) -> bool:
    return _number(error) in CONFLICTS
