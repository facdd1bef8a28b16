"""Engines for SQLite and MariaDB, with the settings that our rules rest on."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import sqlalchemy as sa

#: Seconds after which MariaDB ends a session that sits in a write transaction: a worker that is
#: frozen inside one must not keep its row locked (H9).
IDLE_WRITE_SECONDS = 2
UNKNOWN_VARIABLE = 1193
CONNECTIONS = {'pool_size': 20, 'max_overflow': 40}


class BadDatabase(ValueError):
    """The database URL cannot work; the message says what would. It never holds the URL."""


def make_url(url: str) -> sa.URL:
    """:raises BadDatabase: not a URL, or not of a database that we know."""
    try:
        parsed = sa.engine.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise BadDatabase(
            '[database] connection is not a database URL; right would be '
            'sqlite:////var/lib/recovery/recovery.sqlite or '
            'mysql+pymysql://USER:PASSWORD@HOST/recovery'
        ) from None
    backend = parsed.get_backend_name()
    if backend not in ('sqlite', 'mysql', 'mariadb'):
        raise BadDatabase(
            f'[database] connection: {backend} is not supported; give a sqlite:// or a '
            'mysql+pymysql:// URL'
        )
    return parsed


def make_engine(url: sa.URL, busy_seconds: float) -> sa.Engine:
    """:raises BadDatabase: the driver or the directory is not there."""
    if url.get_backend_name() == 'sqlite':
        return _sqlite(url, busy_seconds)
    try:
        return _server(url, busy_seconds)
    except ModuleNotFoundError as error:
        raise BadDatabase(
            f'[database] connection needs the module {error.name}: '
            "pip install 'openstack-recovery[mysql]'"
        ) from error


def _sqlite(url: sa.URL, busy_seconds: float) -> sa.Engine:
    in_file = url.database not in (None, '', ':memory:')
    if in_file and not str(url.database).startswith('file:'):
        folder = Path(str(url.database)).absolute().parent
        if not folder.is_dir():
            raise BadDatabase(f'[database] connection: there is no directory {folder}')
    pool: dict[str, Any] = {'pool_timeout': busy_seconds, **CONNECTIONS} if in_file else {}
    engine = sa.create_engine(url, connect_args={'timeout': busy_seconds}, **pool)

    @sa.event.listens_for(engine, 'connect')
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        for pragma in (
            f'busy_timeout={int(busy_seconds * 1000)}',
            'journal_mode=WAL',
            'synchronous=FULL',  # the line must survive a power cut (H10)
            'foreign_keys=ON',
        ):
            cursor.execute(f'PRAGMA {pragma}')
        cursor.close()

    @sa.event.listens_for(engine, 'begin')
    def _begin(connection: sa.Connection) -> None:
        how = connection.get_execution_options().get('sqlite_begin')
        if how is None:  # touches no file, cannot be refused, and comes with every look
            connection.connection.cursor().execute('BEGIN')
        else:
            connection.exec_driver_sql(how)

    return engine


def _server(url: sa.URL, busy_seconds: float) -> sa.Engine:
    lock_seconds = max(1, math.ceil(busy_seconds))
    # An answer may take as long as a lock is waited for; a server that hangs must not take a
    # whole lease.
    answer_seconds = lock_seconds + 2
    engine = sa.create_engine(
        url,
        isolation_level='READ COMMITTED',
        pool_pre_ping=True,
        pool_recycle=600,
        pool_timeout=busy_seconds,
        connect_args={
            'connect_timeout': lock_seconds,
            'read_timeout': answer_seconds,
            'write_timeout': answer_seconds,
        },
        **CONNECTIONS,
    )

    @sa.event.listens_for(engine, 'connect')
    def _prepare(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                f'SET SESSION innodb_lock_wait_timeout={lock_seconds}, '
                f'lock_wait_timeout={lock_seconds}, '
                f'idle_write_transaction_timeout={IDLE_WRITE_SECONDS}, '
                "sql_mode='STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'"
            )
            _read_own_cluster(cursor)

    return engine


def _read_own_cluster(cursor: Any) -> None:
    """On Galera, read what any node has committed (H19)."""
    try:
        cursor.execute('SET SESSION wsrep_sync_wait=1')
    except Exception as error:
        if error.args[:1] != (UNKNOWN_VARIABLE,):  # a build without Galera
            raise
