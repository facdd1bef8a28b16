"""The database as it is: schema, upgrades, races, and a worker frozen inside a transaction."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from drivers.clock import SystemClock
from flows.stop import StoreAway
from recovery.db import recoveries, states
from recovery.db.engines import IDLE_WRITE_SECONDS
from recovery.db.migrations import VERSION_TABLE
from recovery.db.store import Store
from recovery.db.tables import META
from recovery.db.upgrade import check, refuse_stale, upgrade
from tests.databases import KINDS, add, database, opened

CLOCK = SystemClock()
SPAWN = multiprocessing.get_context('spawn')
RECOVERY = META.tables['recovery']
#: Every revision that was ever released: an upgrade begins at any of them. Add, never remove.
RELEASED = ('0001', '0002', '0003', '0004')


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with database(request.param, tmp_path) as url:
        yield url


@pytest.fixture
def mariadb(tmp_path: Path) -> Iterator[str]:
    with database('mariadb', tmp_path) as url:
        yield url


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with opened(url) as store:
        yield store


def ours(_object: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
    return kind != 'table' or name in META.tables


def same_type(context: Any, _inspected: Any, _wanted: Any, is_: Any, wanted: Any) -> bool | None:
    """MariaDB keeps JSON as LONGTEXT with a CHECK; the rest is alembic's business."""
    if isinstance(wanted, sa.JSON) and context.dialect.name != 'sqlite':
        return type(is_).__name__ != 'LONGTEXT'
    return None


def test_the_schema_is_what_the_tables_say(store: Store) -> None:
    """Else a revision is missing: alembic -c recovery/db/alembic.ini revision -m WHAT"""
    upgrade(store)
    with store.read() as connection:
        options = {
            'version_table': VERSION_TABLE,
            'include_object': ours,
            'compare_type': same_type,
        }
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, META) == []


def test_what_lets_one_recovery_block_a_host_is_there(store: Store) -> None:
    upgrade(store)
    with store.write() as connection:
        add(connection, 'recovery', id='a', state='ready', open_key='host:compute-01')
        add(connection, 'recovery', id='b', state='done')
        add(connection, 'recovery', id='c', state='done')
        # Another host, although MariaDB's usual collation would say otherwise.
        add(connection, 'recovery', id='d', state='ready', open_key='host:Compute-01')
    with pytest.raises(sa.exc.IntegrityError), store.write() as connection:
        add(connection, 'recovery', id='e', state='ready', open_key='host:compute-01')


def test_names_may_be_anything_and_times_keep_their_microseconds(store: Store) -> None:
    upgrade(store)
    with store.write() as connection:
        add(connection, 'recovery', id='r', state='done', created_at=1795176977.648611)
        add(connection, 'item', recovery='r', name='größer 🚀', reason='x' * 60_000)
    with store.read() as connection:
        assert connection.execute(sa.select(META.tables['item'].c.name)).scalar() == 'größer 🚀'
        assert connection.execute(sa.select(RECOVERY.c.created_at)).scalar() == 1795176977.648611


def test_what_hangs_on_a_recovery_goes_with_it(store: Store) -> None:
    upgrade(store)
    with store.write() as connection:
        add(connection, 'recovery', id='r', state='done')
        add(connection, 'item', recovery='r')
    with pytest.raises(sa.exc.IntegrityError), store.write() as connection:
        add(connection, 'item', recovery='nobody')
    with store.write() as connection:
        connection.execute(sa.delete(RECOVERY))
        assert connection.execute(sa.select(META.tables['item'])).all() == []


def upgrading(url: str, answers: Any) -> None:
    store = Store(url, SystemClock(), busy_seconds=15)
    try:
        upgrade(store)
        answers.put(check(store).problems)
    except BaseException as error:
        answers.put(repr(error))


@pytest.mark.slow
def test_upgrades_at_the_same_time_do_no_harm(url: str) -> None:
    answers = SPAWN.Queue()
    started = [SPAWN.Process(target=upgrading, args=(url, answers)) for _ in range(4)]
    for process in started:
        process.start()
    assert [answers.get(timeout=100) for _ in started] == [()] * 4
    for process in started:
        process.join(20)


@pytest.mark.parametrize('revision', RELEASED)
def test_an_open_recovery_survives_the_upgrade(store: Store, revision: str) -> None:
    """By the schema of that revision, as its version would have written it (H19)."""
    upgrade(store, revision)
    with store.write() as connection:
        for table, row in OPEN_RECOVERY[revision].items():
            then = sa.table(table, *(sa.column(name) for name in row))
            connection.execute(sa.insert(then).values(row))
    upgrade(store)
    refuse_stale(store)
    assert check(store).problems == ()
    with store.read() as connection:
        found = connection.execute(sa.select(RECOVERY)).mappings().one()
        assert (found['state'], found['token']) == (states.RUNNING, 'f' * 32)
        assert found['notes'] == {'level': 1}
        for table in ('item', 'attempt', 'intent', 'proof', 'event', 'job'):
            assert len(connection.execute(sa.select(META.tables[table])).all()) == 1


