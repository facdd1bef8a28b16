"""Bring the schema up to date, or say what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from taskflow import exceptions
from taskflow.persistence.backends.impl_sqlalchemy import SQLAlchemyBackend
from taskflow.persistence.backends.sqlalchemy import tables as taskflow_tables

from flows.stop import StoreAway
from recovery.db import states
from recovery.db.migrations import VERSION_TABLE
from recovery.db.migrations.columns import OPTIONS
from recovery.db.store import Store, away
from recovery.db.tables import META
from recovery.db.tables import recovery as RECOVERY

UPGRADE = "run 'recovery db upgrade'"
LOCK_SECONDS = 60
COLLATION = OPTIONS['mysql_collate']
#: TaskFlow looks rows up by these and has no index on them, so that every job would cost more
#: the longer the history is.
TASKFLOW_INDEXES = {'flowdetails': 'parent_uuid', 'atomdetails': 'parent_uuid'}


class StaleSchema(Exception):
    """The schema is not the one that this version works with; the message says what to do."""


@dataclass(frozen=True)
class Report:
    """What a look at the database found."""

    revision: str | None  #: of the schema; None: there is none
    head: str  #: what this version works with
    stale: str | None  #: why no service may start on it, and what to do
    problems: tuple[str, ...]  #: all that is wrong, the former included

    @property
    def sound(self) -> bool:
        return not self.problems


def upgrade(store: Store, to: str = 'head') -> tuple[str | None, str | None]:
    """Make or migrate all tables, ours and TaskFlow's. Safe to run again, and beside itself.

    :param to: a revision; an older one is for tests of the upgrade.
    :returns: the revisions before and after.
    :raises StaleSchema: the schema is of a newer version than this one.
    """
    config = _config()
    with _alone(store) as engine, away():
        with engine.connect() as connection:
            before = _revision(connection)
            _refuse_newer(before, config)
        _upgrade_taskflow(engine)
        with engine.begin() as connection:
            _index_taskflow(connection)
        with engine.begin() as connection:
            config.attributes['connection'] = connection
            command.upgrade(config, to)
            return before, _revision(connection)


def refuse_stale(store: Store) -> None:
    """For the start of a service. Raises StaleSchema, StoreAway."""
    with store.read() as connection:
        stale = _stale(connection, _config())
    if stale:
        raise StaleSchema(stale)


def check(store: Store) -> Report:
    """Look at schema, settings and rows; changes nothing. Raises StoreAway."""
    config = _config()
    with store.read() as connection:
        stale = _stale(connection, config)
        problems = [stale] if stale else []
        problems += _settings(connection)
        if not stale:
            problems += _rows(connection)
        return Report(_revision(connection), _head(config), stale, tuple(problems))


def _config() -> Config:
    return Config(str(Path(__file__).with_name('alembic.ini')))


def _head(config: Config) -> str:
    head = ScriptDirectory.from_config(config).get_current_head()
    assert head is not None
    return head


def _revision(connection: sa.Connection) -> str | None:
    options = {'version_table': VERSION_TABLE}
    return MigrationContext.configure(connection, opts=options).get_current_revision()


def _refuse_newer(revision: str | None, config: Config) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if revision is not None and revision not in known:
        raise StaleSchema(
            f'the database is at revision {revision}, which this version does not know: a newer '
            'version has upgraded it; install that version here too'
        )


@contextmanager
def _alone(store: Store) -> Iterator[sa.Engine]:
    """An engine to migrate with, while nobody else does."""
    if store.url.get_backend_name() == 'sqlite':
        yield store.writer  # each of its transactions excludes all others
        return
    # Without the time-outs of the store: altering a large table takes its time.
    engine = sa.create_engine(store.url, poolclass=sa.pool.NullPool)
    try:
        with away(), engine.connect() as connection:
            lock = {'name': f'recovery upgrade {store.url.database}'[:64], 'wait': LOCK_SECONDS}
            if not connection.execute(sa.text('SELECT GET_LOCK(:name, :wait)'), lock).scalar():
                raise StoreAway(f'another upgrade has been running for {LOCK_SECONDS} s')
            yield engine  # closing the connection gives the lock back
    finally:
        engine.dispose()


def _upgrade_taskflow(engine: sa.Engine) -> None:
    try:
        SQLAlchemyBackend({}, engine=engine).get_connection().upgrade()
    except exceptions.StorageFailure as error:
        raise StoreAway(f"database: TaskFlow's tables: {error.__cause__ or error}") from error


def _index_taskflow(connection: sa.Connection) -> None:
    # Not a revision: the tables are TaskFlow's, which may make them anew.
    made = {table.name: table for table in taskflow_tables.fetch(sa.MetaData())}
    for table, column in _missing_indexes(sa.inspect(connection)):
        sa.Index(f'ix_{table}_{column}', made[table].c[column]).create(connection)


def _missing_indexes(inspector: sa.Inspector) -> list[tuple[str, str]]:
    return [
        (table, column)
        for table, column in TASKFLOW_INDEXES.items()
        if not any(index['column_names'][:1] == [column] for index in inspector.get_indexes(table))
    ]


def _stale(connection: sa.Connection, config: Config) -> str | None:
    revision, head = _revision(connection), _head(config)
    if revision is None:
        return f'the database has no tables yet; {UPGRADE}'
    try:
        _refuse_newer(revision, config)
    except StaleSchema as error:
        return str(error)
    if revision != head:
        return f'the database is at revision {revision}, this version needs {head}; {UPGRADE}'
    inspector = sa.inspect(connection)
    for table in taskflow_tables.fetch(sa.MetaData()):
        if not inspector.has_table(table.name):
            return f"TaskFlow's table {table.name} is missing; {UPGRADE}"
        there = {column['name'] for column in inspector.get_columns(table.name)}
        if absent := {column.name for column in table.columns} - there:
            return f"TaskFlow's table {table.name} has no {', '.join(sorted(absent))}; {UPGRADE}"
    if missing := _missing_indexes(inspector):
        return f"TaskFlow's table {missing[0][0]} has no index on {missing[0][1]}; {UPGRADE}"
    return None


def _settings(connection: sa.Connection) -> Iterable[str]:
    if connection.dialect.name == 'sqlite':
        yield from _sqlite_settings(connection)
    else:
        yield from _server_settings(connection)


def _sqlite_settings(connection: sa.Connection) -> Iterable[str]:
    mode = connection.exec_driver_sql('PRAGMA journal_mode').scalar()
    if mode != 'wal':
        yield (
            f'SQLite keeps its journal in mode {mode} instead of wal: is the database on a '
            'network file system? Put it on a local one'
        )
    for (finding,) in connection.exec_driver_sql('PRAGMA quick_check(5)'):
        if finding != 'ok':
            yield f'SQLite found damage: {finding}; restore a backup'
    broken = connection.exec_driver_sql('PRAGMA foreign_key_check').all()
    if broken:
        tables = ', '.join(sorted({row[0] for row in broken}))
        yield f'{len(broken)} rows in {tables} belong to nothing; restore a backup'


def _server_settings(connection: sa.Connection) -> Iterable[str]:
    where = sa.text(
        'SELECT table_name, engine, table_collation FROM information_schema.tables '
        "WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'"
    )
    for name, engine, collation in connection.execute(where):
        if engine != 'InnoDB':
            yield f'table {name} is kept by {engine} instead of InnoDB: nothing can be undone in it'
        # TaskFlow chooses its own, and stores ASCII.
        if name in META.tables and collation != COLLATION:
            yield (
                f'table {name} has collation {collation} instead of {COLLATION}: names are '
                f'compared otherwise than by us; ALTER TABLE {name} CONVERT TO CHARACTER SET '
                f'utf8mb4 COLLATE {COLLATION}'
            )


def _rows(connection: sa.Connection) -> Iterable[str]:
    columns = (RECOVERY.c.id, RECOVERY.c.state, RECOVERY.c.open_key)
    live = RECOVERY.c.state.in_(states.LIVE)
    wrong = sa.or_(
        RECOVERY.c.state.not_in(states.MEANINGS),
        sa.and_(live, RECOVERY.c.open_key.is_(None)),
        sa.and_(~live, RECOVERY.c.open_key.is_not(None)),
    )
    for name, state, key in connection.execute(sa.select(*columns).where(wrong)):
        if state not in states.MEANINGS:
            yield f'recovery {name} is in state {state!r}, which does not exist'
        elif key is None:
            yield f'recovery {name} is {state} but does not block its host'
        else:
            yield f'recovery {name} is {state} but still blocks {key}'
