"""Plays in which a reserved host is taken, and given back."""

from __future__ import annotations

from tests.oracle.judges import Play
from tests.oracle.scenes import HOST, cast, dies, recovered, scene, until
from tests.reserves import Reserves
from tests.scenarios.verbs import Verbs

SPARE, OTHERS = 'compute-04', ('compute-01', HOST, 'compute-03')


def reserved(play: Play) -> None:
    """A segment with one reserved host."""
    with play.world as world:
        for name in ('vm-1', 'vm-2'):
            world.add_instance(HOST, name)
    reserves = Reserves(play.stage)
    reserves.segment('racks', 'reserved_host', *OTHERS)
    reserves.reserve('racks', SPARE)


@scene(instances=0)
def a_spare_takes_all(play: Play) -> None:
    reserved(play)
    cast(play)
    recovered(play)


@scene(instances=0, conf={'evacuation.attempts': 1})
def nothing_comes_to_the_spare(play: Play) -> None:
    """It takes instances, and can start none."""
    reserved(play)
    cast(play)
    dies(play)
    play.stage.alarm(HOST)
    accepted = play.world.trace.find
    if until(play, lambda: len(list(accepted('evacuate.accepted'))) == 2, step=0.1):
        play.stage.run(1.0)
        for name in ('vm-1', 'vm-2'):
            Verbs(play.stage).rebuild_fails(name)
    until(play, play.stage.ended)
    play.stage.run(60.0)
