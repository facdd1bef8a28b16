"""What there is: hosts, instances, migration records, allocations and guests, and their past."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from drivers.simulated.hosts import Host
from drivers.simulated.instances import GUESTS, OPEN, POWER, Instance, Migration
from drivers.simulated.trace import Event, Trace

#: How much of each resource a host may promise for each one that it has.
RATIOS = {'VCPU': 4, 'MEMORY_MB': 1, 'DISK_GB': 1}


class Records:
    """Everything that is so at this moment. Changed only through these methods."""

    def __init__(self, wall: float, seed: int | None = None) -> None:
        self.trace = Trace()
        self.hosts: dict[str, Host] = {}
        self.aggregates: dict[str, tuple[str, ...]] = {}  #: by name: hosts
        self.instances: dict[str, Instance] = {}
        self.migrations: list[Migration] = []
        self.local_allowed: set[str] = set()  #: local-disk instances whose rebuild was opted in
        self.cell_hangs = False  #: H2: Nova answers as if the cell were empty
        self.api_step = 0.0  #: seconds by which the clock of Nova's API is wrong
        self.time = 0.0  #: seconds since the world began: of the event played, or the last access
        #: when the request was received that is being carried out; None: nobody asked
        self.asked_at: float | None = None
        self._wall = wall
        self._dice = random.Random(f'world {seed}')
        self._places: dict[str, dict[str, Instance]] = {}  # host -> what Nova places there
        self._guests: dict[str, dict[str, Host]] = {}  # instance -> who has a guest of it
        self._held: dict[str, dict[str, dict[str, int]]] = {}  # consumer -> provider -> amounts
        self._holders: dict[str, dict[str, dict[str, int]]] = {}  # provider -> consumer -> amounts
        self._used: dict[str, dict[str, int]] = {}

    def wall(self, at: float | None = None) -> float:
        """Nova's wall clock, seconds since 1970 UTC."""
        return self._wall + self.api_step + (self.time if at is None else at)

    def note(self, what: str, subject: str, **detail: Any) -> None:
        """Put something on the trace. Scenarios add what the oracle must know of the product:
        see :mod:`drivers.simulated.oracle`."""
        self.trace.add(Event(self.time, what, subject, detail))

    def new_id(self) -> str:
        """A UUID that the same play finds again."""
        return str(uuid.UUID(int=self._dice.getrandbits(128), version=4))

    # -- adding ------------------------------------------------------------------------------

    def add_host(self, name: str, **fields: Any) -> Host:
        """Add a working host."""
        provider = self.new_id()
        host = Host(
            name=name,
            node=fields.pop('node', name),
            provider=provider,
            service_id=self.new_id(),
            serial=fields.pop('serial', f'SN-{provider[:8]}'),
            reports_from=self.time,
            **fields,
        )
        self.hosts[name] = host
        return host

    def add_instance(
        self, host: str | None, name: str | None = None, *, guest: str | None = '', **fields: Any
    ) -> Instance:
        """Add an instance to a host, with its guest and its allocation.

        :param guest: what the hypervisor has, where it is not what the vm_state suggests.
        """
        instance = Instance(
            id=self.new_id(),
            name=name or f'vm-{len(self.instances) + 1}',
            host=None,
            created=self.wall(),
            updated=self.wall(),
            **fields,
        )
        instance.power_state = fields.get('power_state', POWER[instance.vm_state])
        self.instances[instance.id] = instance
        if host is not None:
            self.update(instance, host=host)
            self.allocate(instance.id, self.hosts[host], instance)
            has = GUESTS.get(instance.vm_state) if guest == '' else guest
            self.set_guest(self.hosts[host], instance.id, has)
        return instance

    def add_migration(
        self,
        instance: Instance,
        kind: str,
        status: str,
        *,
        source: str | None = None,
        destination: str | None = None,
    ) -> Migration:
        """Add a migration record, of whatever type."""
        record = Migration(
            id=len(self.migrations) + 1,
            uuid=self.new_id(),
            instance=instance.id,
            type=kind,
            status=status,
            source=source or instance.host or '',
            destination=destination,
            created=self.wall(),
            project=instance.project,
        )
        self.migrations.append(record)
        self.note('migration', instance.id, id=record.id, type=kind, status=status)
        return record

    # -- changing ----------------------------------------------------------------------------

    def set_guest(self, host: Host, instance: str, state: str | None, cause: str = 'nova') -> None:
        """What the hypervisor has of an instance; None: nothing.

        :param cause: 'host' when the machine itself starts or stops it.
        """
        before = host.guests.get(instance)
        if state is None:
            host.guests.pop(instance, None)
            self._guests.get(instance, {}).pop(host.name, None)
        else:
            host.guests[instance] = state
            self._guests.setdefault(instance, {})[host.name] = host
        if before == state:
            return
        word = {'running': 'started', None: 'removed'}.get(state, state)
        self.note(f'guest.{word}', instance, host=host.name, cause=cause)
        places = self.running_on(instance)
        if len(places) > 1:
            self.note('guest.twice', instance, hosts=places)

    def set_status(self, record: Migration, status: str) -> None:
        """Nova changes a migration record."""
        if record.status != status:
            record.status, record.updated = status, self.wall()
            self.note('migration', record.instance, id=record.id, status=status)

    def update(self, instance: Instance, **fields: Any) -> None:
        """Nova changes its record of an instance."""
        if 'host' in fields:
            self._places.get(instance.host or '', {}).pop(instance.id, None)
            self._places.setdefault(fields['host'] or '', {})[instance.id] = instance
        for name, value in fields.items():
            setattr(instance, name, value)
        if 'vm_state' in fields:
            instance.power_state = POWER[instance.vm_state]
        instance.updated = self.wall()

    def allocate(self, consumer: str, host: Host, instance: Instance) -> None:
        """A consumer, mostly the instance itself, gets its share of the host."""
        self.release(consumer, host.provider)
        wanted = instance.flavor.resources(instance.boot_from_volume)
        self._held.setdefault(consumer, {})[host.provider] = wanted
        self._holders.setdefault(host.provider, {})[consumer] = wanted
        used = self._used.setdefault(host.provider, {})
        for name, amount in wanted.items():
            used[name] = used.get(name, 0) + amount

    def release(self, consumer: str, provider: str | None = None) -> None:
        """The consumer gives its share back: of one provider, or of all."""
        held = self._held.get(consumer, {})
        for name in [provider] if provider else list(held):
            for resource, amount in held.pop(name, {}).items():
                self._used[name][resource] -= amount
            self._holders.get(name, {}).pop(consumer, None)

    # -- looking -----------------------------------------------------------------------------

    def host_of(self, name: str) -> Host:
        """The host of that name. Raises KeyError with a sentence."""
        try:
            return self.hosts[name]
        except KeyError:
            raise KeyError(f'there is no host {name}; there are {", ".join(self.hosts)}') from None

    def running_on(self, instance: str) -> list[str]:
        """The hosts on which the instance really runs."""
        holders = self._guests.get(instance, {}).values()
        return sorted(host.name for host in holders if host.running(instance))

    def instances_on(self, host: str) -> Iterator[Instance]:
        """What Nova places on the host, deleted ones apart."""
        for instance in list(self._places.get(host, {}).values()):
            if instance.vm_state != 'deleted':
                yield instance

    def evacuations(
        self,
        statuses: Iterable[str] = OPEN,
        *,
        source: str | None = None,
        instance: str | None = None,
    ) -> Iterator[Migration]:
        """Evacuation records in these statuses, by source or instance."""
        for record in self.migrations:
            if record.type != 'evacuation' or record.status not in statuses:
                continue
            if (source is None or record.source == source) and (
                instance is None or record.instance == instance
            ):
                yield record

    def allocations(self, consumer: str) -> dict[str, dict[str, int]]:
        """What a consumer holds, by provider."""
        return self._held.get(consumer, {})

    def consumers(self, provider: str) -> dict[str, dict[str, int]]:
        """Who holds something of a provider."""
        return self._holders.get(provider, {})

    def used(self, host: Host) -> dict[str, int]:
        """What Placement has promised of the host."""
        return {name: self._used.get(host.provider, {}).get(name, 0) for name in RATIOS}

    def inventory(self, host: Host) -> dict[str, int]:
        """What the host has."""
        return {'VCPU': host.vcpus, 'MEMORY_MB': host.ram_mb, 'DISK_GB': host.disk_gb}

    def free(self, host: Host) -> dict[str, int]:
        """What Placement would still promise of the host."""
        used, has = self.used(host), self.inventory(host)
        return {name: has[name] * RATIOS[name] - used[name] for name in has}
