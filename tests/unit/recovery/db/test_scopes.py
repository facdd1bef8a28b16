"""Scopes, and how sentences and commands name them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.simulated.clock import VirtualClock
from recovery.db import hosts, scopes
from recovery.db.store import Store
from recovery.db.tables import META


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    clock = VirtualClock()
    store = Store(f'sqlite:///{tmp_path / "recovery.sqlite"}', clock)
    META.create_all(store.engine)
    yield store
    store.close()
    clock.close()


def test_what_covers_a_host(store: Store) -> None:
    with store.write() as connection:
        hosts.put(connection, 'c1', segment='rack-1')
        hosts.put(connection, 'c2', segment=None)
        assert scopes.covering(connection, 'c1') == ('cloud', 'segment:rack-1', 'host:c1')
        assert scopes.covering(connection, 'c2') == ('cloud', 'host:c2')
        assert scopes.covering(connection, 'unheard-of') == ('cloud', 'host:unheard-of')


@pytest.mark.parametrize(
    ('scope', 'words', 'flags'),
    [
        (scopes.CLOUD, 'the service', ''),
        (scopes.segment('rack:1'), 'segment rack:1', ' --segment rack:1'),
        (scopes.host('c1'), 'host c1', ' --host c1'),
    ],
)
def test_names(scope: str, words: str, flags: str) -> None:
    assert scopes.words(scope) == words
    assert scopes.flags(scope) == flags
