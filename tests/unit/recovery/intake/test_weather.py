"""One story for all that a storm holds, written with the decision that saw it (S15, H12)."""

from __future__ import annotations

from typing import Any

from drivers.simulated.world import World
from recovery.db import events, storms
from recovery.intake import again, receive, weather
from recovery.site import Site


def story(site: Site) -> list[str]:
    with site.store.read() as connection:
        return [row['what'] for row in reversed(events.newest(connection, 500))]


def isolate(world: World, last: int, back: bool = False) -> None:
    for number in range(1, last + 1):
        name = f'compute-{number:02d}'
        world.reconnect(name) if back else world.isolate(name)


def test_many_alarms_of_a_storm_make_one_summary(site: Site, alarm: Any, world: World) -> None:
    isolate(world, 7)
    site.clock.wait(None, 45.0)
    outcomes = [receive(site, alarm(f'compute-{number:02d}')) for number in range(1, 8)]
    assert {one.gate for one in outcomes} == {'mass-failure'}
    for _ in range(3):
        site.clock.wait(None, 15.0)
        again.sweep(site)
    assert story(site) == ['a storm began in the cloud', 'held']
    isolate(world, 7, back=True)
    site.clock.wait(None, 20.0)
    again.sweep(site)
    site.clock.wait(None, 300.0)
    again.sweep(site)
    assert story(site) == [
        'a storm began in the cloud', 'held', 'the storm in the cloud is over',
    ]  # fmt: skip
    with site.store.read() as connection:
        last = events.newest(connection)[0]
    assert last['why'] == 'it lasted 1 min; the recoveries since it began: 7 cancelled'


def test_what_fails_in_the_cool_down_is_held_until_it_has_passed(
    site: Site, alarm: Any, world: World
) -> None:
    isolate(world, 7)
    site.clock.wait(None, 45.0)
    receive(site, alarm('compute-02'))
    isolate(world, 7, back=True)
    world.lose_power('compute-01')
    site.clock.wait(None, 45.0)
    outcome = receive(site, alarm('compute-01'))
    assert (outcome.answer, outcome.gate) == ('hold', 'storm')
    for _ in range(25):
        site.clock.wait(None, 15.0)
        again.sweep(site)
    assert 'admitted' in story(site)


def test_nothing_is_written_while_no_storm_is_on(site: Site) -> None:
    weather.clear(site)
    with site.store.read() as connection:
        assert storms.on(connection) == ()
