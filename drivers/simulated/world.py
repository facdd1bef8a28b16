"""The truth: machines, agents, guests, and what Nova has on record of them.

The world has no thread. What will happen is a list of planned events; each access plays those
that are due by the clock. So the same world runs on virtual and on real time.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from drivers.contracts.clock import Clock
from drivers.simulated.agent import Agents
from drivers.simulated.evacuation import Evacuations
from drivers.simulated.faults import Faults
from drivers.simulated.hosts import Host
from drivers.simulated.power import Power
from drivers.simulated.records import Records
from drivers.simulated.services import Services


@dataclass
class Settings:
    """How long things take here, in seconds, and how Nova is configured."""

    rebuild_seconds: float = 8.0
    rebuild_spread: float = 0.0  #: each rebuild takes up to this much longer
    rebuilds_at_once: int = 10
    schedule_seconds: float = 0.2
    switch_seconds: float = 1.0  #: from Nova's "accepted" to a stopped, or started, instance
    power_seconds: float = 1.0  #: from a BMC's "accepted" to the new power state
    boot_seconds: float = 30.0
    agent_seconds: float = 3.0  #: from the start of an agent to its first report
    report_interval: float = 10.0
    service_down_time: float = 60.0
    resource_interval: float = 60.0
    rpc_timeout: float = 60.0  #: how long the API waits for an agent that does not answer
    token_seconds: float = 3600.0
    page_limit: int = 1000  #: the most that Nova lists at once


class World(Records):
    """One region: its hosts, instances and records, and all that can befall them.

    Use ``with world:`` around a look or a change that must be of one moment. The methods that
    say what befalls a host do so by themselves.
    """

    def __init__(
        self, clock: Clock, settings: Settings | None = None, seed: int | None = None
    ) -> None:
        super().__init__(clock.now(), seed)
        self.clock = clock
        self.settings = settings or Settings()
        self.lock = threading.RLock()
        self.bmc_password: str | None = None  #: what BMCs ask for; None: nothing
        self.faults = Faults()
        self.power = Power(self)
        self.agents = Agents(self)
        self.services = Services(self)
        self.rebuilds = Evacuations(self)
        self._began = clock.elapsed()
        self._planned: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def __enter__(self) -> World:
        self.lock.acquire()
        try:
            self._advance()
        except BaseException:
            self.lock.release()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self.lock.release()

    def _advance(self) -> None:
        now = self.clock.elapsed() - self._began
        while self._planned and self._planned[0][0] <= now:
            when, _, happens = heapq.heappop(self._planned)
            self.time = max(self.time, when)
            happens()
        self.time = max(self.time, now)

    def schedule(self, seconds: float, happens: Callable[[], None]) -> None:
        """Plan something for so many seconds from now."""
        with self.lock:
            heapq.heappush(self._planned, (self.time + seconds, next(self._numbers), happens))

    def rebuild_seconds(self) -> float:
        """How long the next rebuild takes."""
        spread = self.settings.rebuild_spread
        return self.settings.rebuild_seconds + (self._dice.random() * spread if spread else 0.0)

    # -- what befalls hosts ------------------------------------------------------------------

    @contextlib.contextmanager
    def _befalls(self, name: str, what: str) -> Iterator[Host]:
        with self:
            host = self.host_of(name)
            self.note(f'host.{what}', name)
            yield host

    def lose_power(self, name: str) -> None:
        """The machine loses power: guests and agent are gone."""
        with self._befalls(name, 'lost-power') as host:
            self.power.switch(host, 'off')

    def give_power(self, name: str) -> None:
        """Somebody presses the button: it boots."""
        with self._befalls(name, 'given-power') as host:
            self.power.switch(host, 'on')

    def crash(self, name: str) -> None:
        """A kernel panic: powered, and nothing works until it is power-cycled."""
        with self._befalls(name, 'crashed') as host:
            self.agents.die(host)
            self.power.stop_guests(host)
            host.kernel = 'crashed'

    def isolate(self, name: str) -> None:
        """Cut from the control plane: the guests go on running."""
        with self._befalls(name, 'isolated') as host:
            self.agents.pause(host)
            host.connected = False

    def reconnect(self, name: str) -> None:
        """The network is back."""
        with self._befalls(name, 'reconnected') as host:
            host.connected = True
            self.agents.resume(host)

    def freeze_agent(self, name: str) -> None:
        """nova-compute hangs: the guests go on running."""
        with self._befalls(name, 'agent-froze') as host:
            self.agents.freeze(host)

    def thaw_agent(self, name: str) -> None:
        """nova-compute goes on where it hung."""
        with self._befalls(name, 'agent-thawed') as host:
            self.agents.thaw(host)

    def kill_agent(self, name: str) -> None:
        """nova-compute dies: the guests go on running."""
        with self._befalls(name, 'agent-was-killed') as host:
            self.agents.die(host)

    def start_agent(self, name: str) -> None:
        """Somebody starts, or restarts, nova-compute."""
        with self._befalls(name, 'agent-was-started') as host:
            self.agents.die(host)
            self.agents.start(host)

    def swap_bmcs(self, one: str, other: str) -> None:
        """Somebody swapped two BMC cables: each now speaks for, and switches, the other (H4)."""
        with self:
            first, second = self.host_of(one), self.host_of(other)
            first.bmc_of, second.bmc_of = second.bmc_of or other, first.bmc_of or one

    def crash_guest(self, instance_id: str, seen_after: float = 15.0) -> None:
        """The guest dies, and its host lives. Nova believes that it runs until it is told: its
        libvirt driver holds such an event back for 15 s."""
        with self:
            instance = self.instances[instance_id]
            host = self.hosts[instance.host or '']
            self.note('guest.crashed', instance_id, host=host.name)
            self.set_guest(host, instance_id, 'shutdown')

            def seen() -> None:
                if host.guests.get(instance_id) == 'shutdown' and instance.vm_state == 'active':
                    self.update(instance, power_state=4)

            self.schedule(seen_after, seen)

    def hang_guest(self, instance_id: str) -> None:
        """The guest runs and does nothing any more: only its own agent would tell."""
        with self:
            self.note('guest.hung', instance_id, host=self.instances[instance_id].host)

    def delete_instance(self, instance_id: str) -> None:
        """The user deletes it."""
        with self:
            self.update(self.instances[instance_id], vm_state='deleted', task_state=None)
            self.release(instance_id)
            for host in self.hosts.values():
                if host.answers:
                    self.set_guest(host, instance_id, None)


def small_world(
    clock: Clock,
    hosts: int = 4,
    instances: int = 20,
    settings: Settings | None = None,
    seed: int | None = None,
    spare: int = 0,
) -> World:
    """Hosts compute-01, compute-02, ... with instances vm-1, vm-2, ... spread over them in turn.

    :param spare: so many of the hosts, the last ones, are disabled and empty.
    """
    world = World(clock, settings, seed)
    for number in range(1, hosts + 1):
        world.add_host(f'compute-{number:02d}')
    names = list(world.hosts)
    for name in names[len(names) - spare :]:
        host = world.hosts[name]
        host.enabled, host.disabled_reason, host.trait_disabled = False, 'reserved', True
    busy = names[: len(names) - spare] or names
    for number in range(instances):
        world.add_instance(busy[number % len(busy)])
    return world
