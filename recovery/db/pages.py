"""Lists a page at a time, in any order, behind the row that the reader saw last.

The order is that of rows and not of numbers of pages: what is added or removed meanwhile moves
nothing that was not read yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

Columns = Mapping[str, sa.ColumnElement[Any]]
KEY = 'id'  #: the number that a marker names


class NoMarker(LookupError):
    """No row has the number of the marker."""


@dataclass(frozen=True)
class Page:
    """What part of a list is wanted, and in which order."""

    limit: int = 1000
    marker: int | None = None  #: the number of the last row that was read
    order: tuple[tuple[str, bool], ...] = (('created_at', True), (KEY, True))  #: (name, descending)


def fetch(
    connection: sa.Connection, query: sa.Select[Any], columns: Columns, page: Page
) -> tuple[sa.RowMapping, ...]:
    """One page of a query.

    :param columns: by name, all that the page may be ordered by; ``id`` is one of them, unique.
    :raises NoMarker: the row of the marker is not there any more, or never was.
    """
    order = [(columns[name], descending) for name, descending in page.order]
    if page.marker is not None:
        behind = _marker(connection, query, columns, page)
        query = query.where(_after(order, behind))
    for column, descending in order:
        query = query.order_by(column.desc() if descending else column.asc())
    return tuple(connection.execute(query.limit(page.limit)).mappings())


def _marker(
    connection: sa.Connection, query: sa.Select[Any], columns: Columns, page: Page
) -> tuple[Any, ...]:
    # What the list is filtered by may have changed since: the row counts all the same.
    wanted = [columns[name].label(f'key_{number}') for number, (name, _) in enumerate(page.order)]
    bare = sa.select(*wanted).select_from(*query.get_final_froms())
    row = connection.execute(bare.where(columns[KEY] == page.marker)).first()
    if row is None:
        raise NoMarker(page.marker)
    return tuple(row)


def _after(
    order: list[tuple[sa.ColumnElement[Any], bool]], values: tuple[Any, ...]
) -> sa.ColumnElement[bool]:
    """Rows behind the one with these values. NULL comes first, and last where descending."""
    either: sa.ColumnElement[bool] = sa.false()
    same: sa.ColumnElement[bool] = sa.true()
    for (column, descending), value in zip(order, values, strict=True):
        either |= same & _beyond(column, descending, value)
        same &= column.is_(None) if value is None else column == value
    return either


def _beyond(column: sa.ColumnElement[Any], descending: bool, value: Any) -> sa.ColumnElement[bool]:
    if value is None:
        return sa.false() if descending else column.is_not(None)
    beyond: sa.ColumnElement[bool] = column < value if descending else column > value
    return beyond | column.is_(None) if descending else beyond
