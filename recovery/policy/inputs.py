"""Everything that gates may look at, gathered beforehand and frozen.

A field is :class:`Missing` when it could not be asked: each gate says what that means to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from drivers.contracts.alarms import Alarm
from drivers.contracts.compute import Hypervisor, Instance, Migration, Service

T = TypeVar('T')


@dataclass(frozen=True)
class Missing:
    """Could not be asked, and why. Never means 'no' (S2, H12)."""

    why: str = 'nobody asked'


@dataclass(frozen=True)
class Limits:
    """The numbers of the policy, as configured. Seconds, counts and shares."""

    down_seconds: float = 30.0
    settle_seconds: float = 15.0
    mass_share: float = 0.3
    mass_count: int = 2
    fence_budget: int = 5
    fence_window_seconds: float = 600.0
    attempts: int = 3
    attempts_window_seconds: float = 86400.0
    startup_seconds: float = 60.0
    loop_seconds: float = 3600.0
    storm_cooldown_seconds: float = 300.0
    #: by label of what a host carries: how many such hosts may be down together
    carries_down: Mapping[str, int] = field(default_factory=dict)
    approve_instances: int = 0  #: 0: however many run on the host
    approve_hosts: int = 0  #: 0: however many hosts look failed
    approve_share: float = 1.0
    weakened: Mapping[str, str] = field(default_factory=dict)  #: by gate: the stated reason
    ha_key: str = 'HA_Enabled'  #: metadata by which an owner asks for restarts
    every_instance: bool = False  #: whatever its metadata say


@dataclass(frozen=True)
class Switch:
    """A guard that stops a scope: who set it, and why."""

    by: str
    reason: str
    scope: str = 'cloud'  #: or 'segment:NAME', 'host:NAME'


@dataclass(frozen=True)
class Window:
    """A maintenance window that is open now."""

    id: str
    scope: str  #: 'cloud', 'segment:NAME', 'host:NAME'
    ends_at: float
    by: str
    reason: str


@dataclass(frozen=True)
class Witness:
    """One target that tells whether we ourselves are cut off."""

    name: str
    reached: bool
    said: str  #: for people


@dataclass(frozen=True)
class Surroundings:
    """What we see of the witnesses, and what the other processes of ours say they see."""

    witnesses: tuple[Witness, ...] = ()  #: without the arbitrator
    others: Mapping[str, bool] = field(default_factory=dict)  #: by machine: has a majority there
    arbitrator: Witness | None = None  #: decides a tie; None: none is named


@dataclass(frozen=True)
class Sign:
    """Whether one channel, apart from Nova and the BMC, shows the host alive (H16)."""

    name: str
    kind: str  #: 'ssh', 'tcp', 'command', 'nova', 'agent'
    alive: bool | None  #: None: could not be asked, which says nothing
    said: str  #: for people
    at: float | None = None
    answer: str = 'hold'  #: what a living sign means: 'veto' (nobody may approve), 'hold', 'record'


@dataclass(frozen=True)
class Domain:
    """Hosts that may fail together, and how many of them may."""

    kind: str  #: 'segment', 'zone', 'aggregate'
    name: str
    hosts: frozenset[str]
    mass_share: float | None = None  #: None: no limit of its own
    mass_count: int | None = None


@dataclass(frozen=True)
class Storm:
    """A mass failure that was seen, and is not over yet."""

    scope: str  #: 'cloud', 'segment:NAME', 'zone:NAME', 'aggregate:NAME'
    began_at: float
    seen_at: float  #: when it was last seen to hold


@dataclass(frozen=True)
class HostRecord:
    """What our own tables say of a host."""

    name: str
    maintenance: bool = False
    maintenance_by: str | None = None
    maintenance_reason: str | None = None
    failed_by: str | None = None  #: the recovery that marked it failed, until it has returned
    identities: Mapping[str, str] = field(default_factory=dict)  #: by device, as enrolled
    proven_off_at: float | None = None
    returned_at: float | None = None


@dataclass(frozen=True)
class Segment:
    """The segment of the host, as it was described to us."""

    name: str
    enabled: bool


@dataclass(frozen=True)
class Span:
    """A time during which something may have happened."""

    began: float  #: wall clock, seconds since 1970 UTC
    until: float


@dataclass(frozen=True)
class OwnMarks:
    """Which marks in Nova are ours, by our intents (H10)."""

    disabled: bool = False
    forced_down: bool = False
    recoveries: frozenset[str] = frozenset()  #: ids that may stand in a disabled_reason
    changed_from: float | None = None  #: from when on the newest request of ours, and
    changed_at: float | None = None  #: until when it will have moved updated_at (H3)
    reported_at: float | None = None  #: what updated_at was before that: a report
    late: tuple[Span, ...] = ()  #: when each request of ours may have moved it, if Nova was late


@dataclass(frozen=True)
class Sight:
    """The service of the host as earlier decisions about the same recovery saw it."""

    enabled: bool
    forced_down: bool
    disabled_reason: str
    state: str
    updated_at: float  #: the first that was seen with these
    seen_at: float  #: when it was seen so last


@dataclass(frozen=True)
class Live:
    """The live recovery that blocks the host."""

    id: str
    kind: str
    state: str
    undoing: bool = False  #: it gives back what it did, and recovers nothing any more


@dataclass(frozen=True)
class Finding:
    """What a gate held for, as a human saw it: its kind, and how much of what."""

    gate: str
    kind: str
    extent: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Approval:
    """A human's word that gates need not admit, for what they found, and for nothing worse."""

    by: str
    gates: frozenset[str] = frozenset()  #: whatever they find: as earlier releases took a word
    findings: tuple[Finding, ...] = ()

    def saw(self, gate: str, *kinds: str) -> bool:
        """Whether the human saw that gate hold for one of these."""
        return gate in self.gates or any(
            one.gate == gate and one.kind in kinds for one in self.findings
        )

    def passes(self, gate: str, kind: str, extent: Mapping[str, float]) -> bool:
        """Whether that gate may be passed: the kind was seen, and as much of everything."""
        return gate in self.gates or any(
            (one.gate, one.kind) == (gate, kind)
            and all(much <= one.extent.get(name, 0.0) for name, much in extent.items())
            for one in self.findings
        )


