"""Ending a recovery because what it is about is over."""

from __future__ import annotations

import sqlalchemy as sa

from recovery.board.run import read_row
from recovery.claims.claim import Claim
from recovery.db import alarms
from recovery.db.tables import recovery as table
from recovery.policy.gates.nova import OVER


def ends(claim: Claim, why: str) -> bool:
    """Let it end as over: from now on it answers no alarm. False: it has answered one since the
    gates looked, which may be about a new failure."""
    row = read_row(claim)
    # As a note of this round, too: an undo that waits has another code.
    notes = {**row['notes'], OVER.name: claim.round}

    def work(connection: sa.Connection) -> bool:
        if alarms.joined(connection, claim.recovery_id).number != claim.heard:
            return False
        mine = table.c.id == claim.recovery_id
        values = {'undoing': True, 'notes': notes, 'reason': why}
        connection.execute(sa.update(table).where(mine).values(**values))
        return True

    return claim.transact(work)
