"""Upgrade and check on SQLite. Both databases, and races: tests/integration/test_database.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from recovery.db.migrations import VERSION_TABLE
from recovery.db.store import Store
from recovery.db.upgrade import StaleSchema, check, refuse_stale, upgrade
from tests.databases import add, opened


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with opened(f'sqlite:///{tmp_path}/a.sqlite') as store:
        yield store


def change(store: Store, statement: str) -> None:
    with store.write() as connection:
        connection.exec_driver_sql(statement)


def test_an_empty_database_is_refused_and_then_made(store: Store) -> None:
    with pytest.raises(StaleSchema, match="no tables yet; run 'recovery db upgrade'"):
        refuse_stale(store)
    assert upgrade(store) == (None, check(store).head)
    refuse_stale(store)
    assert check(store).sound
    assert upgrade(store) == (check(store).head, check(store).head)


@pytest.mark.parametrize(
    ('statement', 'sentence'),
    [
        (f"UPDATE {VERSION_TABLE} SET version_num = '0000'", 'which this version does not know'),
        ('DROP TABLE atomdetails', "TaskFlow's table atomdetails is missing; run 'recovery db"),
        ('ALTER TABLE atomdetails DROP COLUMN revert_results', 'has no revert_results; run'),
        ('DROP INDEX ix_flowdetails_parent_uuid', 'no index on parent_uuid; run'),
    ],
)
def test_a_stale_schema_is_refused_and_says_why(
    store: Store, statement: str, sentence: str
) -> None:
    upgrade(store)
    change(store, statement)
    with pytest.raises(StaleSchema, match=sentence):
        refuse_stale(store)
    found = check(store)
    assert found.stale in found.problems
    assert not found.sound


def test_a_database_of_a_newer_version_is_left_alone(store: Store) -> None:
    upgrade(store)
    change(store, f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(StaleSchema, match='install that version here too'):
        upgrade(store)
    assert check(store).revision == '9999'


def test_the_tables_of_taskflow_are_mended_by_an_upgrade(store: Store) -> None:
    upgrade(store)
    change(store, 'DROP INDEX ix_flowdetails_parent_uuid')
    change(store, 'DROP TABLE atomdetails')
    upgrade(store)
    assert check(store).sound


@pytest.mark.parametrize(
    ('row', 'problem'),
    [
        ({'state': 'ready'}, 'recovery r is ready but does not block its host'),
        ({'state': 'done', 'open_key': 'host:a'}, 'recovery r is done but still blocks host:a'),
        ({'state': 'lost'}, "recovery r is in state 'lost', which does not exist"),
    ],
)
def test_rows_that_no_code_writes_are_found(
    store: Store, row: dict[str, Any], problem: str
) -> None:
    upgrade(store)
    with store.write() as connection:
        add(connection, 'recovery', id='r', **row)
        add(connection, 'recovery', id='fine', state='waiting', open_key='host:b')
    assert check(store).problems == (problem,)
    refuse_stale(store)  # no reason not to start


def test_damage_and_orphans_are_found(store: Store, tmp_path: Path) -> None:
    upgrade(store)
    store.close()
    with sa.create_engine(store.url).begin() as connection:  # foreign keys are off
        add(connection, 'item', recovery='gone')
    assert check(store).problems == ('1 rows in item belong to nothing; restore a backup',)


def test_a_journal_that_is_not_wal_is_found() -> None:
    with opened('sqlite://') as store:  # which cannot have one, as on a network file system
        upgrade(store)
        assert 'in mode memory instead of wal' in check(store).problems[0]


def test_check_changes_nothing(store: Store) -> None:
    check(store)
    with store.read() as connection:
        assert sa.inspect(connection).get_table_names() == []
