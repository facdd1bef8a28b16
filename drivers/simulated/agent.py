"""The nova-compute agent: reports, freezes, dies, and cleans up when it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.simulated.hosts import Host
from drivers.simulated.instances import UNCLEANED

if TYPE_CHECKING:
    from drivers.simulated.world import World

#: Tasks that a starting agent ends: what the guest is afterwards.
SWITCHES = {'powering-on': 'running', 'powering-off': 'shutdown'}


class Agents:
    """What the agents do, and what Nova makes of their reports."""

    def __init__(self, world: World) -> None:
        self._world = world

    def last_report(self, host: Host) -> float:
        """When the agent last reported, in seconds since the world began."""
        return host.report_at(self._world.time, self._world.settings.report_interval)

    def up(self, host: Host) -> bool:
        """What Nova believes: a recent report, and nobody forced it down."""
        if host.forced_down or not host.ever_up:
            return False
        age = self._world.time + self._world.api_step - self.last_report(host)
        return abs(age) <= self._world.settings.service_down_time

    def healthy(self, host: Host) -> bool:
        """The truth: the machine works, its agent works and can be reached."""
        return host.powered and host.answers

    def told(self, host: Host, at: float | None = None) -> bool:
        """Whether it is healthy and could be seen to be, now or at a time before: it had reported
        a second time.

        The first report of an agent that has just started cannot be told from a change of the
        service's flags, which Nova stamps into the same field.
        """
        since = host.reports_from
        interval = self._world.settings.report_interval
        if not host.paused or since is None:
            return self.healthy(host)
        seen = self._world.time if at is None else at
        return self.healthy(host) and seen - since >= interval

    def pause(self, host: Host) -> None:
        """The reports stop here."""
        host.last_report = self.last_report(host)
        host.reports_from = None
        host.paused = True
        self._world.rebuilds.halt(host)

    def resume(self, host: Host) -> None:
        """The reports go on, with one at once, if nothing else is in the way."""
        if host.answers and host.reports_from is None:
            host.reports_from = self._world.time
            host.ever_up = True
            self._world.rebuilds.pump(host)

    def freeze(self, host: Host) -> None:
        """SIGSTOP: it neither reports nor answers; its guests go on running."""
        if host.agent == 'running':
            self.pause(host)
            host.agent = 'frozen'
            self._world.note('agent.frozen', host.name)

    def thaw(self, host: Host) -> None:
        """SIGCONT: it goes on where it was, and cleans nothing up."""
        if host.agent == 'frozen':
            host.agent = 'running'
            self._world.note('agent.thawed', host.name)
            self.resume(host)

    def die(self, host: Host) -> None:
        """The process ends: what it was rebuilding is never finished."""
        if host.agent != 'dead':
            self.pause(host)
            host.agent = 'dead'
            self._world.rebuilds.abandon(host)
            self._world.note('agent.died', host.name)

    def start(self, host: Host) -> None:
        """Start the process; it cleans up first, then reports."""
        host.agent = 'starting'
        boot = host.boots

        def ready() -> None:
            if host.boots == boot and host.agent == 'starting' and host.kernel == 'running':
                self._started(host)

        self._world.schedule(self._world.settings.agent_seconds, ready)

    def _started(self, host: Host) -> None:
        world = self._world
        if not host.connected:
            world.schedule(1.0, lambda: self.start(host))
            return
        self._clean_up(host)
        for instance in world.instances_on(host.name):
            if instance.task_state in ('rebuilding', 'rebuild_spawning'):
                world.update(instance, vm_state='error', task_state=None)
            elif instance.task_state in SWITCHES:  # what it was doing is done again
                world.set_guest(host, instance.id, SWITCHES[instance.task_state])
                state = 'active' if instance.task_state == 'powering-on' else 'stopped'
                world.update(instance, vm_state=state, task_state=None)
            elif host.resume_guests and instance.vm_state == 'active':
                world.set_guest(host, instance.id, 'running')
        host.agent = 'running'
        host.trait_disabled = not host.enabled
        world.note('agent.started', host.name)
        host.agent_since = world.time
        self.resume(host)

    def _clean_up(self, host: Host) -> None:
        """Destroy what was evacuated from here, and say so in the records."""
        world = self._world
        for record in list(world.evacuations(UNCLEANED, source=host.name)):
            world.set_guest(host, record.instance, None)
            world.release(record.instance, host.provider)
            world.set_status(record, 'completed')

    def sync_trait(self, host: Host) -> None:
        """The agent's periodic task: in the end the trait follows the flag."""
        if host.trait_disabled == (not host.enabled) or host.agent == 'dead':
            return  # a dead one reads the flag when it starts
        boot, interval = host.boots, self._world.settings.resource_interval

        def tick() -> None:
            if host.boots != boot:
                return
            if host.answers and not host.trait_stays:
                host.trait_disabled = not host.enabled
            self.sync_trait(host)

        self._world.schedule(interval - (self._world.time - host.agent_since) % interval, tick)
