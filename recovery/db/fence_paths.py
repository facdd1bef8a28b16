"""Fence paths: what the newest check of each host's devices found.

A row is due when its check is older than a period. Any number of watchers look for due rows side
by side: whoever moves ``at`` on has the row.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from recovery.db import states
from recovery.db.tables import fence_path as table
from recovery.db.tables import host, recovery

#: Seconds after which a host whose checker died is due again.
TAKEN_SECONDS = 300.0
#: Seconds over which the first checks of new hosts are spread, at most.
FIRST_SECONDS = 600.0
#: A check from further in the future than this was written by a clock that has been put right.
AHEAD_SECONDS = 5.0


@dataclass(frozen=True)
class FencePathRow:
    """What is stored of one host's fence path."""

    host: str
    off_works: bool | None  #: None: it could not be found out
    on_works: bool | None
    verdict: str  #: '' while it was never checked; the first word is the grade
    devices: Sequence[Mapping[str, Any]]
    at: float  #: when it was checked
    since: float  #: when the grade last changed

    @property
    def grade(self) -> str:
        """'well', 'degraded', 'broken', 'unclear'; '' when it was never checked."""
        return _grade(self.verdict)


def every(connection: sa.Connection) -> dict[str, FencePathRow]:
    """All that is stored, by host."""
    rows = connection.execute(sa.select(table).order_by(table.c.host)).mappings()
    return {row['host']: _row(row) for row in rows}


def grades(connection: sa.Connection) -> dict[str, str]:
    """The grade of each host; '' of those never checked. Far less to read than :func:`every`."""
    rows = connection.execute(sa.select(table.c.host, table.c.verdict))
    return {row.host: _grade(row.verdict) for row in rows}


def get(connection: sa.Connection, name: str) -> FencePathRow | None:
    """One host's; None: it was never heard of."""
    row = connection.execute(sa.select(table).where(table.c.host == name)).mappings().first()
    return _row(row) if row else None


def know(connection: sa.Connection, names: Iterable[str], now: float, period: float) -> None:
    """Begin to look after these hosts, and forget all others.

    Their first checks are spread, so that a thousand controllers are not asked in one minute.
    """
    wanted = set(names)
    known = set(connection.execute(sa.select(table.c.host)).scalars())
    gone = known - wanted
    if gone:
        connection.execute(sa.delete(table).where(table.c.host.in_(gone)))
    spread = max(1, int(min(period, FIRST_SECONDS)))
    for name in sorted(wanted - known):
        at = now - period + zlib.crc32(name.encode()) % spread
        fresh = {'host': name, 'verdict': '', 'devices': [], 'at': at, 'since': now}
        try:
            with connection.begin_nested():
                connection.execute(sa.insert(table).values(**fresh))
        except sa.exc.IntegrityError:
            continue  # another watcher was first


def due(connection: sa.Connection, now: float, period: float, limit: int) -> list[FencePathRow]:
    """Healthy hosts whose check is older than the period, the oldest first.

    A host that is under recovery, failed or in maintenance is left alone: its devices are busy,
    or somebody works at them. It is due at once when that is over.
    """
    query = (
        sa.select(table)
        .where((table.c.at <= now - period) | (table.c.at > now + AHEAD_SECONDS))
        .where(_healthy())
        .order_by(table.c.at, table.c.host)
    )
    return [_row(row) for row in connection.execute(query.limit(limit)).mappings()]


def healthy(connection: sa.Connection, names: Sequence[str]) -> frozenset[str]:
    """Which of these hosts nobody recovers or works at."""
    query = sa.select(table.c.host).where(table.c.host.in_(names), _healthy())
    return frozenset(connection.execute(query).scalars())


def oldest_check(connection: sa.Connection) -> float | None:
    """When the healthy host was checked whose check is longest ago; None: none ever was."""
    query = sa.select(sa.func.min(table.c.at)).where(table.c.verdict != '', _healthy())
    value = connection.execute(query).scalar()
    return None if value is None else float(value)


def take(connection: sa.Connection, row: FencePathRow, now: float, period: float) -> bool:
    """Win a due row: nobody else checks that host now. It is due again if the winner dies."""
    mine = (table.c.host == row.host) & (table.c.at == row.at)
    later = now - period + min(TAKEN_SECONDS, period / 2)
    return bool(connection.execute(sa.update(table).where(mine).values(at=later)).rowcount)


def put(connection: sa.Connection, row: FencePathRow) -> None:
    """Record what a check found. A host that was forgotten meanwhile stays forgotten."""
    values = {key: getattr(row, key) for key in ('off_works', 'on_works', 'verdict', 'at', 'since')}
    values['devices'] = [dict(one) for one in row.devices]
    connection.execute(sa.update(table).where(table.c.host == row.host).values(**values))


def _grade(verdict: str) -> str:
    return verdict.partition(':')[0]


def _healthy() -> sa.ColumnElement[bool]:
    live = sa.select(recovery.c.host).where(recovery.c.state.in_(states.LIVE))
    out = sa.select(host.c.name).where(host.c.maintenance.is_(True) | host.c.failed_by.is_not(None))
    return table.c.host.not_in(live) & table.c.host.not_in(out)


def _row(row: sa.RowMapping) -> FencePathRow:
    return FencePathRow(**{key: row[key] for key in FencePathRow.__dataclass_fields__})
