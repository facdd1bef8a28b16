"""The crash sweep: the same play again and again, the worker killed at another point each time.

Points are the requests that the worker sends (on receipt, applied but unanswered, answered) and
its database commits (just before, just after). Nothing in the product knows of them: the
simulated peers and SQLAlchemy do the killing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from drivers.simulated.faults import Note
from recovery.db import states, tables
from recovery.intake.returning import request_return
from recovery.site import Site
from tests.reserves import Reserves
from tests.stage import Stage, play

HOST = 'compute-02'
OUTLETS = '-outlets'  #: ends the name of a scene in which the host is fenced by its second level
GATES = '-gates'  #: ends the name of a scene in which witnesses and channels of life are asked
SPARES = '-spares'  #: ... in which one reserved host does not come, and the next one is taken
BY_WORKER = 'w[0-9]/*'  #: who sends what counts: not the watcher
MOMENTS = ('received', 'applied', 'answered')
TAKEOVER_SECONDS = 2.0
MAXIMUM_SECONDS = 900.0
#: A BMC that is stuck, then two outlets; every setting of a device makes another moment to die at.
TWO_LEVELS: Mapping[str, Any] = {
    'defaults': {'simulated': {'address': 'sim://{host}'}},
    'patterns': [
        {
            'match': '*',
            'levels': {
                2: [{'driver': 'simulated', 'name': 'bmc', 'off_timeout': 3, 'attempts': 2}],
                5: [
                    {'driver': 'simulated', 'name': 'left', 'plug': 'a', 'delay': 1},
                    {'driver': 'simulated', 'name': 'right', 'plug': 'b', 'off_wait': 2},
                ],
            },
        }
    ],
}
#: Nothing is kept: each decision asks, and the worker can die between any two answers.
OUTSIDE: Mapping[str, Any] = {
    'isolation.witnesses': ['sim://router', 'sim://gateway', 'sim://time'],
    'isolation.keep_seconds': 0,
    'life.channel': ['hold sim:ssh of {host}', 'veto sim:lease of {host}'],
}
LIVING = ('instance-down', 'service-down')  #: what fails on a host that lives
IN_AGGREGATES: Mapping[str, Any] = {'evacuation.spare_aggregates': True}
#: A service is watched for minutes: one look is like the other.
SELDOM: Mapping[str, Mapping[str, Any]] = {'service-down': {'restore.poll_seconds': 10.0}}
#: Requests that nobody waits for until they are answered: a dead host answers no look, and Nova
#: answers who disables a host only when its dead agent has not answered for a minute.
SILENT: Mapping[str, tuple[str, ...]] = {'service-down': ('nova.set-service',)}
ASKED = ('witness.ask', 'life.look')


@dataclass(frozen=True)
class Point:
    """Where the worker dies."""

    flow: str  #: a failure kind; 'host-down' and 'host-return' maybe with OUTLETS or GATES
    what: str  #: 'request' or 'commit'
    number: int  #: 1 for the first after the alarm
    moment: str
    asked: str = ''  #: kind of a request that a gate made

    def __str__(self) -> str:
        name = f'{self.flow}-{self.what}-{self.number}-{self.moment}'
        return f'{name}-{self.asked}' if self.asked else name


@dataclass
class End:
    """What a play came to; compared with that of the play in which nobody dies."""

    state: str
    items: list[tuple[str, str]]
    guests: dict[str, list[str]]
    flags: list[tuple[str, bool, bool, bool]]
    spares: str
    aggregates: dict[str, list[str]]


class Commits:
    """Counts the commits of worker processes, and kills at one of them."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.seen = 0
        self.kill_at: tuple[int, str] | None = None

    def watch(self, site: Site) -> None:
        """Wrap the commits of one process."""
        dialect = site.store.engine.dialect
        commit = dialect.do_commit

        def counted(connection: Any) -> None:
            if not self._working():
                commit(connection)
                return
            self.seen += 1
            number = self.seen
            if self.kill_at == (number, 'before'):
                self._stage.kill(site.identity.name)
            commit(connection)
            if self.kill_at == (number, 'after'):
                self._stage.kill(site.identity.name)

        setattr(dialect, 'do_commit', counted)  # noqa: B010 - an attribute of this engine alone

    def _working(self) -> bool:
        # Heartbeats come by time, not by what is done.
        return not self._stage.clock.actor.endswith('/heartbeat')


@contextmanager
def scene(flow: str) -> Iterator[tuple[Stage, Callable[[], None], Commits]]:
    """A stage right before the flow is started, what starts it, and its commits."""
    outlets = flow.endswith(OUTLETS)
    with play(
        hosts=6 if flow.endswith(SPARES) else 4,
        instances=0 if flow.endswith(SPARES) else 12,
        settings={'rebuild_seconds': 3.0, 'boot_seconds': 8.0},
        inventory=TWO_LEVELS if outlets else None,
        conf=_options(flow),
    ) as stage:
        if flow.endswith(SPARES):
            _reserve(stage)
        if outlets:
            stage.world.hosts[HOST].feeds = {'a': True, 'b': True}
            stage.world.faults.add('bmc.power-off', 'stuck', subject=HOST)
        subject = _fail(stage, flow)
        commits = Commits(stage)
        back = flow.startswith('host-return')
        if back:
            _workers(stage, None)
            stage.alarm(HOST)
            stage.until(stage.ended)
            for name in ('w1', 'w2', 'watcher'):
                stage.stop(name)
            stage.run(15.0)
        stage.world.faults.requests.clear()

        def begin() -> None:
            if back:
                stage.ask(lambda: request_return(stage.site, HOST, by='ann', reason='repaired'))
            else:
                stage.alarm(subject, kind=flow if flow in LIVING else 'host-down')
            _workers(stage, commits)

        yield stage, begin, commits


