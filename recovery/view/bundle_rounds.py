"""The rounds of a recovery for its bundle: each step, its state and its times."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from recovery.db import states
from recovery.db.store import Store
from recovery.view import steps
from recovery.view.recoveries import Recovery
from recovery.view.times import precise

_BOOK = sa.table('logbooks', sa.column('uuid'), sa.column('name'))


def rounds(store: Store, recovery: Recovery) -> list[dict[str, Any]]:
    """Every round, the first one first."""
    found = []
    for number in range(1, recovery.row['round'] + 1):
        newest = number == recovery.row['round']
        one = recovery if newest else _earlier(store, recovery, number)
        phases = steps.tree(store, one)
        found.append(
            {
                'round': number,
                'book': one.row['book'],
                'steps': [_step(step, newest) for phase in phases for step in phase.steps],
            }
        )
    return found


def _earlier(store: Store, recovery: Recovery, number: int) -> Recovery:
    """The recovery as it was in a round that is over: what did not end then is stopped."""
    name = f'{recovery.id} round {number}'
    with store.read() as connection:
        book = None
        if sa.inspect(connection).has_table(_BOOK.name):
            query = sa.select(_BOOK.c.uuid).where(_BOOK.c.name == name)
            book = connection.execute(query).scalars().first()
    over = {'round': number, 'book': book, 'state': states.CANCELLED}
    return Recovery(dict(recovery.row) | over | {'reason': None, 'ended_at': None}, recovery.items)


def _step(step: steps.Step, newest: bool) -> dict[str, Any]:
    # What a step of an earlier round said last cannot be told from what was said after it.
    told = newest or step.state == steps.FAILED
    return {
        'phase': step.phase,
        'step': step.name,
        'state': step.state,
        'started_at': precise(step.started_at) or None,
        'ended_at': precise(step.ended_at) or None,
        'message': step.message if told else '',
    }
