"""Why a worker lets go of a recovery in the middle of a step.

Every one of them leaves the step as a kill -9 would: RUNNING, nothing reverted, nothing saved.
TaskFlow catches only Exception, so a BaseException passes through it; the worker (and the lanes
of an evacuation, which hand it on) is the only one to catch it.
"""

from __future__ import annotations


class Stop(BaseException):
    """The worker stops here; whoever owns the recovery next starts this step again."""

    def __init__(self, reason: str = '') -> None:
        super().__init__(reason)
        self.reason = reason


class ClaimLost(Stop):
    """Somebody else may own the recovery: nothing outside may be touched any more."""


class Released(Stop):
    """This worker was told to let go (SIGTERM)."""


class StoreAway(Stop):
    """The database did not answer: whether our last write took effect is unknown."""


class Cancelled(Stop):
    """An operator asked for the recovery to end here."""


class BackToFence(Stop):
    """The proof no longer holds: a new round begins with verify."""


class Waiting(Stop):
    """The recovery waits, for a human or for a time, and holds no worker meanwhile."""

    def __init__(
        self, reason: str, *, code: str, verb: str = '', again_in: float | None = None
    ) -> None:
        super().__init__(reason)
        self.code = code  #: one short kebab-case word for the situation, such as 'fence-exhausted'
        self.verb = verb  #: the one command that moves it, 'recovery confirm-fenced HOST', say
        self.again_in = again_in  #: seconds until a worker looks again; None: only a human moves it


class InHands(Waiting):
    """Somebody has the host in hand that was about to be brought back into service (S16)."""


class NotNeeded(Exception):
    """The failure is over, or never was: above the line everything is undone."""
