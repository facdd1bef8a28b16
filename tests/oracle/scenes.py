"""Plays in which a rule matters. Played as the product is, none of them breaks any."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa

from drivers.contracts.errors import DriverError
from drivers.simulated.play import Broken
from recovery import intake
from recovery.db import hosts, states, tables, windows
from recovery.intake import request_return
from recovery.operate import cancel, service
from recovery.operate.refusal import Refusal
from tests.oracle.judges import Play, verdict
from tests.stage import play as open_stage

HOST = 'compute-02'
OTHERS = ('compute-01', 'compute-03', 'compute-04')
PASSWORD = 'correct-horse-battery-staple'
Patch = Callable[[pytest.MonkeyPatch], object]


@dataclass(frozen=True)
class Scene:
    """A play that can be played as it is, or sabotaged."""

    body: Callable[[Play], None]
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.body.__name__

    def played(self, sabotage: Patch | None = None) -> list[Broken]:
        """Play it; returns every broken rule."""
        with open_stage(**self.settings) as stage, pytest.MonkeyPatch.context() as patch:
            play = Play(stage)
            root = logging.getLogger()
            level = root.level
            root.addHandler(play)
            root.setLevel(logging.DEBUG)
            try:
                if sabotage is not None:
                    sabotage(patch)
                self.body(play)
                return verdict(play)
            finally:
                root.removeHandler(play)
                root.setLevel(level)


def scene(**settings: Any) -> Callable[[Callable[[Play], None]], Scene]:
    """Make a scene of a play on a stage with these settings."""
    return lambda body: Scene(body, settings)


def until(
    play: Play, true: Callable[[], object], seconds: float = 300.0, step: float = 1.0
) -> bool:
    """Let time pass until something is true; under a sabotage it may never be. Whether it is."""
    end = play.stage.clock.elapsed() + seconds
    while not true():
        if play.stage.clock.elapsed() >= end:
            return False
        play.stage.run(step)
    return True


def cast(play: Play, *names: str) -> None:
    for name in names or ('w1', 'watcher'):
        (play.stage.watcher if name.startswith('watcher') else play.stage.worker)(name)


def dies(play: Play, host: str = HOST) -> None:
    play.world.crash(host)
    play.stage.run(65.0)


def began(play: Play, what: str) -> Callable[[], bool]:
    return lambda: any(play.world.trace.find(what))


def code(play: Play) -> str:
    return str(play.stage.recovery()['code']) if play.stage.recoveries() else ''


def recovered(play: Play, host: str = HOST) -> None:
    """Dies, and is recovered."""
    dies(play, host)
    play.stage.alarm(host)
    until(play, play.stage.ended)


def returned(play: Play, host: str = HOST, **said: bool) -> None:
    """Is asked back, and comes."""
    stage = play.stage
    stage.ask(lambda: request_return(stage.site, host, by='ann', reason='repaired', **said))
    until(play, stage.ended)


# --- one host dies --------------------------------------------------------------------------------


@scene()
def a_host_dies(play: Play) -> None:
    cast(play)
    recovered(play)


@scene()
def it_is_alive(play: Play) -> None:
    cast(play)
    play.stage.alarm(HOST)
    play.stage.run(120.0)


@scene()
def it_is_cut_off_and_its_bmc_is_stuck(play: Play) -> None:
    """The power stays on, and the guests run on."""
    cast(play)
    play.world.isolate(HOST)
    play.world.faults.add('bmc.power-off', 'stuck')
    play.stage.run(65.0)
    play.stage.alarm(HOST)
    play.stage.run(200.0)


@scene()
def it_is_cut_off_and_its_bmc_is_dead(play: Play) -> None:
    cast(play)
    play.world.isolate(HOST)
    play.world.faults.add('bmc.*', 'drop')
    play.stage.run(65.0)
    play.stage.alarm(HOST)
    play.stage.run(200.0)


@scene()
def it_is_cut_off_beside_one_that_is_off(play: Play) -> None:
    cast(play)
    play.world.isolate(HOST)
    play.world.lose_power('compute-03')
    play.stage.run(65.0)
    play.stage.alarm(HOST)
    until(play, play.stage.ended)


@scene(instances=24, settings={'rebuild_seconds': 10.0}, conf={'evacuation.at_once': 1})
def it_takes_a_minute(play: Play) -> None:
    cast(play)
    recovered(play)


OUTLETS = [{'name': name, 'driver': 'simulated', 'address': f'sim://{HOST}', 'plug': name}
           for name in ('left', 'right')]  # fmt: skip


@scene(conf={'evacuation.instance_storage': 'local'})
def its_disks_are_local(play: Play) -> None:
    for instance in play.world.instances.values():
        instance.shared = False
    cast(play)
    recovered(play)


@scene()
def nova_lists_nothing(play: Play) -> None:
    """A cell that hangs: 200, and an empty list (H2)."""
    cast(play)
    play.world.faults.add('nova.servers', 'empty', count=20)
    recovered(play)


@scene()
def no_host_has_room(play: Play) -> None:
    for name in OTHERS:
        play.world.hosts[name].ram_mb = 0
    cast(play)
    recovered(play)


@scene(settings={'rebuild_seconds': 30.0}, conf={'evacuation.unsettled_seconds': 60.0})
def a_destination_freezes(play: Play) -> None:
    """And Nova comes to believe that the evacuation failed, which proves nothing (H1)."""
    for name in ('compute-01', 'compute-04'):
        play.world.hosts[name].ram_mb = 4096
    cast(play)
    dies(play)
    play.stage.alarm(HOST)
    until(play, began(play, 'evacuate.accepted'), step=0.5)
    play.stage.run(10.0)
    play.world.freeze_agent('compute-03')
    play.stage.run(100.0)
    with play.world:
        for record in play.world.evacuations(source=HOST):
            play.world.set_status(record, 'failed')
            play.world.update(play.world.instances[record.instance], task_state=None)
    play.stage.run(60.0)
    play.world.thaw_agent('compute-03')
    play.stage.run(120.0)


@scene()
def the_next_host_is_under_recovery(play: Play) -> None:
    """Held, because Nova sees it up: and so it would be a target."""
    for name in ('compute-01', 'compute-04'):
        play.world.hosts[name].ram_mb = 8192
    cast(play)
    dies(play)
    play.stage.alarm('compute-03')
    play.stage.alarm(HOST)
    until(play, lambda: play.stage.recovery()['state'] in states.ENDED)


def dies_and_a_minute_passes(play: Play) -> None:
    cast(play)
    dies(play)
    play.stage.alarm(HOST)
    play.stage.run(60.0)


# --- whoever says so ------------------------------------------------------------------------------


@scene(settings={'rebuild_seconds': 20.0})
def two_alarms(play: Play) -> None:
    cast(play)
    dies(play)
    play.stage.alarm(HOST)
    until(play, began(play, 'asked.off'), step=0.2)
    play.stage.alarm(HOST)
    until(play, play.stage.ended)


@scene(hosts=8)
def many_hosts_die(play: Play) -> None:
    play.world.note('fence.forbidden', '*', rule='S11', why='3 of 8 hosts look failed')
    cast(play)
    for number in (3, 4):
        play.world.crash(f'compute-{number:02d}')
    dies(play)
    play.stage.alarm(HOST)
    play.stage.run(60.0)


@scene(conf={'isolation.witnesses': ['tcp://127.0.0.1:9']})
def we_are_cut_off(play: Play) -> None:
    play.world.note('fence.forbidden', '*', rule='S10', why='we reach no witness')
    dies_and_a_minute_passes(play)


@scene(hosts=12)
def most_of_a_segment_dies(play: Play) -> None:
    play.world.note('fence.forbidden', '*', rule='S11', why='3 of 4 hosts of rack-1 look failed')
    with play.stage.site.store.write() as connection:
        for number in (2, 3, 4, 5):
            hosts.put(connection, f'compute-{number:02d}', segment='rack-1')
    cast(play)
    for number in (3, 4):
        play.world.crash(f'compute-{number:02d}')
    dies(play)
    play.stage.alarm(HOST)
    play.stage.run(60.0)


@scene(hosts=8)
def a_storm_has_just_passed(play: Play) -> None:
    cast(play)
    for number in (3, 4):
        play.world.isolate(f'compute-{number:02d}')
    dies(play)
    play.stage.alarm(HOST)
    play.stage.run(30.0)
    play.world.note('fence.forbidden', '*', rule='S15', why='a storm was on half a minute ago')
    for number in (3, 4):
        play.world.reconnect(f'compute-{number:02d}')
    play.stage.run(120.0)


@scene(conf={'life.channel': ['hold command:/bin/true {host}']})
def it_answers(play: Play) -> None:
    play.world.note('fence.forbidden', HOST, rule='S9', why='it answers on a channel of its own')
    dies_and_a_minute_passes(play)


@scene(conf={'life.channel': ['veto command:/bin/true {host}']})
def its_agent_vetoes(play: Play) -> None:
    it_answers.body(play)


@scene()
def a_window_is_open(play: Play) -> None:
    stage = play.stage
    now = stage.clock.now()
    window = windows.Window('w', 'cloud', now, now + 9000.0, 'ann', 'a new switch', now)
    with stage.site.store.write() as connection:
        windows.add(connection, window)
    play.world.note('fence.forbidden', '*', why='a maintenance window is open')
    dies_and_a_minute_passes(play)


@scene(hosts=8, conf={'policy.fence_budget': 1})
def two_hosts_die_one_after_the_other(play: Play) -> None:
    cast(play)
    recovered(play, 'compute-05')
    dies(play)
    play.stage.alarm(HOST)
    play.stage.run(60.0)


@scene(conf={'fencing.attempts': 2, 'fencing.again_seconds': 10.0})
def a_bmc_reads_on_for_ever(play: Play) -> None:
    play.world.faults.add('bmc.power-state', 'lie', 'on')
    cast(play)
    dies(play)
    play.stage.alarm(HOST)
    play.stage.run(600.0)


@scene()
def it_dies_again_after_its_return(play: Play) -> None:
    cast(play)
    recovered(play)
    returned(play)
    dies(play)
    play.stage.alarm(HOST)
    play.stage.run(60.0)


@scene(conf={'policy.attempts': 1, 'restore.loop_seconds': 0.0})
def it_dies_too_often(play: Play) -> None:
    it_dies_again_after_its_return.body(play)


@scene(conf={'policy.startup_seconds': 120.0})
def it_is_dead_at_the_start(play: Play) -> None:
    dies(play)
    cast(play)
    play.stage.run(1.0)
    play.stage.alarm(HOST)
    play.stage.run(60.0)


@scene()
def it_is_in_maintenance(play: Play) -> None:
    stage = play.stage
    stage.ask(lambda: service.maintain(stage.site.store, HOST, True, by='ann', reason='fan'))
    play.world.note('fence.forbidden', HOST, why='it is in maintenance')
    dies_and_a_minute_passes(play)


@scene()
def it_is_taken_in_hand_while_it_returns(play: Play) -> None:
    """Its controller takes no request, and is healed when somebody works on the machine."""
    stage = play.stage
    cast(play)
    recovered(play)
    broken = play.world.faults.add('bmc.power-on', 'error', 500)
    stage.ask(lambda: request_return(stage.site, HOST, by='ann', reason='repaired'))
    stage.until(lambda: stage.recovery()['code'] == 'power-on-failed')
    stage.ask(lambda: service.maintain(stage.site.store, HOST, True, by='ann', reason='fan'))
    play.world.note('open.forbidden', HOST, why='ann repairs it')
    play.world.faults.remove(broken)
    stage.run(120.0)


@scene()
def somebody_disabled_it(play: Play) -> None:
    play.world.note('fence.forbidden', HOST, why='somebody else disabled it')
    with play.world:
        play.world.services.change(play.world.hosts[HOST], enabled=False, reason='bad fan')
    dies_and_a_minute_passes(play)


@scene()
def somebody_forced_down_what_returns(play: Play) -> None:
    with play.world:
        play.world.lose_power(HOST)
        play.world.services.change(play.world.hosts[HOST], forced_down=True)
    play.world.note('mark.foreign', HOST)
    cast(play)
    returned(play)


@scene()
def nova_does_not_say_what_kind_it_is(play: Play) -> None:
    play.world.note('fence.forbidden', HOST, rule='S29', why='nobody knows its hypervisor')
    play.world.faults.add('nova.hypervisors', 'error', 503)
    dies_and_a_minute_passes(play)


@scene(inventory={'hosts': {HOST: [OUTLETS]}})
def the_database_goes_away_in_mid_fence(play: Play) -> None:
    """Nobody but this player reaches it from the reading before the second power-off on."""
    gone: list[float] = []

    def refuse(_connection: sa.Connection) -> None:
        if gone and play.stage.clock.actor and play.world.time < gone[0] + 20.0:
            lost = sqlite3.OperationalError('unable to open database file')
            raise sa.exc.OperationalError('BEGIN', None, lost)

    def go(_request: object) -> None:
        gone.append(play.world.time)
        play.world.note('fence.forbidden', HOST, rule='S29', why='the database is away')

    play.world.hosts[HOST].feeds = {'left': True, 'right': True}
    play.world.faults.kill('bmc.power-state', 2, 'answered', go)
    sa.event.listen(sa.Engine, 'begin', refuse)
    try:
        cast(play)
        play.world.isolate(HOST)
        play.stage.run(65.0)
        play.stage.alarm(HOST)
        until(play, lambda: bool(gone))
        play.stage.run(19.0)
    finally:
        sa.event.remove(sa.Engine, 'begin', refuse)
    play.world.note('fence.permitted', HOST)
    until(play, play.stage.ended)


@scene(conf={'fencing.attempts': 1})
def an_undo_is_asked_for_too_late(play: Play) -> None:
    """The host was told to power off; only the reading lies."""
    stage = play.stage
    play.world.faults.add('bmc.power-state', 'lie', 'on')
    cast(play)
    dies(play)
    stage.alarm(HOST)
    until(play, lambda: code(play) == 'fence-exhausted')
    name = stage.recovery()['id']
    try:
        stage.ask(lambda: cancel.cancel(
            stage.site.store, name, cancel.How.UNDO, by='ann', reason='a false alarm',
        ))  # fmt: skip
    except Refusal:
        return
    stage.run(30.0)


@scene(conf={'fencing.attempts': 1})
def a_device_takes_the_request_and_does_nothing(play: Play) -> None:
    """Accepted is not off, for whoever counts either."""
    play.world.faults.add('bmc.power-off', 'stuck')
    cast(play)
    dies(play)
    play.stage.alarm(HOST)
    until(play, lambda: code(play) == 'fence-exhausted')


# --- workers --------------------------------------------------------------------------------------


@scene(instances=24, settings={'rebuild_seconds': 10.0}, conf={'evacuation.at_once': 1})
def a_worker_freezes(play: Play) -> None:
    """For longer than its lease; it goes on while another one owns the recovery."""
    stage = play.stage
    cast(play, 'w1', 'w2', 'watcher')
    dies(play)
    stage.alarm(HOST)
    until(play, began(play, 'evacuate.done'), step=0.5)
    first = stage.recovery()['epoch']
    owner = str(stage.recovery()['worker'])
    stage.clock.freeze(owner)
    until(play, lambda: stage.recovery()['epoch'] > first, step=0.5)
    play.world.note('claim.lost', owner)
    stage.clock.thaw(owner)
    until(play, stage.ended)


@scene(instances=24, settings={'rebuild_seconds': 10.0}, conf={'evacuation.at_once': 1})
def a_worker_is_killed(play: Play) -> None:
    stage = play.stage
    cast(play, 'w1', 'w2', 'watcher')
    dies(play)
    stage.alarm(HOST)
    until(play, began(play, 'evacuate.done'), step=0.5)
    stage.kill(str(stage.recovery()['worker']))
    if not until(play, stage.ended, 240.0):
        play.found.append(play.broken('S31', 'nobody went on where a worker was killed'))
    elif {row['state'] for row in play.rows(tables.item)} != {'moved'}:
        play.found.append(play.broken('S31', 'it ended in another way than without the kill'))


@scene(instances=24, settings={'rebuild_seconds': 10.0}, conf={'evacuation.at_once': 1})
def a_worker_is_told_to_stop(play: Play) -> None:
    stage = play.stage
    cast(play, 'w1', 'w2', 'watcher')
    dies(play)
    stage.alarm(HOST)
    until(play, began(play, 'evacuate.done'), step=0.5)
    owner = str(stage.recovery()['worker'])
    stage.stop(owner)
    if not until(play, lambda: stage.recovery()['worker'] not in (owner, None), 15.0, 0.5):
        play.found.append(play.broken('S31', 'a worker that was told to stop did not let go'))
    if not until(play, stage.ended, 240.0):
        play.found.append(play.broken('S31', 'nobody went on where a worker was stopped'))


# --- the way back ---------------------------------------------------------------------------------


@scene()
def an_evacuation_is_open_when_it_is_asked_back(play: Play) -> None:
    """Somebody evacuates by hand, after the return was admitted."""
    stage = play.stage
    cast(play)
    recovered(play)
    play.world.faults.add('bmc.*', 'delay', 1.0)
    stage.ask(lambda: request_return(stage.site, HOST, by='ann', reason='repaired'))
    instance = play.world.add_instance(HOST, guest=None)
    with play.world:
        record = play.world.add_migration(instance, 'evacuation', 'accepted', source=HOST)
    stage.run(60.0)
    with play.world:
        play.world.update(instance, host='compute-03')
        play.world.set_guest(play.world.hosts['compute-03'], instance.id, 'running')
        play.world.set_status(record, 'done')
    until(play, stage.ended)


@scene()
def something_is_there_when_it_comes_back(play: Play) -> None:
    stage = play.stage
    cast(play)
    recovered(play)
    stage.ask(lambda: request_return(stage.site, HOST, by='ann', reason='repaired'))
    until(play, began(play, 'host.booted'))
    play.world.add_instance(HOST)
    until(play, stage.ended, 120.0)


# --- asking ---------------------------------------------------------------------------------------


@scene()
def somebody_asks_what_would_be(play: Play) -> None:
    stage, changing = play.stage, ('bmc.power-o*', 'nova.set-service', 'nova.evacuate')
    dies(play)
    before, asked = dump(play), sum(play.world.faults.counts().get(kind, 0) for kind in changing)
    stage.ask(lambda: intake.plan(stage.site, HOST))
    if dump(play) != before:
        play.found.append(play.broken('S28', 'a plan wrote into the database'))
    if sum(play.world.faults.counts().get(kind, 0) for kind in changing) != asked:
        play.found.append(play.broken('S28', 'a plan changed something outside'))


def dump(play: Play) -> list[Any]:
    return [play.rows(table) for table in tables.META.tables.values()]


@scene()
def nova_is_slow_to_each_request(play: Play) -> None:
    """Versions, token, list: a single question of 5 s is many requests."""
    stage = play.stage
    play.world.faults.add('*', 'slow-answer', 3.0)

    def ask() -> None:
        try:
            stage.process('slow', 'cli').compute.services(timeout=5.0)
        except DriverError:
            return

    asked = stage.clock.elapsed()
    stage.ask(ask)
    took = stage.clock.elapsed() - asked
    if took > 5.5:
        play.found.append(play.broken('S30', f'a question of 5 s took {took:.1f} s'))


SECRET = [[{'name': 'bmc', 'driver': 'simulated', 'address': 'sim://{host}', 'password': PASSWORD}]]


@scene(inventory={'patterns': [{'match': '*', 'levels': SECRET}]})
def a_bmc_refuses_the_password(play: Play) -> None:
    play.secrets = (PASSWORD,)
    play.world.bmc_password = PASSWORD
    play.world.faults.add('bmc.power-off', 'unauthorized', count=1)
    cast(play)
    recovered(play)


@scene()
def an_instance_fails_beside_its_host(play: Play) -> None:
    """Nova still believes in the host while it is fenced, and would take a request to start."""
    web = play.world.add_instance(HOST, 'web', vm_state='stopped', metadata={'HA_Enabled': 'true'})
    cast(play, 'w1', 'w2', 'watcher')
    play.world.crash(HOST)
    play.stage.run(42.0)
    play.stage.alarm(HOST)
    until(play, began(play, 'asked.off'), step=0.1)
    play.stage.alarm(web.id, kind='instance-down')
    until(play, play.stage.ended)
