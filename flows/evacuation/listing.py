"""The list of a host's instances, cross-checked: Nova answers 200 and nothing when a cell hangs.

Source of the rule: hazard H2, measured on Nova 34.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from drivers.contracts.compute import ComputeDriver, Hypervisor, Instance, Migration, Service
from drivers.contracts.errors import NotFound, Unreachable

REAL_STATES = frozenset({'up', 'down'})


class Untrusted(Exception):
    """The list may lack instances. The message says why."""


class NotListed(Untrusted):
    """Nova has no such service: unlike one whose cell does not answer, that is a definite no."""


@dataclass(frozen=True)
class Listing:
    """A list that can be believed, and what was seen with it."""

    service: Service
    hypervisor: Hypervisor
    instances: tuple[Instance, ...]
    migrations: tuple[Migration, ...]


def find_service(compute: ComputeDriver, host: str, *, timeout: float) -> Service:
    """The nova-compute service of a host, from a cell that answers.

    :raises NotListed: there is none.
    :raises Untrusted: its cell does not answer.
    """
    for service in compute.services(timeout=timeout):
        if service.host == host:
            if service.state not in REAL_STATES:
                raise Untrusted(f'the cell of {host} does not answer')
            return service
    raise NotListed(f'Nova lists no nova-compute service of {host}')


def checked(
    compute: ComputeDriver,
    host: str,
    *,
    known: frozenset[str],
    timeout: float,
    images: bool = False,
) -> Listing:
    """List the instances of a host so that an omission is noticed.

    :param known: instances that are accounted for already (items of the recovery).
    :param images: with the properties of their images, where Nova shows them.
    :raises Untrusted: the list contradicts the services or Placement.
    :raises drivers.contracts.errors.DriverError: Nova did not answer.
    """
    service = find_service(compute, host, timeout=timeout)
    hypervisor = hypervisor_of(compute, host, timeout=timeout)
    instances = compute.instances(host=host, timeout=timeout)
    migrations = compute.migrations(host=host, timeout=timeout)
    consumers = compute.consumers(hypervisor.id, timeout=timeout)
    find_service(compute, host, timeout=timeout)
    explained = known | {instance.id for instance in instances}
    explained |= {record.uuid for record in migrations}
    explained |= {record.instance for record in migrations}
    missing = sorted(consumers - explained)
    # Beside a list that shows something, an allocation may be all that is left of an instance:
    # clouds are full of those. An empty list is explained only by instances that Nova shows on
    # other hosts, such as those whose evacuation to this one never ended.
    trusted = bool(instances or known)
    missing = [one for one in missing if not _elsewhere(compute, one, host, timeout, trusted)]
    if missing:
        raise Untrusted(
            f'Placement knows {len(missing)} instance(s) of {host} that the list of Nova lacks, '
            f'{missing[0]} for one'
        )
    if images:
        instances = _with_images(compute, instances, host, timeout)
    return Listing(service, hypervisor, instances, migrations)


def _with_images(
    compute: ComputeDriver, instances: tuple[Instance, ...], host: str, timeout: float
) -> tuple[Instance, ...]:
    found = compute.image_properties(host=host, timeout=timeout) or {}
    return tuple(replace(one, image_properties=found.get(one.id, {})) for one in instances)


def _elsewhere(
    compute: ComputeDriver, consumer: str, host: str, timeout: float, trusted: bool
) -> bool:
    """Whether Nova says for certain that no such instance is on the host: a cell that hangs
    answers a question about one instance with an error, not with "not found".

    :param trusted: whether an instance that is nowhere is one, too.
    """
    try:
        there = compute.instance(consumer, timeout=timeout).host
    except NotFound:
        return trusted
    return there != host if trusted else there not in (None, host)


def hypervisor_of(compute: ComputeDriver, host: str, *, timeout: float) -> Hypervisor:
    """The one compute node of a host. Raises Unreachable when there is not exactly one."""
    found = [node for node in compute.hypervisors(timeout=timeout) if node.host == host]
    if len(found) != 1:
        raise Unreachable(f'Nova lists {len(found)} hypervisors of {host} instead of one')
    return found[0]
