"""What is measured: so many hosts die at once, each with so many instances."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peer_scripts.processes import Failed, wait_for
from peer_scripts.settings import TOP
from quickstart_scripts.world import Cloud

FOLDER = TOP / '.bench'
SPARE = 20  #: hosts that take the instances
ROOM = {'vcpus': 100_000, 'ram_mb': 100_000_000, 'disk_gb': 1_000_000}

#: The same for both: evacuations under way per host, requests side by side per host and in all.
AT_ONCE, SENDERS, SENDERS_IN_ALL = 100, 4, 16
POLL_SECONDS = 0.5
#: Half of them have lost their memory with the host: Nova evacuates them only after a reset.
MIXED = ('active', 'stopped', 'error', 'paused', 'suspended', 'rescued')
CONFIRM_SECONDS = 2.0


@dataclass(frozen=True)
class Scenario:
    """:param rebuild: seconds that the evacuation of one instance takes its destination.
    :param states: vm_states of the instances, in turn.
    """

    hosts: int
    each: int
    rebuild: float
    states: tuple[str, ...] = ('active',)

    @property
    def name(self) -> str:
        pace = f'{self.rebuild:g}s' if self.rebuild else 'instant'
        mixed = '-mixed' if len(self.states) > 1 else ''
        return f'{self.hosts}x{self.each}-{pace}{mixed}'

    @property
    def failed(self) -> list[str]:
        return [f'compute-{number:02d}' for number in range(1, self.hosts + 1)]

    @property
    def instances(self) -> int:
        return self.hosts * self.each


SCENARIOS = [
    Scenario(hosts, each, rebuild)
    for rebuild in (0.0, 3.0)
    for hosts, each in ((1, 100), (1, 1000), (20, 50))
] + [Scenario(1, 100, 0.0, MIXED)]


@contextlib.contextmanager
def cloud(scenario: Scenario, folder: Path) -> Iterator[Cloud]:
    """A fresh cloud in which those hosts have just been seen down. Raises Failed."""
    shutil.rmtree(folder, ignore_errors=True)
    options = {
        'hosts': scenario.hosts + SPARE,
        'instances': 0,
        'rebuild-seconds': scenario.rebuild,
        'rebuilds-at-once': 20,
        'report-interval': 1,
        'service-down-time': 4,
    }
    served = Cloud(folder / 'cloud', [f'--{name}={value}' for name, value in options.items()])
    try:
        served.start()
        served.tell('/settings', schedule_seconds=0.05, power_seconds=0.1)
        for host in served.ask()['hosts']:
            served.tell(f'/host/{host}', **ROOM)
        for host in scenario.failed:
            for number in range(scenario.each):
                state = scenario.states[number % len(scenario.states)]
                served.tell('/instance', host=host, vm_state=state)
        yield served
    finally:
        served.process.stop()


def crash(scenario: Scenario, served: Cloud) -> None:
    """All of them at the same moment; returns when Nova sees them down. Raises Failed."""
    for host in scenario.failed:
        served.tell(f'/host/{host}/crash')

    def down() -> bool:
        hosts: dict[str, Any] = served.ask()['hosts']
        return not any(hosts[host]['up'] for host in scenario.failed)

    if not wait_for(down, 30.0):
        raise Failed('Nova still believes that the failed hosts are up')


def counted(served: Cloud) -> dict[str, int]:
    """Requests so far, by kind."""
    return {str(kind): int(number) for kind, number in served.ask('/requests').items()}
