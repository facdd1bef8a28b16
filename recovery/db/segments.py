"""Segments: hosts that are recovered by one method. The name is what hosts carry as their label."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from recovery.db import pages, scopes, states
from recovery.db.rows import insert
from recovery.db.tables import guard, host, member, recovery, window
from recovery.db.tables import segment as table


@dataclass(frozen=True)
class Segment:
    """One segment."""

    id: int  #: what lists are paged by
    uuid: str
    name: str
    recovery_method: str  #: 'auto', 'reserved_host', 'auto_priority' or 'rh_priority'
    service_type: str
    enabled: bool
    description: str | None
    created_at: float
    updated_at: float | None = None


COLUMNS: pages.Columns = {name: table.c[name] for name in Segment.__dataclass_fields__}


def add(connection: sa.Connection, uuid: str, now: float, **values: Any) -> Segment:
    """Record a segment.

    :raises sqlalchemy.exc.IntegrityError: another one has that name.
    """
    fields = {'enabled': True, 'description': None} | values
    number = insert(connection, table, uuid=uuid, created_at=now, **fields)
    return Segment(id=number, uuid=uuid, created_at=now, **fields)


def get(connection: sa.Connection, uuid: str) -> Segment | None:
    """The segment with that UUID."""
    return _one(connection, table.c.uuid == uuid)


def named(connection: sa.Connection, name: str) -> Segment | None:
    """The segment with that name."""
    return _one(connection, table.c.name == name)


def of_host(connection: sa.Connection, name: str) -> Segment | None:
    """The segment that the host is a member of."""
    mine = sa.select(member.c.segment).where(member.c.name == name).scalar_subquery()
    return _one(connection, table.c.uuid == mine)


def page(
    connection: sa.Connection, filters: Mapping[str, Any], wanted: pages.Page
) -> tuple[Segment, ...]:
    """Segments whose columns equal the filters. Raises NoMarker."""
    query = sa.select(table)
    for name, value in filters.items():
        query = query.where(COLUMNS[name] == value)
    return tuple(map(_segment, pages.fetch(connection, query, COLUMNS, wanted)))


def change(connection: sa.Connection, old: Segment, now: float, **values: Any) -> None:
    """Change fields. A new name is carried on to hosts, windows and switches of the segment.

    :raises sqlalchemy.exc.IntegrityError: another one has that name.
    """
    mine = table.c.uuid == old.uuid
    connection.execute(sa.update(table).where(mine).values(updated_at=now, **values))
    name = values.get('name', old.name)
    if name != old.name:
        _rename(connection, old, name)


def remove(connection: sa.Connection, old: Segment) -> None:
    """Forget a segment and its members; the hosts stay, in no segment."""
    connection.execute(sa.update(host).where(_labelled(old)).values(segment=None))
    connection.execute(sa.delete(member).where(member.c.segment == old.uuid))
    connection.execute(sa.delete(table).where(table.c.uuid == old.uuid))


def busy(connection: sa.Connection, uuid: str) -> sa.RowMapping | None:
    """A live recovery of one of its hosts, the oldest first; None when there is none."""
    names = sa.select(member.c.name).where(member.c.segment == uuid)
    query = sa.select(recovery.c.id, recovery.c.kind, recovery.c.host, recovery.c.state).where(
        recovery.c.host.in_(names), recovery.c.open_key.is_not(None)
    )
    return connection.execute(query.order_by(recovery.c.created_at).limit(1)).mappings().first()


def lacking(connection: sa.Connection, uuid: str, but: str, code: str) -> bool:
    """Whether a recovery of one of its hosts waits with that code.

    :param but: False, too, when this host is itself under recovery.
    """
    names = sa.select(member.c.name).where(member.c.segment == uuid)
    query = sa.select(recovery.c.host, recovery.c.state, recovery.c.code).where(
        recovery.c.host.in_(names), recovery.c.open_key.is_not(None)
    )
    live = connection.execute(query).all()
    waits = any(one.state == states.WAITING and one.code == code for one in live)
    return waits and all(one.host != but for one in live)


def _labelled(old: Segment) -> sa.ColumnElement[bool]:
    """Its members, as long as nobody gave them another label by hand."""
    names = sa.select(member.c.name).where(member.c.segment == old.uuid)
    return host.c.name.in_(names) & (host.c.segment == old.name)


def _rename(connection: sa.Connection, old: Segment, name: str) -> None:
    connection.execute(sa.update(host).where(_labelled(old)).values(segment=name))
    before, after = scopes.segment(old.name), scopes.segment(name)
    connection.execute(sa.update(window).where(window.c.scope == before).values(scope=after))
    for switch in ('paused', 'armed'):
        old_key, new_key = f'{switch}:{before}', f'{switch}:{after}'
        if connection.execute(sa.select(guard.c.name).where(guard.c.name == old_key)).first():
            # What an older segment of the new name left behind must not undo this one's switch.
            connection.execute(sa.delete(guard).where(guard.c.name == new_key))
            moved = sa.update(guard).where(guard.c.name == old_key)
            connection.execute(moved.values(name=new_key))


def _one(connection: sa.Connection, which: sa.ColumnElement[bool]) -> Segment | None:
    row = connection.execute(sa.select(table).where(which)).mappings().first()
    return _segment(row) if row is not None else None


def _segment(row: sa.RowMapping) -> Segment:
    return Segment(**row)
