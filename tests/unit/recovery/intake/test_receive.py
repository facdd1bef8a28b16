"""An alarm becomes one recovery, or a reason why not; nothing is lost, nothing is made twice."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from oslo_config import cfg

from drivers.simulated.clock import VirtualClock
from drivers.simulated.world import World
from flows.stop import StoreAway
from recovery.db import alarms, decisions, events, guards, hosts, recoveries, tables
from recovery.intake import BadAlarm, admission, again, receive
from recovery.site import Site


def rows(site: Site, table: sa.Table) -> list[sa.RowMapping]:
    with site.store.read() as connection:
        return list(connection.execute(sa.select(table)).mappings())


def recovery_of(site: Site, identifier: str | None) -> sa.RowMapping:
    assert identifier is not None
    with site.store.read() as connection:
        row = recoveries.get(connection, identifier)
    assert row is not None
    return row


def set_state(site: Site, recovery: str, **values: Any) -> None:
    with site.store.write() as connection:
        mine = tables.recovery.c.id == recovery
        connection.execute(sa.update(tables.recovery).where(mine).values(**values))


def test_a_dead_host_is_admitted(site: Site, alarm: Any, dead: str) -> None:
    outcome = receive(site, alarm())
    assert (outcome.answer, outcome.repeated) == ('admit', False)
    row = recovery_of(site, outcome.recovery)
    assert (row['state'], row['open_key']) == ('ready', f'host:{dead}')
    assert row['arguments']['read_seconds'] == 20.0
    assert row['requested_by'] == 'ann'
    (decision,) = rows(site, tables.decision)
    assert (decision['answer'], decision['stage'], decision['alarm']) == (
        'admit', 'intake', outcome.alarm,
    )  # fmt: skip
    assert {one['answer'] for one in decision['gates']} == {'admit'}
    assert rows(site, tables.alarm)[0]['answer'] == 'admit'


def test_a_living_host_is_held_and_admitted_when_it_falls_silent(
    site: Site, alarm: Any, world: World, clock: VirtualClock
) -> None:
    outcome = receive(site, alarm())
    assert (outcome.answer, outcome.gate) == ('hold', 'nova')
    assert outcome.verb == f'recovery approve {str(outcome.recovery)[:8]}'
    world.lose_power('compute-01')
    for _ in range(4):
        clock.wait(None, 15.0)
        again.sweep(site)
    row = recovery_of(site, outcome.recovery)
    assert (row['state'], row['verb'], row['next_check']) == ('ready', None, None)


def test_the_same_alarm_again_is_one_alarm(site: Site, alarm: Any, dead: str) -> None:
    sent = alarm()
    first, second = receive(site, sent), receive(site, sent)
    assert (second.alarm, second.recovery, second.repeated) == (first.alarm, first.recovery, True)
    (row,) = rows(site, tables.alarm)
    assert row['repeats'] == 1


def test_one_key_for_two_hosts_is_two_alarms(site: Site, alarm: Any) -> None:
    """As senders do that give the number of a trigger."""
    first, second = (receive(site, alarm(subject=host, key='trigger7'))
                     for host in ('compute-01', 'compute-02'))  # fmt: skip
    assert second.alarm != first.alarm
    again_ = receive(site, alarm(subject='compute-02', key='trigger7'))
    assert (again_.alarm, again_.repeated) == (second.alarm, True)
    assert [(row['subject'], row['repeats']) for row in rows(site, tables.alarm)] == [
        ('compute-01', 0), ('compute-02', 1),
    ]  # fmt: skip


def test_a_return_is_ordered_and_nobodys_alarm(site: Site, alarm: Any) -> None:
    with pytest.raises(BadAlarm, match="there is no failure kind 'host-return'"):
        receive(site, alarm(kind='host-return'))
    assert rows(site, tables.alarm) == []


def test_another_alarm_of_a_host_under_recovery_is_evidence(
    site: Site, alarm: Any, dead: str
) -> None:
    first = receive(site, alarm())
    second = receive(site, alarm(source='other'))
    assert (second.answer, second.gate, second.recovery) == ('ignore', 'free', first.recovery)
    assert 'already under recovery' in second.reason
    with site.store.read() as connection:
        story = events.of_recovery(connection, str(first.recovery))
    assert story[-1]['who'] == 'other'
    assert len(rows(site, tables.recovery)) == 1


def test_ten_senders_make_one_recovery(
    site: Site, alarm: Any, dead: str, clock: VirtualClock
) -> None:
    found: list[Any] = []
    ended = [
        clock.spawn(f'sender-{number}', lambda: found.append(receive(site, alarm())))
        for number in range(10)
    ]
    for one in ended:
        clock.wait(one, 60.0)
    assert sorted(one.answer for one in found) == ['admit'] + ['ignore'] * 9
    assert len({one.recovery for one in found}) == 1
    assert len(rows(site, tables.recovery)) == 1


def test_ten_senders_of_one_alarm_are_one_decision(
    site: Site, alarm: Any, dead: str, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each would ask Nova and pack all that was seen, to find out that it was too late."""
    asked: list[str] = []
    admit = admission.admit

    def counted(site: Site, row: sa.RowMapping) -> admission.Outcome:
        asked.append(row['id'])
        clock.wait(None, 1.0)  # Nova answers slowly, and the other nine come
        return admit(site, row)

    monkeypatch.setattr(admission, 'admit', counted)
    found: list[Any] = []
    same = alarm()
    ended = [
        clock.spawn(f'sender-{number}', lambda: found.append(receive(site, same)))
        for number in range(10)
    ]
    for one in ended:
        clock.wait(one, 60.0)
    assert len(asked) == 1
    assert sorted((one.answer, one.repeated) for one in found) == [
        ('admit', False),
        *[('admit', True)] * 9,
    ]


