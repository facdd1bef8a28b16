"""A decision on record: gate by gate, with everything that the gates looked at (S25)."""

from __future__ import annotations

import sqlalchemy as sa

from recovery.db import decisions
from recovery.policy.decide import Decision
from recovery.policy.order import Stage
from recovery.site import Site


def record(
    site: Site,
    connection: sa.Connection,
    recovery: str | None,
    stage: Stage,
    decision: Decision,
    *,
    alarm: str | None = None,
) -> None:
    """Put a decision about a recovery, an alarm or both on record.

    Ask for ``decision.packed`` before the transaction begins, where that is possible: packing
    takes longer than writing, and SQLite lets nobody else write meanwhile.
    """
    decisions.add(
        connection,
        stage=str(stage),
        answer=str(decision.word),
        gate=decision.gate,
        reason=decision.answer.reason,
        gates=decision.records(),
        at=site.clock.now(),
        recovery=recovery,
        alarm=alarm,
        inputs=decision.packed,
    )
