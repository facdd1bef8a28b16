"""Scenes in which an operator stops everything, or one host, in the middle."""

from __future__ import annotations

from recovery.operate import service
from tests.oracle.judges import Play
from tests.oracle.scenes import HOST, began, cast, dies, scene, until


@scene(settings={'rebuild_seconds': 10.0}, instances=24, conf={'evacuation.at_once': 1})
def it_is_paused_half_way(play: Play) -> None:
    _paused_half_way(play, 'cloud', '')


@scene(settings={'rebuild_seconds': 10.0}, instances=24, conf={'evacuation.at_once': 1})
def its_host_is_paused(play: Play) -> None:
    _paused_half_way(play, f'host:{HOST}', HOST)


def _paused_half_way(play: Play, scope: str, host: str) -> None:
    stage = play.stage
    cast(play)
    dies(play)
    stage.alarm(HOST)
    until(play, began(play, 'evacuate.done'), step=0.5)
    stage.ask(lambda: service.pause(stage.site.store, by='ann', reason='work', scope=scope))
    play.world.note('paused', host)
    stage.run(60.0)
    stage.ask(lambda: service.unpause(stage.site.store, by='ann', reason='done', scope=scope))
    play.world.note('unpaused', host)
    until(play, stage.ended)
