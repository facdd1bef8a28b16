"""Stuck with an instance, or with a service, on a host that lives."""

from __future__ import annotations

from typing import Any

from tests.stuck.situation import HOST, Situation, situation

RERUN = 'recovery rerun ID'


def failed(it: Situation, **fields: Any) -> str:
    """The guest of an instance has crashed, and Nova shows it."""
    made = it.world.add_instance(HOST, 'web', metadata={'HA_Enabled': 'true'}, **fields)
    it.world.crash_guest(made.id, seen_after=0.0)
    it.stage.run(1.0)
    it.start()
    return made.id


@situation('instance-busy', 'instance-stuck', conf={'instance.busy_seconds': 30.0})
def test_an_instance_that_is_busy_for_ever(it: Situation) -> None:
    which = failed(it, task_state='rebooting')
    it.stage.alarm(which, kind='instance-down')
    it.stuck('instance-busy', 'it is rebooting', '')
    it.stuck('instance-stuck', 'has been busy for 30 s', RERUN)
    with it.world:
        it.world.update(it.world.instances[which], task_state=None, power_state=4)
    it.follow()
    it.ends()
    assert 'web' in it.stage.running_on(HOST)


@situation('host-serves')
def test_an_instance_whose_host_serves_nobody(it: Situation) -> None:
    which = failed(it)
    it.world.kill_agent(HOST)
    it.stage.run(70.0)
    it.stage.alarm(which, kind='instance-down')
    it.stuck('host-serves', 'nobody there would carry it out', f'recovery plan {HOST}')
    it.follow()
    it.world.start_agent(HOST)
    it.ends()


@situation('restarts', conf={'policy.attempts': 1})
def test_an_instance_that_fails_again_and_again(it: Situation) -> None:
    which = failed(it)
    it.stage.alarm(which, kind='instance-down')
    it.stage.until(it.stage.ended)
    it.world.crash_guest(which, seen_after=0.0)
    it.stage.run(1.0)
    it.stage.alarm(which, kind='instance-down')
    it.stuck('restarts', 'restarted 1 times within 24 h already', 'recovery approve ID')
    it.follow()
    it.ends()


@situation('service-down')
def test_a_service_that_stays_down(it: Situation) -> None:
    it.start()
    it.world.kill_agent(HOST)
    it.stage.alarm(HOST, kind='service-down')
    verb = f'recovery host return {HOST}'
    it.stuck('service-down', f'{HOST} is closed to the scheduler until its service', verb)
    it.follow()
    it.world.start_agent(HOST)
    it.ends()
    assert it.world.hosts[HOST].enabled
