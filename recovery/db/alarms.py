"""Alarms: stored before they are answered, one row however often they are sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from drivers.contracts.alarms import Alarm
from recovery.db import states
from recovery.db.tables import alarm as table
from recovery.db.tables import recovery

RAW_LIMIT = 64 * 1024 - 1  # what a TEXT column of MariaDB holds


def add(connection: sa.Connection, alarm_id: str, alarm: Alarm, now: float) -> None:
    """Store an alarm that is not decided about yet.

    :raises sqlalchemy.exc.IntegrityError: (source, key) is stored already.
    """
    connection.execute(
        sa.insert(table).values(
            id=alarm_id,
            source=alarm.source,
            key=alarm.key,
            kind=alarm.kind,
            subject=alarm.subject,
            at=alarm.at,
            arrived_at=now,
            evidence=dict(alarm.evidence),
            raw=alarm.raw.encode()[:RAW_LIMIT].decode(errors='ignore'),
            requested_by=alarm.requested_by,
            repeats=0,
        )
    )


def get(connection: sa.Connection, alarm_id: str) -> sa.RowMapping | None:
    """One alarm."""
    query = sa.select(table).where(table.c.id == alarm_id)
    return connection.execute(query).mappings().first()


def lock(connection: sa.Connection, alarm_id: str) -> None:
    """Let nobody else change the alarm until this transaction ends (SQLite has one writer)."""
    connection.execute(sa.select(table.c.id).where(table.c.id == alarm_id).with_for_update())


def find(connection: sa.Connection, source: str, key: str) -> sa.RowMapping | None:
    """The alarm that a source knows by this key."""
    query = sa.select(table).where(table.c.source == source, table.c.key == key)
    return connection.execute(query).mappings().first()


def sources(connection: sa.Connection, recovery: str) -> frozenset[str]:
    """Who began a recovery, or said so too while it was open."""
    query = sa.select(table.c.source).where(table.c.recovery == recovery).distinct()
    return frozenset(connection.execute(query).scalars())


def open_of(connection: sa.Connection, source: str) -> tuple[sa.RowMapping, ...]:
    """The alarms of a source that belong to a live recovery, oldest first."""
    live = sa.select(recovery.c.id).where(recovery.c.state.in_(states.LIVE))
    # Found from the live ones, which are few, and not by the source, whose alarms are all kept.
    mine = sa.func.coalesce(table.c.source, '') == source
    query = sa.select(table).where(table.c.recovery.in_(live), mine)
    return tuple(connection.execute(query.order_by(table.c.arrived_at)).mappings())


def of_recovery(connection: sa.Connection, recovery_id: str) -> tuple[sa.RowMapping, ...]:
    """The alarm that began a recovery, and those that said so too, oldest first."""
    query = sa.select(table).where(table.c.recovery == recovery_id)
    return tuple(connection.execute(query.order_by(table.c.arrived_at)).mappings())


class Joined(NamedTuple):
    """What a recovery has answered."""

    number: int  #: of alarms: the one that began it, and those that said so too
    newest: float | None  #: when the last of them arrived


def joined(connection: sa.Connection, recovery_id: str) -> Joined:
    """The alarms of a recovery, counted."""
    query = sa.select(sa.func.count(), sa.func.max(table.c.arrived_at))
    return Joined(*connection.execute(query.where(table.c.recovery == recovery_id)).one())


def first_since(
    connection: sa.Connection, recovery_id: str | None, since: float | None
) -> float | None:
    """When the first alarm of a recovery arrived after a time; None: none did."""
    if recovery_id is None or since is None:
        return None
    mine = (table.c.recovery == recovery_id) & (table.c.arrived_at > since)
    found: float | None = connection.execute(
        sa.select(sa.func.min(table.c.arrived_at)).where(mine)
    ).scalar_one()
    return found


def repeat(connection: sa.Connection, alarm_id: str) -> None:
    """It was sent once more."""
    connection.execute(
        sa.update(table).where(table.c.id == alarm_id).values(repeats=table.c.repeats + 1)
    )


def reopen(connection: sa.Connection, alarm_id: str, answer: str | None) -> bool:
    """Let an alarm that has this answer be decided about once more."""
    mine = (table.c.id == alarm_id) & (table.c.answer == answer)
    return bool(connection.execute(sa.update(table).where(mine).values(answer=None)).rowcount)


def settle(
    connection: sa.Connection, alarm_id: str, answer: str, reason: str, recovery: str | None
) -> bool:
    """Record the answer. False: somebody else answered meanwhile."""
    mine = (table.c.id == alarm_id) & table.c.answer.is_(None)
    values = {'answer': answer, 'reason': reason, 'recovery': recovery}
    return bool(connection.execute(sa.update(table).where(mine).values(**values)).rowcount)


def rename(
    connection: sa.Connection, alarm_id: str, subject: str, evidence: Mapping[str, Any]
) -> bool:
    """Let it be about the host of that name. False: somebody has answered it meanwhile."""
    mine = (table.c.id == alarm_id) & table.c.answer.is_(None)
    values = {'subject': subject, 'evidence': dict(evidence)}
    return bool(connection.execute(sa.update(table).where(mine).values(**values)).rowcount)


def over(connection: sa.Connection, recovery: str, source: str) -> None:
    """Its source says that it is over: sent again, it is decided about again."""
    mine = (table.c.recovery == recovery) & (table.c.source == source)
    connection.execute(sa.update(table).where(mine).values(answer='ignore'))


def postpone(connection: sa.Connection, alarm_id: str, reason: str) -> None:
    """It stays undecided, for this reason."""
    mine = (table.c.id == alarm_id) & table.c.answer.is_(None)
    connection.execute(sa.update(table).where(mine).values(reason=reason))


def undecided(
    connection: sa.Connection, before: float, limit: int, after: tuple[float, str] | None = None
) -> tuple[sa.RowMapping, ...]:
    """Alarms without an answer that arrived before a time, oldest first.

    :param after: time and id of the last one that was seen.
    """
    query = sa.select(table).where(table.c.answer.is_(None), table.c.arrived_at <= before)
    if after is not None:
        query = query.where(
            (table.c.arrived_at > after[0])
            | ((table.c.arrived_at == after[0]) & (table.c.id > after[1]))
        )
    query = query.order_by(table.c.arrived_at, table.c.id).limit(limit)
    return tuple(connection.execute(query).mappings())


def newest(connection: sa.Connection, limit: int = 50) -> tuple[sa.RowMapping, ...]:
    """The latest alarms, newest first."""
    query = sa.select(table).order_by(table.c.arrived_at.desc()).limit(limit)
    return tuple(connection.execute(query).mappings())


def of_row(row: sa.RowMapping) -> Alarm:
    """The alarm as its source sent it."""
    keys = ('source', 'key', 'kind', 'subject', 'at', 'evidence', 'raw', 'requested_by')
    return Alarm(**{key: row[key] for key in keys})
