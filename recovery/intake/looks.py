"""Reading from Nova for people, and for decisions before a worker begins: each in the crowd."""

from __future__ import annotations

from drivers.contracts.compute import Aggregate, Hypervisor, Instance, Migration, Service
from recovery.intake.crowd import Crowd
from recovery.site import Site


class Looks:
    """Like the compute driver; an answer may be that to somebody who asks at the same time.

    Its methods raise DriverError.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._crowd = Crowd('Nova', site.clock)

    def services(self, timeout: float) -> tuple[Service, ...]:
        """Every nova-compute service."""
        compute = self._site.compute
        return self._crowd.ask('services', lambda: compute.services(timeout=timeout))

    def hypervisors(self, timeout: float) -> tuple[Hypervisor, ...]:
        """Every compute node."""
        compute = self._site.compute
        return self._crowd.ask('hypervisors', lambda: compute.hypervisors(timeout=timeout))

    def aggregates(self, timeout: float) -> tuple[Aggregate, ...]:
        """Every host aggregate."""
        compute = self._site.compute
        return self._crowd.ask('aggregates', lambda: compute.aggregates(timeout=timeout))

    def instances(self, *, host: str, timeout: float) -> tuple[Instance, ...]:
        """Every instance that Nova places on the host."""
        compute = self._site.compute
        return self._crowd.ask(
            ('instances', host), lambda: compute.instances(host=host, timeout=timeout)
        )

    def migrations(self, *, host: str, timeout: float) -> tuple[Migration, ...]:
        """Migration records of the host, newest first."""
        compute = self._site.compute
        return self._crowd.ask(
            ('migrations', host), lambda: compute.migrations(host=host, timeout=timeout)
        )

    def instance(self, instance_id: str, *, timeout: float) -> Instance:
        """One instance. Raises NotFound."""
        compute = self._site.compute
        return self._crowd.ask(
            ('instance', instance_id), lambda: compute.instance(instance_id, timeout=timeout)
        )


def looks(site: Site) -> Looks:
    """Those of this process."""
    return site.one(Looks, lambda: Looks(site))