@dataclass(frozen=True)
class Device:
    """A device of the fence path, and what it says it is."""

    name: str
    level: int
    address: str
    identity: str | Missing | None = field(default_factory=Missing)
    kind: str = ''  #: the name of its driver


@dataclass(frozen=True)
class Fences:
    """What the fence budget counts: hosts whose power-off we intended within the window."""

    hosts: frozenset[str] = frozenset()
    #: hosts with a live host-down recovery not held; when a host is to be closed, also those with
    #: such a service-down recovery
    under_way: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Leftover:
    """An instance that keeps a host from returning."""

    instance: str
    name: str
    state: str  #: of its item, or 'unexplained'


@dataclass(frozen=True)
class Inputs:
    """One look at everything, for one decision about one host."""

    kind: str
    subject: str
    now: float  #: wall clock, seconds since 1970 UTC
    limits: Limits = field(default_factory=Limits)
    alarm: Alarm | None = None
    arrived_at: float | None = None
    joined_at: float | None = None  #: when the last alarm of its recovery arrived
    failed_again_at: float | None = None  #: when the first one arrived after the host's return
    sights: tuple[Sight, ...] = ()  #: of its service, oldest first
    recovery: str | None = None  #: the recovery that is decided about, once there is one
    approval: Approval | None = None
    agreed: bool = True  #: False: Nova has contradicted the alarm ever since it came
    disarmed: Switch | None = None
    paused: Switch | None = None
    host: HostRecord = field(default_factory=lambda: HostRecord(''))
    segment: Segment | None = None  #: of the host; None: in none, or in one that is only a label
    own: OwnMarks = field(default_factory=OwnMarks)
    live: Live | None = None
    proven_at: float | None = None  #: the newest proof of the host that stands
    closed_at: float | None = None  #: when its last recovery of this kind ended, if it did its part
    observing_since: float | None = None  #: since when a worker or watcher has been alive
    recoveries: int = 0  #: earlier host-down recoveries of this host within the window
    fences: Fences = field(default_factory=Fences)
    services: tuple[Service, ...] | Missing = field(default_factory=Missing)
    hypervisors: tuple[Hypervisor, ...] | Missing = field(default_factory=Missing)
    #: None when the inventory has no entry for the host
    devices: tuple[Device, ...] | Missing | None = field(default_factory=Missing)
    clashes: tuple[str, ...] | Missing = field(default_factory=Missing)
    windows: tuple[Window, ...] = ()  #: open ones whose scope covers the host
    #: None when no witness is configured
    surroundings: Surroundings | Missing | None = None
    signs: tuple[Sign, ...] | Missing = ()  #: of life
    domains: tuple[Domain, ...] | Missing = ()  #: that the host belongs to
    storms: tuple[Storm, ...] = ()  #: that are not over, of all scopes
    #: by label of what the host carries: every host that carries it
    carriers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    workers_here: tuple[str, ...] = ()  #: living workers of ours on the host
    workers_elsewhere: tuple[str, ...] = ()
    instances: int | Missing | None = None  #: on the host; None: nobody wants to know
    authority: str = 'start'  #: of the alarm's source: 'start', 'approve', 'evidence'
    migrations: tuple[Migration, ...] | Missing = field(default_factory=Missing)
    leftovers: tuple[Leftover, ...] | Missing = field(default_factory=Missing)
    #: that the alarm is about, if it is about one; None: Nova says that there is none
    instance: Instance | Missing | None = field(default_factory=Missing)
    above: Live | None = None  #: the live recovery of the host of that instance

    @property
    def id(self) -> str:
        """The recovery as a command takes it; the word ID while there is none yet."""
        return self.recovery[:8] if self.recovery else 'ID'
