"""A cell that does not answer (hazard H2): Nova says 200, and that nothing is there."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from tests.integration.real_nova import TRAIT, Cloud
from tests.integration.real_site import Site
from tests.integration.shared import until

HOST = 'compute-01'
DESTINATIONS = ('compute-02', 'compute-03', 'compute-04')


@contextmanager
def stopped_at(site: Site, recovery: str, step: str) -> Iterator[None]:
    """The worker stands still from the beginning of that step on, and goes on afterwards.

    Read from the database: a command would come too late.
    """
    engine = sa.create_engine(site.database)
    query = sa.text('SELECT notes FROM recovery WHERE id = :id')

    def begun() -> bool:
        with engine.connect() as connection:
            return f'"{step}"' in connection.execute(query, {'id': recovery}).scalar_one()

    until(f'{step} begins', begun, every=0.003)
    worker = site.pid('worker')
    os.kill(worker, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(worker, signal.SIGCONT)
        engine.dispose()


def hang_while_instances_are_listed(cloud: Cloud, site: Site, recovery: str) -> None:
    with stopped_at(site, recovery, 'list-instances'):
        cloud.control('cell', 'hang')
    shown = site.until_code(recovery, {'list-untrusted', 'nova-away'})
    assert shown['items'] == {}
    cloud.control('cell', 'heal')


def lose_while_instances_are_evacuated(
    cloud: Cloud, site: Site, recovery: str, made: dict[str, str]
) -> None:
    def under_way() -> bool:
        guests = cloud.guests()
        return all(
            any(guests[host].get(one) == 'spawning' for host in DESTINATIONS)
            for one in made.values()
        )

    until('every rebuild has begun', under_way)
    cloud.control('cell', 'lose')
    asked = site.show(recovery)
    until('the loss was seen', lambda: site.cli('host', 'show', HOST).code != 0)
    for host in DESTINATIONS:
        cloud.host('release', host)
    until('the guests run', lambda: all(cloud.running(one) for one in made.values()))
    seen = site.show(recovery)
    assert asked['items'] == seen['items'] == {'started': len(made)}, 'nobody could tell'
    cloud.control('cell', 'heal')


def hang_while_leftovers_are_looked_for(cloud: Cloud, site: Site, recovery: str) -> None:
    with stopped_at(site, recovery, 'check-leftovers'):
        cloud.control('cell', 'hang')
    site.until_code(recovery, {'list-untrusted', 'nova-away'})
    cloud.control('cell', 'heal')
    assert cloud.service(HOST)['status'] == 'disabled'


def test_a_cell_that_does_not_answer_is_waited_for(cloud: Cloud, site: Site) -> None:
    made = cloud.boot_all(HOST, {f'vm{number}': 'active' for number in range(4)})
    for host in DESTINATIONS:
        cloud.host('hold', host)
    cloud.host('kill', HOST)
    recovery = site.alarm(HOST)
    hang_while_instances_are_listed(cloud, site, recovery)
    assert not any(cloud.evacuations_of(one) for one in made.values())
    lose_while_instances_are_evacuated(cloud, site, recovery, made)
    site.until(recovery, {'done'})
    assert {one['State'] for one in site.items(recovery).values()} == {'moved'}

    back = site.returns(HOST)
    hang_while_leftovers_are_looked_for(cloud, site, back)
    site.until(back, {'done'})
    assert cloud.service(HOST)['status'] == 'enabled'
    assert TRAIT not in cloud.traits(HOST)
    for name, instance in made.items():
        assert len(cloud.evacuations_of(instance)) == 1, name
        assert cloud.running(instance) == [cloud.server(instance)['host']], name
        assert instance not in cloud.guests()[HOST], name
