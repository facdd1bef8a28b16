"""Plays in which a host is fenced by two outlets at once (S18)."""

from __future__ import annotations

from tests.oracle.judges import Play
from tests.oracle.scenes import HOST, OUTLETS, cast, dies, scene, until


@scene(inventory={'hosts': {HOST: [OUTLETS]}})
def it_has_two_outlets(play: Play) -> None:
    play.world.hosts[HOST].feeds = {'left': True, 'right': True}
    cast(play)
    play.world.isolate(HOST)
    play.stage.run(65.0)
    play.stage.alarm(HOST)
    until(play, play.stage.ended)


@scene(inventory={'hosts': {HOST: {'levels': {7: OUTLETS}}}})
def one_of_its_outlets_says_nothing(play: Play) -> None:
    """It takes the request, switches, and will not say so; until it does."""
    play.world.hosts[HOST].feeds = {'left': True, 'right': True}
    play.world.faults.add('bmc.power-state', 'lie', 'unknown', subject=f'{HOST}/right')
    cast(play)
    dies(play)
    play.stage.alarm(HOST)
    if not until(play, play.stage.ended, seconds=150.0):
        play.world.faults.clear()
        until(play, play.stage.ended)
