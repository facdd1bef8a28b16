"""The nova-compute service records: flags, and the oddities of changing them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.simulated.errors import ApiError
from drivers.simulated.hosts import Host
from drivers.simulated.instances import UNCLEANED

if TYPE_CHECKING:
    from drivers.simulated.world import World


class Services:
    """What Nova does when somebody changes a flag of a service."""

    def __init__(self, world: World) -> None:
        self._world = world

    def change(
        self,
        host: Host,
        *,
        enabled: bool | None = None,
        reason: str | None = None,
        forced_down: bool | None = None,
    ) -> float:
        """Change flags. Returns for how many seconds the answer keeps the caller waiting.

        The flags are saved first. Then the agent is told, if Nova believes it to be up: and a
        dead one is waited for in vain (H11).
        """
        world = self._world
        if forced_down is False and host.forced_down:
            self._may_clear(host)
        host.flags_changed = world.time
        if forced_down is not None and forced_down != host.forced_down:
            host.forced_down = forced_down
            self._note_forced(host)
        if enabled is None:
            return 0.0
        turned = enabled != host.enabled
        host.enabled = enabled
        host.disabled_reason = None if enabled else (reason or None)
        if not turned:
            return 0.0
        self._note_enabled(host)
        return self._tell_agent(host)

    def _may_clear(self, host: Host) -> None:
        done = list(self._world.evacuations(('done',), source=host.name))
        if done:
            raise ApiError(
                400,
                f'Service cannot be forced up while host {host.name} has {len(done)} '
                'evacuations that its agent has not cleaned up.',
            )

    def _tell_agent(self, host: Host) -> float:
        world = self._world
        if world.agents.up(host):
            if not host.answers:
                return world.settings.rpc_timeout
            if not host.trait_stays:
                host.trait_disabled = not host.enabled
                return 0.0
        world.agents.sync_trait(host)
        return 0.0

    def _note_forced(self, host: Host) -> None:
        what = 'service.forced-down' if host.forced_down else 'service.forced-up'
        self._world.note(what, host.name, **self._facts(host))

    def _note_enabled(self, host: Host) -> None:
        what = 'service.enabled' if host.enabled else 'service.disabled'
        self._world.note(what, host.name, reason=host.disabled_reason, **self._facts(host))

    def _facts(self, host: Host) -> dict[str, object]:
        """What the oracle must know of this moment."""
        world = self._world
        return {
            'powered': host.powered,
            'open': world.rebuilds.open_from(host),
            'unclean': [record.id for record in world.evacuations(UNCLEANED, source=host.name)],
            'astray': [
                guest
                for guest, state in host.guests.items()
                if state != 'shutdown' and world.instances[guest].host != host.name
            ],
        }
