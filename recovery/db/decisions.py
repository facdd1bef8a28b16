"""Decisions: gate by gate, the question, the inputs, the answer and its reason (S25)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from recovery.db.tables import decision as table


def add(
    connection: sa.Connection,
    *,
    stage: str,
    answer: str,
    gate: str,
    reason: str,
    gates: Sequence[Mapping[str, Any]],
    at: float,
    recovery: str | None = None,
    alarm: str | None = None,
) -> None:
    """Record one decision; ``gate`` is the one that decided, '' when all admitted."""
    connection.execute(
        sa.insert(table).values(
            recovery=recovery,
            alarm=alarm,
            stage=stage,
            answer=answer,
            gate=gate,
            reason=reason,
            gates=[dict(one) for one in gates],
            at=at,
        )
    )


def of_recovery(connection: sa.Connection, recovery: str) -> tuple[sa.RowMapping, ...]:
    """All decisions about a recovery, oldest first."""
    query = sa.select(table).where(table.c.recovery == recovery).order_by(table.c.id)
    return tuple(connection.execute(query).mappings())


def of_alarm(connection: sa.Connection, alarm: str) -> tuple[sa.RowMapping, ...]:
    """All decisions about an alarm, oldest first."""
    query = sa.select(table).where(table.c.alarm == alarm).order_by(table.c.id)
    return tuple(connection.execute(query).mappings())


def newest_of_alarm(connection: sa.Connection, alarm: str) -> sa.RowMapping | None:
    """The latest decision about an alarm."""
    query = sa.select(table).where(table.c.alarm == alarm).order_by(table.c.id.desc())
    return connection.execute(query.limit(1)).mappings().first()


def newest(connection: sa.Connection, recovery: str) -> sa.RowMapping | None:
    """The latest decision about a recovery."""
    query = sa.select(table).where(table.c.recovery == recovery).order_by(table.c.id.desc())
    return connection.execute(query.limit(1)).mappings().first()
