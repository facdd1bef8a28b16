"""Asking once more before anything is done."""

from __future__ import annotations

from typing import Any

from drivers.contracts.clock import Clock
from flows.ports import Claim, Gates, Ledger
from flows.stop import NotNeeded, Waiting
from flows.tasks.step import Step

AGAIN_SECONDS = 15.0


class Verify(Step):
    """Ask every gate again: the job may be claimed minutes after its alarm, or days, by a rerun.

    Nothing to undo. A hold makes the recovery wait; a failure that is over ends it, undone.
    """

    default_provides = 'verified'

    def execute(self, claim: Claim, ledger: Ledger, gates: Gates, clock: Clock) -> dict[str, Any]:
        self.begin(ledger)
        claim.check()
        verdict = gates.again()
        if verdict.answer == 'hold':
            raise Waiting(verdict.reason, code='held', verb=verdict.verb, again_in=AGAIN_SECONDS)
        if verdict.answer == 'ignore':
            raise NotNeeded(verdict.reason)
        return {'at': clock.now()}
