"""What a second pair of eyes found: each was played wrongly once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
import yaml

from drivers.simulated.instances import Instance
from recovery.db import tables
from recovery.intake.returning import request_return
from recovery.operate.cancel import How, cancel
from recovery.operate.rerun import Which, rerun
from recovery.operate.service import maintain
from recovery.operate.settle import Seen, settle
from tests.stage import INVENTORY, Stage, play

HOST = 'compute-02'


@contextmanager
def down(workers: tuple[str, ...] = ('w1',), **more: Any) -> Iterator[Stage]:
    """A crashed host that Nova sees down; the processes run, no alarm has come."""
    with play(**more) as stage:
        stage.world.crash(HOST)
        stage.run(65.0)
        for name in workers:
            stage.worker(name)
        stage.watcher()
        yield stage


def on_host(stage: Stage) -> list[Instance]:
    found = [one for one in stage.world.instances.values() if one.host == HOST]
    return sorted(found, key=lambda one: one.name)


def items(stage: Stage) -> dict[str, str]:
    names = {one.id: one.name for one in stage.world.instances.values()}
    return {names[row['instance']]: row['state'] for row in stage.rows(tables.item)}


def sent(stage: Stage, instance: Instance) -> int:
    """How many evacuations of it Nova took."""
    events = stage.world.trace.events
    return sum(one.what == 'evacuate.accepted' and one.subject == instance.id for one in events)


# --- nothing is sent that no look has allowed (H1, H5) --------------------------------------------


def test_an_instance_is_not_sent_before_its_migrations_were_seen() -> None:
    with down() as stage:
        moving = on_host(stage)[0]
        stage.world.add_migration(
            moving, 'live-migration', 'running', source=HOST, destination='compute-03'
        )
        stage.world.faults.add('nova.migrations', 'error', 503, skip=1, count=3)
        stage.alarm(HOST)
        stage.until(lambda: stage.recovery()['code'] == 'migration-open')
        assert sent(stage, moving) == 0, stage.story()
        assert sorted(items(stage).values()) == ['moved', 'pending']


def test_an_evacuation_by_somebody_else_keeps_ours_back() -> None:
    conf = {'evacuation.at_once': 1, 'evacuation.senders': 1}
    with down(instances=12, conf=conf) as stage:
        last = on_host(stage)[-1]

        def by_hand(_note: object) -> None:
            stage.world.rebuilds.accept(last, target='compute-03', stuck=True)

        stage.world.faults.kill('nova.migrations', 2, 'answered', by_hand)
        stage.alarm(HOST)
        stage.until(lambda: stage.recovery()['code'] == 'migration-open')
        assert sent(stage, last) == 1, stage.story()
        assert stage.broken() == []


def test_a_foreign_evacuation_that_failed_unwatched_is_not_followed_by_ours() -> None:
    conf = {'evacuation.at_once': 1, 'evacuation.senders': 1}
    with down(instances=12, conf=conf) as stage:
        last = on_host(stage)[-1]

        def by_hand(_note: object) -> None:
            record = stage.world.rebuilds.accept(last, target='compute-03', stuck=True)
            record.destination = 'compute-03'
            stage.world.set_status(record, 'failed')
            stage.world.update(last, task_state=None)

        stage.world.faults.kill('nova.migrations', 2, 'answered', by_hand)
        stage.alarm(HOST)
        stage.until(lambda: stage.recovery()['code'] == 'unsettled')
        assert sent(stage, last) == 1, stage.story()


def test_a_commit_that_took_its_time_is_followed_by_a_reading_and_not_by_a_request() -> None:
    with down(instances=4) as stage:
        (instance,) = on_host(stage)
        slow: list[str] = []

        def committed(*_connection: object) -> None:
            if not slow and 'sender' in stage.clock.actor and stage.rows(tables.attempt):
                slow.append(stage.clock.actor)
                stage.world.give_power(HOST)
                stage.clock.wait(None, 8.0)

        sa.event.listen(stage.sites['w1'].store.engine, 'checkin', committed)
        stage.alarm(HOST)
        stage.until(lambda: bool(slow))
        stage.until(lambda: stage.recovery()['round'] == 2)
        assert sent(stage, instance) == 0, stage.story()
        stage.until(stage.ended)
        assert [row['state'] for row in stage.rows(tables.attempt)] == ['absent', 'moved']
        assert (items(stage), stage.broken()) == ({instance.name: 'moved'}, [])


def test_a_word_and_a_rerun_do_not_send_a_second_evacuation() -> None:
    with down(instances=4, conf={'evacuation.unsettled_seconds': 10.0}) as stage:
        (instance,) = on_host(stage)
        stage.alarm(HOST)
        stage.until(lambda: sent(stage, instance) == 1)
        stage.run(2.0)
        (record,) = stage.world.migrations
        assert record.destination is not None
        stage.world.isolate(record.destination)
        stage.until(lambda: stage.state() == 'waiting')
        stage.run(80.0)
        store, name = stage.site.store, stage.recovery()['id']
        stage.ask(
            lambda: settle(store, name, instance.id, Seen.FAILED, by='ann', reason='seen nowhere')
        )
        stage.until(stage.ended)
        stage.world.set_status(record, 'failed')
        stage.ask(lambda: rerun(store, name, Which.FAILED, by='ann', reason='once more'))
        stage.until(lambda: stage.state() == 'waiting')
        assert items(stage) == {instance.name: 'unsettled'}
        assert sent(stage, instance) == 1, stage.story()
        assert stage.broken() == []


def test_a_target_that_nova_does_not_know_is_no_deleted_instance() -> None:
    with down(instances=4) as stage:
        (instance,) = on_host(stage)
        gone = [name for name in stage.world.hosts if name != HOST]
        machines = dict(stage.world.hosts)

        def removed(_note: object) -> None:
            for name in gone:
                del stage.world.hosts[name]

        def added(_note: object) -> None:
            stage.world.hosts.update(machines)

        stage.world.faults.kill('nova.evacuate', 1, 'received', removed)
        stage.world.faults.kill('nova.evacuate', 1, 'answered', added)
        stage.alarm(HOST)
        stage.until(stage.ended)
        assert items(stage) == {instance.name: 'moved'}, stage.story()


def test_what_was_stopped_is_evacuated_by_an_old_nova_too() -> None:
    with down(instances=8) as stage:
        stage.app.nova.highest = (2, 90)
        first, second = on_host(stage)
        stage.world.update(first, vm_state='stopped')
        stage.world.update(second, vm_state='paused')  # would come back running: not asked for
        stage.alarm(HOST)
        stage.until(stage.ended)
        assert items(stage) == {first.name: 'moved', second.name: 'failed'}, stage.story()
        assert first.vm_state == 'stopped'


def test_a_successor_sends_again_although_nothing_was_left_to_send() -> None:
    with down(('w1', 'w2'), instances=4) as stage:
        (instance,) = on_host(stage)
        stage.world.faults.add('nova.evacuate', 'stuck', count=1)
        stage.alarm(HOST)
        stage.until(lambda: sent(stage, instance) == 1)
        stage.run(2.0)
        owner = str(stage.recovery()['worker'])
        stage.kill(owner)
        stage.until(lambda: stage.recovery()['worker'] not in (owner, None), step=0.5)
        stage.run(5.0)
        (record,) = stage.world.migrations
        stage.world.set_status(record, 'failed')
        stage.world.update(instance, task_state=None)
        stage.until(stage.ended, 60.0)
        assert items(stage) == {instance.name: 'moved'}, stage.story()


def test_a_host_that_gets_an_alarm_is_named_no_more_from_then_on() -> None:
    conf = {'evacuation.at_once': 1, 'evacuation.senders': 1, 'policy.mass_count': 3}
    with down(
        ('w1',), hosts=4, instances=16, conf=conf, settings={'rebuild_seconds': 2.0}
    ) as stage:
        stage.alarm(HOST)
        stage.until(lambda: bool(stage.world.migrations), step=0.1)
        second = next(name for name in stage.world.hosts if name != HOST)
        stage.alarm(second)  # held: Nova sees it up
        assert stage.state() == 'held'
        before = len(stage.world.migrations)
        stage.until(lambda: set(items(stage).values()) == {'moved'})
        assert len(stage.world.migrations) > before
        named = [record.target for record in stage.world.migrations[before:]]
        assert second not in named, stage.story()


# --- the return of a host -------------------------------------------------------------------------


def test_a_host_is_not_switched_on_because_a_hung_cell_lists_no_evacuation() -> None:
    with down(instances=4) as stage:
        (instance,) = on_host(stage)
        stage.alarm(HOST)
        stage.until(stage.ended)

        def hang(_note: object) -> None:
            record = stage.world.add_migration(
                instance, 'evacuation', 'accepted', source=HOST, destination='compute-03'
            )
            assert record.status == 'accepted'
            stage.world.cell_hangs = True

        stage.world.faults.kill('nova.migrations', 2, 'received', hang)  # 1: the gate's
        stage.ask(lambda: request_return(stage.site, HOST, by='ann', reason='repaired'))
        stage.until(lambda: stage.state() == 'waiting')
        assert not stage.world.hosts[HOST].powered, stage.story()
        stage.world.cell_hangs = False
        stage.until(lambda: stage.recovery()['code'] == 'evacuations-open')
        assert not stage.world.hosts[HOST].powered, stage.story()


def test_a_device_that_answers_at_last_switches_no_host_on_whose_instances_move() -> None:
    with down(instances=4) as stage:
        (instance,) = on_host(stage)
        stage.alarm(HOST)
        stage.until(stage.ended)
        dead = stage.world.faults.add('bmc.*', 'hang')
        stage.ask(lambda: request_return(stage.site, HOST, by='ann', reason='repaired'))
        stage.until(lambda: stage.recovery()['code'] == 'power-on-failed')
        stage.world.add_migration(
            instance, 'evacuation', 'accepted', source=HOST, destination='compute-03'
        )
        stage.world.faults.remove(dead)
        stage.until(lambda: stage.recovery()['code'] == 'evacuations-open')
        assert not stage.world.hosts[HOST].powered, stage.story()


# --- what changes while a recovery waits ----------------------------------------------------------


def test_maintenance_that_began_while_the_fence_waited_wins() -> None:
    with down() as stage:
        dead = stage.world.faults.add('bmc.*', 'hang')
        stage.alarm(HOST)
        stage.until(lambda: stage.recovery()['code'] == 'fence-exhausted')
        store = stage.site.store
        stage.ask(lambda: maintain(store, HOST, True, by='ann', reason='I repair it'))
        stage.world.faults.remove(dead)
        stage.run(120.0)
        assert stage.world.hosts[HOST].powered, stage.story()
        assert stage.recovery()['code'] == 'held'
        stage.ask(lambda: maintain(store, HOST, False, by='ann', reason='it is broken'))
        stage.until(stage.ended)
        assert stage.state() == 'done'


def test_a_device_that_was_corrected_to_that_of_another_host_is_not_used() -> None:
    with down() as stage:
        dead = stage.world.faults.add('bmc.*', 'hang', subject=HOST)
        stage.alarm(HOST)
        stage.until(lambda: stage.recovery()['code'] == 'fence-exhausted')
        wrong = {one: [[device(one)]] for one in stage.world.hosts}
        wrong[HOST] = wrong['compute-03']
        stage.inventory_file.write_text(yaml.safe_dump({'hosts': wrong}))
        stage.run(120.0)
        assert stage.world.hosts['compute-03'].powered, stage.story()
        assert stage.recovery()['code'] == 'held', stage.recovery()['reason']
        stage.world.faults.remove(dead)
        stage.inventory_file.write_text(yaml.safe_dump(dict(INVENTORY)))
        stage.until(stage.ended)
        assert stage.state() == 'done'


def test_what_was_never_asked_to_switch_off_proves_nothing() -> None:
    with down() as stage:
        slow = stage.world.faults.add('bmc.power-state', 'hang', subject=HOST, skip=4)
        stage.world.lose_power('compute-04')
        stage.alarm(HOST)
        stage.until(lambda: stage.recovery()['code'] == 'confirm-unknown')
        off = {one: [[device(one)]] for one in stage.world.hosts if one != 'compute-04'}
        off[HOST] = [[device('compute-04')]]  # reads off, and is another machine
        stage.inventory_file.write_text(yaml.safe_dump({'hosts': off}))
        stage.run(60.0)
        told = [row for row in stage.rows(tables.event) if row['what'] == 'back to fence']
        assert 'changed since' in told[0]['why'], stage.story()
        stage.world.faults.remove(slow)


def device(host: str) -> dict[str, str]:
    return {'name': 'bmc', 'driver': 'simulated', 'address': f'sim://{host}'}


# --- what goes on for ever ------------------------------------------------------------------------


def test_a_device_that_is_away_for_a_day_does_not_fill_the_story() -> None:
    with down(conf={'board.poll_seconds': 5.0}) as stage:
        stage.world.faults.add('bmc.*', 'hang')
        stage.alarm(HOST)
        stage.run(600.0)
        told = len(stage.rows(tables.event))
        decided = len(stage.rows(tables.decision))
        stage.run(600.0)
        assert len(stage.rows(tables.event)) == told, stage.story()
        assert len(stage.rows(tables.decision)) == decided


def test_an_instance_that_nobody_settles_does_not_fill_the_story() -> None:
    conf = {'evacuation.unsettled_seconds': 10.0, 'board.poll_seconds': 5.0}
    with down(instances=4, conf=conf) as stage:
        stage.world.faults.add('nova.evacuate', 'stuck')
        stage.alarm(HOST)
        stage.until(lambda: stage.recovery()['code'] == 'unsettled')
        stage.run(200.0)
        told = len(stage.rows(tables.event))
        stage.run(300.0)
        assert len(stage.rows(tables.event)) == told, stage.story()


def test_the_same_wait_at_a_later_step_is_told() -> None:
    with down(instances=4) as stage:
        away = stage.world.faults.add('nova.set-service', 'error', 503, skip=1, count=1)
        stage.alarm(HOST)
        stage.until(stage.ended)
        assert away not in stage.world.faults.faults
        assert 'waits: nova-away' in stage.story()


def test_an_alarm_behind_a_return_is_not_decided_about_each_second() -> None:
    with down() as stage:
        stage.alarm(HOST)
        stage.until(stage.ended)
        dead = stage.world.faults.add('nova.services', 'error', 503, skip=4)
        stage.ask(lambda: request_return(stage.site, HOST, by='ann', reason='repaired'))
        stage.run(20.0)
        assert stage.recovery()['kind'] == 'host-return'
        assert stage.alarm(HOST).answer == 'hold'
        stage.run(30.0)
        asked, decided = stage.world.faults.counts(), len(stage.rows(tables.decision))
        stage.run(120.0)
        more = stage.world.faults.counts()['nova.services'] - asked['nova.services']
        assert more < 120, stage.story()
        assert len(stage.rows(tables.decision)) <= decided + 1
        stage.world.faults.remove(dead)


def test_a_return_that_a_human_cancelled_does_not_begin_again_by_itself() -> None:
    conf = {'restore.policy': 'when-back', 'restore.boot_seconds': 400.0}
    with down(conf=conf, settings={'boot_seconds': 240.0}) as stage:
        stage.alarm(HOST)
        stage.until(stage.ended)
        stage.world.give_power(HOST)
        stage.until(lambda: stage.recovery()['kind'] == 'host-return')
        name = stage.recovery()['id']
        stage.ask(
            lambda: cancel(stage.site.store, name, How.LEAVE, by='ann', reason='it is not ready')
        )
        stage.until(stage.ended)
        stage.run(120.0)
        assert stage.recovery()['id'] == name, stage.story()
        stage.ask(lambda: request_return(stage.site, HOST, by='ann', reason='now it is'))
        stage.until(stage.ended)
        assert stage.state() == 'done'


def test_an_allocation_of_an_instance_that_was_deleted_holds_nothing_up() -> None:
    with down() as stage:
        gone, elsewhere = stage.clock.new_id(), 'compute-03'
        stage.world.allocate(gone, stage.world.hosts[HOST], on_host(stage)[0])
        there = next(one for one in stage.world.instances.values() if one.host == elsewhere)
        stage.world.allocate(there.id, stage.world.hosts[HOST], there)
        stage.alarm(HOST)
        stage.until(stage.ended, 60.0)
        assert stage.state() == 'done', stage.story()


def test_an_allocation_on_a_host_without_instances_is_never_explained_away() -> None:
    with down(hosts=4, instances=1) as stage:
        assert on_host(stage) == []
        some = next(iter(stage.world.instances.values()))
        stage.world.allocate(stage.clock.new_id(), stage.world.hosts[HOST], some)
        stage.alarm(HOST)
        stage.until(lambda: stage.recovery()['code'] == 'list-untrusted', 60.0)


def test_a_host_that_came_back_while_nova_was_away_is_not_forced_down() -> None:
    with down() as stage:
        stage.alarm(HOST)
        stage.until(lambda: not stage.world.hosts[HOST].powered, step=0.1)
        away = stage.world.faults.add('nova.*', 'error', 503)
        stage.until(lambda: stage.recovery()['code'] == 'nova-away')
        stage.world.give_power(HOST)
        stage.run(120.0)
        stage.world.faults.remove(away)
        stage.until(lambda: 'is back' in (stage.recovery()['reason'] or ''))
        assert stage.state() == 'waiting'
        assert stage.world.hosts[HOST].powered, stage.story()
        assert not stage.world.hosts[HOST].forced_down


# --- SIGTERM (H18) --------------------------------------------------------------------------------


def test_a_worker_that_hangs_in_a_question_lets_go_in_time() -> None:
    with down(('w1', 'w2')) as stage:
        hangs = stage.world.faults.add('bmc.power-state', 'hang', count=1)
        stage.alarm(HOST)
        stage.until(lambda: hangs not in stage.world.faults.faults, step=0.5)
        owner = str(stage.recovery()['worker'])
        stage.stop(owner)
        stage.run(stage.conf.worker.stop_seconds)
        assert stage.recovery()['worker'] not in (owner, None), stage.story()
        stage.until(stage.ended)
        assert stage.state() == 'done'
        by = {row['who'] for row in stage.rows(tables.event) if row['what'] == 'let go'}
        assert by == {owner}


def test_a_worker_that_may_be_changing_something_keeps_its_claim() -> None:
    with down(('w1', 'w2')) as stage:
        hangs = stage.world.faults.add('bmc.power-off', 'hang', count=1)
        stage.alarm(HOST)
        stage.until(lambda: hangs not in stage.world.faults.faults, step=0.5)
        owner = str(stage.recovery()['worker'])
        stage.stop(owner)
        stage.run(stage.conf.worker.stop_seconds)
        assert stage.recovery()['worker'] == owner, stage.story()
        stage.until(stage.ended)
        assert stage.state() == 'done'
