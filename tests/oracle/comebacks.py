"""Scenes in which what was evacuated comes back, and then its host dies again."""

from __future__ import annotations

from recovery.operate import hold
from recovery.operate.rerun import Which, rerun
from tests.oracle.judges import Play
from tests.oracle.scenes import HOST, OTHERS, cast, dies, recovered, returned, scene


@scene()
def it_comes_back_and_dies_with_its_host(play: Play) -> None:
    """A rerun of what is done is held while the host is in service, and has it when it dies."""
    stage, world = play.stage, play.world
    cast(play)
    recovered(play)
    returned(play)
    name = stage.recoveries()[0]['id']
    stage.ask(lambda: rerun(stage.site.store, name, Which.FAILED, by='ann', reason='again'))
    stage.run(60.0)
    with world:
        moved = next(one for one in world.instances.values() if one.name == 'vm-2')
        source = next(one for one in OTHERS if moved.host == one)
        world.add_migration(moved, 'live-migration', 'completed', source=source, destination=HOST)
        world.update(moved, host=HOST)
        world.set_guest(world.hosts[source], moved.id, None)
        world.set_guest(world.hosts[HOST], moved.id, 'running')
    stage.run(60.0)
    dies(play)
    stage.alarm(HOST)
    stage.run(30.0)
    stage.ask(lambda: hold.approve(stage.site.store, name, by='ann', reason='it is dead'))
    stage.run(60.0)
