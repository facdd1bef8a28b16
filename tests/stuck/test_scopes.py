"""Stopped in its own host or segment: the verb that is named ends that stop, and no other."""

from __future__ import annotations

from recovery.db import tables
from tests.stuck.situation import HOST, Situation, situation
from tests.stuck.test_held import APPROVE, alarmed


@situation('paused')
def test_its_segment_is_paused(it: Situation) -> None:
    assert it('host', 'set', HOST, '--segment', 'rack-1', '--yes').code == 0
    it.dies()
    assert it('pause', '--segment', 'rack-1', '--yes', '--reason', 'new switch').code == 0
    alarmed(it)
    verb = 'recovery unpause --segment rack-1'
    it.stuck('paused', 'segment rack-1 was paused by ann: new switch', verb)
    it.follow()
    it.ends()


@situation('paused', instances=24, conf={'evacuation.at_once': 1})
def test_its_host_is_paused_half_way(it: Situation) -> None:
    it.dies()
    alarmed(it)
    it.stage.until(
        lambda: 'moved' in [row['state'] for row in it.stage.rows(tables.item)], step=0.1
    )
    assert it('pause', '--host', HOST, '--yes', '--reason', 'look first').code == 0
    it.world.note('paused', HOST)
    verb = f'recovery unpause --host {HOST}'
    it.stuck('paused', f'host {HOST} is paused by ann: look first', verb)
    it.world.note('unpaused', HOST)
    it.follow()
    it.ends()


@situation('armed')
def test_its_host_is_disarmed(it: Situation) -> None:
    it.dies()
    assert it('disarm', '--host', HOST, '--yes', '--reason', 'under test').code == 0
    alarmed(it)
    it.stuck('armed', f'host {HOST} was disarmed by ann: under test', f'recovery arm --host {HOST}')
    it.follow()
    it.ends()


@situation('isolated', conf={'isolation.witnesses': ['sim://a', 'sim://b']})
def test_half_of_the_witnesses_and_no_arbitrator(it: Situation) -> None:
    it.world.faults.add('witness.ask', 'drop', subject='b/*')
    it.dies()
    alarmed(it)
    it.stuck('isolated', 'we reach 1 of 2 witnesses, and no arbitrator is named', APPROVE)
    assert '2 witnesses may be divided' in it('doctor').out
    it.follow()
    it.ends()


@situation('signs-of-life', conf={'life.channel': ['hold command:alive {host}']})
def test_a_channel_that_cannot_be_used(it: Situation) -> None:
    it.dies()
    alarmed(it)
    it.stuck('signs-of-life', 'cannot look for signs of life: [life] channel', APPROVE)
    assert 'give the program by its whole path' in it('doctor').out
    it.stage.conf.set_override('channel', [], 'life')  # put right, and reloaded
    it.ends()