def test_an_upgrade_that_was_stopped_half_way_goes_on(store: Store) -> None:
    """Where a change of a table is not rolled back, its first column is there already."""
    upgrade(store, '0003')
    with store.write() as connection:
        connection.execute(sa.text('ALTER TABLE attempt ADD COLUMN after_proof BIGINT'))
    upgrade(store)
    assert check(store).problems == ()


#: A recovery in the middle of its evacuations, in the words of each revision. Never changed.
OPEN_RECOVERY: dict[str, dict[str, dict[str, Any]]] = {
    '0001': {
        'recovery': {
            'id': 'r', 'kind': 'host-down', 'subject': 'compute-01', 'host': 'compute-01',
            'state': 'running', 'open_key': 'host:compute-01', 'phase': 'restore',
            'arguments': '{}', 'notes': '{"level": 1}', 'requested_by': 'monitoring', 'round': 1,
            'book': 'b', 'undoing': 0, 'token': 'f' * 32, 'epoch': 2, 'beats': 77,
            'worker': 'w1', 'lease': 30.0, 'claims': 2, 'created_at': 1.5, 'updated_at': 2.5,
        },
        'intent': {
            'recovery': 'r', 'round': 1, 'epoch': 1, 'host': 'compute-01', 'action': 'power-off',
            'target': 'ipmi', 'observed': '{"power": "on"}', 'at': 1.75, 'outcome': 'off',
        },
        'proof': {
            'recovery': 'r', 'round': 1, 'epoch': 1, 'host': 'compute-01', 'kind': 'power',
            'level': 1, 'observations': '[]', 'by': 'w1', 'statement': '', 'at': 2.0,
        },
        'item': {
            'recovery': 'r', 'instance': 'i', 'name': 'web', 'source': 'compute-01',
            'state': 'started', 'reason': '', 'vm_state': 'active', 'keep_stopped': 0,
            'priority': 0, 'round': 1,
        },
        'attempt': {
            'recovery': 'r', 'instance': 'i', 'round': 1, 'epoch': 2, 'state': 'accepted',
            'at': 2.25, 'deadline_at': 602.25, 'destination_sure': 0, 'reason': '',
        },
        'event': {'recovery': 'r', 'at': 2.0, 'who': 'w1', 'what': 'fenced', 'why': ''},
        'job': {
            'board': 'recovery', 'id': 'r', 'name': 'recovery r', 'priority': 2,
            'details': '{"recovery": "r"}', 'created_at': 1.5, 'updated_at': 1.5,
        },
    }
}  # fmt: skip
OPEN_RECOVERY['0002'] = OPEN_RECOVERY['0001'] | {
    'window': {
        'id': 'w', 'scope': 'host:compute-02', 'begins_at': 1.0, 'ends_at': 9.0, 'by': 'anna',
        'reason': 'new memory', 'at': 0.5,
    },
    'fence_path': {
        'host': 'compute-01', 'off_works': 1, 'verdict': 'off should work', 'devices': '[]',
        'at': 1.0, 'since': 1.0,
    },
    'witness': {
        'observer': 'w1', 'machine': 'ctl-1', 'answers': '[]', 'reached': 1, 'at': 1.0,
    },
}  # fmt: skip
OPEN_RECOVERY['0003'] = OPEN_RECOVERY['0002'] | {
    'segment': {
        'uuid': 's', 'name': 'rack-1', 'recovery_method': 'rh_priority', 'service_type': 'compute',
        'enabled': 1, 'created_at': 1.0,
    },
    'member': {
        'uuid': 'm', 'segment': 's', 'name': 'compute-01', 'reserved': 0, 'created_at': 1.0,
    },
    'spare': {
        'host': 'compute-09', 'recovery': 'r', 'state': 'taken', 'at': 2.0, 'aggregates': '[]',
    },
    'notification': {
        'uuid': 'n', 'type': 'COMPUTE_HOST', 'host': 'compute-01', 'member': 'm', 'segment': 's',
        'generated_at': 1.0, 'payload': '{"event": "STOPPED"}', 'created_at': 1.0,
    },
    'nonce': {'source': 'grafana', 'digest': 'd' * 64, 'at': 1.0},
}  # fmt: skip
OPEN_RECOVERY['0004'] = OPEN_RECOVERY['0003'] | {
    'attempt': OPEN_RECOVERY['0001']['attempt'] | {'after_proof': 1, 'after_record': 1},
}


def frozen(url: str, ready: Any) -> None:
    """A worker that stops inside its guarded write."""
    store = Store(url, SystemClock())
    try:
        with store.write() as connection:
            connection.execute(sa.update(RECOVERY).values(token='frozen', worker='frozen'))
            ready.put('inside')
            ready.close()
            ready.join_thread()
            os.kill(os.getpid(), signal.SIGSTOP)
            connection.execute(sa.update(RECOVERY).values(token='thawed'))
    except StoreAway:
        os._exit(7)
    os._exit(8)


