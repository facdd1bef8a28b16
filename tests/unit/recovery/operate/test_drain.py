"""Draining workers: who may be chosen, who may not, and who said so."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from recovery.db import tables, workers
from recovery.operate import drain
from recovery.operate.refusal import Refusal
from recovery.site import Identity
from tests.unit.recovery.claims.scene import Scene, scene


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Scene]:
    with scene(tmp_path) as made:
        yield made


def live(here: Scene, *names: str) -> None:
    for name in names:
        kind = name.partition('-')[0]
        workers.seen(here.store, Identity(name, kind, 'ctl', 1))


def draining(here: Scene) -> dict[str, str | None]:
    rows = here.rows(tables.worker)
    return {row['name']: row['draining_by'] for row in rows if row['draining_at'] is not None}


def test_one_of_two(here: Scene) -> None:
    live(here, 'worker-a-1', 'worker-b-2')
    assert drain.drain(here.store, 'worker-a', by='ann', reason='kernel') == ('worker-a-1',)
    assert draining(here) == {'worker-a-1': 'ann'}
    assert here.told() == ['worker worker-a-1 drains: it takes no new recovery']
    with pytest.raises(Refusal, match='drains already, by ann'):
        drain.drain(here.store, 'worker-a-1', by='bob', reason='')


@pytest.mark.parametrize('name', ['worker-b', None])
def test_the_last_is_refused_unless_it_is_forced(here: Scene, name: str | None) -> None:
    live(here, 'worker-a-1', 'worker-b-2', 'watcher-c-3')
    drain.drain(here.store, 'worker-a-1', by='ann', reason='')
    with pytest.raises(Refusal, match='nobody would be left') as caught:
        drain.drain(here.store, name, by='ann', reason='')
    assert '--force' in caught.value.sentence
    assert set(draining(here)) == {'worker-a-1'}
    assert drain.drain(here.store, name, by='ann', reason='', force=True) == ('worker-b-2',)
    assert set(draining(here)) == {'worker-a-1', 'worker-b-2'}


def test_a_dead_worker_is_nobody_who_would_be_left(here: Scene) -> None:
    live(here, 'worker-dead-1')
    here.pass_(workers.ALIVE_SECONDS + 1)
    live(here, 'standalone-b-2')
    with pytest.raises(Refusal, match='nobody would be left'):
        drain.drain(here.store, 'standalone-b-2', by='ann', reason='')
    with pytest.raises(Refusal, match='no worker that lives'):
        drain.drain(here.store, 'worker-dead-1', by='ann', reason='')


def test_who_cannot_be_meant(here: Scene) -> None:
    live(here, 'worker-a-1', 'worker-a-2', 'watcher-c-3')
    with pytest.raises(Refusal, match='could be worker-a-1, worker-a-2'):
        drain.drain(here.store, 'worker-a', by='ann', reason='')
    with pytest.raises(Refusal, match='a watcher has nothing to drain'):
        drain.drain(here.store, 'watcher-c-3', by='ann', reason='')


def test_nobody_lives(here: Scene) -> None:
    with pytest.raises(Refusal, match='no worker is alive'):
        drain.drain(here.store, None, by='ann', reason='', force=True)


def test_undo(here: Scene) -> None:
    live(here, 'worker-a-1', 'worker-b-2')
    with pytest.raises(Refusal, match='no worker drains'):
        drain.undo(here.store, None, by='ann', reason='')
    with pytest.raises(Refusal, match='worker-a-1 does not drain'):
        drain.undo(here.store, 'worker-a', by='ann', reason='')
    drain.drain(here.store, None, by='ann', reason='', force=True)
    assert drain.undo(here.store, 'worker-a', by='bob', reason='') == ('worker-a-1',)
    assert drain.undo(here.store, None, by='bob', reason='') == ('worker-b-2',)
    assert draining(here) == {}
    assert here.told()[-1] == 'worker worker-b-2 takes recoveries again'


def test_at_once_also_one_that_drains_already(here: Scene) -> None:
    live(here, 'worker-a-1', 'worker-b-2')
    drain.drain(here.store, 'worker-a', by='ann', reason='kernel')
    found = drain.drain(here.store, 'worker-a', by='bob', reason='now', at_once=True)
    assert found == ('worker-a-1',)
    assert draining(here) == {'worker-a-1': 'ann'}
    assert here.told()[1:] == ['worker worker-a-1 lets go of what it runs: others go on with it']
    with pytest.raises(Refusal, match='nobody would be left'):
        drain.drain(here.store, None, by='ann', reason='', at_once=True)
    with here.store.read() as connection:
        assert workers.lets_go(connection, 'worker-a-1') == 'bob'
        assert workers.lets_go(connection, 'worker-b-2') is None
