"""The tables, for the terminal and for doc/benchmarks.md."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench_scripts.measure import Measured
from bench_scripts.scenario import (
    AT_ONCE,
    CONFIRM_SECONDS,
    POLL_SECONDS,
    SENDERS,
    SENDERS_IN_ALL,
    SPARE,
    Scenario,
)

WANTED = {'first': 0.2, 'calls': 2.5, 'wall': 1.5, 'memory': 150.0, 'growth': 1.1,
          'kept': 1.2}  # fmt: skip
HEAD = (
    'hosts x instances', 'rebuild', 'first effect', 'restore', 'floor', 'ratio', 'alarm to last',
    'floor', 'ratio', 'calls each', 'CPU each', 'floor', 'memory',
)  # fmt: skip


NOTHING_HEAD = ('jobs that do nothing, per second', 'beside 10,000 kept', 'cost', 'floor', 'ratio')


@dataclass(frozen=True)
class Pair:
    """One scenario, ours and the floor."""

    scenario: Scenario
    ours: Measured
    floor: Measured

    @property
    def calls(self) -> float:
        """HTTP calls to Keystone, Nova and Placement for each instance."""
        kinds = self.ours.requests.items()
        cloud = sum(number for kind, number in kinds if not kind.startswith('bmc.'))
        return cloud / self.scenario.instances

    @property
    def cpu_each(self) -> float:
        """Seconds of the worker for each instance."""
        return self.ours.cpu / self.scenario.instances

    def row(self) -> list[str]:
        ours, floor, each = self.ours, self.floor, self.scenario.instances
        return [
            f'{self.scenario.hosts} x {self.scenario.each}',
            f'{self.scenario.rebuild:g} s' + (', mixed' if len(self.scenario.states) > 1 else ''),
            f'{ours.first_effect:.2f} s',
            f'{ours.restore:.1f} s',
            f'{floor.restore:.1f} s',
            f'{ours.restore / floor.restore:.2f}',
            f'{ours.wall:.1f} s',
            f'{floor.wall:.1f} s',
            f'{ours.wall / floor.wall:.2f}',
            f'{self.calls:.2f}',
            f'{self.cpu_each * 1000:.1f} ms',
            f'{floor.cpu / each * 1000:.1f} ms',
            f'{ours.memory:.0f} MB',
        ]

    def missed(self) -> Iterator[str]:
        """What is not as wanted."""
        name = self.scenario.name
        if self.scenario.hosts == 1 and self.ours.first_effect > WANTED['first']:
            yield f'{name}: first effect after {self.ours.first_effect:.2f} s'
        if self.calls > WANTED['calls']:
            yield f'{name}: {self.calls:.2f} calls for each instance'
        if self.ours.wall / self.floor.wall > WANTED['wall']:
            yield f'{name}: {self.ours.wall / self.floor.wall:.2f} times the floor'
        if self.ours.memory > WANTED['memory']:
            yield f'{name}: {self.ours.memory:.0f} MB'


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table that reads the same in a terminal and as Markdown."""
    widths = [max(len(line[column]) for line in (head, *rows)) for column in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        return (
            '| '
            + ' | '.join(f'{cell:>{width}}' for cell, width in zip(cells, widths, strict=True))
            + ' |'
        )

    return [line(head), '|' + '|'.join('-' * (width + 1) + ':' for width in widths) + '|',
            *map(line, rows)]  # fmt: skip


def calls(pairs: Sequence[Pair]) -> list[str]:
    """Requests by kind, of ours and of the floor."""
    kinds = sorted({kind for pair in pairs for kind in (*pair.ours.requests, *pair.floor.requests)})
    rows = [
        [kind, *(f'{p.ours.requests.get(kind, 0)} / {p.floor.requests.get(kind, 0)}'
                 for p in pairs)]
        for kind in kinds
    ]  # fmt: skip
    return table(['requests, ours / floor', *(pair.scenario.name for pair in pairs)], rows)


def machine(database: str) -> str:
    """Where it was measured."""
    release = subprocess.run(['nproc'], capture_output=True, text=True).stdout.strip()
    load = ' '.join(f'{one:.1f}' for one in os.getloadavg())
    return (
        f'{release} cores, Python {platform.python_version()}, {database}; '
        f'load average at the end {load} (two busy processes make 2)'
    )


def missed_kept(ratio: float | None) -> list[str]:
    """Whether a job costs more beside recoveries that are kept. None: not measured."""
    if ratio is None or ratio <= WANTED['kept']:
        return []
    return [
        f'a job beside 10,000 kept recoveries costs {ratio:.2f} times that of an empty database'
    ]


def missed(pairs: Sequence[Pair]) -> list[str]:
    """Everything that is not as wanted, growth included."""
    found = [sentence for pair in pairs for sentence in pair.missed()]
    by_name = {pair.scenario.name: pair for pair in pairs}
    for pace in ('instant', '3s'):
        small, large = by_name.get(f'1x100-{pace}'), by_name.get(f'1x1000-{pace}')
        if small and large:
            more = {'calls': large.calls / small.calls, 'CPU': large.cpu_each / small.cpu_each}
            found += [
                f'{pace}: {what} of each instance grow {times:.2f} times from 100 to 1,000'
                for what, times in more.items()
                if times > WANTED['growth']
            ]
    return found


SETTINGS = f"""\
Settings, the same for both: {AT_ONCE} evacuations under way per host, {SENDERS} requests side by
side per host and {SENDERS_IN_ALL} in all, {POLL_SECONDS:g} s between two looks, the second reading
OFF {CONFIRM_SECONDS:g} s after the first, {SPARE} hosts that take the instances. Everything else is
the default, with the environment of the systemd unit; the gates that hold back many hosts at once
are opened."""

MEANING = """\
- **first effect**: from the admission of the alarm until the host is disabled; the worst host.
  One worker process that was idle before, its first recoveries.
- **restore**: from the proof that the host is off until its last instance has moved; the slowest
  host. **alarm to last**: the whole of it, with the fence and the two readings.
- **floor**: a plain loop with openstacksdk that only sends what cannot be left out: power off, two
  readings, one PUT that disables and forces down, the list, one evacuate for each instance, and
  looks at the migration records until all have ended. It remembers nothing, checks nothing, and
  survives nothing.
- **calls each**: requests to Keystone, Nova and Placement, divided by the instances; the table
  below tells them apart. **CPU each**: user and system time of the worker.
- **mixed**: a sixth each active, stopped, in error, paused, suspended and rescued; the last three
  cost one more call each, which resets their state, in the floor, too.
- **memory**: the most that the worker ever had resident.
- **jobs that do nothing**: flows of one empty step through board, claim and database; the floor is
  TaskFlow's own engine and persistence on the same database. **beside 10,000 kept**: the same jobs
  in the same run, when the database holds so many recoveries that have ended, with their items,
  intents, decisions, events and alarms; **cost**: of one job, against the empty database."""

WISHES = f"""\
Wanted: first effect within {WANTED['first']:g} s of admission on SQLite; at most
{WANTED['calls']:g} calls for each instance; from the alarm to the last instance at most
{WANTED['wall']:g} times the floor; no more calls and CPU for each of 1,000 instances than for each
of 100; a worker below {WANTED['memory']:g} MB; a job beside 10,000 kept recoveries at most
{WANTED['kept']:g} times that of an empty database. A worker process has one core, so that with many
hosts at once and instant rebuilds it is the limit: that is what a second worker is for."""