@pytest.mark.slow
def test_a_worker_frozen_inside_its_write_is_freed_of_its_lock(mariadb: str) -> None:
    """On SQLite there is no cure: all writers wait, and doctor says so."""
    with opened(mariadb, busy_seconds=10) as store:
        upgrade(store)
        with store.write() as connection:
            add(connection, 'recovery', id='r', state='ready', open_key='host:a')
        ready = SPAWN.Queue()
        holder = SPAWN.Process(target=frozen, args=(mariadb, ready))
        holder.start()
        try:
            assert ready.get(timeout=60) == 'inside'
            began = CLOCK.elapsed()
            change = sa.update(RECOVERY).values(token='mine')
            assert store.transact(lambda c: c.execute(change).rowcount) == 1
            assert CLOCK.elapsed() - began < IDLE_WRITE_SECONDS + 3
        finally:
            os.kill(holder.pid or 0, signal.SIGCONT)
            holder.join(60)
        assert holder.exitcode == 7, 'what was frozen learns that the database was away'
        with store.read() as connection:
            row = connection.execute(sa.select(RECOVERY.c.token, RECOVERY.c.worker)).one()
        assert tuple(row) == ('mine', None)


def test_transactions_that_deadlock_are_run_again(mariadb: str) -> None:
    with opened(mariadb) as store:
        upgrade(store)
        with store.write() as connection:
            for name in ('a', 'b'):
                add(connection, 'recovery', id=name, state='done', beats=0)
        runs: list[str] = []
        both_inside = threading.Barrier(2)

        def count_up(first: str, second: str) -> None:
            def work(connection: sa.Connection) -> None:
                runs.append(first)
                for name in (first, second):
                    more = {'beats': RECOVERY.c.beats + 1}
                    mine = RECOVERY.c.id == name
                    connection.execute(sa.update(RECOVERY).where(mine).values(more))
                    if name == first and runs.count(first) == 1:
                        both_inside.wait(IDLE_WRITE_SECONDS)

            store.transact(work)

        ended = [
            CLOCK.spawn('ab', lambda: count_up('a', 'b')),
            CLOCK.spawn('ba', lambda: count_up('b', 'a')),
        ]
        assert all(CLOCK.wait(one, 60) for one in ended)
        with store.read() as connection:
            assert set(connection.execute(sa.select(RECOVERY.c.beats)).scalars()) == {2}
        assert len(runs) == 3


def test_who_joins_a_recovery_waits_for_who_ends_it(mariadb: str) -> None:
    """An alarm joins what is live: not what somebody is about to end because it was over."""
    with opened(mariadb) as store:
        upgrade(store)
        seen: list[sa.RowMapping | None] = []

        def join() -> None:
            seen.append(store.transact(lambda one: recoveries.lock_live(one, 'r')))

        with store.write() as connection:
            add(connection, 'recovery', id='r', state='held')
        with store.write() as connection:
            assert recoveries.lock_live(connection, 'r') is not None
            joined = CLOCK.spawn('joins', join)
            assert not CLOCK.wait(joined, IDLE_WRITE_SECONDS / 4)
            assert recoveries.move(connection, 'r', 'held', 'cancelled', 1.0)
        assert CLOCK.wait(joined, 60)
        assert seen == [None]


def test_a_lock_that_is_held_means_away_after_the_patience(mariadb: str) -> None:
    with opened(mariadb, busy_seconds=1) as store:
        upgrade(store)
        with store.write() as connection:
            add(connection, 'recovery', id='r', state='done')
            began = CLOCK.elapsed()
            with (
                pytest.raises(StoreAway, match='Lock wait timeout'),
                opened(mariadb, busy_seconds=1) as other,
                other.write() as second,
            ):
                add(second, 'recovery', id='r', state='done')
            assert CLOCK.elapsed() - began < 4


def test_a_mistake_is_not_taken_for_a_server_that_is_away(mariadb: str) -> None:
    with opened(mariadb) as store:
        upgrade(store)
        for statement in ('SELECT nothing FROM recovery', 'SELECT 1 FROM nothing', 'SELEKT'):
            with pytest.raises(sa.exc.DBAPIError), store.read() as connection:
                connection.exec_driver_sql(statement)
        with pytest.raises(sa.exc.DataError), store.write() as connection:
            add(connection, 'recovery', id='longer than thirty-six characters, which is too much')


def test_tables_that_cannot_be_rolled_back_are_found(mariadb: str) -> None:
    with opened(mariadb) as store:
        upgrade(store)
        with store.write() as connection:
            connection.exec_driver_sql('ALTER TABLE `window` ENGINE=MyISAM')
            connection.exec_driver_sql('ALTER TABLE host COLLATE utf8mb4_general_ci')
        second, first = sorted(check(store).problems)
        assert 'table window is kept by MyISAM instead of InnoDB' in first
        assert 'table host has collation utf8mb4_general_ci instead of utf8mb4_bin' in second


def test_a_login_that_is_refused_is_away_and_keeps_its_secret(mariadb: str) -> None:
    wrong = sa.engine.make_url(mariadb).set(password='hush')
    with (
        opened(wrong.render_as_string(hide_password=False)) as store,
        pytest.raises(StoreAway, match='Access denied') as caught,
        store.read(),
    ):
        pass
    assert 'hush' not in caught.value.reason
