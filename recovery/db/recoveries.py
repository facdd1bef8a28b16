"""Recoveries: made, moved from state to state by compare-and-set, counted.

What only the owner of a recovery may write is in :mod:`recovery.claims`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from recovery.db import states
from recovery.db.tables import intent
from recovery.db.tables import recovery as table

POWER_OFF = 'power-off'  # the action whose intent is the line
#: What begins with a host takes its instances along.
ABOVE = frozenset({'host-down', 'host-drain', 'host-return'})
#: The code of one that ended because what it is about was over, and its note of the round in which
#: that was found.
OVER = 'over'
GIVEN_BACK = 'given-back-since'  #: the note of an undo that a human ordered: from when on
# Made once: every watcher asks it at every look.
DUE = (
    sa.select(table)
    .where(
        table.c.state == sa.bindparam('of_state'),
        (table.c.next_check <= sa.bindparam('now'))
        | (
            (table.c.next_check > sa.bindparam('furthest'))
            & (table.c.updated_at > sa.bindparam('now'))
        ),
    )
    .order_by(table.c.next_check)
    .limit(sa.bindparam('most'))
)


@dataclass(frozen=True)
class Fresh:
    """A recovery that is about to be recorded."""

    id: str
    kind: str
    subject: str
    host: str
    state: str  #: held or ready
    reason: str
    requested_by: str
    arguments: Mapping[str, Any]
    created_at: float
    code: str | None = None
    verb: str | None = None
    alarm: str | None = None
    approved_by: str | None = None
    approved_reason: str | None = None
    approved_gates: tuple[str | Mapping[str, Any], ...] = ()  #: see recovery.policy.approvals
    next_check: float | None = None
    expires_at: float | None = None
    notes: Mapping[str, Any] = field(default_factory=dict)


def open_key(kind: str, subject: str) -> str:
    """What a live recovery of this kind blocks."""
    return f'instance:{subject}' if of_instances(kind) else f'host:{subject}'


def above(
    connection: sa.Connection, kind: str, host: str, *, held: bool = False
) -> sa.RowMapping | None:
    """The live recovery of the host of an instance, for whose sake the instance is left alone.
    None for a kind that is about hosts.

    :param held: also one that is held, and has not begun.
    """
    if not of_instances(kind):
        return None
    query = sa.select(table).where(
        table.c.open_key == f'host:{host}',
        table.c.kind.in_(ABOVE),
        sa.true() if held else table.c.state != states.HELD,
    )
    return connection.execute(query).mappings().first()


def below(connection: sa.Connection, host: str) -> tuple[sa.RowMapping, ...]:
    """Live recoveries of instances of a host."""
    mine = (table.c.host == host) & table.c.open_key.startswith('instance:')
    return tuple(connection.execute(sa.select(table).where(mine)).mappings())


def of_hosts() -> sa.ColumnElement[bool]:
    """Live recoveries that block a host. The first half is for the index: no LIKE uses it."""
    return (table.c.open_key > '') & table.c.open_key.startswith('host:')


def of_instances(kind: str) -> bool:
    """Whether recoveries of this kind are about one instance each, not about a host."""
    return kind.startswith('instance-')


def create(connection: sa.Connection, fresh: Fresh) -> None:
    """Record a recovery that blocks its subject.

    :raises sqlalchemy.exc.IntegrityError: another live recovery blocks it already.
    """
    values = {
        key: getattr(fresh, key)
        for key in Fresh.__dataclass_fields__
        if key not in ('arguments', 'notes', 'approved_gates')
    }
    connection.execute(
        sa.insert(table).values(
            **values,
            open_key=open_key(fresh.kind, fresh.subject),
            arguments=dict(fresh.arguments),
            notes=dict(fresh.notes),
            approved_gates=list(fresh.approved_gates),
            updated_at=fresh.created_at,
            round=1,
            undoing=False,
            epoch=0,
            beats=0,
            claims=0,
        )
    )


def get(connection: sa.Connection, recovery: str) -> sa.RowMapping | None:
    """One recovery."""
    return connection.execute(sa.select(table).where(table.c.id == recovery)).mappings().first()


def blocking(connection: sa.Connection, kind: str, subject: str) -> sa.RowMapping | None:
    """The live recovery that blocks what a recovery of this kind and subject would block."""
    query = sa.select(table).where(table.c.open_key == open_key(kind, subject))
    return connection.execute(query).mappings().first()


def lock_live(connection: sa.Connection, recovery: str) -> sa.RowMapping | None:
    """A live recovery, which nobody else changes until this transaction ends. None: it has
    ended."""
    mine = (table.c.id == recovery) & table.c.state.in_(states.LIVE)
    return connection.execute(sa.select(table).where(mine).with_for_update()).mappings().first()


def ends_as_over(row: sa.RowMapping) -> bool:
    """Whether a live recovery is about to end because what it is about was over: it answers no
    alarm that comes now."""
    ends = row['undoing'] or row['wish'] == 'undo'
    return bool(ends and (row['code'] == OVER or row['notes'].get(OVER) == row['round']))


def gives_back(row: sa.RowMapping) -> bool:
    """Whether a live recovery only gives back what it did: it answers no alarm that comes now."""
    return bool(row['undoing'] and row['wish'] != 'leave') or ends_as_over(row)


def move(
    connection: sa.Connection, recovery: str, old: str, new: str, now: float, **values: Any
) -> bool:
    """From one state to another, if it still is in the old one and nobody owns it."""
    states.check_recovery(old, new)
    if new in states.ENDED:
        values |= {'open_key': None, 'ended_at': now, 'next_check': None}
    mine = (table.c.id == recovery) & (table.c.state == old) & table.c.token.is_(None)
    update = sa.update(table).where(mine).values(state=new, updated_at=now, **values)
    return bool(connection.execute(update).rowcount)


def note(connection: sa.Connection, recovery: str, state: str, now: float, **values: Any) -> bool:
    """Change fields of a recovery that still is in this state and that nobody owns."""
    mine = (table.c.id == recovery) & (table.c.state == state) & table.c.token.is_(None)
    update = sa.update(table).where(mine).values(updated_at=now, **values)
    return bool(connection.execute(update).rowcount)


def supersede(connection: sa.Connection, old: sa.RowMapping, new: str, now: float) -> bool:
    """End a live recovery for the sake of another one; its owner, if any, loses it at once.

    Its intents and open attempts stay its own rows: they are found by host.
    """
    states.check_recovery(old['state'], states.SUPERSEDED)
    mine = (table.c.id == old['id']) & (table.c.state == old['state'])
    values = {'token': None, 'worker': None, 'lease': None, 'open_key': None, 'next_check': None}
    update = sa.update(table).where(mine, table.c.epoch == old['epoch'])
    return bool(
        connection.execute(
            update.values(
                **values,
                state=states.SUPERSEDED,
                superseded_by=new,
                epoch=table.c.epoch + 1,
                reason='a recovery that takes precedence took over its host',
                updated_at=now,
                ended_at=now,
            )
        ).rowcount
    )


def due(
    connection: sa.Connection, state: str, now: float, limit: int, *, longest: float
) -> tuple[sa.RowMapping, ...]:
    """Recoveries in this state whose next check has come, the longest due first.

    :param longest: seconds; no pause is longer. A check that is further away, of a row that was
        written later than now, was set by a clock that has been put back since: it has come.
    """
    asked = {'of_state': state, 'now': now, 'furthest': now + longest, 'most': limit}
    return tuple(connection.execute(DUE, asked).mappings())


def take(connection: sa.Connection, row: sa.RowMapping, next_check: float) -> bool:
    """Win a due recovery: the one who moves its next check on looks at it."""
    mine = (table.c.id == row['id']) & (table.c.state == row['state'])
    mine &= table.c.next_check == row['next_check']
    return bool(
        connection.execute(sa.update(table).where(mine).values(next_check=next_check)).rowcount
    )


def ids_of_host(connection: sa.Connection, host: str, limit: int = 50) -> frozenset[str]:
    """The newest recoveries of a host, those of its instances apart."""
    mine = (table.c.host == host) & (table.c.subject == host)
    query = sa.select(table.c.id).where(mine).order_by(table.c.created_at.desc())
    return frozenset(connection.execute(query.limit(limit)).scalars())


def count(
    connection: sa.Connection, host: str, kind: str, *, since: float, but: str | None = None
) -> int:
    """Recoveries of a host that a worker began since a time."""
    query = sa.select(sa.func.count()).where(
        _about(host, kind),
        table.c.kind == kind,
        table.c.started_at.is_not(None),
        table.c.created_at >= since,
    )
    if but is not None:
        query = query.where(table.c.id != but)
    return int(connection.execute(query).scalar_one())


def closed_at(
    connection: sa.Connection, host: str, kind: str, *, but: str | None = None
) -> float | None:
    """When the newest recovery of a host and kind ended that answered the alarms from before, or
    was cancelled by a human: not one that expired, or that a host ended by coming back before
    anything was done. A source that goes on saying so is heard again. What was given back after
    that, maybe for days, answered nothing meanwhile."""
    ended = states.ENDED - {states.EXPIRED, states.SUPERSEDED}
    query = sa.select(table.c.ended_at, table.c.state, table.c.notes).where(
        _about(host, kind),
        table.c.kind == kind,
        table.c.state.in_(ended),
        sa.func.coalesce(table.c.code, '') != OVER,
    )
    if but is not None:
        query = query.where(table.c.id != but)
    newest = connection.execute(query.order_by(table.c.ended_at.desc()).limit(1)).first()
    if newest is None:
        return None
    undone = newest.state == states.UNDONE
    return float(newest.notes.get(GIVEN_BACK, newest.ended_at) if undone else newest.ended_at)


def _about(subject: str, kind: str) -> sa.ColumnElement[bool]:
    """Recoveries of this host; or of this instance, wherever it was."""
    return (table.c.subject if of_instances(kind) else table.c.host) == subject


def under_way(connection: sa.Connection, kind: str) -> frozenset[str]:
    """Hosts with a live recovery of this kind that no gate holds."""
    live = states.LIVE - {states.HELD}
    query = sa.select(table.c.host).where(table.c.kind == kind, table.c.state.in_(live))
    return frozenset(connection.execute(query).scalars())


def fenced(connection: sa.Connection, since: float) -> frozenset[str]:
    """Hosts whose power-off was intended since a time."""
    query = sa.select(intent.c.host).where(intent.c.action == POWER_OFF, intent.c.at >= since)
    # No DISTINCT: for its sake SQLite would read every intent there ever was, host by host.
    return frozenset(connection.execute(query).scalars())
