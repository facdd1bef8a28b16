"""One call outside: allowed, recorded before it is made, and bounded by the lease."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from drivers.contracts.clock import Clock
from drivers.contracts.errors import DriverError, Refused
from flows.ports import Line
from flows.records import ENABLE_SPARE, ON_SPARES
from flows.stop import BackToFence, ClaimLost, StoreAway, Waiting
from recovery.claims.hands import OPENING, refuse_in_hands
from recovery.claims.wish import wish
from recovery.db import guards, intents, items, proofs, recoveries, scopes, spares

if TYPE_CHECKING:
    from recovery.claims.claim import Claim

EVACUATE = 'evacuate'
RENEWALS = 3


@dataclass(frozen=True)
class Asked:
    """Of an evacuate request only."""

    target: str | None = None  #: the host that is named; None: Nova chooses
    after: int | None = None  #: the newest record of the instance that was seen before it
    word: int | None = None  #: id of the human proof that it goes by


@dataclass
class Act:
    """See :class:`flows.ports.Act`."""

    clock: Clock
    until: float  #: on the clock's elapsed time
    attempt_id: int | None = None
    outcome: str = 'sent'

    @property
    def timeout(self) -> float:
        """Seconds that are left. Raises ClaimLost when a frozen worker wakes up too late."""
        left = self.until - self.clock.elapsed()
        if left <= 0:
            raise ClaimLost('this worker was frozen between the permission and the call')
        return left

    def read_back(self, outcome: str) -> None:
        """Say what was seen after the call."""
        self.outcome = outcome


@contextmanager
def acting(claim: Claim, *what: Any) -> Iterator[Act]:
    """Record the intent, let the call be made, record what was read back."""
    with claim.outside(), _acting(claim, *what) as act:
        yield act


@contextmanager
def _acting(
    claim: Claim,
    action: str,
    target: str,
    observed: Mapping[str, Any],
    within: float,
    line: Line | None,
    asked: Asked,
) -> Iterator[Act]:
    claim.check()
    within = min(within, claim.lease - 2 * claim.margin)  # the call must end inside the lease

    def intend(connection: sa.Connection) -> tuple[float, int, int | None]:
        _allowed(claim, connection, target if action in ON_SPARES else claim.host)
        _in_hands(claim, connection, action, target)
        if line is not None:
            verdict = line.check(connection)
            if verdict.answer != 'admit':
                raise Waiting(verdict.reason, code='held', verb=verdict.verb, again_in=15.0)
        until = claim.clock.elapsed() + within  # the attempt's deadline names the same moment
        intent = intents.add(connection, claim, action, target, observed)
        if action != EVACUATE:
            return until, intent, None
        if asked.word is not None and not proofs.holds(connection, asked.word, claim.clock.now()):
            raise BackToFence('what a human confirmed was taken back, or expired unused')
        attempt = items.add_attempt(connection, claim, target, asked.target, asked.after, within)
        return until, intent, attempt

    until, intent, attempt = claim.together.run(intend)
    _hold_lease(claim, until - claim.clock.elapsed())
    act = Act(claim.clock, until, attempt)
    try:
        yield act
    except DriverError as error:
        did = intents.REFUSED if isinstance(error, Refused) else intents.FAILED
        act.outcome = f'{did}{type(error).__name__}: {error}'
        _record(claim, intent, act)
        raise
    _record(claim, intent, act)  # not after a Stop: that leaves the intent open, as a kill would


def _record(claim: Claim, intent: int, act: Act) -> None:
    # The end of an evacuation is settled with its attempt, many in one transaction.
    if act.attempt_id is None:
        claim.transact(lambda connection: intents.end(connection, claim, intent, act.outcome))


def _allowed(claim: Claim, connection: sa.Connection, acted_on: str) -> None:
    cancelled = wish(connection, claim.recovery_id)
    if cancelled is not None:
        raise cancelled
    above = recoveries.above(connection, claim.kind, claim.host)
    if above is not None:
        raise Waiting(
            f'{claim.host} is under recovery {above["id"][:8]} ({above["kind"]}), which goes first',
            code='host-recovery',
            verb=f'recovery show {above["id"][:8]}',
            again_in=15.0,
        )
    paused = guards.paused(connection, claim.host) or guards.paused(connection, acted_on)
    if paused is not None:
        raise Waiting(
            f'{_named(paused.scope)}paused by {paused.by}: {paused.reason}',
            code='paused',
            verb=f'recovery unpause{scopes.flags(paused.scope)}',
            again_in=10.0,
        )


def _in_hands(claim: Claim, connection: sa.Connection, action: str, host: str) -> None:
    """Nothing is opened that has failed, or that somebody has in hand, since it was looked at."""
    if action in OPENING:
        refuse_in_hands(claim, connection)
    elif action == ENABLE_SPARE:
        why = spares.unfit(connection, host, claim.recovery_id, claim.clock.now())
        if why:
            raise Waiting(f'{host} is not enabled: {why}', code='in-hands', again_in=15.0)


def _named(scope: str) -> str:
    return '' if scope == scopes.CLOUD else f'{scopes.words(scope)} is '


def _hold_lease(claim: Claim, within: float) -> None:
    """The call must end inside the lease, also when the commit took its time."""
    for _ in range(RENEWALS):
        if claim.lease_left() >= within:
            return
        claim.beat()
        claim.check()
    if claim.lease_left() < within:
        raise StoreAway(f'the database is too slow to hold a lease of {claim.lease:g} s')
