"""Which gates are asked, in which order, of which kind of recovery, and when."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from recovery.policy.gate import Gate
from recovery.policy.gates.asking import AUTHORITY, WIDE
from recovery.policy.gates.back import LEFTOVERS, OUT, RECORDS
from recovery.policy.gates.budget import BUDGET
from recovery.policy.gates.clock import CLOCK
from recovery.policy.gates.closed import CLOSED
from recovery.policy.gates.count import DOMAINS, MASS
from recovery.policy.gates.device import ALONE, IDENTITY, PATH
from recovery.policy.gates.history import ATTEMPTS, FREE, HANDLED, LOOP
from recovery.policy.gates.instance import (
    ABOVE,
    INSTANCE,
    OFTEN,
    RESTARTABLE,
    SERVES,
    WANTED,
)
from recovery.policy.gates.isolation import ISOLATED
from recovery.policy.gates.life import SIGNS, VETO
from recovery.policy.gates.marks import FOREIGN, MAINTENANCE, WINDOW
from recovery.policy.gates.nova import CELL, DOWN, OVER
from recovery.policy.gates.own import CAPACITY, CARRIES, OWN
from recovery.policy.gates.segment import ENABLED
from recovery.policy.gates.service import SEEN, SERVICE
from recovery.policy.gates.storm import COOLED, SETTLED, STARTUP
from recovery.policy.gates.switches import ARMED, PAUSED

HOST_DOWN, HOST_DRAIN, HOST_RETURN = 'host-down', 'host-drain', 'host-return'
SERVICE_DOWN, INSTANCE_DOWN = 'service-down', 'instance-down'

#: What takes over a subject from what: an earlier one supersedes a later one (H12).
PRECEDENCE = (HOST_DOWN, HOST_DRAIN, HOST_RETURN, SERVICE_DOWN, INSTANCE_DOWN)


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
#: Does anybody want it?
_ASKED = (ENABLED, AUTHORITY)
#: What stops everything, also below the line.
SWITCHES = (ARMED, PAUSED)
#: Somebody has his hands on it.
HANDS = (MAINTENANCE, WINDOW)
#: Is it the host, or the network, a clock, or us?
_COUNT = (ISOLATED, CLOCK, MASS, DOMAINS, COOLED)
#: Would another machine be switched?
WHOSE = (ALONE, IDENTITY)
DEVICE = (*SWITCHES, *WHOSE)
#: A power-off that did not work is tried again, for days if need be. By then the host may be back
#: or in somebody's hands, and the inventory corrected, perhaps to the device of another host; or a
#: clock have stepped, by which reports of today look like those of yesterday.
AGAIN = (OVER, *HANDS, CELL, FOREIGN, VETO, SIGNS, ISOLATED, CLOCK, *DEVICE)
_HOST = (*HANDS, FOREIGN, PATH, ALONE, DOWN, VETO, SIGNS)
_LIMITS = (STARTUP, *_COUNT, SETTLED, BUDGET, ATTEMPTS, LOOP, CARRIES, OWN, WIDE, CAPACITY)
_STARTED = (SERVICE, SEEN, *_ASKED, *SWITCHES, *_HOST, *_LIMITS)

_DOWN: Mapping[Stage, tuple[Gate, ...]] = {
    Stage.INTAKE: (*_DEFINITE, *_ASKED, *SWITCHES, *_HOST, *_LIMITS),
    Stage.HELD: (SERVICE, OVER, *_STARTED[1:]),
    Stage.VERIFY: (SERVICE, OVER, *_STARTED[1:], IDENTITY),
    # Instances may run elsewhere by now: a host that comes back half-way, or that somebody marks,
    # must be fenced again all the same. Only what could hit another machine holds.
    Stage.BELOW: (SERVICE, *SWITCHES, PATH, ALONE, IDENTITY),
    # Verify may have been hours ago: what holds at the line, or a Nova that is away, makes it wait.
    # By then the host may live (S9), be in other hands (H10), or another machine be behind its
    # device (H4). Who has no channel, or enrolled no device, is asked nothing more.
    Stage.LINE: (
        OVER,
        *SWITCHES,
        *HANDS,
        CELL,
        FOREIGN,
        ALONE,
        IDENTITY,
        VETO,
        SIGNS,
        *_COUNT,
        BUDGET,
        CARRIES,
    ),
    Stage.PLAN: (*_DEFINITE, *_ASKED, *SWITCHES, *_HOST, *_LIMITS, IDENTITY),
}

#: The flow itself looks at records and leftovers again, with a cross-check, when it gets there.
_RETURN_START = (SERVICE, OUT, FREE, *SWITCHES, *HANDS, PATH, ALONE, RECORDS, LEFTOVERS)
_RETURN_AGAIN = (SERVICE, *SWITCHES, *HANDS, PATH, ALONE, IDENTITY)

_RETURN: Mapping[Stage, tuple[Gate, ...]] = {
    Stage.INTAKE: _RETURN_START,
    Stage.HELD: _RETURN_AGAIN,
    Stage.VERIFY: _RETURN_AGAIN,
    Stage.BELOW: _RETURN_AGAIN,
    Stage.LINE: DEVICE,
    Stage.PLAN: (*_RETURN_START, IDENTITY),
}

_INSTANCE = (INSTANCE, WANTED, RESTARTABLE, ABOVE)
_RESTART = (*_ASKED, *SWITCHES, *HANDS, SERVES, OFTEN)
_INSTANCE_START = (*_INSTANCE, HANDLED, FREE, *_RESTART)

#: It switches no power: there is no line, and an ended failure ends it at any time.
_INSTANCE_DOWN: Mapping[Stage, tuple[Gate, ...]] = {
    Stage.INTAKE: _INSTANCE_START,
    Stage.HELD: (*_INSTANCE, *_RESTART),
    Stage.VERIFY: (*_INSTANCE, *_RESTART),
    Stage.BELOW: (*_INSTANCE, *_RESTART),
    Stage.LINE: SWITCHES,
    Stage.PLAN: _INSTANCE_START,
}

#: Closing a host that works after all costs nothing, and it is opened again: Nova is not asked to
#: agree, which takes it a minute in which it would send new instances to the host. But closing
#: many leaves the cloud without room: what they report through may have failed, and not they.
_CLOSE = (CLOSED, *_ASKED, *SWITCHES, *HANDS, MASS, DOMAINS)

_SERVICE_DOWN: Mapping[Stage, tuple[Gate, ...]] = {
    Stage.INTAKE: (*_DEFINITE, *_CLOSE),
    Stage.HELD: (SERVICE, OVER, SEEN, *_CLOSE),
    Stage.VERIFY: (SERVICE, OVER, SEEN, *_CLOSE),
    Stage.BELOW: (SERVICE, OVER, SEEN, *_CLOSE),
    Stage.LINE: SWITCHES,
    Stage.PLAN: (*_DEFINITE, *_CLOSE),
}

ORDER: Mapping[str, Mapping[Stage, tuple[Gate, ...]]] = {
    HOST_DOWN: _DOWN,
    HOST_RETURN: _RETURN,
    INSTANCE_DOWN: _INSTANCE_DOWN,
    SERVICE_DOWN: _SERVICE_DOWN,
}


#: Kinds that an alarm may be of. A return is nobody's failure: people order it, or the watcher.
RAISED = frozenset(ORDER) - {HOST_RETURN}


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
