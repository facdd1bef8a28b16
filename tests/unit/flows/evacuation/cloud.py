"""A cloud that answers from lists, and counts what it is asked."""

from __future__ import annotations

from typing import Any

from drivers.contracts.compute import Hypervisor, Instance, Migration, Service
from drivers.contracts.errors import NotFound
from tests.unit.flows.made import SOURCE, instance, service


class Cloud:
    """As much of a compute driver as reading takes."""

    def __init__(self) -> None:
        self.services_: list[tuple[Service, ...]] = [(service(),)]
        self.hypervisors_ = (Hypervisor('p-1', 'node-2', SOURCE, 'QEMU', 'down'),)
        self.instances_: tuple[Instance, ...] = (instance(),)
        self.images: dict[str, dict[str, str]] | None = {}
        self.elsewhere: tuple[Instance, ...] = ()  # shown one by one, and in no list
        self.changed: tuple[Instance, ...] = ()
        self.migrations_: tuple[Migration, ...] = ()
        self.consumers_: frozenset[str] = frozenset()
        self.asked: list[tuple[str, Any]] = []

    def services(self, *, timeout: float) -> tuple[Service, ...]:
        """The lists one after the other, the last one for ever."""
        self.asked.append(('services', None))
        return self.services_.pop(0) if len(self.services_) > 1 else self.services_[0]

    def hypervisors(self, *, timeout: float) -> tuple[Hypervisor, ...]:
        return self.hypervisors_

    def instances(self, *, host: str, timeout: float) -> tuple[Instance, ...]:
        self.asked.append(('instances', host))
        return self.instances_

    def image_properties(self, *, host: str, timeout: float) -> dict[str, dict[str, str]] | None:
        self.asked.append(('images', host))
        return self.images

    def instances_changed(self, *, since: float, timeout: float) -> tuple[Instance, ...]:
        self.asked.append(('changed', since))
        return self.changed

    def instance(self, instance_id: str, *, timeout: float) -> Instance:
        self.asked.append(('instance', instance_id))
        for one in (*self.instances_, *self.elsewhere):
            if one.id == instance_id:
                return one
        raise NotFound(f'there is no {instance_id}')

    def migrations(
        self, *, host: str | None = None, since: float | None = None, timeout: float
    ) -> tuple[Migration, ...]:
        self.asked.append(('migrations', since))
        return self.migrations_

    def consumers(self, provider: str, *, timeout: float) -> frozenset[str]:
        return self.consumers_

    def count(self, what: str) -> int:
        """How often that was asked."""
        return sum(name == what for name, _value in self.asked)
