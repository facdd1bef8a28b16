"""Which gates are asked, in which order, of which kind of recovery, and when."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from recovery.policy.gate import Gate
from recovery.policy.gates.back import LEFTOVERS, OUT, RECORDS
from recovery.policy.gates.device import ALONE, IDENTITY, PATH
from recovery.policy.gates.history import ATTEMPTS, FREE, HANDLED, LOOP
from recovery.policy.gates.marks import FOREIGN, MAINTENANCE
from recovery.policy.gates.nova import DOWN, OVER
from recovery.policy.gates.service import SEEN, SERVICE
from recovery.policy.gates.storm import BUDGET, MASS, SETTLED, STARTUP
from recovery.policy.gates.switches import ARMED, PAUSED

HOST_DOWN, HOST_DRAIN, HOST_RETURN = 'host-down', 'host-drain', 'host-return'
INSTANCE_DOWN = 'instance-down'

#: What takes over a subject from what: an earlier one supersedes a later one (H12).
PRECEDENCE = (HOST_DOWN, HOST_DRAIN, HOST_RETURN, INSTANCE_DOWN)


class Stage(enum.StrEnum):
    """When the gates are asked."""

    INTAKE = 'intake'  #: an alarm has arrived
    HELD = 'held'  #: a held recovery is due
    VERIFY = 'verify'  #: a worker begins a round
    BELOW = 'below'  #: a worker begins a round of a host that it has powered off already
    LINE = 'line'  #: the intent to power off is about to be committed
    PLAN = 'plan'  #: an operator asks what would happen


#: Gates that end an alarm for good come first: an unknown host is refused, not held.
_DEFINITE = (SERVICE, SEEN, HANDLED, FREE)
#: What stops everything, also below the line.
SWITCHES = (ARMED, PAUSED)
#: A power-off that did not work is tried again, for days if need be. By then the host may be back
#: or in somebody's hands, and the inventory corrected, perhaps to the device of another host.
DEVICE = (*SWITCHES, ALONE, IDENTITY)
AGAIN = (OVER, MAINTENANCE, *DEVICE)
_HOST = (MAINTENANCE, FOREIGN, PATH, ALONE, DOWN)
_LIMITS = (STARTUP, SETTLED, MASS, BUDGET, ATTEMPTS, LOOP)
_STARTED = (SERVICE, SEEN, *SWITCHES, *_HOST, *_LIMITS)

_DOWN: Mapping[Stage, tuple[Gate, ...]] = {
    Stage.INTAKE: (*_DEFINITE, *SWITCHES, *_HOST, *_LIMITS),
    Stage.HELD: (SERVICE, OVER, *_STARTED[1:]),
    Stage.VERIFY: (SERVICE, OVER, *_STARTED[1:], IDENTITY),
    # Instances may run elsewhere by now: a host that comes back half-way, or that somebody marks,
    # must be fenced again all the same. Only what could hit another machine holds.
    Stage.BELOW: (SERVICE, *SWITCHES, PATH, ALONE, IDENTITY),
    # Verify may have been hours ago: what holds at the line, or a Nova that is away, makes it wait.
    Stage.LINE: (OVER, *SWITCHES, MAINTENANCE, ALONE, MASS, BUDGET),
    Stage.PLAN: (*_DEFINITE, *SWITCHES, *_HOST, *_LIMITS, IDENTITY),
}

#: The flow itself looks at records and leftovers again, with a cross-check, when it gets there.
_RETURN_START = (SERVICE, OUT, FREE, *SWITCHES, MAINTENANCE, PATH, ALONE, RECORDS, LEFTOVERS)
_RETURN_AGAIN = (SERVICE, *SWITCHES, MAINTENANCE, PATH, ALONE, IDENTITY)

_RETURN: Mapping[Stage, tuple[Gate, ...]] = {
    Stage.INTAKE: _RETURN_START,
    Stage.HELD: _RETURN_AGAIN,
    Stage.VERIFY: _RETURN_AGAIN,
    Stage.BELOW: _RETURN_AGAIN,
    Stage.LINE: SWITCHES,
    Stage.PLAN: (*_RETURN_START, IDENTITY),
}

ORDER: Mapping[str, Mapping[Stage, tuple[Gate, ...]]] = {HOST_DOWN: _DOWN, HOST_RETURN: _RETURN}


def gates(kind: str, stage: Stage) -> tuple[Gate, ...]:
    """The gates of a kind at a stage, in order. Raises KeyError for a kind that has none."""
    return ORDER[kind][stage]


def needs(asked: tuple[Gate, ...]) -> frozenset[str]:
    """What outside has to be asked for these gates."""
    return frozenset().union(*(gate.needs for gate in asked)) if asked else frozenset()


def supersedes(kind: str, other: str) -> bool:
    """Whether a recovery of ``kind`` takes a host over from a live one of kind ``other``."""
    return PRECEDENCE.index(kind) < PRECEDENCE.index(other)


def every_gate() -> tuple[Gate, ...]:
    """All gates there are, once each."""
    found: dict[str, Gate] = {}
    for stages in ORDER.values():
        for asked in stages.values():
            found.update({gate.name: gate for gate in asked})
    return tuple(found.values())
