"""The store: transactions, and what counts as away. On MariaDB: tests/integration."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from drivers.clock import SystemClock
from drivers.simulated.clock import VirtualClock
from flows.stop import StoreAway
from recovery.db.store import TRIES, Store

TABLE = sa.Table('word', sa.MetaData(), sa.Column('word', sa.String(9), primary_key=True))


class Number(Exception):
    """An error as PyMySQL raises it."""


def said(number: int) -> sa.exc.OperationalError:
    return sa.exc.OperationalError('UPDATE', {}, Number(number, 'no'))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f'sqlite:///{tmp_path}/a.sqlite', SystemClock(), busy_seconds=0.2)
    TABLE.metadata.create_all(store.engine)
    yield store
    store.close()


def words(store: Store) -> list[str]:
    with store.read() as connection:
        return list(connection.execute(sa.select(TABLE.c.word)).scalars())


def test_a_transaction_is_done_whole_or_not_at_all(store: Store) -> None:
    with store.write() as connection:
        connection.execute(sa.insert(TABLE).values(word='kept'))
    with pytest.raises(KeyError), store.write() as connection:  # noqa: PT012
        connection.execute(sa.insert(TABLE).values(word='lost'))
        raise KeyError
    assert words(store) == ['kept']


def test_transact_returns_what_the_work_returns(store: Store) -> None:
    assert store.transact(lambda c: c.execute(sa.insert(TABLE).values(word='a')).rowcount) == 1
    assert words(store) == ['a']


def test_sqlite_is_set_up_as_our_rules_need_it(store: Store) -> None:
    with store.read() as connection:
        found = {
            name: connection.exec_driver_sql(f'PRAGMA {name}').scalar()
            for name in ('journal_mode', 'synchronous', 'foreign_keys', 'busy_timeout')
        }
    assert found == {
        'journal_mode': 'wal', 'synchronous': 2, 'foreign_keys': 1, 'busy_timeout': 200,
    }  # fmt: skip


def test_a_writer_that_reads_first_never_finds_its_snapshot_stale(store: Store) -> None:
    """Begun as a reader, the second one would fail at its UPDATE, whatever the time-out."""
    store.transact(lambda c: c.execute(sa.insert(TABLE).values(word='1')))
    ends: list[str] = []

    def count_up(connection: sa.Connection) -> None:
        word = connection.execute(sa.select(TABLE.c.word)).scalar_one()
        connection.execute(sa.update(TABLE).values(word=str(int(word) + 1)))

    def many() -> None:
        try:
            for _ in range(20):
                store.transact(count_up)
            ends.append('well')
        except BaseException as error:
            ends.append(repr(error))

    with Store(str(store.url), SystemClock(), busy_seconds=10).engine.connect():
        pass
    store = Store(str(store.url), SystemClock(), busy_seconds=10)
    clock = SystemClock()
    for ended in [clock.spawn(f'writer {number}', many) for number in range(4)]:
        clock.wait(ended, 30)
    assert ends == ['well'] * 4
    assert words(store) == ['81']
    store.close()


def test_readers_go_on_while_somebody_writes(store: Store) -> None:
    with store.write() as connection:
        connection.execute(sa.insert(TABLE).values(word='a'))
        assert words(store) == []


def test_a_lock_that_is_not_given_back_means_away(store: Store) -> None:
    with store.write(), pytest.raises(StoreAway, match='database: database is locked'):
        store.transact(lambda connection: None)


def test_a_pool_that_is_exhausted_means_away(store: Store) -> None:
    held = []
    with pytest.raises(StoreAway, match='QueuePool limit'):  # noqa: PT012
        for _ in range(100):
            held.append(store.engine.connect())
            with store.read():
                pass
    for connection in held:
        connection.close()


def test_a_mistake_is_not_taken_for_a_database_that_is_away(store: Store) -> None:
    for statement in ('SELECT * FROM nothing', 'SELECT nothing FROM word', 'SELEKT'):
        with pytest.raises(sa.exc.OperationalError), store.read() as connection:
            connection.exec_driver_sql(statement)
    with pytest.raises(sa.exc.IntegrityError), store.write() as connection:  # noqa: PT012
        connection.execute(sa.insert(TABLE).values(word='a'))
        connection.execute(sa.insert(TABLE).values(word='a'))


def test_a_file_that_is_no_database_means_away(tmp_path: Path) -> None:
    (tmp_path / 'a.sqlite').write_text('this is not a database, and never was one of them' * 99)
    store = Store(f'sqlite:///{tmp_path}/a.sqlite', SystemClock())
    with pytest.raises(StoreAway, match='not a database'), store.read():
        pass


class TestConflicts:
    """Numbers of MariaDB; the real ones are met in tests/integration."""

    @pytest.fixture
    def clock(self) -> VirtualClock:
        return VirtualClock()

    @pytest.fixture
    def store(self, clock: VirtualClock) -> Store:
        return Store('sqlite://', clock)

    def test_a_deadlock_is_tried_again(self, store: Store, clock: VirtualClock) -> None:
        left = [said(1213), said(1213)]

        def work(connection: sa.Connection) -> str:
            if left:
                raise left.pop()
            return 'done'

        assert store.transact(work) == 'done'
        assert 0 < clock.elapsed() < 1

    def test_it_gives_up_in_the_end(self, store: Store) -> None:
        tried: list[int] = []

        def work(connection: sa.Connection) -> None:
            tried.append(1)
            raise said(1213)

        with pytest.raises(StoreAway):
            store.transact(work)
        assert len(tried) == TRIES

    @pytest.mark.parametrize('number', [1205, 2006, 2013, 1040, 1047])
    def test_what_took_its_time_is_away_at_once(self, store: Store, number: int) -> None:
        tried: list[int] = []

        def work(connection: sa.Connection) -> None:
            tried.append(1)
            raise said(number)

        with pytest.raises(StoreAway):
            store.transact(work)
        assert len(tried) == 1

    def test_a_missing_column_is_a_mistake(self, store: Store) -> None:
        with pytest.raises(sa.exc.OperationalError), store.read():
            raise said(1054)


def test_a_server_that_is_not_there_is_away_soon() -> None:
    store = Store('mysql+pymysql://me:secret@127.0.0.1:1/recovery', SystemClock())
    with pytest.raises(StoreAway) as caught, store.read():
        pass
    assert 'secret' not in caught.value.reason
    assert 'refused' in caught.value.reason


def test_a_thread_of_its_own_may_read(store: Store) -> None:
    found: list[list[str]] = []
    thread_ended = SystemClock().spawn('reader', lambda: found.append(words(store)))
    assert thread_ended.wait(10)
    assert found == [[]]
    assert threading.active_count() >= 1
