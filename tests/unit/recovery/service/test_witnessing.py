"""What a process sees of the witnesses is there for the others, and looked at again in time."""

from __future__ import annotations

import pytest

from drivers.simulated.world import World
from recovery.db import witnesses
from recovery.service.witnessing import Witnessing
from recovery.site import Site
from tests.stage import Stage


@pytest.fixture
def site(stage: Stage) -> Site:
    return stage.process('w1', 'worker')


@pytest.fixture
def world(stage: Stage) -> World:
    return stage.world


def rows(site: Site) -> list[tuple[str, bool]]:
    with site.store.read() as connection:
        return [(row['observer'], row['reached']) for row in witnesses.every(connection)]


def asked(world: World) -> int:
    return world.faults.counts().get('witness.ask', 0)


def play(site: Site, witnessing: Witnessing, seconds: float) -> None:
    """A round each second, as the worker's are."""
    for _ in range(int(seconds)):
        witnessing.tend()
        site.clock.wait(None, 1.0)


def test_without_witnesses_nothing_is_asked(site: Site, world: World) -> None:
    play(site, Witnessing(site), 60)
    assert rows(site) == []
    assert asked(world) == 0


def test_it_looks_at_once_and_then_from_time_to_time(site: Site, world: World) -> None:
    site.conf.set_override('witnesses', ['sim://a', 'sim://b'], 'isolation')
    witnessing = Witnessing(site)
    play(site, witnessing, 3)
    assert rows(site) == [(site.identity.name, True)]
    assert asked(world) == 2
    play(site, witnessing, 42)
    assert asked(world) == 6


def test_what_was_lost_is_told(site: Site, world: World) -> None:
    site.conf.set_override('witnesses', ['sim://a', 'sim://b', 'sim://c'], 'isolation')
    witnessing = Witnessing(site)
    play(site, witnessing, 3)
    world.faults.add('witness.ask', 'drop')
    play(site, witnessing, 20)
    assert rows(site) == [(site.identity.name, False)]


def test_a_witness_that_hangs_delays_no_round(site: Site, world: World) -> None:
    site.conf.set_override('witnesses', ['sim://a'], 'isolation')
    world.faults.add('witness.ask', 'hang')
    witnessing, began = Witnessing(site), site.clock.elapsed()
    witnessing.tend()
    witnessing.tend()
    assert site.clock.elapsed() == began
    site.clock.wait(None, 5.0)
    assert rows(site) == [(site.identity.name, False)]


def test_a_process_that_ended_counts_no_more(site: Site) -> None:
    site.conf.set_override('witnesses', ['sim://a'], 'isolation')
    witnessing = Witnessing(site)
    witnessing.gone()
    play(site, witnessing, 3)
    assert len(rows(site)) == 1
    witnessing.gone()
    assert rows(site) == []


@pytest.mark.parametrize('broken', ['nosuch://x', 'database'])
def test_options_that_cannot_be_used_end_no_process(site: Site, broken: str) -> None:
    site.conf.set_override('witnesses', [broken], 'isolation')
    play(site, Witnessing(site), 3)
    assert rows(site) == []
