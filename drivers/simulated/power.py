"""Power: what cuts it, what restores it, and what dies or boots with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.simulated.hosts import Host

if TYPE_CHECKING:
    from drivers.simulated.world import World


class Power:
    """The machines' power, as the world and the BMCs change it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def request(
        self, host: Host, wanted: str, outlet: str | None = None, asked_of: str | None = None
    ) -> None:
        """A BMC or PDU was asked to switch: recorded at once, done a moment later."""
        world = self._world
        asked_at = world.time if world.asked_at is None else world.asked_at
        world.note(
            f'asked.{wanted}',
            host.name,
            outlet=outlet or 'bmc',
            asked_of=asked_of or host.name,
            asked_at=asked_at,
            powered=host.powered,
            healthy=world.agents.told(host, asked_at),  # nothing calls back what is in flight
            open=world.rebuilds.open_from(host),
        )
        if outlet is None:
            host.transition = wanted
        seconds = world.settings.power_seconds
        world.schedule(seconds, lambda: self.switch(host, wanted, outlet))

    def switch(self, host: Host, wanted: str, outlet: str | None = None) -> None:
        """Switch the chassis, or one PDU outlet, now."""
        before, fed = host.powered, host.fed
        if outlet is None:
            host.chassis, host.transition = wanted == 'on', None
        else:
            host.feeds[outlet] = wanted == 'on'
            if host.fed and not fed:
                host.chassis = host.restore_on_feed
        if before and not host.powered:
            self._lost(host)
        elif host.powered and not before:
            self._boot(host)

    def cycle(self, host: Host) -> None:
        """A reset: off, and on again at once."""
        self.switch(host, 'off')
        self.switch(host, 'on')

    def _lost(self, host: Host) -> None:
        world = self._world
        host.boots += 1
        host.kernel = 'down'
        ran = self.stop_guests(host)
        world.agents.die(host)
        world.note('power.off', host.name, ran=len(ran))

    def stop_guests(self, host: Host) -> list[str]:
        """Everything that ran stays behind as a file: defined, not running."""
        ran = [guest for guest, state in host.guests.items() if state != 'shutdown']
        for guest in ran:
            self._world.set_guest(host, guest, 'shutdown', 'host')
        return ran

    def _boot(self, host: Host) -> None:
        world = self._world
        host.boots += 1
        host.kernel = 'booting'
        world.note('power.on', host.name)
        boot = host.boots

        def up() -> None:
            if host.boots != boot or not host.boots_well:
                return
            host.kernel = 'running'
            world.note('host.booted', host.name)
            if host.autostart:
                for guest in list(host.guests):
                    world.set_guest(host, guest, 'running', 'host')
            if host.agent_starts:
                world.agents.start(host)

        world.schedule(world.settings.boot_seconds, up)
