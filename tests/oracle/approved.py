"""Scenes in which a human approves, and then something is worse than what was approved."""

from __future__ import annotations

from recovery.operate import hold
from tests.oracle.judges import Play
from tests.oracle.scenes import HOST, cast, dies, scene


@scene(hosts=8)
def more_hosts_die_than_were_approved(play: Play) -> None:
    """Three of eight, of which one was approved; two more before any worker is there."""
    stage = play.stage
    for number in (3, 4):
        play.world.crash(f'compute-{number:02d}')
    dies(play)
    stage.alarm(HOST)
    stage.run(20.0)
    name = stage.recovery()['id']
    stage.ask(lambda: hold.approve(stage.site.store, name, by='ann', reason='it burns'))
    for number in (5, 6):
        play.world.crash(f'compute-{number:02d}')
    stage.run(65.0)
    play.world.note('fence.forbidden', '*', rule='S11', why='5 of 8 hosts look failed, not 3')
    cast(play)
    stage.run(60.0)
