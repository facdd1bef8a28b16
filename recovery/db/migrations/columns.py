"""Shapes that revisions share. Released revisions use them: add, never change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

UUID = sa.String(36)
NAME = sa.String(255)
WORD = sa.String(32)
TIME: sa.Double[float] = sa.Double()
ID = sa.BigInteger().with_variant(sa.Integer, 'sqlite')

# Names of hosts differ by case or accent as they do on SQLite, whatever the database's default;
# four bytes per character, so that the name of an instance may be anything.
OPTIONS: Mapping[str, Any] = {
    'mysql_engine': 'InnoDB',
    'mysql_charset': 'utf8mb4',
    'mysql_collate': 'utf8mb4_bin',
}


def create_table(name: str, *parts: sa.schema.SchemaItem) -> None:
    """Make a table that is the same on every database."""
    op.create_table(name, *parts, **OPTIONS)


def of_recovery(table: str, nullable: bool = False) -> sa.Column[str]:
    """The column that ties a row to its recovery, and to its end."""
    key = sa.ForeignKey('recovery.id', name=f'fk_{table}_recovery', ondelete='CASCADE')
    return sa.Column('recovery', UUID, key, nullable=nullable)
