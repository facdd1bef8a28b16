"""Evacuate as Nova does it: few questions asked, and nobody looks at what really runs where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from drivers.simulated.errors import ApiError
from drivers.simulated.hosts import Host
from drivers.simulated.instances import EVACUABLE, OPEN, Instance, Migration

if TYPE_CHECKING:
    from drivers.simulated.world import World


@dataclass
class _Rebuild:
    """Work that a destination has been given."""

    record: Migration
    instance: Instance
    destination: Host
    left: float  #: seconds of work
    since: float | None = None  #: working since then; None: waiting in the queue, or frozen
    begun: bool = False
    turn: int = 0  #: outdates the end that was planned before a halt


class Evacuations:
    """Requests, the scheduler, and the destinations' work."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._work: list[_Rebuild] = []
        self._dead: set[int] = set()  # records whose work died with its destination
        self._seen_free: dict[str, int] = {}
        self._seen_at: float | None = None

    # -- the API -----------------------------------------------------------------------------

    def accept(
        self,
        instance: Instance,
        *,
        target: str | None,
        forced: bool = False,
        keep_stopped: bool = False,
        stuck: bool = False,
    ) -> Migration:
        """Take an evacuate request, or refuse it with Nova's status.

        Nova does not look at the task state: a second request is taken as gladly as the first.
        """
        world = self._world
        source = self._check(instance, target)
        world.note('evacuate.accepted', instance.id, **self._facts(instance, source, target))
        record = world.add_migration(
            instance, 'evacuation', 'accepted', source=source.name, destination=target
        )
        record.target, record.forced, record.keep_stopped = target, forced, keep_stopped
        world.update(instance, task_state='rebuilding')
        if not stuck:
            world.schedule(
                world.settings.schedule_seconds, lambda: self._schedule(record, instance)
            )
        return record

    def _check(self, instance: Instance, target: str | None) -> Host:
        world = self._world
        if target is not None and target not in world.hosts:
            raise ApiError(404, f'Compute host {target} could not be found.')
        if target is not None and target == instance.host:
            raise ApiError(400, 'The target host cannot be the host the server is on.')
        if instance.vm_state not in EVACUABLE:
            raise ApiError(
                409,
                f"Cannot 'evacuate' instance {instance.id} while it is in vm_state "
                f'{instance.vm_state}',
            )
        source = world.hosts.get(instance.host or '')
        if source is None:
            raise ApiError(400, f'Compute host {instance.host} could not be found.')
        if world.agents.up(source):
            raise ApiError(400, f'Compute service of {source.name} is still in use.')
        return source

    def _facts(self, instance: Instance, source: Host, target: str | None) -> dict[str, object]:
        """What the oracle must know of this moment."""
        world = self._world
        aim = world.hosts.get(target or '')
        return {
            'source': source.name,
            'powered': source.powered,
            'asked_at': world.time if world.asked_at is None else world.asked_at,
            'forced_down': source.forced_down,
            'target': target,
            'target_unfit': aim is not None and (aim.forced_down or not aim.enabled),
            'open': self.open(instance),
            'local': instance.local and instance.id not in world.local_allowed,
            'running_on': world.running_on(instance.id),
        }

    def open(self, instance: Instance) -> list[str]:
        """What may still start a guest of the instance: open records, and work under way that
        its record does not show."""
        records = [
            f'record {each.id}'
            for each in self._world.evacuations(instance=instance.id)
            if each.id not in self._dead
        ]
        work = [
            f'work on {work.destination.name}' for work in self._work if work.instance is instance
        ]
        return records + work

    def open_from(self, source: Host) -> list[int]:
        """Records of evacuations from a host that have not ended in truth. One whose work died
        with its destination has, once the instance is somewhere else."""
        records = list(self._world.evacuations((*OPEN, 'done', 'completed'), source=source.name))
        arrived = {one.instance: one.id for one in records if one.status in ('done', 'completed')}
        return [
            one.id
            for one in records
            if one.status in OPEN
            and not (one.id in self._dead and one.id < arrived.get(one.instance, 0))
        ]

    # -- the scheduler -----------------------------------------------------------------------

    def _schedule(self, record: Migration, instance: Instance) -> None:
        world = self._world
        if instance.vm_state == 'deleted':
            world.set_status(record, 'failed')
            return
        host = self._pick(record, instance)
        if host is None:
            world.set_status(record, 'error')
            world.update(instance, vm_state='error', task_state=None)
            instance.fault = 'No valid host was found. There are not enough hosts available.'
            world.note('evacuate.no-valid-host', instance.id, target=record.target)
            return
        world.allocate(instance.id, host, instance)
        self._work.append(_Rebuild(record, instance, host, world.rebuild_seconds()))
        self.pump(host)

    def _pick(self, record: Migration, instance: Instance) -> Host | None:
        world = self._world
        if record.target is not None:
            host = world.hosts[record.target]
            return host if record.forced or self.fits(host, instance) else None
        fit = [
            host
            for host in world.hosts.values()
            if host.name != record.source and self.fits(host, instance)
        ]
        free = self._free_as_last_reported()
        return max(fit, key=lambda host: free[host.name], default=None)

    def fits(self, host: Host, instance: Instance) -> bool:
        """Whether the scheduler would take that host for the instance."""
        world = self._world
        if host.trait_disabled or not host.enabled or not world.agents.up(host):
            return False
        if instance.zone is not None and instance.zone != host.zone:
            return False
        free = world.free(host)
        wanted = instance.flavor.resources(instance.boot_from_volume)
        return all(free[name] >= amount for name, amount in wanted.items())

    def _free_as_last_reported(self) -> dict[str, int]:
        """Free memory as the agents reported it up to a minute ago: why a burst that is left to
        the scheduler lands on one host."""
        world = self._world
        interval = world.settings.resource_interval
        if self._seen_at is None or world.time - self._seen_at >= interval:
            self._seen_at = world.time
            self._seen_free = {
                name: world.free(host)['MEMORY_MB'] for name, host in world.hosts.items()
            }
        return self._seen_free

    # -- the destination ---------------------------------------------------------------------

    def pump(self, host: Host) -> None:
        """Begin, or go on with, as much work as the destination does at once."""
        if not host.answers:
            return
        mine = [work for work in self._work if work.destination is host]
        for work in mine[: self._world.settings.rebuilds_at_once]:
            if work.since is None:
                self._work_on(work)

    def _work_on(self, work: _Rebuild) -> None:
        world = self._world
        if not work.begun:
            work.begun = True
            work.record.destination = work.destination.name
            world.set_status(work.record, 'pre-migrating')
            if work.instance.host == work.record.source:
                world.update(work.instance, task_state='rebuild_spawning')
        work.since = world.time
        work.turn += 1
        turn = work.turn

        def end() -> None:
            if work.turn == turn and work.since is not None:
                self._finish(work)

        world.schedule(work.left, end)

    def halt(self, host: Host) -> None:
        """The destination stops in the middle; a frozen one goes on later."""
        for work in self._work:
            if work.destination is host and work.since is not None:
                work.left = max(0.0, work.left - (self._world.time - work.since))
                work.since = None
                work.turn += 1

    def abandon(self, host: Host) -> None:
        """The destination died: what it had begun is never finished, what waits in its queue
        is taken up when it returns."""
        lost = [work for work in self._work if work.destination is host and work.begun]
        self._dead |= {work.record.id for work in lost}
        self._work = [work for work in self._work if work not in lost]

    def _finish(self, work: _Rebuild) -> None:
        world, instance, record = self._world, work.instance, work.record
        self._work.remove(work)
        in_error = instance.vm_state == 'error'  # of which Nova does not keep its promise
        stopped = instance.vm_state == 'stopped' or (record.keep_stopped and not in_error)
        if instance.vm_state == 'deleted':
            world.set_status(record, 'failed')
        elif instance.host != record.source or record.status not in ('pre-migrating', 'completed'):
            self._too_late(work, 'shutdown' if stopped else 'running')
        else:
            world.set_guest(work.destination, instance.id, 'shutdown' if stopped else 'running')
            instance.launched = world.wall()
            world.update(
                instance,
                host=work.destination.name,
                vm_state='stopped' if stopped else 'active',
                task_state=None,
            )
            world.set_status(record, 'done')
            world.note('evacuate.done', instance.id, destination=work.destination.name)
        self.pump(work.destination)

    def _too_late(self, work: _Rebuild, guest: str) -> None:
        """Another attempt won: this guest is started all the same, and its record lies."""
        world = self._world
        world.set_guest(work.destination, work.instance.id, guest)
        world.set_status(work.record, 'failed')
        newer = [
            record
            for record in world.migrations
            if record.instance == work.instance.id and record.id > work.record.id
        ]
        if not newer:
            world.update(work.instance, vm_state='error', task_state=None)
