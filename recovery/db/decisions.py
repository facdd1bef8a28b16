"""Decisions: gate by gate, the question, the inputs, the answer and its reason (S25)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from recovery.db.tables import decision as table

#: All but what the gates looked at, which is large and wanted only to decide again.
COLUMNS = tuple(column for column in table.c if column.name != 'inputs')


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
    inputs: bytes | None = None,
) -> None:
    """Record one decision.

    :param gate: the one that decided, '' when all admitted.
    :param inputs: what the gates looked at, as :mod:`recovery.policy.recorded` packs it.
    """
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
            inputs=inputs,
        )
    )


def of_recovery(
    connection: sa.Connection, recovery: str, alarm: str | None = None, *, inputs: bool = False
) -> tuple[sa.RowMapping, ...]:
    """All decisions about a recovery, oldest first.

    :param alarm: the one that began it: what was decided about it before is told, too.
    :param inputs: whether what the gates looked at is wanted.
    """
    mine = table.c.recovery == recovery
    if alarm is not None:
        mine |= (table.c.alarm == alarm) & table.c.recovery.is_(None)
    columns = tuple(table.c) if inputs else COLUMNS
    query = sa.select(*columns).where(mine).order_by(table.c.id)
    return tuple(connection.execute(query).mappings())


def of_alarm(connection: sa.Connection, alarm: str) -> tuple[sa.RowMapping, ...]:
    """All decisions about an alarm, oldest first."""
    query = sa.select(*COLUMNS).where(table.c.alarm == alarm).order_by(table.c.id)
    return tuple(connection.execute(query).mappings())


def newest_of_alarm(connection: sa.Connection, alarm: str) -> sa.RowMapping | None:
    """The latest decision about an alarm."""
    return _newest(connection, table.c.alarm == alarm)


def newest(connection: sa.Connection, recovery: str) -> sa.RowMapping | None:
    """The latest decision about a recovery."""
    return _newest(connection, table.c.recovery == recovery)


def _newest(connection: sa.Connection, which: sa.ColumnElement[bool]) -> sa.RowMapping | None:
    query = sa.select(*COLUMNS).where(which).order_by(table.c.id.desc())
    return connection.execute(query.limit(1)).mappings().first()
