"""An alarm is one row however often it is sent; its answer is written once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from drivers.contracts.alarms import Alarm
from flows.stop import StoreAway
from recovery.db import alarms
from recovery.db.store import Store
from recovery.db.tables import META
from tests.databases import KINDS, database, opened

ALARM = Alarm('aodh', 'k1', 'host-down', 'c1', 90.0, {'ping': 'lost'}, 'ü' * 70000, 'ann')
ID = 'a' * 36


@pytest.fixture(params=KINDS)
def store(request: Any, tmp_path: Path) -> Iterator[Store]:
    with database(request.param, tmp_path) as url, opened(url) as store:
        META.create_all(store.engine)
        with store.write() as connection:
            alarms.add(connection, ID, ALARM, 100.0)
        yield store


def test_it_comes_back_as_it_was_said(store: Store) -> None:
    with store.read() as connection:
        row = alarms.find(connection, 'aodh', 'k1')
    assert row is not None
    found = alarms.of_row(row)
    assert (found.evidence, found.at, found.requested_by) == ({'ping': 'lost'}, 90.0, 'ann')
    assert ALARM.raw.startswith(found.raw)
    assert len(found.raw.encode()) <= alarms.RAW_LIMIT


def test_source_and_key_are_one_alarm(store: Store) -> None:
    with pytest.raises(sa.exc.IntegrityError), store.write() as connection:
        alarms.add(connection, 'b' * 36, ALARM, 101.0)


def test_who_locks_it_changes_it_alone(store: Store) -> None:
    with opened(store.url.render_as_string(hide_password=False), busy_seconds=1.0) as other:
        with store.write() as connection:
            alarms.lock(connection, ID)
            with pytest.raises(StoreAway), other.write() as beside:
                alarms.repeat(beside, ID)
        with other.write() as beside:
            alarms.repeat(beside, ID)


def test_those_without_an_answer_come_in_pages(store: Store) -> None:
    for number, at in enumerate((101.0, 101.0, 102.0)):
        with store.write() as connection:
            alarms.add(connection, str(number) * 36, replace(ALARM, key=f'p{number}'), at)
    found, after = [], None
    with store.read() as connection:
        while rows := alarms.undecided(connection, 101.5, 1, after):
            found += [row['id'][0] for row in rows]
            after = rows[-1]['arrived_at'], rows[-1]['id']
    assert found == ['a', '0', '1']


def test_the_answer_is_written_once(store: Store) -> None:
    with store.write() as connection:
        assert len(alarms.undecided(connection, 100.0, 9)) == 1
        assert alarms.settle(connection, ID, 'ignore', 'so', None)
        assert not alarms.settle(connection, ID, 'admit', 'no', None)
        assert alarms.undecided(connection, 100.0, 9) == ()
        assert not alarms.reopen(connection, ID, 'admit')
        assert alarms.reopen(connection, ID, 'ignore')
        alarms.postpone(connection, ID, 'busy')
        alarms.repeat(connection, ID)
        row = alarms.get(connection, ID)
    assert row is not None
    assert (row['answer'], row['reason'], row['repeats']) == (None, 'busy', 1)
