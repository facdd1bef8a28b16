"""Notifications in Masakari's sense: what its clients sent, and what became of it.

The status is none of our columns: it follows from the alarm and from its recovery, so that no two
records can disagree about how a recovery ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from recovery.db import pages, states
from recovery.db.rows import insert
from recovery.db.tables import alarm, recovery
from recovery.db.tables import notification as table

NEW, RUNNING, FINISHED = 'new', 'running', 'finished'
IGNORED, ERROR, FAILED = 'ignored', 'error', 'failed'

#: What a recovery says of the notification that led to it. The rest depends on how far it came.
OF_STATE: Mapping[str, str] = {
    **dict.fromkeys(states.LIVE, RUNNING),
    states.DONE: FINISHED,
    states.DONE_WITH_FAILURES: FAILED,
    states.EXPIRED: FAILED,
    states.UNDONE: IGNORED,
}


@dataclass(frozen=True)
class Notification:
    """One notification."""

    id: int  #: what lists are paged by
    uuid: str
    type: str  #: 'COMPUTE_HOST', 'VM' or 'PROCESS'
    host: str
    member: str  #: UUID of the host's membership when it came
    segment: str | None  #: UUID
    generated_at: float
    payload: Mapping[str, Any]
    alarm: str | None  #: None: nothing was to be done
    status: str
    message: str | None
    recovery: str | None  #: that it led to, or that was under way already
    created_at: float
    updated_at: float | None


_NEXT = recovery.alias('successor')
_JOINED = (
    table.outerjoin(alarm, alarm.c.id == table.c.alarm)
    .outerjoin(recovery, recovery.c.id == alarm.c.recovery)
    .outerjoin(_NEXT, _NEXT.c.id == recovery.c.superseded_by)
)
_STATE = sa.func.coalesce(_NEXT.c.state, recovery.c.state)
_BEGAN = sa.func.coalesce(_NEXT.c.started_at, recovery.c.started_at)
_ENDED = sa.func.coalesce(_NEXT.c.ended_at, recovery.c.ended_at)
_BY_STATE: list[tuple[sa.ColumnElement[bool], Any]] = [
    (_STATE.in_([state]), status) for state, status in sorted(OF_STATE.items())
]
STATUS: sa.ColumnElement[str] = sa.case(
    (table.c.answer.is_not(None), table.c.answer),
    *_BY_STATE,
    # Cancelled, or taken over by one that was taken over itself: by how far it came.
    (_STATE.is_not(None) & _BEGAN.is_not(None), FAILED),
    (_STATE.is_not(None), IGNORED),
    (alarm.c.answer == 'ignore', IGNORED),
    (alarm.c.id.is_not(None) & alarm.c.answer.is_(None), NEW),
    else_=FINISHED,  # what is this old has been forgotten
)
_REASON = sa.func.coalesce(_NEXT.c.reason, recovery.c.reason, alarm.c.reason)
_MESSAGE = sa.func.coalesce(table.c.message, _REASON)
_UPDATED = sa.func.coalesce(_NEXT.c.updated_at, recovery.c.updated_at, table.c.updated_at)
_RECOVERY = sa.func.coalesce(_NEXT.c.id, alarm.c.recovery)

COLUMNS: pages.Columns = {
    **{name: table.c[name] for name in ('id', 'type', 'created_at')},
    'notification_uuid': table.c.uuid,
    'generated_time': table.c.generated_at,
    'source_host_uuid': table.c.member,
    'failover_segment_uuid': table.c.segment,
    'status': STATUS,
    'message': _MESSAGE,
    'updated_at': _UPDATED,
}


def add(connection: sa.Connection, uuid: str, now: float, **values: Any) -> None:
    """Record a notification."""
    insert(connection, table, uuid=uuid, created_at=now, **values)


def get(connection: sa.Connection, uuid: str) -> Notification | None:
    """The notification with that UUID."""
    row = connection.execute(_query().where(table.c.uuid == uuid)).mappings().first()
    return _notification(row) if row is not None else None


def of_alarm(connection: sa.Connection, alarm_id: str, *, since: float = 0.0) -> str | None:
    """The UUID of the notification that brought an alarm, the first one made since then."""
    brought = (table.c.alarm == alarm_id, table.c.created_at >= since)
    query = sa.select(table.c.uuid).where(*brought).order_by(table.c.id).limit(1)
    found = connection.execute(query).scalar()
    return None if found is None else str(found)


def page(
    connection: sa.Connection,
    filters: Mapping[str, Any],
    wanted: pages.Page,
    *,
    since: float | None = None,
) -> tuple[Notification, ...]:
    """Notifications whose columns equal the filters, generated at or after ``since``.

    :raises recovery.db.pages.NoMarker: there is no such row.
    """
    query = _query()
    for name, value in filters.items():
        query = query.where(COLUMNS[name] == value)
    if since is not None:
        query = query.where(table.c.generated_at >= since)
    return tuple(map(_notification, pages.fetch(connection, query, COLUMNS, wanted)))


def other_open_alarm(connection: sa.Connection, alarm_id: str, kind: str, subject: str) -> bool:
    """Whether an earlier alarm about the same is still to be decided about."""
    mine = sa.select(alarm.c.arrived_at).where(alarm.c.id == alarm_id).scalar_subquery()
    query = sa.select(alarm.c.id).where(
        alarm.c.kind == kind,
        alarm.c.subject == subject,
        alarm.c.answer.is_(None),
        alarm.c.id != alarm_id,
        alarm.c.arrived_at <= mine,
    )
    return connection.execute(query.limit(1)).first() is not None


def _query() -> sa.Select[Any]:
    names = ('id', 'uuid', 'type', 'host', 'member', 'segment', 'generated_at', 'payload')
    return sa.select(
        *(table.c[name] for name in (*names, 'alarm', 'created_at')),
        STATUS.label('status'),
        _MESSAGE.label('message'),
        _UPDATED.label('updated_at'),
        _RECOVERY.label('recovery'),
    ).select_from(_JOINED)


def _notification(row: sa.RowMapping) -> Notification:
    return Notification(**row)
