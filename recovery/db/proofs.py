"""Fencing proofs: made by the confirm step or by a named human, and by nobody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from flows.records import Proof
from recovery.db.intents import Author
from recovery.db.rows import insert
from recovery.db.tables import proof as table

FIELDS = ('id', 'recovery', 'round', 'epoch', 'host', 'kind', 'level', 'at', 'expires_at',
          'void_reason', 'by', 'statement')  # fmt: skip


def add_power(
    connection: sa.Connection,
    author: Author,
    level: int,
    observations: Sequence[Mapping[str, Any]],
) -> Proof:
    """Store a proof by observed power state."""
    values = {
        'recovery': author.recovery_id,
        'round': author.round,
        'epoch': author.epoch,
        'host': author.host,
        'kind': 'power',
        'level': level,
        'observations': [dict(one) for one in observations],
        'by': '',
        'statement': '',
        'at': author.clock.now(),
    }
    found = get(connection, insert(connection, table, **values))
    assert found is not None
    return found


def add_human(
    connection: sa.Connection,
    *,
    recovery: str,
    round_: int,
    epoch: int,
    host: str,
    by: str,
    statement: str,
    at: float,
    expires_at: float,
) -> int:
    """Store a human's word that the host is off and stays off until the recovery ends (H7)."""
    values = {'recovery': recovery, 'round': round_, 'epoch': epoch, 'host': host, 'at': at}
    values |= {'kind': 'human', 'level': 0, 'observations': [], 'by': by, 'statement': statement}
    return insert(connection, table, **values, expires_at=expires_at)


def get(connection: sa.Connection, proof_id: int) -> Proof | None:
    """One proof."""
    return _first(connection, sa.select(table).where(table.c.id == proof_id))


def standing_confirmation(
    connection: sa.Connection, recovery: str, round_: int, now: float
) -> Proof | None:
    """The newest human proof of this recovery and round that is not void and not expired."""
    query = _standing(recovery, round_, now).where(table.c.kind == 'human')
    return _first(connection, query)


def standing(connection: sa.Connection, recovery: str, round_: int, now: float) -> Proof | None:
    """The newest proof of this recovery and round, of any kind, not void and not expired."""
    return _first(connection, _standing(recovery, round_, now))


def newest_of_host(
    connection: sa.Connection, host: str, *, since: float = 0.0, after: int = 0
) -> Proof | None:
    """The newest proof of a host, of any recovery, that is not void."""
    later = (table.c.at > since) & (table.c.id > after)
    query = sa.select(table).where(table.c.host == host, later, table.c.void_reason.is_(None))
    return _first(connection, query)


def newest_id(connection: sa.Connection) -> int:
    """The id of the newest proof of all, void ones included; 0: there is none."""
    return connection.execute(sa.select(sa.func.max(table.c.id))).scalar() or 0


def void(connection: sa.Connection, proof_id: int, reason: str, now: float) -> None:
    """The proof no longer holds."""
    mine = (table.c.id == proof_id) & table.c.void_reason.is_(None)
    connection.execute(sa.update(table).where(mine).values(void_reason=reason, void_at=now))


def holds(connection: sa.Connection, proof_id: int, now: float) -> bool:
    """Whether a human's word holds: it was not taken back, and has not expired unused."""
    query = sa.select(table.c.expires_at, table.c.void_reason).where(table.c.id == proof_id)
    expires_at, void = connection.execute(query).one()
    return void is None and (expires_at is None or expires_at > now)


def extend(connection: sa.Connection, proof_id: int) -> None:
    """It was used in time: it holds until the recovery ends."""
    connection.execute(sa.update(table).where(table.c.id == proof_id).values(expires_at=None))


def _standing(recovery: str, round_: int, now: float) -> sa.Select[Any]:
    fresh = table.c.expires_at.is_(None) | (table.c.expires_at > now)
    return sa.select(table).where(
        table.c.recovery == recovery,
        table.c.round == round_,
        table.c.void_reason.is_(None),
        fresh,
    )


def _first(connection: sa.Connection, query: sa.Select[Any]) -> Proof | None:
    row = connection.execute(query.order_by(table.c.id.desc()).limit(1)).mappings().first()
    if row is None:
        return None
    return Proof(**{key: row[key] for key in FIELDS}, observations=tuple(row['observations']))
