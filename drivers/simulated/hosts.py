"""A compute host: its power, its agent, what runs on it, and what Nova has on record of it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Host:
    """The truth of one machine, and Nova's row of its nova-compute service."""

    name: str  #: as the compute service spells it
    node: str  #: as the hypervisor spells it
    provider: str  #: UUID of the hypervisor and of its Placement resource provider
    service_id: str
    zone: str = 'nova'
    vcpus: int = 64
    ram_mb: int = 262_144
    disk_gb: int = 10_000
    hypervisor_type: str = 'QEMU'
    hypervisors: int = 1  #: a service in front of many nodes, such as Ironic, has more

    # the machine
    chassis: bool = True  #: the power button: what a BMC switches
    feeds: dict[str, bool] = field(default_factory=dict)  #: PDU outlets; it needs one of them
    restore_on_feed: bool = True  #: "restore on AC power loss": it boots when a feed returns
    transition: str | None = None  #: 'off' or 'on' while a power request is being carried out
    boots: int = 0  #: how often the power changed; outdates whatever was planned before
    kernel: str = 'running'  #: 'running', 'crashed' (powered, nothing works), 'down', 'booting'
    serial: str = ''  #: what its BMC says it is
    bmc_of: str | None = None  #: the host that answers, and switches, in its place: swapped cables
    autostart: bool = False  #: the hypervisor starts its guests at boot, before the agent
    node_maintenance: bool = False  #: of its Ironic node
    node_error: str | None = None  #: ``last_error`` of its Ironic node
    node_record: str | None = None  #: 'on' or 'off' for an Ironic that looks only when it is asked
    boots_well: bool = True  #: False: power comes back, the operating system does not

    # the agent
    agent: str = 'running'  #: 'running', 'frozen' (a stopped process), 'dead', 'starting'
    connected: bool = True  #: False: cut off from the control plane; all else goes on
    agent_starts: bool = True  #: False: the agent does not come up with the machine
    reports_from: float | None = 0.0  #: since when it has reported without a pause
    paused: bool = False  #: whether its reports have ever paused
    last_report: float = 0.0
    agent_since: float = 0.0  #: when the process started
    resume_guests: bool = False  #: resume_guests_state_on_host_boot

    # Nova's record
    enabled: bool = True
    disabled_reason: str | None = None
    forced_down: bool = False
    flags_changed: float | None = None
    trait_disabled: bool = False  #: Placement shows COMPUTE_STATUS_DISABLED
    trait_stays: bool = False  #: its agent cannot reach Placement to change that
    ever_up: bool = True

    #: what the hypervisor really has: instance UUID -> 'running', 'paused' or 'shutdown'
    guests: dict[str, str] = field(default_factory=dict)

    @property
    def fed(self) -> bool:
        """Whether any current reaches the machine, and so its BMC."""
        return not self.feeds or any(self.feeds.values())

    @property
    def powered(self) -> bool:
        """The true power state."""
        return self.chassis and self.fed

    @property
    def answers(self) -> bool:
        """Whether the agent takes messages now."""
        return self.agent == 'running' and self.connected and self.kernel == 'running'

    def running(self, instance: str) -> bool:
        """Whether the guest runs here in truth."""
        return self.guests.get(instance) in ('running', 'paused') and self.powered

    def report_at(self, at: float, interval: float) -> float:
        """When the agent last reported, seen at that time."""
        if self.reports_from is None or at < self.reports_from:
            return self.last_report
        return self.reports_from + (at - self.reports_from) // interval * interval
