"""Held before anything is done: a gate that a human opens, or that opens when its cause is gone."""

from __future__ import annotations

import yaml

from drivers.simulated.faults import Fault
from recovery.db import hosts
from tests.stage import INVENTORY
from tests.stuck.situation import HOST, Situation, situation

APPROVE = 'recovery approve ID'
DOCTOR = 'recovery doctor'
CHECK = f'recovery host check {HOST}'


def alarmed(it: Situation, host: str = HOST) -> None:
    it.start()
    it.stage.alarm(host)


@situation('nova')
def test_nova_sees_it_up(it: Situation) -> None:
    alarmed(it)
    it.stuck('nova', 'Nova still sees it alive (up)', APPROVE)
    it.world.note('fence.allowed', HOST)
    it.follow()
    it.ends()


@situation('paused')
def test_paused_before_it_began(it: Situation) -> None:
    it.dies()
    assert it('pause', '--yes', '--reason', 'network work').code == 0
    alarmed(it)
    it.stuck('paused', 'paused by ann: network work', 'recovery unpause')
    it.follow()
    it.ends()


@situation('armed')
def test_disarmed(it: Situation) -> None:
    it.dies()
    assert it('disarm', '--yes', '--reason', 'restored from a backup').code == 0
    alarmed(it)
    it.stuck('armed', 'disarmed by ann: restored from a backup', 'recovery arm')
    it.follow()
    it.ends()


@situation('maintenance')
def test_maintenance(it: Situation) -> None:
    it.dies()
    assert it('host', 'maintenance', HOST, 'on', '--yes', '--reason', 'disk swap').code == 0
    alarmed(it)
    verb = f'recovery host maintenance {HOST} off'
    it.stuck('maintenance', f'ann set {HOST} to maintenance: disk swap', verb)
    it.follow()
    it.ends()


@situation('mass-failure', hosts=8)
def test_a_mass_failure(it: Situation) -> None:
    for number in (3, 4):
        it.world.crash(f'compute-{number:02d}')
    it.dies()
    alarmed(it)
    it.stuck('mass-failure', '3 of 8 hosts look failed at once', APPROVE)
    it.follow()
    it.ends()


@situation('fence-budget', hosts=8, conf={'policy.fence_budget': 1})
def test_the_budget_is_used_up(it: Situation) -> None:
    it.recovered('compute-05')
    it.dies()
    it.stage.alarm(HOST)
    it.stuck('fence-budget', '1 hosts were fenced within 10 min, and 1 are allowed', APPROVE)
    it.follow()
    it.ends()


@situation('attempts', conf={'policy.attempts': 1, 'restore.loop_seconds': 0.0})
def test_recovered_too_often(it: Situation) -> None:
    back_and_dead_again(it)
    it.stuck('attempts', '1 recoveries of this host within', APPROVE)
    it.follow()
    it.ends()


@situation('fence-loop')
def test_fenced_soon_after_its_return(it: Situation) -> None:
    back_and_dead_again(it)
    it.stuck('fence-loop', 'after its return', APPROVE)
    it.follow()
    it.ends()


def back_and_dead_again(it: Situation) -> None:
    it.recovered()
    it.follow()  # host return
    it.ends()
    it.dies()
    it.stage.alarm(HOST)


@situation('foreign')
def test_disabled_by_somebody_else(it: Situation) -> None:
    with it.world:
        it.world.services.change(it.world.hosts[HOST], enabled=False, reason='bad fan')
    it.dies()
    alarmed(it)
    it.stuck('foreign', 'somebody else disabled the service ("bad fan")', APPROVE)
    it.follow()
    it.ends()


@situation('settled', conf={'policy.settle_seconds': 60.0})
def test_waiting_for_other_alarms(it: Situation) -> None:
    it.dies()
    alarmed(it)
    it.stuck('settled', 'to see whether other hosts fail with it', APPROVE)
    began = it.stage.clock.elapsed()
    it.follow()
    it.ends()
    assert it.stage.clock.elapsed() - began < 60


@situation('start-up', conf={'policy.startup_seconds': 300.0})
def test_looking_first_after_a_start(it: Situation) -> None:
    it.dies()
    alarmed(it)
    it.stuck('start-up', 'and looks first for', APPROVE)
    began = it.stage.clock.elapsed()
    it.follow()
    it.ends()
    assert it.stage.clock.elapsed() - began < 120


@situation('seen')
def test_a_record_of_long_ago(it: Situation) -> None:
    it.dies()
    it.stage.run(8 * 86400.0)
    alarmed(it)
    it.stuck('seen', 'it may be the record of a host that is long gone', APPROVE)
    it.follow()
    it.ends()


@situation('service')
def test_nova_is_away(it: Situation) -> None:
    it.dies()
    away: Fault = it.world.faults.add('nova.*', 'error', 503)
    alarmed(it)
    it.stuck('service', f'cannot ask Nova which host {HOST} is', DOCTOR)
    assert 'nova' in it.follow(code=5).out
    it.world.faults.remove(away)
    it.ends()


@situation('inventory', inventory={'patterns': []})
def test_no_device_can_fence_it(it: Situation) -> None:
    it.dies()
    alarmed(it)
    it.stuck('inventory', f'the fencing inventory has no device for {HOST}', CHECK)
    said = it.follow(code=1)
    assert str(it.stage.inventory_file) in said.err
    it.stage.inventory_file.write_text(yaml.safe_dump(dict(INVENTORY)))
    it.ends()


SHARED = [[{'name': 'bmc', 'driver': 'simulated', 'address': f'sim://{HOST}'}]]


@situation('device-alone', inventory={'hosts': {HOST: SHARED, 'compute-03': SHARED}})
def test_two_hosts_with_one_device(it: Situation) -> None:
    it.dies()
    alarmed(it)
    it.stuck('device-alone', 'would both be fenced through', DOCTOR)
    assert f'{HOST} and compute-03 would both be fenced' in it.follow(code=1).out
    it.stage.inventory_file.write_text(yaml.safe_dump(dict(INVENTORY)))
    it.ends()


@situation('identity')
def test_another_machine_behind_the_device(it: Situation) -> None:
    with it.stage.site.store.write() as connection:
        hosts.enrol(connection, HOST, {'bmc': 'board-4711'})
    it.dies()
    alarmed(it)
    it.stuck('identity', 'is no longer what it was at enrolment (board-4711)', CHECK)
    changed = it.follow(code=1)
    assert changed.next == f'{CHECK} --enrol'
    it.follow(f'{changed.next} --yes')
    it.ends()


@situation('armed', conf={'watcher.expire_seconds': 120.0})
def test_expired_before_anybody_looked(it: Situation) -> None:
    it.dies()
    assert it('disarm', '--yes', '--reason', 'restored from a backup').code == 0
    alarmed(it)
    it.stuck('armed', 'disarmed by ann', 'recovery arm')
    it.stage.until(it.stage.ended)
    seen = it.show()
    assert seen['state'] == 'expired'
    assert 'nothing released it in time; the last reason was: the service' in seen['held_by']
    assert seen['next'] == f'recovery rerun {seen["id"][:8]}'
    assert it('arm', '--yes').code == 0
    it.follow()
    it.ends()