def _options(flow: str) -> Mapping[str, Any] | None:
    if flow.endswith(GATES):
        return OUTSIDE
    return IN_AGGREGATES if flow.endswith(SPARES) else SELDOM.get(flow)


def _fail(stage: Stage, flow: str) -> str:
    """What befalls the world before the alarm. Returns what that is about."""
    world = stage.world
    if flow == 'instance-down':
        web = world.add_instance(HOST, 'web', metadata={'HA_Enabled': 'true'})
        world.crash_guest(web.id, seen_after=0.0)
        return web.id
    if flow == 'service-down':
        world.kill_agent(HOST)
        world.schedule(90.0, lambda: world.agents.start(world.hosts[HOST]))
        return HOST
    world.crash(HOST)
    stage.run(65.0)
    return HOST


def _reserve(stage: Stage) -> None:
    with stage.world:
        for name in ('vm-1', 'vm-2', 'vm-3'):
            stage.world.add_instance(HOST, name)
    reserves = Reserves(stage)
    reserves.segment('racks', 'reserved_host', HOST, *(f'compute-{one:02d}' for one in (1, 3, 4)))
    reserves.reserve('racks', 'compute-05', 'compute-06')
    stage.world.aggregates['fast'] = (HOST, 'compute-01')
    stage.world.hosts['compute-05'].trait_stays = True


def _workers(stage: Stage, commits: Commits | None) -> None:
    for name in ('w1', 'w2'):
        stage.worker(name)
        if commits is not None:
            commits.watch(stage.sites[name])
    stage.watcher()


def clean(flow: str) -> tuple[End, list[Point]]:
    """The play in which nobody dies, and the points that it has."""
    with scene(flow) as (stage, begin, commits):
        reached = moments(stage)
        begin()
        stage.until(stage.ended, MAXIMUM_SECONDS)
        notes = [note for note in stage.world.faults.requests if by_worker(note.client)]
        points = [
            Point(flow, 'request', number, moment, note.kind if note.kind in ASKED else '')
            for number, note in enumerate(notes, 1)
            for moment in MOMENTS
            if (note.number, moment) in reached
            if moment != 'answered' or note.kind not in SILENT.get(flow, ('life.look',))
        ]
        points += [
            Point(flow, 'commit', number, moment)
            for number in range(1, commits.seen + 1)
            for moment in ('before', 'after')
        ]
        return end_of(stage), points


def moments(stage: Stage) -> set[tuple[int, str]]:
    """Which moments requests come to from now on: a device without current never answers."""
    faults, reached = stage.world.faults, set[tuple[int, str]]()
    reach = faults.reach

    def noted(request: Note, moment: str) -> None:
        reached.add((request.number, moment))
        reach(request, moment)

    setattr(faults, 'reach', noted)  # noqa: B010 - of this world alone
    return reached


def killed(point: Point) -> tuple[End, list[str], str]:
    """The play with a death in it: its end, the broken rules, and the story."""
    with scene(point.flow) as (stage, begin, commits):
        if point.what == 'commit':
            commits.kill_at = (point.number, point.moment)
        else:
            stage.world.faults.kill(
                '*', point.number, point.moment, lambda note: _die(stage, note.client), BY_WORKER
            )
        begin()
        stage.until(lambda: stage.killed_at is not None or stage.ended(), MAXIMUM_SECONDS)
        assert stage.killed_at is not None, f'{point}: never reached\n{stage.story()}'
        _resumed(stage, point)
        stage.until(stage.ended, MAXIMUM_SECONDS)
        return end_of(stage), stage.broken(), stage.story()


def _die(stage: Stage, client: str) -> bool:
    stage.kill(client.partition('/')[0])
    return True


def by_worker(client: str) -> bool:
    """Whether a request is one that counts."""
    return fnmatchcase(client, BY_WORKER)


def _resumed(stage: Stage, point: Point) -> None:
    """Another worker has it within the lease and two seconds, if the dead one had it."""
    if stage.state() != states.RUNNING or stage.recovery()['worker'] in stage.stops:
        return
    epoch = stage.recovery()['epoch']
    died = stage.killed_at
    assert died is not None
    lease = stage.conf.worker.lease_seconds
    stage.until(
        lambda: stage.recovery()['epoch'] > epoch or stage.ended(), MAXIMUM_SECONDS, step=0.5
    )
    late = stage.clock.elapsed() - died
    assert late <= lease + TAKEOVER_SECONDS, f'{point}: taken over after {late:.1f} s'


def end_of(stage: Stage) -> End:
    """What the play has come to by now."""
    names = {one.id: one.name for one in stage.world.instances.values()}
    world = stage.world
    return End(
        state=stage.state(),
        items=sorted((names[row['instance']], row['state']) for row in stage.rows(tables.item)),
        guests={'all': sorted(name for host in world.hosts for name in stage.running_on(host))},
        flags=sorted(
            (host.name, host.enabled, host.forced_down, host.powered)
            for host in world.hosts.values()
        ),
        spares=Reserves(stage).said(),
        aggregates={name: sorted(hosts) for name, hosts in world.aggregates.items()},
    )
