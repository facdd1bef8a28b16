"""Where the instances of a host would go now, by the recovery method of its segment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from drivers.contracts.compute import Instance, Service
from flows.evacuation.targets import Targets
from recovery.db import spares
from recovery.policy.inputs import Inputs, Missing
from recovery.site import Site

SCHEDULER = 'scheduler'  #: in place of a host: Nova would choose
NOBODY = ''  #: in place of the recovery that there is not yet


@dataclass(frozen=True)
class Destinations:
    """What there is room on; reserved hosts are no targets but for those whose method they are."""

    method: str
    spares: tuple[str, ...]  #: reserved hosts that could be taken now, in their order
    passed: tuple[str, ...]  #: a sentence for each that could not
    _targets: Targets
    _spread: str

    def of(self, instance: Instance) -> str | None:
        """A host, SCHEDULER, or None when there is nowhere to go."""
        spare = self.spares[0] if self.spares else None
        if self.method == 'reserved_host' or (self.method == 'rh_priority' and spare):
            return spare
        other = SCHEDULER if self._spread == SCHEDULER else self._other(instance)
        return other or (spare if self.method == 'auto_priority' else None)

    def warnings(self) -> list[str]:
        """What the method would wait for, or do without."""
        if self.method == 'auto':
            return []
        if self.spares:
            return [f'by {self.method}, reserved hosts in this order: {", ".join(self.spares)}']
        would = 'it would wait for one' if self.method == 'reserved_host' else 'it does without'
        why = f' ({"; ".join(self.passed)})' if self.passed else ''
        return [f'by {self.method}, and no reserved host of its segment can be used{why}: {would}']

    def _other(self, instance: Instance) -> str | None:
        need: Mapping[str, int] = {
            'vcpus': instance.vcpus,
            'ram_mb': instance.ram_mb,
            'disk_gb': 0 if instance.boot_from_volume else instance.disk_gb,
        }
        return self._targets.choose(**need)


def destinations(site: Site, inputs: Inputs) -> Destinations:
    """As the database and Nova have it now.

    :raises drivers.contracts.errors.DriverError: Nova or Placement could not be asked.
    """
    assert not isinstance(inputs.services, Missing)
    services = {one.host: one for one in inputs.services}
    host, fit, passed = inputs.subject, list[str](), list[str]()
    with site.store.read() as connection:
        method = spares.method_of(connection, host) or 'auto'
        kept = spares.kept_from_others(connection, NOBODY)
        for one in spares.reserved_for(connection, host):
            why = spares.unfit(connection, one, NOBODY, inputs.now) or _away(services.get(one))
            if one != host and why:
                passed.append(f'{one}: {why}')
            elif one != host:
                fit.append(one)
    out = {one.host for one in inputs.services if not (one.enabled and one.state == 'up')}
    out |= {host} | inputs.fences.under_way | kept
    targets = Targets(site.compute.capacities(timeout=site.conf.compute.read_seconds), out)
    return Destinations(method, tuple(fit), tuple(passed), targets, site.conf.evacuation.spread)


def _away(service: Service | None) -> str:
    """Why its service cannot be opened; that it is disabled is what a reserved one is for."""
    if service is None:
        return 'Nova has no compute service of that name'
    if service.forced_down:
        return 'its service is forced down'
    return '' if service.state == 'up' else f'its service is {service.state}'
