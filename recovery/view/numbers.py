"""What the database knows, as numbers: the same whichever process counts them (S26).

Everything is a state of now, or a count within a window: rows are purged, so that a count of all
that ever was would fall.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from recovery.db import fence_paths, guards, recoveries, spares, states, storms, workers
from recovery.db.intents import FAILED, REFUSED
from recovery.db.tables import alarm, event, host, intent, item, proof, recovery, worker

#: How the event of a take-over ends; see :mod:`recovery.claims.orphans`.
TAKEN_OVER = '%stopped answering'

Pair = tuple[str, str]


@dataclass(frozen=True)
class Numbers:
    """One look."""

    recoveries: Mapping[Pair, int]  #: by kind and state, as they are kept now
    ended: Mapping[Pair, int]  #: by kind and state, within the window
    held: Mapping[Pair, int]  #: by kind and gate
    waiting: Mapping[Pair, int]  #: by kind and code
    by_hand: int  #: waiting ones that never look again by themselves
    oldest: Mapping[str, float]  #: seconds since the oldest live recovery of a state began
    queue_age: float  #: seconds since the oldest one that wants a worker became ready
    fences: Mapping[Pair, int]  #: requests to cut the power, by driver and result, in the window
    items: Mapping[str, int]  #: of live recoveries, and of those that ended within the window
    taken_over: int  #: recoveries taken from a worker that stopped answering, in the window
    alarms: Mapping[str, int]  #: by answer, within the window; 'none' whenever they came
    workers: Mapping[Pair, int]  #: by kind, and alive, draining or silent
    paths: Mapping[str, int]  #: hosts by the grade of their fence path
    ill_paths: Mapping[str, str]  #: host -> grade, of those that are not well
    oldest_path: float  #: seconds since the check of a healthy host that is longest ago
    hosts: Mapping[str, int] = field(default_factory=dict)  #: by mark: maintenance, failed
    paused: bool = False  #: the whole site
    disarmed: bool = False
    storm: bool = False


def count(connection: sa.Connection, now: float, window: float) -> Numbers:
    """Count everything once."""
    since = now - window
    grades = fence_paths.grades(connection)
    checked = fence_paths.oldest_check(connection)
    return Numbers(
        recoveries=_pairs(connection, recovery.c.kind, recovery.c.state),
        ended=_pairs(connection, recovery.c.kind, recovery.c.state, recovery.c.ended_at >= since),
        held=_coded(connection, states.HELD),
        waiting=_coded(connection, states.WAITING),
        by_hand=_count(connection, recovery, _by_hand()),
        oldest=_oldest(connection, now),
        queue_age=_queue_age(connection, now),
        fences=_fences(connection, since),
        items=_items(connection, since),
        taken_over=_count(connection, event, (event.c.at >= since)
                          & event.c.what.like(TAKEN_OVER)),
        alarms=_alarms(connection, since),
        workers=_workers(connection, now),
        paths=Counter(grade or 'unchecked' for grade in grades.values()),
        ill_paths={name: grade for name, grade in grades.items() if grade not in ('', 'well')},
        oldest_path=0.0 if checked is None else max(0.0, now - checked),
        hosts={
            'maintenance': _count(connection, host, host.c.maintenance.is_(True)),
            'failed': _count(connection, host, host.c.failed_by.is_not(None)),
        },
        paused=guards.paused(connection) is not None,
        disarmed=guards.disarmed(connection) is not None,
        storm=bool(storms.on(connection)),
    )  # fmt: skip


def _count(connection: sa.Connection, table: sa.Table, which: sa.ColumnElement[bool]) -> int:
    query = sa.select(sa.func.count()).select_from(table).where(which)
    return int(connection.execute(query).scalar_one())


def _by_hand() -> sa.ColumnElement[bool]:
    """Also one that is woken, but only to give back reserved hosts."""
    woken: sa.ColumnElement[bool] = recovery.c.notes[spares.OWED].as_string().is_not(None)
    return sa.and_(
        recovery.c.state == states.WAITING, sa.or_(recovery.c.next_check.is_(None), woken)
    )


def _pairs(
    connection: sa.Connection,
    first: sa.ColumnElement[str | None],
    second: sa.ColumnElement[str | None],
    *which: sa.ColumnElement[bool],
) -> dict[Pair, int]:
    query = sa.select(first, second, sa.func.count()).where(*which).group_by(first, second)
    return {(str(one), str(two or 'none')): int(n) for one, two, n in connection.execute(query)}


def _coded(connection: sa.Connection, state: str) -> dict[Pair, int]:
    return _pairs(connection, recovery.c.kind, recovery.c.code, recovery.c.state == state)


def _oldest(connection: sa.Connection, now: float) -> dict[str, float]:
    query = sa.select(recovery.c.state, sa.func.min(recovery.c.created_at))
    query = query.where(recovery.c.state.in_(states.LIVE)).group_by(recovery.c.state)
    found = {state: max(0.0, now - at) for state, at in connection.execute(query)}
    return {state: found.get(state, 0.0) for state in sorted(states.LIVE)}


def _queue_age(connection: sa.Connection, now: float) -> float:
    query = sa.select(sa.func.min(recovery.c.updated_at)).where(recovery.c.state == states.READY)
    at = connection.execute(query).scalar()
    return 0.0 if at is None else max(0.0, now - at)


def _fences(connection: sa.Connection, since: float) -> dict[Pair, int]:
    """Each request by what became of it. Only a proof makes it 'off': an accepted request is not
    a host that is off, nor is a level of which one device failed. Of several requests to one
    device, the proof is owed to the newest."""
    proven = {
        (row.recovery, row.round, row.level): row.at
        for row in connection.execute(
            sa.select(proof.c.recovery, proof.c.round, proof.c.level, proof.c.at).where(
                proof.c.kind == 'power', proof.c.at >= since
            )
        )
    }
    columns = (intent.c.recovery, intent.c.round, intent.c.target, intent.c.at)
    query = (
        sa.select(*columns, intent.c.observed, intent.c.outcome)
        .add_columns(recovery.c.state, recovery.c.round.label('now'), recovery.c.phase)
        .join(recovery, recovery.c.id == intent.c.recovery)
        .where(intent.c.action == recoveries.POWER_OFF, intent.c.at >= since)
        .order_by(intent.c.id.desc())
    )
    found: Counter[Pair] = Counter()
    owed: set[tuple[object, ...]] = set()
    for row in connection.execute(query):
        key = (row.recovery, row.round, row.observed.get('level'))
        at = proven.get(key)
        fenced = at is not None and row.at <= at and (*key, row.target) not in owed
        if fenced:
            owed.add((*key, row.target))
        found[str(row.observed.get('driver') or 'unknown'), _result(row, fenced)] += 1
    return dict(found)


def _result(row: Any, fenced: bool) -> str:
    outcome = row.outcome or ''
    if fenced:
        return 'off'
    if outcome.startswith(REFUSED):
        return 'refused'
    if outcome.startswith(FAILED):
        return 'unanswered'
    owned = row.state in (states.RUNNING, states.READY) and row.round == row.now
    return 'open' if owned and row.phase in ('fence', 'confirm') else 'not-off'


def _items(connection: sa.Connection, since: float) -> dict[str, int]:
    lately = recovery.c.state.in_(states.LIVE) | (recovery.c.ended_at >= since)
    query = (
        sa.select(item.c.state, sa.func.count())
        .join(recovery, recovery.c.id == item.c.recovery)
        .where(lately)
        .group_by(item.c.state)
    )
    return {str(state): int(n) for state, n in connection.execute(query)}


def _alarms(connection: sa.Connection, since: float) -> dict[str, int]:
    which = (alarm.c.arrived_at >= since) | alarm.c.answer.is_(None)
    query = sa.select(alarm.c.answer, sa.func.count()).where(which).group_by(alarm.c.answer)
    return {str(answer or 'none'): int(n) for answer, n in connection.execute(query)}


def _workers(connection: sa.Connection, now: float) -> dict[Pair, int]:
    found: Counter[Pair] = Counter()
    query = sa.select(worker.c.kind, worker.c.seen_at, worker.c.draining_at)
    for kind, seen_at, draining_at in connection.execute(query):
        alive = seen_at >= now - workers.ALIVE_SECONDS
        how = 'silent' if not alive else 'alive' if draining_at is None else 'draining'
        found[kind, how] += 1
    return dict(found)
