"""Reserved hosts that recoveries took: one row for each host, so that one recovery has it (H15)."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from flows.records import KEPT, TAKEN, TAKEN_AFTER, Spare
from recovery.db import guards, hosts, members, scopes, states, windows
from recovery.db.intents import Author
from recovery.db.tables import intent, member, recovery, segment
from recovery.db.tables import spare as table

#: The note of what a recovery waits for a human for, while it is woken to give back spares.
OWED = 'spares-owed'


def method_of(connection: sa.Connection, host: str) -> str | None:
    """The recovery method of the segment that a host is in; None when it is in none."""
    found = _segment_of(connection, host)
    return None if found is None else str(found['recovery_method'])


def reserved_for(connection: sa.Connection, host: str) -> tuple[str, ...]:
    """The reserved hosts of the segment of a host, in the order of their registration."""
    found = _segment_of(connection, host)
    if found is None:
        return ()
    return tuple(one.name for one in members.reserved_of(connection, found['uuid']))


def of_recovery(connection: sa.Connection, recovery_id: str) -> tuple[Spare, ...]:
    """What a recovery took, oldest first."""
    query = sa.select(table).where(table.c.recovery == recovery_id)
    rows = connection.execute(query.order_by(table.c.at, table.c.host))
    return tuple(Spare(row.host, row.state, tuple(row.aggregates), row.at) for row in rows)


def kept_from_others(connection: sa.Connection, recovery_id: str) -> frozenset[str]:
    """Hosts that other recoveries took, and those that are reserved: not for this one to name."""
    taken = sa.select(table.c.host).where(table.c.recovery != recovery_id, table.c.state == TAKEN)
    reserved = sa.select(member.c.name).where(member.c.reserved)
    return frozenset(connection.execute(taken.union(reserved)).scalars())


def unfit(connection: sa.Connection, host: str, recovery_id: str, now: float) -> str:
    """Why a host cannot be the spare of a recovery now, as far as we know; '' when it can."""
    known = hosts.get(connection, host)
    if known.maintenance:
        return f'{known.maintenance_by} set it to maintenance: {known.maintenance_reason}'
    if why := failed(connection, host):
        return why
    if open_ := windows.open_for(connection, host, now):
        return f'it is in maintenance window {open_[0].id[:8]}'
    paused = guards.get(connection, guards.PAUSED, scopes.host(host))
    if paused is not None and paused.value:
        return f'it is paused by {paused.by}'
    owner = connection.execute(sa.select(table.c.recovery).where(_held(host))).scalar()
    if owner is not None and owner != recovery_id:
        return f'recovery {owner[:8]} took it'
    return ''


def failed(connection: sa.Connection, host: str) -> str:
    """Why a host is to be recovered itself (S17); '' when it is not."""
    marked = hosts.get(connection, host).failed_by
    if marked is not None:
        return f'recovery {marked[:8]} marked it failed'
    live = sa.select(recovery.c.id).where(
        recovery.c.host == host,
        recovery.c.state.in_(states.LIVE),
        recovery.c.kind.startswith('host-'),
    )
    own = connection.execute(live.limit(1)).scalar()
    return '' if own is None else f'it is under recovery {own[:8]} itself'


def take(connection: sa.Connection, author: Author, host: str) -> str:
    """Reserve a host for the author's recovery, in the same transaction as its flag goes.

    Returns why not; '' when it is taken. Committed before the host is enabled.
    """
    now = author.clock.now()
    if why := unfit(connection, host, author.recovery_id, now):
        return why
    values = {'recovery': author.recovery_id, 'state': TAKEN, 'at': now, 'aggregates': []}
    try:
        with connection.begin_nested():
            # What an earlier recovery left in service, and somebody reserved again since.
            old = (table.c.host == host) & ~_held(host)
            connection.execute(sa.delete(table).where(old))
            if not members.reserve(connection, host, False, now):
                return 'it is not reserved any more'
            connection.execute(sa.insert(table).values(host=host, **values))
            _note_order(connection, author, host)
    except sa.exc.IntegrityError:
        return 'another recovery took it at this very moment'
    return ''


def _note_order(connection: sa.Connection, author: Author, host: str) -> None:
    mine = recovery.c.id == author.recovery_id
    newest = sa.select(sa.func.max(intent.c.id)).where(intent.c.recovery == author.recovery_id)
    notes = dict(connection.execute(sa.select(recovery.c.notes).where(mine)).scalar_one())
    after = {**notes.get(TAKEN_AFTER, {}), host: connection.execute(newest).scalar() or 0}
    update = sa.update(recovery).where(mine)
    connection.execute(update.values(notes=notes | {TAKEN_AFTER: after}))


def remember(connection: sa.Connection, author: Author, host: str, names: Sequence[str]) -> None:
    """The aggregates that it was added to by us."""
    update = sa.update(table).where(_mine(author, host))
    connection.execute(update.values(aggregates=sorted(names)))


def keep(connection: sa.Connection, author: Author, host: str) -> None:
    """It stays in service, and is reserved no more."""
    connection.execute(sa.update(table).where(_mine(author, host)).values(state=KEPT))


def leave(connection: sa.Connection, recovery_id: str) -> tuple[str, ...]:
    """The recovery ends although nobody looked: they stay in service, reserved no more."""
    hosts_ = tuple(one.host for one in of_recovery(connection, recovery_id) if one.state == TAKEN)
    update = sa.update(table).where(table.c.recovery == recovery_id, table.c.host.in_(hosts_))
    connection.execute(update.values(state=KEPT))
    return hosts_


def give_back(connection: sa.Connection, author: Author, host: str, *, reserved: bool) -> None:
    """It is nobody's any more; reserved again, if it was proven empty."""
    connection.execute(sa.delete(table).where(_mine(author, host)))
    if reserved:
        members.reserve(connection, host, True, author.clock.now())


def in_hand(connection: sa.Connection, recovery_id: str) -> bool:
    """Whether a recovery has spares that are neither given back nor kept in service."""
    return any(one.state == TAKEN for one in of_recovery(connection, recovery_id))


def taken(connection: sa.Connection, host: str) -> bool:
    """Whether a recovery took it and has not given it back, or left it in service."""
    query = sa.select(table.c.host).where(table.c.host == host)
    return connection.execute(query).first() is not None


def _segment_of(connection: sa.Connection, host: str) -> sa.RowMapping | None:
    columns = sa.select(segment.c.uuid, segment.c.recovery_method)
    one = members.of_host(connection, host)
    if one is not None:
        return connection.execute(columns.where(segment.c.uuid == one.segment)).mappings().first()
    label = hosts.get(connection, host).segment  # given by hand, without a membership
    query = columns.where(segment.c.name == label)
    return connection.execute(query).mappings().first() if label else None


def _held(host: str) -> sa.ColumnElement[bool]:
    """By a recovery that has not ended."""
    live = sa.select(recovery.c.id).where(recovery.c.state.in_(states.LIVE))
    return (table.c.host == host) & (table.c.state == TAKEN) & table.c.recovery.in_(live)


def _mine(author: Author, host: str) -> sa.ColumnElement[bool]:
    return (table.c.host == host) & (table.c.recovery == author.recovery_id)
