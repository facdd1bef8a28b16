"""Small things about rows that every query module needs."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


def insert(connection: sa.Connection, table: sa.Table, **values: Any) -> int:
    """Insert one row and return the number the database gave it."""
    key = connection.execute(sa.insert(table).values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])
