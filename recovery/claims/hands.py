"""Who has the host of a recovery in hand: an operator's maintenance, or an open window (S16)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from flows.stop import InHands
from recovery.claims.marks import record_of, windows_of
from recovery.db import recoveries
from recovery.policy import approvals, order
from recovery.policy.decide import decide
from recovery.policy.gate import Word
from recovery.policy.inputs import Inputs

if TYPE_CHECKING:
    from recovery.claims.claim import Claim

#: What brings the host of a recovery back into service, one step of it or the last.
OPENING = frozenset({'power-on', 'clear-force-down', 'enable-service'})
AGAIN_SECONDS = 15.0


def refuse_in_hands(claim: Claim, connection: sa.Connection) -> None:
    """The same gates as before the recovery began: a return, or an undo, may have waited for days
    since. What a human approved in this round stays approved.

    :raises InHands: with the name, the sentence and the verb of the gate that holds.
    """
    row, now = recoveries.get(connection, claim.recovery_id), claim.clock.now()
    assert row is not None
    inputs = Inputs(
        kind=claim.kind,
        subject=claim.subject,
        now=now,
        recovery=claim.recovery_id,
        approval=approvals.approval(row['approved_by'], row['approved_gates']),
        host=record_of(connection, claim.host),
        windows=windows_of(connection, claim.host, now),
    )
    decision = decide(order.HANDS, inputs)
    if decision.word == Word.ADMIT:
        return
    answer = decision.answer
    again_in = AGAIN_SECONDS if answer.again_in is None else min(answer.again_in, AGAIN_SECONDS)
    raise InHands(answer.reason, code=decision.gate, verb=answer.verb, again_in=again_in)
