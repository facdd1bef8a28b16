"""Witnesses: asked at once, seldom, and never believed to be there without an answer."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from drivers.clock import SystemClock
from drivers.simulated.world import World
from recovery.db import witnesses
from recovery.db.store import Store
from recovery.intake import surroundings
from recovery.intake.surroundings import Look
from recovery.policy.inputs import Missing, Surroundings, Witness
from recovery.site import Identity, Site
from tests.databases import database, opened
from tests.unit.drivers.listeners import closed_port, listening


def choose(site: Site, *names: str, arbitrator: str | None = None) -> None:
    site.conf.set_override('witnesses', list(names), 'isolation')
    site.conf.set_override('arbitrator', arbitrator, 'isolation')


def seen(site: Site) -> Surroundings:
    found = surroundings.surroundings(site)
    assert isinstance(found, Surroundings), found
    return found


def reached(site: Site) -> dict[str, bool]:
    return {one.name: one.reached for one in seen(site).witnesses}


def asked(world: World) -> int:
    return world.faults.counts().get('witness.ask', 0)


def test_none_configured_is_none(site: Site) -> None:
    assert surroundings.surroundings(site) is None


def test_what_is_reached_and_what_is_not(site: Site, world: World) -> None:
    choose(site, 'sim://a', 'sim://b', 'sim://c', arbitrator='sim://x')
    world.faults.add('witness.ask', 'drop', subject='b/*')
    assert reached(site) == {'sim://a': True, 'sim://b': False, 'sim://c': True}
    arbitrator = seen(site).arbitrator
    assert arbitrator is not None
    assert (arbitrator.name, arbitrator.reached) == ('sim://x', True)


def test_all_that_hang_together_take_one_time_out(site: Site, world: World) -> None:
    choose(site, *(f'sim://{name}' for name in 'abcde'))
    world.faults.add('witness.ask', 'hang')
    began = site.clock.elapsed()
    assert set(reached(site).values()) == {False}
    assert site.clock.elapsed() - began == pytest.approx(2.0)


def test_a_thousand_alarms_ask_once(site: Site, world: World) -> None:
    choose(site, 'sim://a', 'sim://b', 'sim://c')
    found: list[dict[str, bool]] = []
    for number in range(1000):
        site.clock.spawn(f'alarm-{number}', lambda: found.append(reached(site)))
    site.clock.wait(None, 1.0)
    assert len(found) == 1000
    assert asked(world) == 3
    site.clock.wait(None, 5.0)
    reached(site)
    assert asked(world) == 6


def test_who_asks_while_another_one_asks_gets_that_answer(site: Site, world: World) -> None:
    choose(site, 'sim://a')
    world.faults.add('witness.ask', 'slow-answer', 1.0)
    found: list[dict[str, bool]] = []
    for name in ('one', 'two'):
        site.clock.spawn(name, lambda: found.append(reached(site)))
    site.clock.wait(None, 5.0)
    assert found == [{'sim://a': True}, {'sim://a': True}]
    assert asked(world) == 1


@pytest.mark.parametrize(
    ('name', 'why'),
    [
        ('nosuch://x', "no usable 'nosuch'"),
        ('tcp://router', 'HOST:PORT'),
        ('database', 'a file of this machine witnesses nothing'),
    ],
)
def test_what_cannot_be_used_is_missing_and_says_why(site: Site, name: str, why: str) -> None:
    choose(site, 'sim://a', name)
    found = surroundings.surroundings(site)
    assert isinstance(found, Missing)
    assert why in found.why
    assert '[isolation]' in found.why


@pytest.mark.parametrize(
    ('answers', 'arbitrator', 'wanted'),
    [
        ('', None, True),
        ('y', None, True),
        ('n', None, False),
        ('yyn', None, True),
        ('ynn', None, False),
        ('yn', None, False),
        ('yn', True, True),
        ('yn', False, False),
        ('nn', True, False),
        ('yy', False, True),
        ('', False, False),
        ('', True, True),
    ],
)
def test_a_majority(answers: str, arbitrator: bool | None, wanted: bool) -> None:
    each = tuple(Witness(str(number), sign == 'y', '') for number, sign in enumerate(answers))
    third = None if arbitrator is None else Witness('x', arbitrator, '')
    assert Look(each, third, 0.0).majority is wanted


def test_workers_on_other_machines_count_while_their_word_is_fresh(site: Site) -> None:
    choose(site, 'sim://a', 'workers')
    now = site.clock.now()
    with site.store.write() as connection:
        for machine, good, age in (
            ('ctl-2', True, 1.0),
            ('ctl-3', False, 1.0),
            ('ctl-4', True, 60.0),
        ):
            process = Identity(f'worker-{machine}', 'worker', machine, 1)
            witnesses.saw(connection, process, {}, good, now - age)
        witnesses.saw(connection, replace(site.identity, name='other'), {}, True, now)
    assert seen(site).others == {'ctl-2': True, 'ctl-3': False}
    assert reached(site) == {'sim://a': True}, 'workers are counted for themselves'
    choose(site, 'sim://a')
    assert seen(site).others == {}


def test_what_is_told_to_the_others(site: Site, store: Store, world: World) -> None:
    choose(site, 'sim://a', 'sim://b', 'sim://c', arbitrator='sim://x')
    world.faults.add('witness.ask', 'drop', subject='[ab]/*')
    surroundings.tell(site)
    with store.read() as connection:
        (row,) = witnesses.every(connection)
    assert (row['observer'], row['machine']) == (site.identity.name, site.identity.host)
    assert row['reached'] is False
    assert set(row['answers']) == {'sim://a', 'sim://b', 'sim://c', 'sim://x'}
    assert row['answers']['sim://c'] == 'there'


def test_who_is_cut_off_leaves_it_to_a_machine_that_is_not(site: Site, world: World) -> None:
    choose(site, 'sim://a', 'sim://b', 'sim://c')
    assert not surroundings.cut_off(site), 'nobody has looked yet'
    world.faults.add('witness.ask', 'drop')
    reached(site)
    assert not surroundings.cut_off(site), 'nobody else could do it'
    far = Identity('w2', 'worker', 'ctl-2', 1)
    with site.store.write() as connection:
        witnesses.saw(connection, far, {}, False, site.clock.now())
    assert not surroundings.cut_off(site), 'the other one is no better'
    with site.store.write() as connection:
        witnesses.saw(connection, far, {}, True, site.clock.now())
    assert surroundings.cut_off(site)
    world.faults.clear()
    site.clock.wait(None, 10.0)
    reached(site)
    assert not surroundings.cut_off(site)


def test_who_is_cut_off_is_not_waited_for(site: Site, world: World) -> None:
    """Else each of two workers stands back for the other."""
    far = Identity('w2', 'worker', 'ctl-2', 1)
    with site.store.write() as connection:
        witnesses.saw(connection, far, {}, False, site.clock.now())
    assert surroundings.cut_off_others(site) == frozenset(), 'nobody is asked here'
    choose(site, 'sim://a', 'sim://b', 'sim://c')
    assert surroundings.cut_off_others(site) == frozenset(), 'nobody has looked yet'
    world.faults.add('witness.ask', 'drop')
    reached(site)
    assert surroundings.cut_off_others(site) == frozenset(), 'we are no better'
    world.faults.clear()
    site.clock.wait(None, 10.0)
    reached(site)
    assert surroundings.cut_off_others(site) == {'ctl-2'}
    site.clock.wait(None, site.conf.isolation.fresh_seconds)
    assert surroundings.cut_off_others(site) == frozenset(), 'that was long ago'


def test_real_listeners_on_the_clock_of_the_machine(site: Site) -> None:
    def serve(client: socket.socket) -> None:
        client.recv(4096)
        client.sendall(b'HTTP/1.1 204 Fine\r\n\r\n')

    real = Site(
        conf=site.conf, clock=SystemClock(), store=site.store, identity=site.identity,
        compute=lambda: site.compute, inventory=lambda: site.inventory,
    )  # fmt: skip
    with listening() as port, listening(serve) as web:
        gone = f'tcp://127.0.0.1:{closed_port()}'
        names = (f'tcp://127.0.0.1:{port}', f'http://127.0.0.1:{web}/health', gone)
        choose(real, *names)
        assert reached(real) == {names[0]: True, names[1]: True, names[2]: False}


def test_the_database_of_another_machine_is_a_witness(site: Site, tmp_path: object) -> None:
    with database('mariadb', tmp_path) as url, opened(url) as store:  # type: ignore[arg-type]
        far = Site(
            conf=site.conf, clock=store.clock, store=store, identity=site.identity,
            compute=lambda: site.compute, inventory=lambda: site.inventory,
        )  # fmt: skip
        choose(far, 'database')
        assert reached(far) == {'database': True}