def test_who_loses_the_race_learns_who_won(site: Site, alarm: Any, dead: str) -> None:
    """The other sender commits between our look and our write, as on MariaDB."""
    meanwhile: list[Any] = []
    services = type(site.compute).services

    def slow(compute: Any, *, timeout: float) -> Any:
        if not meanwhile:
            meanwhile.append(None)
            meanwhile.append(receive(site, alarm(source='faster')))
        return services(compute, timeout=timeout)

    site.compute.services = slow.__get__(site.compute)  # type: ignore[method-assign]
    outcome = receive(site, alarm(source='slower'))
    assert (outcome.answer, outcome.recovery) == ('ignore', meanwhile[1].recovery)
    assert len(rows(site, tables.recovery)) == 1


@pytest.mark.parametrize('subject', ['compute-99', 'compute-001', 'compute-099.example.org'])
def test_an_unknown_host_is_refused_with_near_names(site: Site, alarm: Any, subject: str) -> None:
    outcome = receive(site, alarm(subject))
    assert (outcome.answer, outcome.gate, outcome.recovery) == ('ignore', 'service', None)
    assert 'similar names: compute-0' in outcome.reason
    assert not rows(site, tables.recovery)


def test_an_unknown_host_is_refused_while_paused_too(site: Site, alarm: Any) -> None:
    with site.store.write() as connection:
        guards.pause(connection, by='bob', reason='upgrade', now=0.0)
    assert receive(site, alarm('nonesuch')).answer == 'ignore'


def test_nova_away_holds(site: Site, alarm: Any, world: World, dead: str) -> None:
    world.faults.add('nova.*', 'error', 503)
    outcome = receive(site, alarm())
    assert (outcome.answer, outcome.gate) == ('hold', 'service')
    assert recovery_of(site, outcome.recovery)['host'] == dead
    world.faults.clear()
    site.clock.wait(None, 15.0)
    again.sweep(site)
    assert recovery_of(site, outcome.recovery)['state'] == 'ready'


def test_empty_lists_hold(site: Site, alarm: Any, world: World, dead: str) -> None:
    world.faults.add('nova.services', 'empty')
    assert receive(site, alarm()).answer == 'hold'


