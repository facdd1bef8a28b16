"""Destinations that fail in the middle of a rebuild (hazard H1), judged on the hypervisors' side.

Nova's record of such a rebuild never ends, or lies; another evacuate would be accepted at once,
and the instance would run twice.
"""

from __future__ import annotations

from collections.abc import Mapping

from tests.integration.conftest import MakeSite
from tests.integration.real_nova import Cloud
from tests.integration.real_site import Site
from tests.integration.shared import CLOCK, until

HOST = 'compute-01'
FROZEN, KILLED, SLOW = DESTINATIONS = ('compute-02', 'compute-03', 'compute-04')
INSTANCES = 6  # targets are spread: each destination gets some


def spawning(cloud: Cloud, made: Mapping[str, str]) -> dict[str, str]:
    """The destination at which each instance is in the middle of its rebuild, by its name."""
    guests = cloud.guests()
    return {
        name: host
        for name, instance in made.items()
        for host in DESTINATIONS
        if guests.get(host, {}).get(instance) == 'spawning'
    }


def caught_in_mid_rebuild(cloud: Cloud, site: Site, made: Mapping[str, str]) -> dict[str, str]:
    """Fail the host; when every rebuild has begun, break the destinations in their three ways."""
    for host in DESTINATIONS:
        cloud.host('hold', host)
    cloud.host('kill', HOST)
    site.alarm(HOST)
    until('every rebuild has begun', lambda: len(spawning(cloud, made)) == len(made))
    where = spawning(cloud, made)
    assert set(where.values()) == set(DESTINATIONS)
    cloud.host('freeze', FROZEN)
    cloud.host('kill', KILLED)
    for host in (FROZEN, KILLED):
        cloud.host('release', host)
    cloud.host('slow', SLOW, '25')
    return where


def recover_destination(site: Site, host: str) -> str:
    """Its own recovery, with a human's word: with it most of the cloud looks failed."""
    recovery = site.alarm(host)
    site.until_code(recovery, {'mass-failure', 'held'})
    shown = site.show(recovery)
    assert 'hosts look failed at once' in shown['reason']
    assert shown['next'] == f'recovery approve {recovery[:8]}'
    site.approve(recovery)
    return recovery


def test_no_destination_makes_a_second_copy(cloud: Cloud, make_site: MakeSite) -> None:
    site = make_site(evacuation={'unsettled_seconds': 10})
    made = cloud.boot_all(HOST, {f'vm{number}': 'active' for number in range(INSTANCES)})
    site.start('worker')
    site.start('watcher')
    where = caught_in_mid_rebuild(cloud, site, made)
    recovery = site.newest('host-down', HOST)

    shown = site.until_code(recovery, {'unsettled'})
    assert shown['next'].startswith(f'recovery settle {recovery[:8]}')
    assert {one['State'] for one in site.items(recovery).values()} == {'unsettled'}
    assert attempts(cloud, made) == dict.fromkeys(made, 1)

    # The slow one ends by itself, and nothing was sent for it a second time.
    slow = {made[name] for name, host in where.items() if host == SLOW}
    until('the slow ones run', lambda: all(cloud.running(one) == [SLOW] for one in slow))
    assert attempts(cloud, made) == dict.fromkeys(made, 1)
    assert all(not cloud.running(one) for one in set(made.values()) - slow)
    cloud.host('release', SLOW)

    # The others move on by the recovery of their destination: its proof ends what it had begun.
    others = [recover_destination(site, host) for host in (FROZEN, KILLED)]
    for one in others:
        site.until(one, {'done'})
    site.until(recovery, {'done'}, 150.0)
    assert {one['State'] for one in site.items(recovery).values()} == {'moved'}
    for name, instance in made.items():
        assert cloud.running(instance) == [SLOW], name
    assert attempts(cloud, made) == {name: 1 if host == SLOW else 2 for name, host in where.items()}

    returns = [site.returns(host) for host in (FROZEN, KILLED, HOST)]
    for one in returns:
        site.until(one, {'done'}, 120.0)
    CLOCK.wait(None, 2.0)  # an agent that starts late destroys or starts what it still believes in
    for name, instance in made.items():
        assert cloud.running(instance) == [SLOW], name
    assert {host: set(guests) & set(made.values()) for host, guests in cloud.guests().items()} == {
        host: set(made.values()) if host == SLOW else set() for host in cloud.hosts
    }


def attempts(cloud: Cloud, made: Mapping[str, str]) -> dict[str, int]:
    """How many evacuations of each instance Nova has records of, by name."""
    return {name: len(cloud.evacuations_of(one)) for name, one in made.items()}
