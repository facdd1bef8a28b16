"""Reading a recovery's row to change it, and changing it only if it is still as it was read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from recovery.db import events, states
from recovery.db.tables import recovery as table
from recovery.intake import taking
from recovery.operate.refusal import Nothing, Refusal
from recovery.view.ids import short

Row = Mapping[str, Any]

#: What a row says while nobody owns it and nothing is asked of an owner.
FREE = {
    'token': None,
    'worker': None,
    'lease': None,
    'wish': None,
    'wish_by': None,
    'wish_reason': None,
}
ENDING = FREE | {'open_key': None, 'next_check': None, 'expires_at': None}


def take(connection: sa.Connection, identifier: str) -> Row:
    """The row, locked where the database can. Raises Refusal when there is none."""
    query = sa.select(table).where(table.c.id == identifier).with_for_update()
    row = connection.execute(query).mappings().first()
    if row is None:
        raise Nothing(f'there is no recovery {identifier}', 'recovery list --all')
    return dict(row)


def put(connection: sa.Connection, row: Row, state: str, now: float, **values: Any) -> None:
    """Set the state and more, if state and owner are still those that were read.

    :raises Refusal: somebody else changed it at the same moment.
    """
    if state != row['state']:
        states.check_recovery(row['state'], state)
    token = table.c.token
    changed = connection.execute(
        sa.update(table)
        .where(table.c.id == row['id'], table.c.state == row['state'])
        .where(table.c.epoch == row['epoch'], table.c.round == row['round'])
        .where(token.is_(None) if row['token'] is None else token == row['token'])
        .values(state=state, updated_at=now, **values)
    ).rowcount
    if not changed:
        raise Refusal(
            f'recovery {short(row["id"])} changed at this very moment; nothing was done',
            f'recovery show {short(row["id"])}',
        )


def take_over(connection: sa.Connection, row: Row, now: float, *, by: str) -> None:
    """The restarts on its host end in the transaction that lets a host-down recovery go on.

    :raises Refusal: one of them changed at the same moment.
    """
    try:
        taking.take_over(connection, row['kind'], row['host'], row['id'], by=by, now=now)
    except taking.Changed as error:
        raise Refusal(
            f'a restart on {row["host"]} changed at this very moment; nothing was done: try again',
            f'recovery list --host {row["host"]}',
        ) from error


def tell(
    connection: sa.Connection, recovery: str | None, now: float, *, by: str, what: str, why: str
) -> None:
    """Add to the story who did what, and why."""
    events.add(connection, by, what, why, at=now, recovery=recovery)