def test_settle_time(site: Site, alarm: Any, conf: cfg.ConfigOpts, dead: str) -> None:
    conf.set_override('settle_seconds', 15.0, 'policy')
    outcome = receive(site, alarm())
    assert (outcome.answer, outcome.gate) == ('hold', 'settled')
    row = recovery_of(site, outcome.recovery)
    assert row['next_check'] == pytest.approx(site.clock.now() + 15.0)
    site.clock.wait(None, 15.0)
    again.sweep(site)
    assert recovery_of(site, outcome.recovery)['state'] == 'ready'


def test_a_storm_is_held_from_its_first_alarm(
    site: Site, alarm: Any, world: World, clock: VirtualClock
) -> None:
    for number in range(1, 5):
        world.isolate(f'compute-{number:02d}')
    clock.wait(None, 45.0)
    outcome = receive(site, alarm())
    assert (outcome.answer, outcome.gate) == ('hold', 'mass-failure')
    assert '4 of 10' in outcome.reason


def test_maintenance_holds(site: Site, alarm: Any, dead: str) -> None:
    with site.store.write() as connection:
        guards.maintain(connection, dead, True, by='bob', reason='disks', now=0.0)
    outcome = receive(site, alarm())
    assert outcome.gate == 'maintenance'
    assert outcome.verb == f'recovery host maintenance {dead} off'


def test_a_foreign_disable_holds(site: Site, alarm: Any, dead: str) -> None:
    (service,) = [one for one in site.compute.services(timeout=9.0) if one.host == dead]
    site.compute.set_service(service.id, forced_down=True, timeout=9.0)
    site.clock.wait(None, 60.0)
    assert receive(site, alarm()).gate == 'foreign'


def test_no_inventory_entry_holds(site: Site, alarm: Any, world: World, dead: str) -> None:
    with world:
        world.add_host('rack-7')
    site.clock.wait(None, 40.0)
    world.lose_power('rack-7')
    site.clock.wait(None, 40.0)
    outcome = receive(site, alarm('rack-7'))
    assert outcome.gate == 'inventory'
    assert 'no device for rack-7' in outcome.reason


def test_an_unusable_inventory_holds(
    site: Site, alarm: Any, conf: cfg.ConfigOpts, dead: str
) -> None:
    conf.set_override('inventory', '/nonexistent/fencing.yaml', 'fencing')
    outcome = receive(site, alarm())
    assert (outcome.answer, outcome.gate) == ('hold', 'inventory')
    assert 'fencing.yaml' in outcome.reason


def test_a_device_of_two_hosts_holds(
    site: Site, alarm: Any, conf: cfg.ConfigOpts, dead: str, tmp_path: Any
) -> None:
    device = '[[{driver: simulated, name: bmc, address: "sim://compute-01"}]]'
    text = f'hosts:\n  compute-01: {device}\n  compute-02: {device}\n'
    (tmp_path / 'fencing.yaml').write_text(text)
    outcome = receive(site, alarm())
    assert (outcome.answer, outcome.gate) == ('hold', 'device-alone')
    assert 'compute-02' in outcome.reason


def test_an_old_alarm_of_a_returned_host_is_already_handled(
    site: Site, alarm: Any, dead: str
) -> None:
    with site.store.write() as connection:
        hosts.put(connection, dead, returned_at=site.clock.now() - 1)
    outcome = receive(site, alarm(at=site.clock.now() - 600))
    assert (outcome.answer, outcome.gate) == ('ignore', 'handled')


def test_a_cancelled_recovery_is_not_begun_again_by_an_alarm_from_before(
    site: Site, alarm: Any, dead: str
) -> None:
    first = receive(site, alarm())
    evidence = alarm(source='other')
    assert receive(site, evidence).gate == 'free'
    site.clock.wait(None, 5.0)
    with site.store.write() as connection:
        now = site.clock.now()
        assert recoveries.move(connection, str(first.recovery), 'ready', 'cancelled', now)
    assert receive(site, evidence).gate == 'handled'
    site.clock.wait(None, 5.0)
    assert receive(site, alarm()).answer == 'admit'


