"""One run: what was drawn is done, everything is put right again, and the end is judged."""

from __future__ import annotations

import logging
import shlex
import traceback
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from recovery.db import states
from tests.oracle.judges import Play
from tests.owners import Owners
from tests.soak import demands
from tests.soak.draw import Plan, plan
from tests.soak.people import NO, People
from tests.stage import Stage, play

BUSY = (states.READY, states.RUNNING)
STEP = 15.0
LONGEST = 3600.0  #: seconds that recoveries have to end, or to wait, once all is well again
SAME = 6  #: steps without news
ONCE = 1  #: step at which what waits for what passes may be found at work, and waits still
LOOKS_FOR_PEOPLE = 5


@dataclass
class Run:
    """What a run came to."""

    seed: int
    complaints: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    story: str = ''
    seconds: float = 0.0  #: of virtual time


class Actor:
    """Does the deeds of a plan on a stage."""

    def __init__(self, plan: Plan, stage: Stage, tell: bool) -> None:
        self.plan, self.stage, self._tell = plan, stage, tell
        self.people = People(stage)
        self.owners = Owners(stage)
        self.lines: list[str] = []
        self.rested: dict[str, Mapping[str, Any]] = {}  #: recoveries as they last waited
        self.twice: set[str] = set()  #: S6: hosts that had two live recoveries
        self._place = stage.place()

    def all(self) -> None:
        """From the first deed until all is quiet."""
        self._begin()
        began = self.stage.clock.elapsed()
        for deed in self.plan.deeds:
            self.stage.run(max(0.0, began + deed.at - self.stage.clock.elapsed()))
            self.do(deed.line)
        self._put_right()
        self._until_quiet()
        if self.plan.obedient:
            for _ in range(LOOKS_FOR_PEOPLE):
                if not self._obey():
                    break
                self._until_quiet()

    def _begin(self) -> None:
        with self.stage.world as world:
            for host in world.hosts.values():
                host.feeds = dict.fromkeys(self.plan.outlets, True)
        for instance in self.plan.place:
            self.stage.world.add_instance(**instance)
        for name in self.plan.cast:
            self.do(f'start {name}')
        self.stage.run(20.0)

    def do(self, line: str) -> None:
        """One line; a refusal is an answer like any other."""
        self.tell(f'> {line}')
        try:
            said = self.people.do(shlex.split(line))
        except NO as no:
            said = f'no: {no}'
        self._hear(said)

    def tell(self, line: str) -> None:
        """Put a line of our own into the story."""
        self._hear('')
        self.lines.append(line)

    def _hear(self, said: str) -> None:
        with self.stage.world:
            pass  # what is due in the world by now has happened
        if not self._tell:
            return
        told = self.stage.story(self._place)
        self._place = self.stage.place()
        self.lines += [told] if told else []
        self.lines += [f'  = {self.stage.named(said)}'] if said else []

    def _put_right(self) -> None:
        """Nova, the database, the clocks and our own processes are well; hosts stay as they are."""
        people, world = self.people, self.stage.world
        self.tell('> everything around is put right')
        self.stage.run(max(0.0, people.away_until - self.stage.clock.elapsed()))
        world.faults.clear()
        world.cell_hangs, world.api_step = False, 0.0
        if people.stepped:
            ahead = people.stepped
            people.wall_clock_steps(str(-ahead))
            self.stage.run(max(0.0, ahead))  # what was to be looked at by the wrong clock is due
        for name in sorted(people.frozen):
            people.thaw(name)
        for record in world.migrations:
            if record.type == 'live-migration' and record.status == 'running':
                with world:
                    world.set_status(record, 'error')
        for line in ('unpause', 'arm', 'start w98', 'start watcher-9'):
            self.do(line)

    def _until_quiet(self) -> None:
        """Until every recovery has ended or waits, and is found to wait for the same again and
        again: what is tried once more in between is no news."""
        end, seen, same = self.stage.clock.elapsed() + LONGEST, dict[str, Any](), 0
        self.rested, busy = {}, Counter[str]()
        while self.stage.clock.elapsed() < end:
            self.stage.run(STEP)
            same += 1
            live = set[str]()
            hosts = set[str]()
            for row in self.stage.recoveries():
                if row['state'] in states.LIVE:
                    live.add(row['id'])
                    if row['host'] in hosts:
                        self.twice.add(f'S6: {row["host"]} has two live recoveries')
                    hosts.add(row['host'])
                if row['state'] in BUSY:
                    busy[row['id']] += 1
                    rest = self.rested.get(row['id'])
                    if rest and rest['code'] in demands.PASSING_CODES and busy[row['id']] > ONCE:
                        del self.rested[row['id']]  # no short try: it has got on
                    continue
                busy[row['id']] = 0
                self.rested[row['id']] = row
                now = (row['state'], row['code'], row['round'])
                if seen.get(row['id']) != now:
                    seen[row['id']], same, self.rested = now, 0, {row['id']: row}
            if same >= SAME and live <= self.rested.keys():
                break

    def _obey(self) -> bool:
        """Somebody does what each stuck recovery asks for. Whether anything was done."""
        done = False
        for row in self.stage.recoveries():
            if row['state'] in (states.HELD, states.WAITING) and row['verb']:
                self.tell(f'> as {row["id"][:8]} says: {row["verb"]}')
                try:
                    said = self.people.do_as_told(row)
                except NO as no:
                    said = f'no: {no}'
                self._hear(said)
                done = True
        return done


def perform(drawn: Plan, *, tell: bool = True) -> Run:
    """Play a plan and judge it. Never raises: what goes wrong is a complaint.

    :param tell: whether its story is kept, which takes time.
    """
    run = Run(drawn.seed)
    logging.disable(logging.ERROR)  # the story tells; but see Play, which hears nothing then
    try:
        with play(**drawn.stage) as stage:
            actor, watched = Actor(drawn, stage, tell), Play(stage)
            try:
                actor.all()
                actor.tell('> the end')
                run.complaints = demands.complaints(stage, actor, watched)
                run.counts = demands.counts(stage, actor)
            finally:
                actor.people.end()
                run.story, run.seconds = '\n'.join(actor.lines), stage.clock.elapsed()
    except Exception:
        run.complaints.append(f'it broke down:\n{traceback.format_exc()}')
    finally:
        logging.disable(logging.NOTSET)
    return run


def untold(seed: int) -> Run:
    """The run of that number, without its story."""
    return perform(plan(seed), tell=False)
