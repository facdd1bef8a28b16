"""What happened since somebody looked last: events by their numbers, and recoveries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from recovery.db import states
from recovery.db.tables import decision, event, item, recovery

#: A number that is missing may belong to a transaction that is not committed yet; after this it
#: never will be: no write of ours waits for so long.
GAP_SECONDS = 10.0


def newest(connection: sa.Connection) -> int:
    """The number of the newest event; 0 when there is none."""
    return int(connection.execute(sa.select(sa.func.max(event.c.id))).scalar() or 0)


def events_after(
    connection: sa.Connection, cursor: int, now: float, limit: int
) -> list[Mapping[str, Any]]:
    """Events behind a number, in order, up to the first that may still have one before it."""
    query = sa.select(event).where(event.c.id > cursor).order_by(event.c.id).limit(limit)
    found: list[Mapping[str, Any]] = []
    for row in connection.execute(query).mappings():
        if row['id'] != cursor + 1 and abs(now - row['at']) < GAP_SECONDS:
            break
        cursor = row['id']
        found.append(dict(row))
    return found


def older(connection: sa.Connection, cursor: int, horizon: float) -> tuple[int, int]:
    """How many events behind a number are older than a time, and the number of the last of them:
    the cursor itself when there is none."""
    behind = event.c.id > cursor
    query = sa.select(sa.func.max(event.c.id)).where(behind, event.c.at < horizon)
    last = connection.execute(query).scalar()
    if last is None:
        return 0, cursor
    many = sa.select(sa.func.count()).where(behind, event.c.id <= last)
    return int(connection.execute(many).scalar_one()), int(last)


def recoveries_of(
    connection: sa.Connection, ids: Iterable[str], ended_since: float
) -> dict[str, Mapping[str, Any]]:
    """Recoveries by their IDs: these, all that are live, and all that ended since."""
    live = recovery.c.state.in_(states.LIVE)
    which = live | (recovery.c.ended_at >= ended_since) | recovery.c.id.in_(list(ids))
    query = sa.select(recovery).where(which).order_by(recovery.c.created_at)
    return {row['id']: dict(row) for row in connection.execute(query).mappings()}


def items_by_state(connection: sa.Connection, ids: Iterable[str]) -> dict[str, dict[str, int]]:
    """How many instances of each recovery are in each state."""
    query = (
        sa.select(item.c.recovery, item.c.state, sa.func.count())
        .where(item.c.recovery.in_(list(ids)))
        .group_by(item.c.recovery, item.c.state)
    )
    found: dict[str, dict[str, int]] = {}
    for key, state, number in connection.execute(query):
        found.setdefault(key, {})[state] = int(number)
    return found


def held_only_by(connection: sa.Connection, ids: Iterable[str], gates: Iterable[str]) -> set[str]:
    """Of these recoveries those that nothing but these gates ever held, and nothing admitted."""
    asked = set(ids)
    if not asked:
        return asked
    other = (decision.c.answer == 'hold') & decision.c.gate.not_in(list(gates))
    query = sa.select(decision.c.recovery).where(
        decision.c.recovery.in_(asked), other | (decision.c.answer == 'admit')
    )
    return asked - set(connection.execute(query.distinct()).scalars())
