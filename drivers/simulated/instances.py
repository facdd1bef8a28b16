"""Nova's records of instances and migrations."""

from __future__ import annotations

from dataclasses import dataclass, field

#: vm_state -> the power state that Nova shows for it
POWER = {
    'active': 1,
    'rescued': 1,
    'resized': 1,
    'paused': 3,
    'stopped': 4,
    'suspended': 4,
    'shelved': 4,
    'shelved_offloaded': 4,
    'error': 0,
    'building': 0,
    'deleted': 0,
}
#: vm_state -> what the hypervisor has; a state not listed has no guest
GUESTS = {
    'active': 'running',
    'rescued': 'running',
    'resized': 'running',
    'error': 'running',
    'paused': 'paused',
    'stopped': 'shutdown',
    'suspended': 'shutdown',
    'shelved': 'shutdown',
}
STATUS = {
    'active': 'ACTIVE',
    'rescued': 'RESCUE',
    'resized': 'VERIFY_RESIZE',
    'error': 'ERROR',
    'paused': 'PAUSED',
    'stopped': 'SHUTOFF',
    'suspended': 'SUSPENDED',
    'shelved': 'SHELVED',
    'shelved_offloaded': 'SHELVED_OFFLOADED',
    'building': 'BUILD',
    'deleted': 'DELETED',
}
#: vm_states in which Nova takes an evacuate
EVACUABLE = ('active', 'stopped', 'error')
#: statuses of an evacuation that is still under way
OPEN = ('accepted', 'pre-migrating', 'running')
#: statuses that a starting agent cleans up after
UNCLEANED = ('accepted', 'pre-migrating', 'done')


@dataclass(frozen=True)
class Flavor:
    """What an instance asks of a host."""

    name: str = 'small'
    vcpus: int = 1
    ram_mb: int = 2048
    disk_gb: int = 20
    ephemeral_gb: int = 0
    swap_mb: int = 0
    specs: tuple[tuple[str, str], ...] = ()

    def resources(self, boot_from_volume: bool) -> dict[str, int]:
        disk = self.ephemeral_gb + self.swap_mb // 1024
        wanted = {
            'VCPU': self.vcpus,
            'MEMORY_MB': self.ram_mb,
            'DISK_GB': disk if boot_from_volume else disk + self.disk_gb,
        }
        return {name: amount for name, amount in wanted.items() if amount}


@dataclass
class Instance:
    """One Nova server, as the database has it. Where it really runs, only the hosts know."""

    id: str
    name: str
    host: str | None
    created: float
    updated: float
    vm_state: str = 'active'
    task_state: str | None = None
    power_state: int = 1
    locked: bool = False
    metadata: dict[str, str] = field(default_factory=dict)
    flavor: Flavor = Flavor()
    boot_from_volume: bool = False
    shared: bool = True  #: its disks are on storage that every host reaches
    project: str = 'd' * 32  #: that of the user 'demo'
    zone: str | None = None  #: asked for at creation: the scheduler keeps to it
    fault: str | None = None
    launched: float | None = None
    tags: tuple[str, ...] = ()
    image: str = 'tiny'
    image_properties: dict[str, str] = field(default_factory=lambda: {'os_distro': 'lab'})

    @property
    def local(self) -> bool:
        """Whether a rebuild elsewhere loses its disk."""
        if self.boot_from_volume:
            return bool(self.flavor.ephemeral_gb or self.flavor.swap_mb) and not self.shared
        return not self.shared


@dataclass
class Migration:
    """One migration record."""

    id: int
    uuid: str
    instance: str
    type: str
    status: str
    source: str
    created: float
    updated: float | None = None  #: Nova sets it at the first change, not at the making
    destination: str | None = None
    target: str | None = None  #: the host that was asked for
    forced: bool = False  #: the scheduler is not asked about it
    keep_stopped: bool = False  #: asked at 2.95 or later
    project: str = ''
