"""Pages: every row once, in any order, whatever is NULL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from recovery.db.pages import NoMarker, Page, fetch
from tests.databases import KINDS, database

table = sa.Table(
    'thing',
    sa.MetaData(),
    sa.Column('id', sa.Integer, primary_key=True),
    sa.Column('size', sa.Integer),
    sa.Column('name', sa.String(20), nullable=False),
)
COLUMNS = {column.name: column for column in table.c}
ROWS = [(1, 5, 'b'), (2, None, 'a'), (3, 5, 'a'), (4, 7, 'c'), (5, None, 'b'), (6, 1, 'a')]


@pytest.fixture(params=KINDS, scope='module')
def connection(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sa.Connection]:
    """Nobody changes the rows."""
    with database(request.param, tmp_path_factory.mktemp('pages')) as url:
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            table.create(connection)
            values = [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]
            connection.execute(sa.insert(table), values)
            yield connection
            connection.rollback()
        engine.dispose()


def numbers(connection: sa.Connection, query: sa.Select[Any], page: Page) -> list[int]:
    return [row['id'] for row in fetch(connection, query, COLUMNS, page)]


ORDERS = {
    'size up': ((('size', False), ('id', False)), [2, 5, 6, 1, 3, 4]),
    'size down': ((('size', True), ('id', True)), [4, 3, 1, 6, 5, 2]),
    'mixed': ((('name', False), ('size', True), ('id', False)), [3, 6, 2, 1, 5, 4]),
}


@pytest.mark.parametrize('name', ORDERS)
@pytest.mark.parametrize('limit', [1, 2, 4])
def test_every_row_once(connection: sa.Connection, name: str, limit: int) -> None:
    order, expected = ORDERS[name]
    found: list[int] = []
    while True:
        page = Page(limit, found[-1] if found else None, order)
        more = numbers(connection, sa.select(table), page)
        assert len(more) <= limit
        if not more:
            break
        found += more
    assert found == expected


def test_a_marker_that_the_filter_does_not_want_counts(connection: sa.Connection) -> None:
    query = sa.select(table).where(table.c.name == 'a')
    assert numbers(connection, query, Page(9, 4, (('id', False),))) == [6]


def test_no_row_for_a_marker(connection: sa.Connection) -> None:
    with pytest.raises(NoMarker):
        numbers(connection, sa.select(table), Page(9, 99, (('id', False),)))


def test_nothing_is_wanted(connection: sa.Connection) -> None:
    assert numbers(connection, sa.select(table), Page(0, None, (('id', False),))) == []
