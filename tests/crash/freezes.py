"""The freeze sweep: the same play again and again, the worker stopped at another request each time.

A stopped process goes on with what it was about to do, by what it had seen before: another worker
may have done it meanwhile (S7), or the host be back (S9).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile

from drivers.simulated.faults import Note
from tests.crash.sweep import (
    BY_WORKER,
    HOST,
    MAXIMUM_SECONDS,
    End,
    by_worker,
    end_of,
    moments,
    scene,
)
from tests.owners import Owners
from tests.stage import Stage, play

MOMENTS = ('received', 'answered')
LONG_LEASE = 120.0  #: seconds: who was stopped has not lost its claim when it goes on
OTHERS_SECONDS = 33.0  #: longer than a lease, and not long enough for the other worker to end
REPORTS_SECONDS = 11.0  #: longer than an agent is silent
AFTER_SECONDS = 20.0
SENT = 'bmc.power-off'


@dataclass(frozen=True)
class Freeze:
    """Where the worker stops."""

    number: int  #: of its request, 1 for the first after the alarm
    kind: str
    moment: str

    def __str__(self) -> str:
        return f'{self.kind}-{self.number}-{self.moment}'


def of_a_dead_host() -> tuple[End, list[Freeze]]:
    """The play in which nobody is stopped, and every moment at which somebody can be."""
    with scene('host-down') as (stage, begin, _commits):
        reached = moments(stage)
        begin()
        stage.until(stage.ended, MAXIMUM_SECONDS)
        return end_of(stage), list(_freezes(stage, reached))


def of_a_host_that_is_back() -> list[Freeze]:
    """Every moment at which a worker can be stopped before it asks for the power to be cut."""
    with _cut_off() as stage:
        reached = moments(stage)
        stage.alarm(HOST)
        stage.until(stage.ended, MAXIMUM_SECONDS)
        return list(takewhile(lambda one: one.kind != SENT, _freezes(stage, reached)))


def dead(freeze: Freeze) -> tuple[End, list[str], str]:
    """The host stays dead, and another worker takes over: its end, the broken rules, the story."""
    with scene('host-down') as (stage, begin, _commits):
        owners = Owners(stage)
        frozen = _stop(stage, freeze)
        begin()
        stage.until(lambda: bool(frozen) or stage.ended(), MAXIMUM_SECONDS)
        assert frozen, f'{freeze}: never reached\n{stage.story()}'
        stage.run(OTHERS_SECONDS)
        stage.clock.thaw(frozen[0])
        stage.until(stage.ended, MAXIMUM_SECONDS)
        stage.run(AFTER_SECONDS)
        return end_of(stage), stage.broken() + list(map(str, owners.found)), stage.story()


def back(freeze: Freeze, after: float) -> tuple[End, list[str], str]:
    """The host is back so many seconds after the alarm, and reports before the worker goes on."""
    with _cut_off() as stage:
        frozen = _stop(stage, freeze)
        stage.alarm(HOST)
        stage.run(after)
        assert frozen, f'{freeze}: never reached\n{stage.story()}'
        stage.world.reconnect(HOST)
        stage.run(REPORTS_SECONDS)
        stage.clock.thaw(frozen[0])
        stage.until(stage.ended, MAXIMUM_SECONDS)
        return end_of(stage), stage.broken(), stage.story()


@contextmanager
def _cut_off() -> Iterator[Stage]:
    """A host that nobody has heard of for a minute; it works on."""
    with play(hosts=4, instances=12, conf={'worker.lease_seconds': LONG_LEASE}) as stage:
        stage.world.isolate(HOST)
        stage.run(65.0)
        stage.world.faults.requests.clear()
        stage.worker('w1')
        stage.watcher()
        yield stage


def _freezes(stage: Stage, reached: set[tuple[int, str]]) -> Iterator[Freeze]:
    notes = [note for note in stage.world.faults.requests if by_worker(note.client)]
    for number, note in enumerate(notes, 1):
        for moment in MOMENTS:
            if (note.number, moment) in reached:
                yield Freeze(number, note.kind, moment)


def _stop(stage: Stage, freeze: Freeze) -> list[str]:
    """Who will have been stopped there."""
    frozen: list[str] = []

    def stop(note: Note) -> bool:
        frozen.append(note.client.partition('/')[0])
        stage.clock.freeze(frozen[0])
        return False

    stage.world.faults.kill('*', freeze.number, freeze.moment, stop, BY_WORKER)
    return frozen
