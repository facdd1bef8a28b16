"""Contract for compute: what Nova says of hosts and instances, and what it is asked to do."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Service:
    """One nova-compute service."""

    id: str
    host: str  #: the name that every other call uses
    enabled: bool
    state: str  #: 'up', 'down', or 'unknown' when its cell did not answer
    forced_down: bool
    disabled_reason: str | None
    updated_at: float | None  #: last report OR last change of a flag (H3); seconds since 1970 UTC
    zone: str | None = None


@dataclass(frozen=True)
class Hypervisor:
    """One compute node below a service."""

    id: str  #: UUID; also the UUID of its Placement resource provider
    hostname: str  #: may be spelled differently from the service's host
    host: str  #: the service's host
    type: str  #: 'QEMU', 'ironic', 'VMware vCenter Server', 'fake', ...
    state: str  #: 'up' or 'down'


@dataclass(frozen=True)
class Aggregate:
    """Hosts that an administrator has put together. An availability zone is one, too."""

    name: str
    hosts: frozenset[str]  #: the services' hosts; one may belong to several aggregates
    id: str = field(default='', compare=False)  #: by which it is changed


@dataclass(frozen=True)
class Instance:
    """One Nova server."""

    id: str
    name: str
    host: str | None  #: the service's host; None while it has none
    vm_state: str  #: 'active', 'stopped', 'error', 'paused', 'suspended', 'rescued', ...
    task_state: str | None
    power_state: int  #: 0 none, 1 running, 3 paused, 4 shut down, 6 crashed, 7 suspended
    locked: bool
    metadata: Mapping[str, str] = field(default_factory=dict)
    vcpus: int = 0
    ram_mb: int = 0
    disk_gb: int = 0  #: root + ephemeral, as the flavor says
    boot_from_volume: bool = False
    ephemeral_disk: bool = False  #: the flavor has ephemeral or swap disk beside the root
    project: str | None = None
    zone: str | None = None
    tags: frozenset[str] = frozenset()
    flavor: str = ''  #: its name when the instance was made
    flavor_specs: Mapping[str, str] = field(default_factory=dict)
    image: str | None = None  #: the id; None for one that boots from a volume
    image_properties: Mapping[str, str] = field(default_factory=dict)  #: unless asked for, none


@dataclass(frozen=True)
class Migration:
    """One migration record, of any type."""

    id: int
    uuid: str
    instance: str
    type: str  #: 'evacuation', 'live-migration', 'migration', 'resize'
    status: str  #: 'accepted', 'pre-migrating', 'running', 'done', 'completed', 'failed', ...
    source: str | None  #: service host
    destination: str | None  #: service host; None until the scheduler has chosen
    created_at: float  #: seconds since 1970 UTC, by Nova's clock
    updated_at: float | None


@dataclass(frozen=True)
class Capacity:
    """What one host can still take, as Placement says."""

    host: str
    provider: str
    free_vcpus: float
    free_ram_mb: float
    free_disk_gb: float
    traits: frozenset[str] = frozenset()


class ComputeDriver(abc.ABC):
    """One region's compute service.

    Every method blocks for at most ``timeout`` seconds in all, and raises only
    :class:`drivers.contracts.errors.DriverError`: ``Unreachable`` for no answer, 5xx, 429 or an
    answer that is not what was promised; ``Refused``, ``NotFound``, ``AccessDenied`` for a
    definite no (an expired token is renewed once first). Lists are paged to the end. A list may
    still be wrong by omission when a cell hangs (H2): callers cross-check.
    Safe to call from several threads.
    """

    @abc.abstractmethod
    def services(self, *, timeout: float) -> tuple[Service, ...]:
        """Every nova-compute service; a hung cell's services have state 'unknown'."""

    @abc.abstractmethod
    def hypervisors(self, *, timeout: float) -> tuple[Hypervisor, ...]:
        """Every compute node."""

    @abc.abstractmethod
    def aggregates(self, *, timeout: float) -> tuple[Aggregate, ...]:
        """Every host aggregate, those without hosts included."""

    @abc.abstractmethod
    def instances(self, *, host: str, timeout: float) -> tuple[Instance, ...]:
        """Every instance, of all projects, that Nova places on the host."""

    @abc.abstractmethod
    def image_properties(
        self, *, host: str, timeout: float
    ) -> Mapping[str, Mapping[str, str]] | None:
        """The properties that its image had, of each instance that Nova places on the host, by the
        instance's id; of one that boots from a volume none. None: this Nova does not show them.
        """

    @abc.abstractmethod
    def instances_changed(self, *, since: float, timeout: float) -> tuple[Instance, ...]:
        """Every instance, of all projects, changed since that wall-clock time; deleted ones
        included, with vm_state 'deleted'."""

    @abc.abstractmethod
    def instance(self, instance_id: str, *, timeout: float) -> Instance:
        """One instance. Raises NotFound."""

    @abc.abstractmethod
    def migrations(
        self,
        *,
        host: str | None = None,
        instance: str | None = None,
        since: float | None = None,
        timeout: float,
    ) -> tuple[Migration, ...]:
        """Migration records, newest first: with this host as source or destination, of this
        instance, changed since."""

    @abc.abstractmethod
    def consumers(self, provider: str, *, timeout: float) -> frozenset[str]:
        """UUIDs that hold allocations against a resource provider: instances, and migrations
        that are under way or whose source was not cleaned up yet."""

    @abc.abstractmethod
    def traits(self, provider: str, *, timeout: float) -> frozenset[str]:
        """Traits of a resource provider."""

    @abc.abstractmethod
    def capacities(self, *, timeout: float) -> tuple[Capacity, ...]:
        """What each host can still take; hosts that are disabled or full may be missing."""

    @abc.abstractmethod
    def set_service(
        self,
        service_id: str,
        *,
        enabled: bool | None = None,
        disabled_reason: str | None = None,
        forced_down: bool | None = None,
        timeout: float,
    ) -> None:
        """Change the named flags of a service in ONE request.

        May have taken effect although it raised: Nova saves the flag and then waits for the
        agent (H11). Read back.
        """

    @abc.abstractmethod
    def add_to_aggregate(self, aggregate_id: str, host: str, *, timeout: float) -> None:
        """Put a host into an aggregate.

        :raises Refused: it is in it already (409), or Nova forbids it: the aggregate is an
            availability zone, and the host is in another one.
        """

    @abc.abstractmethod
    def remove_from_aggregate(self, aggregate_id: str, host: str, *, timeout: float) -> None:
        """Take a host out of an aggregate. Raises NotFound when it is not in it."""

    @abc.abstractmethod
    def evacuate(
        self, instance_id: str, *, target: str | None, keep_stopped: bool, timeout: float
    ) -> str | None:
        """Ask for the instance to be rebuilt elsewhere. Returns Nova's request id.

        :param target: service host; None leaves the choice to the scheduler.
        :param keep_stopped: True: leave it stopped afterwards (needs 2.95). False: a running
            instance comes back running (asked below 2.95, where Nova keeps the state).
        """

    @abc.abstractmethod
    def reset_to_active(self, instance_id: str, *, timeout: float) -> None:
        """Set vm_state to active and clear the task state. Never with a migration under way (H1).

        Nova evacuates no instance that is paused, suspended or rescued; and of one in error it
        does not keep the promise to leave it stopped.
        """

    @abc.abstractmethod
    def stop_instance(self, instance_id: str, *, timeout: float) -> str | None:
        """Ask for the guest to be shut down. Returns Nova's request id.

        An accepted request is no stopped instance: read it back. Refused, with status 409, when
        it is stopped already, busy with something else, or its host's service is down.
        """

    @abc.abstractmethod
    def start_instance(self, instance_id: str, *, timeout: float) -> str | None:
        """Ask for a stopped instance to run again, where it is. Returns Nova's request id.

        An accepted request is no running instance: read it back. Refused, with status 409, when
        it is not stopped, busy with something else, or its host's service is down.
        """

    @abc.abstractmethod
    def check_access(self, *, timeout: float) -> str:
        """A sentence about versions and role, after asking something that only an admin may."""
