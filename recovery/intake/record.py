"""A decision on record: gate by gate, with everything that the gates looked at (S25)."""

from __future__ import annotations

import logging

import sqlalchemy as sa

from recovery.db import decisions
from recovery.intake import weather
from recovery.policy.decide import Decision
from recovery.policy.order import Stage
from recovery.site import Site

LOG = logging.getLogger(__name__)


def pack(decision: Decision) -> bytes | None:
    """What the gates looked at, as it is stored.

    Packing takes longer than writing, and SQLite lets nobody else write meanwhile: who is about
    to record calls this before the transaction begins. A decision counts also without.
    """
    try:
        return decision.packed
    except (TypeError, ValueError):
        LOG.exception('the inputs of a decision about %s cannot be kept', decision.inputs.subject)
        return None


def record(
    site: Site,
    connection: sa.Connection,
    recovery: str | None,
    stage: Stage,
    decision: Decision,
    *,
    alarm: str | None = None,
) -> None:
    """Put a decision about a recovery, an alarm or both on record."""
    weather.notice(site, connection, decision)
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
        inputs=pack(decision),
    )
