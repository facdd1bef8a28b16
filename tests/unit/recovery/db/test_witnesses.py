"""What processes see of the witnesses, counted by machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from drivers.simulated.clock import VirtualClock
from recovery.db import witnesses
from recovery.db.store import Store
from recovery.db.tables import META


@dataclass(frozen=True)
class Process:
    name: str
    host: str


W1, W2, W3, WATCHER = (
    Process('w1', 'ctl-1'),
    Process('w2', 'ctl-2'),
    Process('w3', 'ctl-3'),
    Process('watcher', 'ctl-2'),
)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    clock = VirtualClock()
    store = Store(f'sqlite:///{tmp_path / "recovery.sqlite"}', clock)
    META.create_all(store.engine)
    yield store
    store.close()
    clock.close()


def test_by_machine_the_newest_answer_counts(store: Store) -> None:
    with store.write() as connection:
        witnesses.saw(connection, W1, {'router': 'took it'}, True, 100.0)
        witnesses.saw(connection, W2, {}, True, 100.0)
        witnesses.saw(connection, WATCHER, {}, False, 101.0)
        witnesses.saw(connection, W3, {}, True, 90.0)
        assert witnesses.others(connection, 'ctl-1', 0.0) == {'ctl-2': False, 'ctl-3': True}
        assert witnesses.others(connection, 'ctl-1', 95.0) == {'ctl-2': False}
        assert witnesses.others(connection, 'ctl-2', 95.0) == {'ctl-1': True}
        witnesses.saw(connection, WATCHER, {}, True, 102.0)
        assert witnesses.others(connection, 'ctl-1', 95.0) == {'ctl-2': True}


def test_one_row_of_a_process_and_none_when_it_ended(store: Store) -> None:
    with store.write() as connection:
        for at in (1.0, 2.0, 3.0):
            witnesses.saw(connection, W1, {'router': f'at {at:g}'}, True, at)
        rows = witnesses.every(connection)
        assert [(row['observer'], row['answers'], row['at']) for row in rows] == [
            ('w1', {'router': 'at 3'}, 3.0)
        ]
        witnesses.gone(connection, W1)
        assert witnesses.every(connection) == ()


def test_processes_of_long_ago_are_forgotten(store: Store) -> None:
    later = witnesses.FORGET_SECONDS + 10.0
    with store.write() as connection:
        witnesses.saw(connection, W1, {}, True, 1.0)
        witnesses.saw(connection, W2, {}, True, later)
        assert [row['observer'] for row in witnesses.every(connection)] == ['w2']
