"""Hosts: maintenance, our mark, what a host carries, what its devices said they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from recovery.db.tables import host as table


@dataclass(frozen=True)
class Host:
    """One host as we remember it. A host without a row has all the defaults."""

    name: str
    maintenance: bool = False
    maintenance_by: str | None = None
    maintenance_reason: str | None = None
    failed_by: str | None = None
    carries: tuple[str, ...] = ()
    identities: Mapping[str, str] = field(default_factory=dict)
    proven_off_at: float | None = None
    returned_at: float | None = None
    segment: str | None = None


def get(connection: sa.Connection, name: str) -> Host:
    """What we remember of a host."""
    row = connection.execute(sa.select(table).where(table.c.name == name)).mappings().first()
    return _host(row) if row else Host(name)


def every(connection: sa.Connection) -> tuple[Host, ...]:
    """All hosts that have a row, by name."""
    query = sa.select(table).order_by(table.c.name)
    return tuple(_host(row) for row in connection.execute(query).mappings())


def put(connection: sa.Connection, name: str, **values: Any) -> None:
    """Change fields of a host; its row is made when there is none."""
    update = sa.update(table).where(table.c.name == name).values(**values)
    if connection.execute(update).rowcount:
        return
    fresh: dict[str, Any] = {'name': name, 'maintenance': False, 'carries': [], 'identities': {}}
    try:
        with connection.begin_nested():
            connection.execute(sa.insert(table).values(**(fresh | values)))
    except sa.exc.IntegrityError:  # somebody else made the row meanwhile
        connection.execute(update)


def enrol(connection: sa.Connection, name: str, identities: Mapping[str, str]) -> None:
    """Remember what the devices of a host say they are, in place of what they said before."""
    put(connection, name, identities=dict(identities))


def _host(row: sa.RowMapping) -> Host:
    values = {key: row[key] for key in Host.__dataclass_fields__ if key != 'carries'}
    return Host(**values, carries=tuple(row['carries']))
