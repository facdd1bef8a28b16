"""Held, waiting and unanswered: looked at again by whoever wins the row, until an end."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from oslo_config import cfg

from drivers.simulated.clock import VirtualClock
from drivers.simulated.world import World
from recovery.db import decisions, events, guards, hosts, recoveries, tables, windows
from recovery.intake import again, collect, receive
from recovery.operate import hold
from recovery.site import Site
from recovery.view.outlook import holding


def row_of(site: Site, recovery: str | None) -> sa.RowMapping:
    with site.store.read() as connection:
        row = recoveries.get(connection, str(recovery))
    assert row is not None
    return row


def story(site: Site, recovery: str | None) -> list[str]:
    with site.store.read() as connection:
        return [row['what'] for row in events.of_recovery(connection, str(recovery))]


def disarm(site: Site) -> None:
    with site.store.write() as connection:
        guards.disarm(connection, by='bob', reason='test', now=0.0)


def arm(site: Site) -> None:
    with site.store.write() as connection:
        guards.arm(connection, by='bob', reason='test', now=0.0)


def change(site: Site, recovery: str | None, **values: Any) -> None:
    with site.store.write() as connection:
        mine = tables.recovery.c.id == recovery
        connection.execute(sa.update(tables.recovery).where(mine).values(**values))


def test_nothing_is_due(site: Site) -> None:
    assert again.sweep(site) == 0


def test_a_hold_that_goes_on_makes_no_noise(site: Site, alarm: Any, dead: str) -> None:
    disarm(site)
    outcome = receive(site, alarm())
    for _ in range(5):
        site.clock.wait(None, 15.0)
        assert again.sweep(site) == 1
    assert story(site, outcome.recovery) == ['held']
    with site.store.read() as connection:
        query = sa.select(sa.func.count()).select_from(tables.decision)
        assert connection.execute(query).scalar() == 1


def test_a_hold_for_another_reason_is_news(site: Site, alarm: Any, world: World, dead: str) -> None:
    disarm(site)
    outcome = receive(site, alarm())
    world.faults.add('nova.*', 'error', 503)
    site.clock.wait(None, 15.0)
    again.sweep(site)
    row = row_of(site, outcome.recovery)
    assert (row['state'], row['code']) == ('held', 'service')
    assert story(site, outcome.recovery) == ['held', 'still held']


def test_one_watcher_of_two_takes_a_due_row(site: Site, alarm: Any, dead: str) -> None:
    disarm(site)
    receive(site, alarm())
    site.clock.wait(None, 15.0)
    with site.store.read() as connection:
        (row,) = recoveries.due(connection, 'held', site.clock.now(), 10, longest=600.0)
    with site.store.write() as connection:
        assert recoveries.take(connection, row, site.clock.now() + 15)
        assert not recoveries.take(connection, row, site.clock.now() + 15)


def test_expiry_ends_and_frees_the_host(
    site: Site, alarm: Any, conf: cfg.ConfigOpts, dead: str
) -> None:
    conf.set_override('expire_seconds', 60.0, 'watcher')
    disarm(site)
    outcome = receive(site, alarm(key='one'))
    for _ in range(5):
        site.clock.wait(None, 15.0)
        again.sweep(site)
    row = row_of(site, outcome.recovery)
    assert (row['state'], row['open_key'], row['next_check']) == ('expired', None, None)
    assert story(site, outcome.recovery)[-1] == 'expired'
    # The source says it still: what expired does not make it a duplicate for ever.
    arm(site)
    later = receive(site, alarm(key='one'))
    assert (later.answer, later.recovery != outcome.recovery) == ('admit', True)


def test_a_host_that_was_deleted_meanwhile_ends_the_hold(
    site: Site, alarm: Any, world: World, dead: str
) -> None:
    disarm(site)
    outcome = receive(site, alarm())
    with world:
        del world.hosts[dead]
    site.clock.wait(None, 15.0)
    again.sweep(site)
    row = row_of(site, outcome.recovery)
    assert (row['state'], row['code']) == ('cancelled', 'service')
    assert 'no nova-compute service' in row['reason']


def isolate(world: World, *numbers: int, back: bool = False) -> None:
    for number in numbers:
        name = f'compute-{number:02d}'
        world.reconnect(name) if back else world.isolate(name)


def held_by_a_storm_that_passed(site: Site, world: World, alarm: Any) -> Any:
    isolate(world, 1, 2, 3, 4)
    site.clock.wait(None, 45.0)
    outcome = receive(site, alarm(key='one'))
    assert outcome.gate == 'mass-failure'
    isolate(world, 1, 2, 3, 4, back=True)
    site.clock.wait(None, 20.0)
    return outcome


def test_a_storm_that_passes_ends_what_it_held(site: Site, alarm: Any, world: World) -> None:
    outcome = held_by_a_storm_that_passed(site, world, alarm)
    again.sweep(site)
    row = row_of(site, outcome.recovery)
    assert (row['state'], row['code'], row['open_key']) == ('cancelled', 'over', None)
    assert 'compute-01 is back' in row['reason']
    # Its source says so still: what Nova contradicts now is held, and not called handled.
    later = receive(site, alarm(key='one'))
    assert (later.answer, later.gate) == ('hold', 'nova')


def test_what_nova_contradicts_from_the_start_is_not_over(site: Site, alarm: Any) -> None:
    outcome = receive(site, alarm())
    for _ in range(4):
        site.clock.wait(None, 15.0)
        again.sweep(site)
    assert (row_of(site, outcome.recovery)['state'], outcome.gate) == ('held', 'nova')


def test_nova_agrees_later_behind_another_hold(
    site: Site, alarm: Any, world: World, conf: cfg.ConfigOpts
) -> None:
    conf.set_override('settle_seconds', 600.0, 'policy')
    isolate(world, 1)
    site.clock.wait(None, 15.0)
    with site.store.write() as connection:
        guards.pause(connection, by='bob', reason='test', now=0.0)
    outcome = receive(site, alarm())
    site.clock.wait(None, 30.0)
    again.sweep(site)
    assert row_of(site, outcome.recovery)['code'] == 'paused'
    isolate(world, 1, back=True)
    site.clock.wait(None, 30.0)
    again.sweep(site)
    assert row_of(site, outcome.recovery)['code'] == 'over'


def test_approval_passes_the_gates_that_held(
    site: Site, alarm: Any, world: World, clock: VirtualClock
) -> None:
    outcome = receive(site, alarm())
    assert outcome.gate == 'nova'
    change(site, outcome.recovery, approved_by='ann', approved_gates=['nova'])
    clock.wait(None, 25.0)
    again.sweep(site)
    assert row_of(site, outcome.recovery)['state'] == 'ready'


def test_an_approval_passes_no_gate_that_holds_no_more(
    site: Site, alarm: Any, world: World, clock: VirtualClock, dead: str
) -> None:
    """Behind another hold a sign of life came and went: it may come again, and nobody saw it."""
    site.conf.set_override('channel', ['hold sim:ssh of {host}'], 'life')
    with site.store.write() as connection:
        guards.maintain(connection, dead, True, by='bob', reason='disks', now=0.0)
    world.isolate(dead)
    world.give_power(dead)
    clock.wait(None, 300.0)
    recovery = receive(site, alarm(dead)).recovery
    assert recovery is not None
    with site.store.read() as connection:
        assert {one['gate'] for one in holding(connection, recovery)} >= {
            'maintenance', 'signs-of-life',
        }  # fmt: skip
    world.lose_power(dead)
    clock.wait(None, 300.0)
    again.held(site)
    assert hold.approve(site.store, recovery, by='ann', reason='new disks') == ('maintenance',)


def decided(site: Site, recovery: str) -> list[dict[str, str]]:
    """Which gates held, and for what, by each decision on record."""
    with site.store.read() as connection:
        rows = decisions.of_recovery(connection, recovery)
    return [
        {one['gate']: one['finding'] for one in row['gates'] if one['answer'] == 'hold'}
        for row in rows
    ]


def test_a_gate_behind_another_one_is_on_record_when_it_begins_to_hold(
    site: Site, alarm: Any, clock: VirtualClock, dead: str
) -> None:
    """Maintenance holds all the time. What holds behind it changes: an approval has to cover it."""
    with site.store.write() as connection:
        guards.maintain(connection, dead, True, by='bob', reason='disks', now=0.0)
    recovery = str(receive(site, alarm()).recovery)
    clock.wait(None, 30.0)
    again.held(site)
    assert decided(site, recovery)[-1] == {'maintenance': 'found'}
    with site.store.write() as connection:
        now = clock.now()
        window = windows.Window('w-1', 'cloud', now, now + 600, 'eve', 'switch', at=now)
        windows.add(connection, window)
    for _ in range(3):
        clock.wait(None, 15.0)
        again.held(site)
    assert decided(site, recovery)[-1] == {'maintenance': 'found', 'window': 'found'}
    assert hold.approve(site.store, recovery, by='ann', reason='so') == ('maintenance', 'window')


def test_more_of_the_same_is_on_record_and_was_not_approved(
    site: Site, alarm: Any, world: World, clock: VirtualClock, dead: str
) -> None:
    """What an approval passes is what was there: five silent hosts are more than four."""
    isolate(world, 1, 3, 4, 5)
    clock.wait(None, 65.0)
    recovery = str(receive(site, alarm()).recovery)
    clock.wait(None, 30.0)
    again.held(site)
    before = len(decided(site, recovery))
    assert 'mass-failure' in decided(site, recovery)[-1]
    hold.approve(site.store, recovery, by='ann', reason='so')
    change(site, recovery, state='waiting', code='held', phase='verify', next_check=clock.now())
    isolate(world, 6, 7)
    for _ in range(3):
        clock.wait(None, 65.0)
        again.waiting(site)
    row = row_of(site, recovery)
    assert (row['state'], row['code']) == ('waiting', 'held')
    assert 'hosts look failed at once' in row['reason']
    assert len(decided(site, recovery)) == before + 1
    hold.approve(site.store, recovery, by='ann', reason='so')
    change(site, recovery, state='waiting', code='held', phase='verify', next_check=clock.now())
    again.waiting(site)
    assert row_of(site, recovery)['state'] == 'ready'


def waiting(site: Site, recovery: str | None, code: str, phase: str) -> None:
    due = site.clock.now() + 15
    change(site, recovery, state='waiting', code=code, phase=phase, next_check=due, reason='so')


def test_what_waits_for_a_time_is_ready_again(site: Site, alarm: Any, dead: str) -> None:
    outcome = receive(site, alarm())
    waiting(site, outcome.recovery, 'nova-away', 'restore')
    site.clock.wait(None, 14.0)
    assert again.sweep(site) == 0
    site.clock.wait(None, 1.0)
    assert again.sweep(site) == 1
    row = row_of(site, outcome.recovery)
    assert (row['state'], row['next_check']) == ('ready', None)


def test_what_waits_for_a_human_alone_stays(site: Site, alarm: Any, dead: str) -> None:
    outcome = receive(site, alarm())
    change(site, outcome.recovery, state='waiting', code='x', next_check=None)
    site.clock.wait(None, 600.0)
    assert again.sweep(site) == 0


@pytest.mark.parametrize('phase', ['verify', 'fence'])
def test_gates_are_asked_before_a_worker_is_woken(
    site: Site, alarm: Any, dead: str, phase: str
) -> None:
    outcome = receive(site, alarm())
    waiting(site, outcome.recovery, 'held', phase)
    disarm(site)
    site.clock.wait(None, 15.0)
    again.sweep(site)
    row = row_of(site, outcome.recovery)
    assert (row['state'], row['verb']) == ('waiting', 'recovery arm')
    arm(site)
    site.clock.wait(None, 15.0)
    again.sweep(site)
    assert row_of(site, outcome.recovery)['state'] == 'ready'


def test_a_pause_below_the_line_ends_when_it_is_ended(
    site: Site, alarm: Any, world: World, dead: str
) -> None:
    """Whatever else fails meanwhile: its instances are half-way."""
    outcome = receive(site, alarm())
    waiting(site, outcome.recovery, 'paused', 'restore')
    with site.store.write() as connection:
        guards.pause(connection, by='bob', reason='test', now=0.0)
    site.clock.wait(None, 15.0)
    again.sweep(site)
    assert row_of(site, outcome.recovery)['verb'] == 'recovery unpause'
    with site.store.write() as connection:
        guards.unpause(connection, by='bob', reason='test', now=0.0)
    world.faults.add('nova.*', 'error', 503)
    site.clock.wait(None, 15.0)
    again.sweep(site)
    assert row_of(site, outcome.recovery)['state'] == 'ready'


def test_what_is_over_before_the_newest_alarm_is_decided_again(
    site: Site, world: World, alarm: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The alarm joins while the watcher looks: it may be about a new failure."""
    outcome = held_by_a_storm_that_passed(site, world, alarm)
    look = collect.collect
    joined: list[str | None] = []

    def looks(*asked: Any) -> Any:
        seen = look(*asked)
        if not joined:
            joined.append('about to be')
            joined[0] = receive(site, alarm(key='another')).recovery
        return seen

    monkeypatch.setattr(collect, 'collect', looks)
    again.sweep(site)
    assert joined == [outcome.recovery]
    assert row_of(site, outcome.recovery)['state'] == 'held'
    site.clock.wait(None, 30.0)
    again.sweep(site)
    assert row_of(site, outcome.recovery)['state'] == 'cancelled'


@pytest.mark.parametrize(('code', 'verb'), [('paused', 'unpause'), ('maintenance', 'host')])
def test_who_waits_while_it_is_undone_still_says_why_it_ends(
    site: Site, alarm: Any, dead: str, code: str, verb: str
) -> None:
    outcome = receive(site, alarm())
    waiting(site, outcome.recovery, code, 'fence')
    change(site, outcome.recovery, undoing=True, reason='it is back; this waits: for bob')
    with site.store.write() as connection:
        guards.pause(connection, by='bob', reason='test', now=0.0)
        given = {'maintenance_by': 'bob', 'maintenance_reason': 'test'}
        hosts.put(connection, dead, maintenance=True, **given)
    for _ in range(2):
        site.clock.wait(None, 15.0)
        again.sweep(site)
        row = row_of(site, outcome.recovery)
        assert row['reason'].startswith('it is back; this waits: ')
        assert row['reason'].count('this waits') == 1
        assert row['reason'].endswith(': test')
        assert row['verb'].startswith(f'recovery {verb}')
