"""Members: the hosts of segments, in the order of their registration.

What is shown as ``on_maintenance`` is either the operator's maintenance or our own mark; both are
in the row of the host (H24).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from recovery.db import hosts, pages
from recovery.db.rows import insert
from recovery.db.segments import Segment
from recovery.db.tables import host
from recovery.db.tables import member as table


@dataclass(frozen=True)
class Member:
    """One host of a segment."""

    id: int  #: what lists are paged by; counts the registrations
    uuid: str
    segment: str  #: the segment's UUID
    name: str  #: as Nova's compute service spells it
    type: str | None
    control_attributes: str | None
    reserved: bool
    maintenance: bool  #: the operator's
    failed_by: str | None  #: the recovery that marked it failed, until it has returned
    created_at: float
    updated_at: float | None = None

    @property
    def on_maintenance(self) -> bool:
        """As Masakari's clients know it."""
        return self.maintenance or self.failed_by is not None


_MAINTENANCE = sa.func.coalesce(host.c.maintenance, sa.false())
_ON = sa.case((_MAINTENANCE | host.c.failed_by.is_not(None), 1), else_=0)
_JOINED = table.outerjoin(host, host.c.name == table.c.name)
_OWN = tuple(column.name for column in table.c)
COLUMNS: pages.Columns = {
    **{name: table.c[name] for name in _OWN if name != 'segment'},
    'on_maintenance': _ON,
    'failover_segment_id': table.c.segment,
}


def add(
    connection: sa.Connection, segment: Segment, uuid: str, name: str, now: float, **values: Any
) -> None:
    """Make a host a member, and give it the segment's label.

    :raises sqlalchemy.exc.IntegrityError: it is a member already, of this or another segment.
    """
    fields = {'type': None, 'control_attributes': None, 'reserved': False} | values
    insert(connection, table, uuid=uuid, segment=segment.uuid, name=name, created_at=now, **fields)
    hosts.put(connection, name, segment=segment.name)


def get(connection: sa.Connection, uuid: str) -> Member | None:
    """The member with that UUID."""
    return _first(connection, table.c.uuid == uuid)


def of_host(connection: sa.Connection, name: str) -> Member | None:
    """The member that a host is; None when it is in no segment."""
    return _first(connection, table.c.name == name)


def of_segment(connection: sa.Connection, segment: str) -> tuple[Member, ...]:
    """All members of the segment with that UUID, in the order of their registration."""
    return _members(connection, table.c.segment == segment)


def by_host(connection: sa.Connection) -> dict[str, Member]:
    """All members of all segments, by their host."""
    return {one.name: one for one in _members(connection, sa.true())}


def reserved_of(connection: sa.Connection, segment: str) -> tuple[Member, ...]:
    """Reserved hosts of the segment with that UUID, in the order of their registration."""
    return _members(connection, (table.c.segment == segment) & table.c.reserved)


def page(
    connection: sa.Connection, segment: str, filters: Mapping[str, Any], wanted: pages.Page
) -> tuple[Member, ...]:
    """Members of a segment whose columns equal the filters. Raises NoMarker."""
    query = _query().where(table.c.segment == segment)
    for name, value in filters.items():
        plain = int(value) if name == 'on_maintenance' else value
        query = query.where(COLUMNS[name] == plain)
    return tuple(map(_member, pages.fetch(connection, query, COLUMNS, wanted)))


def reserve(connection: sa.Connection, name: str, reserved: bool, now: float) -> bool:
    """Set or take the flag. False: it is so already, or the host is no member."""
    mine = (table.c.name == name) & (table.c.reserved != reserved)
    values = {'reserved': reserved, 'updated_at': now}
    return bool(connection.execute(sa.update(table).where(mine).values(**values)).rowcount)


def change(
    connection: sa.Connection, old: Member, segment: Segment, now: float, **values: Any
) -> None:
    """Change fields. With a new name the label goes over to that host.

    :raises sqlalchemy.exc.IntegrityError: that host is a member already.
    """
    mine = table.c.uuid == old.uuid
    connection.execute(sa.update(table).where(mine).values(updated_at=now, **values))
    name = values.get('name', old.name)
    if name != old.name:
        _unlabel(connection, old.name, segment)
        hosts.put(connection, name, segment=segment.name)


def remove(connection: sa.Connection, old: Member, segment: Segment) -> None:
    """It is no member any more, and in no segment. Its maintenance stays."""
    connection.execute(sa.delete(table).where(table.c.uuid == old.uuid))
    _unlabel(connection, old.name, segment)


def _unlabel(connection: sa.Connection, name: str, segment: Segment) -> None:
    mine = (host.c.name == name) & (host.c.segment == segment.name)
    connection.execute(sa.update(host).where(mine).values(segment=None))


def _query() -> sa.Select[Any]:
    marks = (_MAINTENANCE.label('maintenance'), host.c.failed_by)
    return sa.select(table, *marks).select_from(_JOINED)


def _members(connection: sa.Connection, which: sa.ColumnElement[bool]) -> tuple[Member, ...]:
    query = _query().where(which).order_by(table.c.id)
    return tuple(map(_member, connection.execute(query).mappings()))


def _first(connection: sa.Connection, which: sa.ColumnElement[bool]) -> Member | None:
    found = _members(connection, which)
    return found[0] if found else None


def _member(row: sa.RowMapping) -> Member:
    values: dict[str, Any] = dict(row)
    return Member(**(values | {'maintenance': bool(values['maintenance'])}))
