"""What a recovery remembers, as tasks see it: plain values, read afresh after every resume."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class ItemState(enum.StrEnum):
    """Where one instance of a recovery is."""

    PENDING = 'pending'  #: nothing asked yet, or to be asked again
    STARTED = 'started'  #: an evacuate request was recorded; its outcome is not known yet
    MOVED = 'moved'  #: it is elsewhere, as it was
    LEFT = 'left'  #: deliberately not touched, with a reason
    FAILED = 'failed'  #: ended without being moved, with a reason
    UNSETTLED = 'unsettled'  #: nobody can tell where it runs; no end, a human is asked


class AttemptState(enum.StrEnum):
    """What became of one evacuate request."""

    INTENDED = 'intended'  #: recorded before it was sent; it may or may not have arrived
    ACCEPTED = 'accepted'  #: Nova took it, or a record of it was seen
    MOVED = 'moved'  #: ended well
    FAILED = 'failed'  #: ended, the instance was not moved
    REFUSED = 'refused'  #: Nova said no: nothing was started
    ABSENT = 'absent'  #: never sent, or its time is over and Nova has no trace of it


OPEN_ATTEMPTS = frozenset({AttemptState.INTENDED, AttemptState.ACCEPTED})


FAILED = 'failed: '  #: how the outcome of a call begins of which nobody knows what it did
REFUSED = 'refused: '  #: and of one that did nothing
#: No longer is waited for a request to disable a host: Nova saves the flag, and then waits for its
#: dead agent for up to 60 s (H11).
PUT_SECONDS = 2.0


@dataclass(frozen=True)
class Intent:
    """What was about to be done, recorded before it was done."""

    id: int
    round: int
    action: str
    target: str
    observed: Mapping[str, Any]
    at: float
    outcome: str | None


@dataclass(frozen=True)
class Item:
    """One instance of the failed host."""

    instance: str
    name: str
    source: str
    state: ItemState
    reason: str = ''
    vm_state: str = ''  #: as it was when the host failed
    keep_stopped: bool = False
    priority: int = 0  #: higher goes first
    round: int = 1  #: the round in which it got its state
    destination: str | None = None


@dataclass(frozen=True)
class Attempt:
    """One evacuate request."""

    id: int
    instance: str
    round: int
    state: AttemptState
    target: str | None  #: the host we named, or None for the scheduler's choice
    at: float  #: wall clock when the intent was recorded
    deadline_at: float  #: wall clock after which the request can no longer be on its way from us
    destination: str | None = None  #: the host that Nova's record names
    migration: int | None = None  #: id of Nova's record
    request_id: str | None = None
    destination_seen_at: float | None = None  #: when the destination was last seen up
    destination_sure: bool = True  #: False once a moment passed in which it may have been down
    ended_at: float | None = None
    reason: str = ''
    #: id of the newest proof of any host when it was recorded: a greater one is of later, however
    #: clocks were set. None: not a request of ours, or not known
    after_proof: int | None = None
    #: id of the newest record of Nova for the instance that was known before it was sent: its own
    #: is a greater one. None: not known
    after_record: int | None = None


@dataclass(frozen=True)
class Proof:
    """A fencing proof: an observed OFF, or a named human's word."""

    id: int
    recovery: str
    round: int
    epoch: int  #: the claim under which it was made
    host: str
    kind: str  #: 'power' or 'human'
    level: int  #: of the fence path; 0 for a human's
    at: float
    expires_at: float | None = None
    void_reason: str | None = None
    observations: tuple[Mapping[str, Any], ...] = ()
    by: str = ''
    statement: str = ''


TAKEN, KEPT = 'taken', 'kept'

#: What is done to a spare, each the action of an act whose target it is.
ENABLE_SPARE, DISABLE_SPARE = 'enable-spare', 'disable-spare'
JOIN_AGGREGATE, LEAVE_AGGREGATE = 'join-aggregate', 'leave-aggregate'
#: The note that keeps, by host, the newest intent from before it was taken.
TAKEN_AFTER = 'spares-taken-after'
ON_SPARES = frozenset({ENABLE_SPARE, DISABLE_SPARE, JOIN_AGGREGATE, LEAVE_AGGREGATE})


@dataclass(frozen=True)
class Spare:
    """A reserved host that a recovery took."""

    host: str
    state: str  #: 'taken', until it is given back or 'kept' in service
    aggregates: tuple[str, ...]  #: names of those that it was added to for this recovery
    at: float  #: wall clock when it was taken


@dataclass(frozen=True)
class Verdict:
    """What the gates answer."""

    answer: str  #: 'admit', 'hold' or 'ignore'
    gate: str  #: the gate that decided; '' when all admitted
    reason: str
    verb: str = ''  #: the command that releases a hold
