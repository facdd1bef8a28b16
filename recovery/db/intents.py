"""Intents: what was about to be done, recorded before it was done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import sqlalchemy as sa

from drivers.contracts.clock import Clock
from flows import records
from flows.records import Intent
from recovery.db.rows import insert
from recovery.db.tables import intent as table

TAKEN_BACK = frozenset({'disable-service', 'enable-service'})  #: by an undo
FAILED, REFUSED = records.FAILED, records.REFUSED  #: how outcomes begin


class Author(Protocol):
    """Whose rows are written: a claim."""

    @property
    def recovery_id(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def round(self) -> int: ...
    @property
    def epoch(self) -> int: ...
    @property
    def clock(self) -> Clock: ...


def add(
    connection: sa.Connection, author: Author, action: str, target: str, observed: Mapping[str, Any]
) -> int:
    """Record what is about to be done. Returns the id."""
    return insert(
        connection,
        table,
        recovery=author.recovery_id,
        round=author.round,
        epoch=author.epoch,
        host=author.host,
        action=action,
        target=target,
        observed=dict(observed),
        at=author.clock.now(),
    )


def end(connection: sa.Connection, author: Author, intent: int, outcome: str) -> None:
    """Record what was read back."""
    connection.execute(
        sa.update(table)
        .where(table.c.id == intent)
        .values(outcome=outcome[:2000], ended_at=author.clock.now())
    )


def of_recovery(
    connection: sa.Connection, recovery: str, action: str | None = None
) -> tuple[Intent, ...]:
    """Intents of all rounds, oldest first."""
    query = sa.select(table).where(table.c.recovery == recovery).order_by(table.c.id)
    if action is not None:
        query = query.where(table.c.action == action)
    return tuple(_intent(row) for row in connection.execute(query).mappings())


def crossed_line(connection: sa.Connection, recovery: str) -> bool:
    """Whether an intent to power off was committed: from then on nothing is undone."""
    query = sa.select(table.c.id).where(table.c.recovery == recovery, table.c.action == 'power-off')
    return connection.execute(query.limit(1)).first() is not None


def acted_for_good(connection: sa.Connection, recovery: str) -> bool:
    """Whether an intent was committed of what is never taken back, by no kind of recovery."""
    query = sa.select(table.c.id).where(
        table.c.recovery == recovery, table.c.action.not_in(TAKEN_BACK)
    )
    return connection.execute(query.limit(1)).first() is not None


def owned(
    connection: sa.Connection,
    host: str,
    *,
    setters: frozenset[str],
    clearers: frozenset[str],
    was_clear: str,
) -> bool:
    """Whether a mark that is set on the host is ours: the newest run of setters since the last
    clearer holds an intent that saw the mark clear before it (H10).

    A setter that was refused set nothing: who set the mark later is not us. A clearer counts only
    if it is known to have been carried out: one that failed, or whose worker died, left the mark
    as it was, for the mark is still set.

    :param was_clear: key of ``observed`` that is true when the mark was not set before.
    """
    query = (
        sa.select(table.c.action, table.c.observed, table.c.outcome)
        .where(table.c.host == host, table.c.action.in_(setters | clearers))
        .order_by(table.c.id.desc())
    )
    for row in connection.execute(query):
        if row.action in clearers:
            if row.outcome is not None and not row.outcome.startswith((FAILED, REFUSED)):
                return False
        elif row.observed.get(was_clear) and not (row.outcome or '').startswith(REFUSED):
            return True
    return False


def _intent(row: sa.RowMapping) -> Intent:
    keys = ('id', 'round', 'action', 'target', 'observed', 'at', 'outcome')
    return Intent(**{key: row[key] for key in keys})
