"""Stuck at reserved hosts: there is none, or one that cannot be given back."""

from __future__ import annotations

from tests.reserves import Reserves
from tests.scenarios.verbs import Verbs
from tests.stuck.situation import HOST, Situation, situation

SPARE = 'compute-04'


def reserved(it: Situation, *spares: str) -> Reserves:
    it.world.add_instance(HOST, 'vm-1')
    reserves = Reserves(it.stage)
    reserves.segment('racks', 'reserved_host', 'compute-01', HOST, 'compute-03')
    reserves.reserve('racks', *spares)
    return reserves


def alarmed(it: Situation) -> None:
    it.dies()
    it.start()
    it.stage.alarm(HOST)


@situation('no-spare', instances=0)
def test_no_reserved_host(it: Situation) -> None:
    reserves = reserved(it)
    alarmed(it)
    sentence = f'1 instance(s) of {HOST} wait for a reserved host, vm-1 for one'
    it.stuck('no-spare', sentence, 'recovery rerun ID')
    reserves.reserve('racks', SPARE)
    it.follow()
    it.ends()
    assert it.stage.running_on(SPARE) == ['vm-1']


@situation('no-spare', instances=0)
def test_one_is_registered_and_nobody_says_a_word(it: Situation) -> None:
    reserves = reserved(it)
    alarmed(it)
    it.stuck('no-spare', 'register or repair one', 'recovery rerun ID')
    reserves.reserve('racks', SPARE)
    it.ends()
    assert it.stage.recovery()['round'] == 1


@situation('spare-stays', instances=0, conf={'evacuation.attempts': 1})
def test_nova_does_not_disable_it(it: Situation) -> None:
    reserves = reserved(it, SPARE)
    alarmed(it)
    it.stage.until(lambda: any(it.world.trace.find('evacuate.accepted')), step=0.1)
    it.stage.run(1.0)
    it.world.faults.add('nova.set-service', 'stuck', subject=SPARE)
    Verbs(it.stage).rebuild_fails('vm-1')
    it.stuck('spare-stays', f'{SPARE} is to be reserved again', 'recovery doctor')
    it.world.faults.clear()
    it.ends('done-with-failures')
    assert reserves.said() == f'{SPARE} reserved'
