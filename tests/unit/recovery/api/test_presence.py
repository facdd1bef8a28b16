"""A process that answers requests is seen while it lives, and counts for nothing else."""

from __future__ import annotations

import threading

import sqlalchemy as sa

from drivers.simulated.clock import VirtualClock
from recovery.api.presence import SECONDS, Presence
from recovery.db import tables, workers
from recovery.site import Site
from tests.unit.recovery.api.conftest import Make


def rows(here: Site) -> list[sa.RowMapping]:
    with here.store.read() as connection:
        return list(connection.execute(tables.worker.select()).mappings())


def test_it_is_seen_until_it_goes(make: Make) -> None:
    here, stop = make(), threading.Event()
    clock = here.clock
    assert isinstance(clock, VirtualClock)
    presence = Presence(here)
    clock.spawn('presence', lambda: presence.run(stop))
    clock.run(1.0)
    (row,) = rows(here)
    assert (row['kind'], row['name']) == ('api', here.identity.name)
    clock.run(3 * SECONDS)
    (later,) = rows(here)
    assert later['seen_at'] >= row['seen_at'] + 2 * SECONDS
    stop.set()
    clock.run(SECONDS + 1)
    presence.gone()
    assert rows(here) == []


def test_it_looks_at_no_cloud_and_runs_nothing(make: Make) -> None:
    here = make()
    workers.seen(here.store, here.identity)
    with here.store.read() as connection:
        assert workers.observing_since(connection, here.clock.now()) is None
        assert workers.running(connection, here.clock.now()) == ()
