"""What is new since a number: in order, never past one that may still come."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from recovery.db import decisions, news, states, tables
from tests.unit.recovery.claims.scene import Scene, scene


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Scene]:
    with scene(tmp_path) as made:
        yield made


def write(here: Scene, *rows: tuple[int, float]) -> None:
    with here.store.write() as connection:
        for number, at in rows:
            row = {'id': number, 'at': at, 'who': 'ann', 'what': f'{number}', 'why': ''}
            connection.execute(sa.insert(tables.event).values(**row))


def numbers(here: Scene, cursor: int, now: float, limit: int = 10) -> list[int]:
    with here.store.read() as connection:
        return [row['id'] for row in news.events_after(connection, cursor, now, limit)]


def test_in_order_and_not_too_many(here: Scene) -> None:
    write(here, (1, 100.0), (2, 100.0), (3, 100.0))
    assert numbers(here, 0, 100.0) == [1, 2, 3]
    assert numbers(here, 1, 100.0) == [2, 3]
    assert numbers(here, 0, 100.0, limit=2) == [1, 2]
    assert numbers(here, 3, 100.0) == []


def test_a_gap_stops_it_until_what_follows_is_old(here: Scene) -> None:
    write(here, (1, 100.0), (3, 101.0), (4, 102.0))
    assert numbers(here, 0, 102.0) == [1]
    assert numbers(here, 0, 101.0 + news.GAP_SECONDS) == [1, 3, 4]
    # A writer whose clock is ahead by more than that keeps nobody waiting for it.
    write(here, (6, 500.0))
    assert numbers(here, 4, 130.0) == [6]


def test_the_newest_and_the_older_ones(here: Scene) -> None:
    with here.store.read() as connection:
        assert news.newest(connection) == 0
        assert news.older(connection, 0, 50.0) == (0, 0)
    write(here, (1, 10.0), (2, 20.0), (3, 60.0))
    with here.store.read() as connection:
        assert news.newest(connection) == 3
        assert news.older(connection, 0, 50.0) == (2, 2)
        assert news.older(connection, 1, 50.0) == (1, 2)
        assert news.older(connection, 2, 50.0) == (0, 2)


def test_recoveries_that_are_live_or_ended_lately_or_asked_for(here: Scene) -> None:
    live, lately, long_ago = (here.recovery(f'compute-0{number}') for number in (1, 2, 3))
    with here.store.write() as connection:
        for key, at in ((lately, 200.0), (long_ago, 10.0)):
            mine = tables.recovery.c.id == key
            values = {'state': states.DONE, 'ended_at': at, 'open_key': None}
            connection.execute(sa.update(tables.recovery).where(mine).values(**values))
    with here.store.read() as connection:
        assert set(news.recoveries_of(connection, [], 100.0)) == {live, lately}
        found = news.recoveries_of(connection, [long_ago], 100.0)
        assert set(found) == {live, lately, long_ago}
        assert found[long_ago]['host'] == 'compute-03'
        assert news.items_by_state(connection, [live]) == {}


def test_what_only_a_storm_held(here: Scene) -> None:
    decided = {'stormy': ['mass-failure', 'storm', 'over'], 'seen-up': ['nova', 'storm'],
               'approved': ['storm', '']}  # fmt: skip
    ids = {name: here.recovery(name) for name in decided}
    for name, gates in decided.items():
        for gate in gates:
            answer = {'': 'admit', 'over': 'ignore'}.get(gate, 'hold')
            with here.store.write() as connection:
                decisions.add(connection, stage='held', answer=answer, gate=gate, reason='',
                              gates=[], at=1.0, recovery=ids[name])  # fmt: skip
    with here.store.read() as connection:
        assert news.held_only_by(connection, ids.values(), ('mass-failure', 'storm')) == {
            ids['stormy']
        }
        assert news.held_only_by(connection, (), ('storm',)) == set()
