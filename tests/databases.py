"""Databases for tests: SQLite in a file, MariaDB from tools/peers, each test with its own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from drivers.clock import SystemClock
from drivers.contracts.clock import Clock
from recovery.db.store import Store
from recovery.db.tables import META
from tests.peers import need

KINDS = ('sqlite', 'mariadb')


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database, dropped afterwards."""
    name = f'test_{uuid.uuid4().hex}'
    if kind == 'sqlite':
        yield f'sqlite:///{folder / name}.sqlite'
        return
    server = sa.engine.make_url(need('mariadb'))
    engine = sa.create_engine(server, poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE {name}')
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f'DROP DATABASE {name}')


@contextmanager
def opened(url: str, clock: Clock | None = None, busy_seconds: float = 5.0) -> Iterator[Store]:
    """A store on that URL, closed afterwards."""
    store = Store(url, clock or SystemClock(), busy_seconds=busy_seconds)
    try:
        yield store
    finally:
        store.close()


def add(connection: sa.Connection, table: str, **values: Any) -> Mapping[str, Any]:
    """Insert a row; what is required and not given gets a value of its type."""
    row = {
        column.name: _filler(column)
        for column in META.tables[table].columns
        if not column.nullable and column.autoincrement is not True
    }
    row.update(values)
    connection.execute(sa.insert(META.tables[table]).values(row))
    return row


def _filler(column: sa.Column[Any]) -> Any:
    if column.type.python_type in (bool, int, float):
        return column.type.python_type(0)
    if isinstance(column.type, sa.JSON):
        return {}
    return str(uuid.uuid4()) if column.primary_key else ''
