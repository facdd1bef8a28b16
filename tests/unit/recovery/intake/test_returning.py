"""Asking for a host's return: a recovery, or everything that blocks it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from drivers.simulated.world import World
from recovery.db import guards, hosts, recoveries, tables
from recovery.intake import Outcome, receive, request_return
from recovery.site import Site


def ask(site: Site, host: str, **more: Any) -> Outcome:
    return request_return(site, host, by='ann', reason='repaired', **more)


def count(site: Site) -> int:
    with site.store.read() as connection:
        query = sa.select(sa.func.count()).select_from(tables.recovery)
        return int(connection.execute(query).scalar_one())


def recovered(site: Site, outcome: Outcome, item: str = 'moved') -> None:
    """As a host-down recovery leaves the tables behind."""
    now, recovery = site.clock.now(), outcome.recovery
    assert recovery is not None
    with site.store.write() as connection:
        instance = site.compute.instances(host='compute-01', timeout=9.0)[0]
        values: dict[str, Any] = {
            'recovery': recovery,
            'instance': instance.id,
            'name': instance.name,
        }
        values |= {'source': 'compute-01', 'state': item, 'reason': '', 'vm_state': 'active'}
        values |= {'keep_stopped': False, 'priority': 0, 'round': 1}
        connection.execute(sa.insert(tables.item).values(**values))
        hosts.put(connection, 'compute-01', failed_by=recovery, proven_off_at=now)
        mine = tables.recovery.c.id == recovery
        ended = {'state': 'done', 'open_key': None, 'ended_at': now, 'started_at': now}
        connection.execute(sa.update(tables.recovery).where(mine).values(**ended))


def test_a_host_that_came_back_alone_may_return(site: Site, dead: str) -> None:
    outcome = ask(site, dead)
    assert outcome.answer == 'admit'
    with site.store.read() as connection:
        row = recoveries.get(connection, str(outcome.recovery))
    assert row is not None
    assert (row['kind'], row['state'], row['requested_by']) == ('host-return', 'ready', 'ann')
    assert row['arguments']['accept_leftovers'] is False


def test_a_host_in_service_has_nothing_to_return_from(site: Site, world: World) -> None:
    outcome = ask(site, 'compute-02')
    assert (outcome.answer, outcome.gate) == ('ignore', 'out-of-service')
    assert count(site) == 0


def test_an_unknown_host(site: Site) -> None:
    assert 'similar names' in ask(site, 'compute-0').reason


def test_an_open_recovery_blocks_and_is_named(site: Site, alarm: Any, dead: str) -> None:
    first = receive(site, alarm())
    outcome = ask(site, dead)
    assert (outcome.answer, outcome.recovery) == ('ignore', first.recovery)
    assert outcome.verb == f'recovery show {str(first.recovery)[:8]}'
    assert count(site) == 1


def test_leftovers_block_until_a_human_accepts_them(site: Site, alarm: Any, dead: str) -> None:
    recovered(site, receive(site, alarm()), item='failed')
    outcome = ask(site, dead)
    assert (outcome.answer, outcome.gate) == ('hold', 'leftovers')
    assert outcome.verb == f'recovery host return {dead} --accept-leftovers'
    accepted = ask(site, dead, accept_leftovers=True, rebooted=True)
    assert accepted.answer == 'admit'
    with site.store.read() as connection:
        row = recoveries.get(connection, str(accepted.recovery))
    assert row is not None
    assert (row['arguments']['accept_leftovers'], row['arguments']['rebooted']) == (True, True)
    [entry] = row['approved_gates']
    assert (entry['gate'], entry['kind'], len(entry['extent'])) == ('leftovers', 'found', 2)


def test_what_nobody_could_look_at_is_not_accepted(
    site: Site, alarm: Any, world: World, dead: str
) -> None:
    recovered(site, receive(site, alarm()))
    world.faults.add('nova.servers', 'error', 503)
    outcome = ask(site, dead, accept_leftovers=True)
    assert (outcome.answer, outcome.gate) == ('hold', 'leftovers')
    assert 'cannot ask what is left over' in outcome.reason


def test_an_instance_that_no_item_explains_blocks(site: Site, alarm: Any, dead: str) -> None:
    recovered(site, receive(site, alarm()))
    outcome = ask(site, dead)
    assert outcome.gate == 'leftovers'
    assert 'unexplained' in outcome.reason


def test_what_was_left_on_purpose_belongs_there(
    site: Site, alarm: Any, world: World, dead: str
) -> None:
    recovered(site, receive(site, alarm()), item='left')
    _, other = site.compute.instances(host=dead, timeout=9.0)
    world.delete_instance(other.id)
    assert ask(site, dead).answer == 'admit'


def test_everything_that_blocks_is_said(site: Site, alarm: Any, world: World, dead: str) -> None:
    recovered(site, receive(site, alarm()), item='unsettled')
    with site.store.write() as connection:
        guards.pause(connection, by='bob', reason='upgrade', now=0.0)
        guards.maintain(connection, dead, True, by='bob', reason='disks', now=0.0)
    reason = ask(site, dead).reason
    for words in ('paused by bob', 'set compute-01 to maintenance', 'left over'):
        assert words in reason


def test_nova_away_refuses_for_now(site: Site, world: World, dead: str) -> None:
    world.faults.add('nova.*', 'error', 503)
    assert ask(site, dead).answer == 'hold'
    assert count(site) == 0


def test_a_return_that_waits_begins_a_new_round_and_keeps_what_was_said(
    site: Site, dead: str
) -> None:
    first = ask(site, dead, accept_leftovers=True)
    with site.store.write() as connection:
        mine = tables.recovery.c.id == first.recovery
        waits = {'state': 'waiting', 'code': 'not-rebooted', 'book': 'b', 'next_check': None}
        connection.execute(sa.update(tables.recovery).where(mine).values(**waits))
    again = ask(site, dead, rebooted=True)
    assert (again.answer, again.recovery) == ('admit', first.recovery)
    with site.store.read() as connection:
        row = recoveries.get(connection, str(first.recovery))
    assert row is not None
    assert (row['state'], row['round'], row['book'], row['code']) == ('ready', 2, None, None)
    assert (row['arguments']['accept_leftovers'], row['arguments']['rebooted']) == (True, True)
    assert count(site) == 1