def test_host_down_supersedes_host_return_in_one_go(site: Site, alarm: Any, dead: str) -> None:
    outcome = receive(site, alarm())
    set_state(site, str(outcome.recovery), kind='host-return', state='running', token='t' * 32)
    epoch = recovery_of(site, outcome.recovery)['epoch']
    later = receive(site, alarm())
    assert later.answer == 'admit'
    old, new = recovery_of(site, outcome.recovery), recovery_of(site, later.recovery)
    assert (old['state'], old['superseded_by']) == ('superseded', new['id'])
    assert (old['token'], old['open_key'], old['epoch']) == (None, None, epoch + 1)
    assert (new['state'], new['open_key']) == ('ready', f'host:{dead}')


def test_a_held_alarm_ends_no_host_return_and_is_not_forgotten(
    site: Site, alarm: Any, dead: str
) -> None:
    outcome = receive(site, alarm())
    set_state(site, str(outcome.recovery), kind='host-return', state='running', token='t' * 32)
    with site.store.write() as connection:
        guards.disarm(connection, by='bob', reason='test', now=0.0)
    later = receive(site, alarm())
    assert (later.answer, later.recovery) == ('hold', None)
    assert recovery_of(site, outcome.recovery)['state'] == 'running'
    with site.store.write() as connection:
        guards.arm(connection, by='bob', reason='test', now=0.0)
    site.clock.wait(None, 15.0)
    again.sweep(site)
    assert recovery_of(site, outcome.recovery)['state'] == 'superseded'


def test_a_crash_before_the_answer_loses_no_alarm(site: Site, alarm: Any, dead: str) -> None:
    with site.store.write() as connection:
        alarms.add(connection, site.clock.new_id(), alarm(), site.clock.now())
    site.clock.wait(None, 15.0)
    again.sweep(site)
    assert [row['state'] for row in rows(site, tables.recovery)] == ['ready']


def test_an_alarm_that_nothing_decides_expires(
    site: Site, alarm: Any, conf: cfg.ConfigOpts, dead: str
) -> None:
    conf.set_override('expire_seconds', 60.0, 'watcher')
    with site.store.write() as connection:
        alarms.add(connection, site.clock.new_id(), alarm(), site.clock.now())
    site.clock.wait(None, 61.0)
    again.sweep(site)
    assert [row['answer'] for row in rows(site, tables.alarm)] == ['ignore']


def test_what_is_not_stored_is_not_taken(site: Site, alarm: Any, monkeypatch: Any) -> None:
    def away(_work: Any) -> Any:
        raise StoreAway('database: gone')

    monkeypatch.setattr(site.store, 'transact', away)
    with pytest.raises(StoreAway):
        receive(site, alarm())


@pytest.mark.parametrize(
    ('wrong', 'words'),
    [
        ({'source': ' '}, 'no source'),
        ({'key': ''}, 'no key'),
        ({'subject': 'x' * 256}, '256 characters'),
        ({'kind': 'host-gone'}, 'host-down, instance-down'),
        ({'at': float('nan')}, 'seconds since 1970'),
        ({'at': 1760000000000.0}, 'before the year 2100; 1760000000000 may be milliseconds'),
    ],
)
def test_a_malformed_alarm_says_what_would_be_right(
    site: Site, alarm: Any, wrong: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadAlarm, match=words):
        receive(site, alarm(**wrong))
    assert not rows(site, tables.alarm)


def test_all_decisions_are_on_record(site: Site, alarm: Any, dead: str) -> None:
    outcome = receive(site, alarm('compute-02'))
    with site.store.read() as connection:
        by_alarm = decisions.of_alarm(connection, str(outcome.alarm))
        by_recovery = decisions.of_recovery(connection, str(outcome.recovery))
        newest = decisions.newest(connection, str(outcome.recovery))
    assert [*by_alarm] == [*by_recovery] == [newest]
