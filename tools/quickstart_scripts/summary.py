"""What came of it: by the word of the service, and by the truth of the simulated cloud."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from quickstart_scripts.site import HOSTS, INSTANCES, read
from quickstart_scripts.world import Cloud


@dataclass
class Run:
    """What the acts noted on their way. Times are seconds since 1970."""

    host: str
    recovery: str = ''
    host_return: str = ''
    owners: list[str] = field(default_factory=list)  #: workers that held the recovery, in turn
    killed_pid: int = 0
    killed_at: float = 0.0
    sent_before: int = 0  #: evacuate requests before the kill


class Story:
    """The trace of the world on the wall clock, and the history of the recovery beside it."""

    def __init__(self, run: Run, cloud: Cloud, now: float) -> None:
        self._run = run
        self.truth = cloud.ask()
        began = now - self.truth['time']
        self._events = [{**one, 'at': began + one['when']} for one in cloud.events()]
        self.recovery = read('show', run.recovery)
        self.host_return = read('show', run.host_return)
        self.items = read('items', run.recovery)
        self.proofs = read('history', run.recovery, '--sort', 'proof')
        self.alarm = _at(read('history', run.recovery, '--sort', 'alarm')[0]['Time'])
        self.oracle = cloud.ask('/verdict', done=[run.host])

    def times(self, what: str, **detail: Any) -> list[float]:
        """When something happened, oldest first."""
        return [
            one['at']
            for one in self._events
            if one['what'] == what and detail.items() <= one['detail'].items()
        ]

    def first(self, what: str, number: int = 0, **detail: Any) -> float:
        """When it happened first; not a number when it did not."""
        return (self.times(what, **detail)[number:] or [float('nan')])[0]

    def offs(self) -> list[float]:
        """When the device of the host read OFF until the last instance was sent away."""
        last = max(self.times('evacuate.accepted'), default=0.0)
        found = self.times('bmc.read', said='off', asked_of=self._run.host)
        return [at for at in found if at <= last]


def _at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def lines(run: Run, story: Story) -> Iterator[str]:
    """The summary, for people."""
    moves: dict[str, list[str]] = {}
    for one in story.items:
        moves.setdefault(one['To'], []).append(one['Name'])
    yield f'moved      {len(story.items)} instances of {run.host}:'
    for destination, names in sorted(moves.items()):
        yield f'           {", ".join(names)} to {destination}'
    running = sum(len(one['running_on']) == 1 for one in story.truth['instances'].values())
    yield f'           {running} of {INSTANCES} instances run, each exactly once'
    yield from _proof(run, story)
    yield from _times(run, story)
    yield f'oracle     {story.oracle["sentence"]}'


def _proof(run: Run, story: Story) -> Iterator[str]:
    asked = story.first('asked.off', asked_of=run.host)
    before = [f'+{at - asked:.1f} s' for at in story.offs() if at < run.killed_at]
    after = [f'+{at - asked:.1f} s' for at in story.offs() if at > run.killed_at]
    for one in story.proofs:
        yield f'proof      {one["What"]}: {one["Why"]} ({one["Who"]})'
    yield f'           read off {", ".join(before)} after it was told to power off;'
    yield f'           the second worker read it itself: {", ".join(after)}'


def _times(run: Run, story: Story) -> Iterator[str]:
    sent = story.first('evacuate.accepted')
    next_ = story.first('evacuate.accepted', run.sent_before)
    resumed = min((at for at in story.offs() if at > run.killed_at), default=float('nan'))
    spans: Mapping[str, float] = {
        'alarm to first effect (the host is disabled)': story.first('service.disabled')
        - story.alarm,
        'alarm to first evacuation': sent - story.alarm,
        'kill -9 to going on, by reading the power anew': resumed - run.killed_at,
        'kill -9 to next evacuation': next_ - run.killed_at,
        'alarm to the end': _at(story.recovery['ended_at']) - story.alarm,
        'return of the host': _at(story.host_return['ended_at'])
        - _at(story.host_return['created_at']),
    }
    for number, (what, seconds) in enumerate(spans.items()):
        yield f'{"" if number else "timings":<10} {seconds:5.1f} s  {what}'


def wrong(run: Run, story: Story) -> Iterator[str]:
    """Everything that is not as it should be."""
    for name, one in (('host-down', story.recovery), ('host-return', story.host_return)):
        if one['state'] != 'done':
            yield f'the {name} of {run.host} is {one["state"]}: {one["held_by"]}'
    if len(set(run.owners)) != 2:
        yield f'two workers should have held the recovery, not {", ".join(run.owners)}'
    if run.sent_before >= len(story.items):
        yield 'nothing was left to do when the worker was killed'
    yield from _wrong_instances(story)
    host = story.truth['hosts'][run.host]
    if not (host['up'] and host['enabled'] and not host['forced_down'] and not host['guests']):
        yield f'{run.host} is not back in service, empty'
    yield from (f'{one["rule"]}: {one["sentence"]}' for one in story.oracle['broken'])


def _wrong_instances(story: Story) -> Iterator[str]:
    truth = story.truth
    if len(truth['instances']) != INSTANCES or len(truth['hosts']) != len(HOSTS):
        yield 'hosts or instances are missing'
    for instance in truth['instances'].values():
        if instance['running_on'] != [instance['host']]:
            where = ', '.join(instance['running_on']) or 'no host'
            yield f'{instance["name"]} runs on {where}; Nova says {instance["host"]}'
    for item in story.items:
        instance = truth['instances'][item['Instance']]
        if (item['State'], item['To'], item['Attempts']) != ('moved', instance['host'], 1):
            yield f'{item["Name"]} is {item["State"]} after {item["Attempts"]} attempts'
    if len(story.times('evacuate.accepted')) != len(story.items) or not story.items:
        yield 'not every instance of the host was sent away exactly once'
