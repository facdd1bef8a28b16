"""Who lives: seen lately, by the wall clock of the database's writers."""

from __future__ import annotations

from recovery.db import workers
from recovery.db.tables import worker as table
from recovery.site import Identity
from tests.unit.recovery.claims.scene import Scene


def seen(here: Scene, name: str, kind: str = 'worker', host: str = 'c1') -> Identity:
    identity = Identity(name, kind, host, 7)
    workers.seen(here.store, identity)
    return identity


def around(here: Scene, host: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    with here.store.read() as connection:
        return workers.here_and_elsewhere(connection, host, here.clock.now())


def test_a_process_has_one_row_that_is_refreshed(here: Scene) -> None:
    seen(here, 'w1')
    started = here.clock.now()
    here.pass_(10)
    seen(here, 'w1')
    (row,) = here.rows(table)
    assert (row['started_at'], row['seen_at']) == (started, started + 10)
    assert (row['kind'], row['host'], row['pid']) == ('worker', 'c1', 7)


def test_who_ends_in_order_is_gone_at_once(here: Scene) -> None:
    one, _other = seen(here, 'w1'), seen(here, 'w2')
    workers.gone(here.store, one)
    assert [row['name'] for row in here.rows(table)] == ['w2']
    workers.gone(here.store, one)


def test_here_and_elsewhere(here: Scene) -> None:
    assert around(here, 'c1') == ((), ())
    seen(here, 'w2', host='c2')
    seen(here, 's1', 'standalone', 'c1')
    seen(here, 'watcher', 'watcher', 'c3')  # runs no recovery
    assert around(here, 'c1') == (('s1',), ('w2',))
    here.pass_(workers.ALIVE_SECONDS)
    seen(here, 'w2', host='c2')
    assert around(here, 'c1') == (('s1',), ('w2',))
    here.pass_(1)
    assert around(here, 'c1') == ((), ('w2',))
    with here.store.read() as connection:
        found = workers.here_and_elsewhere(connection, 'c1', here.clock.now(), {'c2'})
    assert found == ((), ()), 'that one stands back'


def test_since_when_somebody_has_been_looking(here: Scene) -> None:
    def since() -> float | None:
        with here.store.read() as connection:
            return workers.observing_since(connection, here.clock.now())

    assert since() is None
    first = here.clock.now()
    seen(here, 'watcher', 'watcher')
    here.pass_(30)
    seen(here, 'w1')
    assert since() == first
    here.pass_(31)
    assert since() == first + 30  # the watcher died; who came later has looked since then


def test_who_drains_is_here_but_nobody_elsewhere(here: Scene) -> None:
    seen(here, 'w1')
    seen(here, 'w2', host='c2')
    with here.store.write() as connection:
        workers.drain(connection, ['w1', 'w2'], by='ann', now=here.clock.now())
        assert workers.draining(connection, 'w1')
        assert not workers.draining(connection, 'w9')
    assert around(here, 'c1') == (('w1',), ())
    seen(here, 'w2', host='c2')  # a beat does not end it
    with here.store.write() as connection:
        workers.undrain(connection, ['w2'])
    assert around(here, 'c1') == (('w1',), ('w2',))


def test_who_lets_go_does_so_until_it_drains_no_more_or_ends(here: Scene) -> None:
    now = here.clock.now()
    with here.store.write() as connection:
        assert workers.lets_go(connection, 'w1') is None
        for by in ('ann', 'bob'):
            workers.let_go(connection, ['w1', 'w2'], by=by, reason='', now=now)
        assert workers.lets_go(connection, 'w1') == 'bob'
        workers.undrain(connection, ['w1'])
        assert workers.lets_go(connection, 'w1') is None
        assert workers.lets_go(connection, 'w2') == 'bob'
    workers.gone(here.store, Identity('w2', 'worker', 'c1', 1))
    with here.store.read() as connection:
        assert workers.lets_go(connection, 'w2') is None
