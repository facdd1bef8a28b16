"""One live recovery per subject, moved by compare-and-set, on every database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from recovery.db import recoveries, states
from recovery.db.recoveries import Fresh
from recovery.db.store import Store
from recovery.db.tables import META, intent
from recovery.db.tables import recovery as table
from tests.databases import KINDS, database, opened

FIRST = Fresh(
    id='a' * 36,
    kind='host-down',
    subject='c1',
    host='c1',
    state='held',
    reason='',
    requested_by='ann',
    arguments={'at_once': 1},
    created_at=100.0,
    next_check=110.0,
)


@pytest.fixture(params=KINDS)
def store(request: Any, tmp_path: Path) -> Iterator[Store]:
    with database(request.param, tmp_path) as url, opened(url) as store:
        META.create_all(store.engine)
        yield store


@pytest.fixture
def connection(store: Store) -> Iterator[sa.Connection]:
    with store.write() as connection:
        yield connection


def get(connection: sa.Connection, identifier: str) -> sa.RowMapping:
    row = recoveries.get(connection, identifier)
    assert row is not None
    return row


def test_what_a_recovery_blocks() -> None:
    assert recoveries.open_key('host-return', 'c1') == 'host:c1'
    assert recoveries.open_key('instance-down', 'u') == 'instance:u'


def test_a_live_recovery_blocks_its_host(store: Store) -> None:
    with store.write() as connection:
        recoveries.create(connection, FIRST)
    with pytest.raises(sa.exc.IntegrityError), store.write() as connection:
        recoveries.create(connection, replace(FIRST, id='b' * 36))
    with store.write() as connection:
        recoveries.create(connection, replace(FIRST, id='c' * 36, subject='c2', host='c2'))
        row = recoveries.blocking(connection, 'host-return', 'c1')
        assert row is not None
        assert row['id'] == FIRST.id


def test_only_a_live_one_is_joined(connection: sa.Connection) -> None:
    recoveries.create(connection, FIRST)
    assert recoveries.lock_live(connection, FIRST.id)
    assert not recoveries.lock_live(connection, 'nobody')
    assert recoveries.move(connection, FIRST.id, 'held', 'cancelled', 101.0)
    assert not recoveries.lock_live(connection, FIRST.id)


@pytest.mark.parametrize(
    ('ends', 'values'),
    [
        (True, {'wish': 'undo', 'code': 'over'}),
        (True, {'undoing': True, 'code': 'over'}),
        (True, {'undoing': True, 'code': 'nova-away', 'notes': {'over': 1}}),
        (False, {'undoing': True, 'code': 'nova-away', 'notes': {'over': 1}, 'round': 2}),
        (False, {'wish': 'undo', 'code': 'cancelled'}),
        (False, {'code': 'nova-away', 'notes': {'over': 1}}),
    ],
)
def test_what_ends_as_over_answers_no_alarm(
    connection: sa.Connection, ends: bool, values: dict[str, Any]
) -> None:
    recoveries.create(connection, FIRST)
    connection.execute(sa.update(table).values({'round': 1, **values}))
    row = recoveries.lock_live(connection, FIRST.id)
    assert row is not None
    assert recoveries.ends_as_over(row) is ends


def test_an_ended_one_blocks_nothing(connection: sa.Connection) -> None:
    recoveries.create(connection, FIRST)
    assert recoveries.move(connection, FIRST.id, 'held', 'cancelled', 120.0)
    row = get(connection, FIRST.id)
    assert (row['open_key'], row['ended_at'], row['next_check']) == (None, 120.0, None)
    recoveries.create(connection, replace(FIRST, id='b' * 36))


def test_a_move_needs_the_state_that_was_seen(connection: sa.Connection) -> None:
    recoveries.create(connection, FIRST)
    assert recoveries.move(connection, FIRST.id, 'held', 'ready', 120.0)
    assert not recoveries.move(connection, FIRST.id, 'held', 'expired', 120.0)
    with pytest.raises(states.IllegalTransition):
        recoveries.move(connection, FIRST.id, 'held', 'running', 120.0)


def test_an_owner_is_not_disturbed(connection: sa.Connection) -> None:
    recoveries.create(connection, FIRST)
    connection.execute(sa.update(table).values(token='t' * 32))
    assert not recoveries.move(connection, FIRST.id, 'held', 'ready', 120.0)
    assert not recoveries.note(connection, FIRST.id, 'held', 120.0, reason='x')


def test_superseding_takes_the_claim(connection: sa.Connection) -> None:
    recoveries.create(connection, FIRST)
    connection.execute(sa.update(table).values(token='t' * 32, state='running', epoch=3))
    old = get(connection, FIRST.id)
    assert recoveries.supersede(connection, old, 'b' * 36, 130.0)
    assert not recoveries.supersede(connection, old, 'c' * 36, 131.0)
    row = get(connection, FIRST.id)
    assert (row['state'], row['token'], row['epoch']) == ('superseded', None, 4)
    assert row['superseded_by'] == 'b' * 36


def test_what_is_due(connection: sa.Connection) -> None:
    recoveries.create(connection, FIRST)
    assert recoveries.due(connection, 'held', 109.0, 9, longest=60.0) == ()
    (row,) = recoveries.due(connection, 'held', 110.0, 9, longest=60.0)
    assert recoveries.take(connection, row, 125.0)
    assert not recoveries.take(connection, row, 125.0)
    assert recoveries.due(connection, 'held', 110.0, 9, longest=60.0) == ()


def test_a_clock_that_is_put_back_delays_nothing_for_long(connection: sa.Connection) -> None:
    """Written at 100, to be looked at by 110; then the clock says less."""
    recoveries.create(connection, FIRST)
    for now, due in ((110.0, 1), (109.0, 0), (99.0, 0), (50.0, 0), (49.0, 1), (-9e6, 1)):
        found = recoveries.due(connection, 'held', now, 9, longest=60.0)
        assert len(found) == due, now
    # Whoever looked wrote it anew, with a pause of its own: longer than we know, but no mistake.
    recoveries.note(connection, FIRST.id, 'held', 20.0, next_check=9999.0)
    assert recoveries.due(connection, 'held', 20.0, 9, longest=60.0) == ()


def test_counts(connection: sa.Connection) -> None:
    recoveries.create(connection, FIRST)
    assert recoveries.count(connection, 'c1', 'host-down', since=0.0) == 0  # none had begun it
    connection.execute(sa.update(table).values(started_at=101.0, state='running'))
    assert recoveries.count(connection, 'c1', 'host-down', since=100.0) == 1
    assert recoveries.count(connection, 'c1', 'host-down', since=101.0) == 0
    assert recoveries.count(connection, 'c1', 'host-down', since=0.0, but=FIRST.id) == 0
    assert recoveries.under_way(connection, 'host-down') == {'c1'}
    assert recoveries.ids_of_host(connection, 'c1') == {FIRST.id}


def test_when_the_last_one_ended(connection: sa.Connection) -> None:
    recoveries.create(connection, FIRST)
    assert recoveries.closed_at(connection, 'c1', 'host-down') is None
    recoveries.move(connection, FIRST.id, 'held', 'expired', 120.0)
    assert recoveries.closed_at(connection, 'c1', 'host-down') is None
    second = replace(FIRST, id='b' * 36)
    recoveries.create(connection, second)
    recoveries.move(connection, second.id, 'held', 'cancelled', 130.0)
    assert recoveries.closed_at(connection, 'c1', 'host-down') == 130.0
    assert recoveries.closed_at(connection, 'c1', 'host-down', but=second.id) is None


def test_fences(connection: sa.Connection) -> None:
    recoveries.create(connection, FIRST)
    common = {'recovery': FIRST.id, 'round': 1, 'epoch': 1, 'target': 'x', 'observed': {}}
    rows = [('c1', 'power-off', 50.0), ('c2', 'power-off', 90.0), ('c2', 'force-down', 95.0)]
    for host, action, at in rows:
        connection.execute(sa.insert(intent).values(**common, host=host, action=action, at=at))
    assert recoveries.fenced(connection, 60.0) == {'c2'}
    assert recoveries.fenced(connection, 0.0) == {'c1', 'c2'}
