"""How long a recovery took, from one mark to the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from recovery.db import tables
from recovery.view.times import precise

Row = Mapping[str, Any]

#: Pairs of marks whose distance is told.
SPANS = (
    ('alarm', 'admission'),
    ('admission', 'first_effect'),
    ('first_effect', 'line'),
    ('line', 'proof'),
    ('proof', 'first_evacuate'),
    ('first_evacuate', 'last_item'),
    ('admission', 'last_item'),
    ('alarm', 'end'),
)


def timings(connection: sa.Connection, row: Row) -> dict[str, Any]:
    """Marks as times, and the seconds between them; None for what has not come yet.

    Alarm: when it arrived. Admission: the first decision that admitted. First effect: the first
    intent. Line: the first intent to power off. Proof: the newest that stands. First evacuate:
    the first attempt. Last item: when the last one ended.
    """
    at = _marks(connection, row)
    return {
        'at': {name: precise(moment) or None for name, moment in at.items()},
        'seconds': {f'{a}_to_{b}': _span(at[a], at[b]) for a, b in SPANS},
    }


def _marks(connection: sa.Connection, row: Row) -> dict[str, float | None]:
    decision, intent, item = tables.decision, tables.intent, tables.item
    proof, attempt, alarm = tables.proof, tables.attempt, tables.alarm
    least, most = sa.func.min, sa.func.max

    def one(what: Any, *where: Any) -> float | None:
        found: float | None = connection.execute(sa.select(what).where(*where)).scalar()
        return found

    mine = row['id']
    return {
        'alarm': one(least(alarm.c.arrived_at), alarm.c.id == row['alarm']),
        'admission': one(
            least(decision.c.at), decision.c.recovery == mine, decision.c.answer == 'admit'
        ),
        'first_effect': one(least(intent.c.at), intent.c.recovery == mine),
        'line': one(least(intent.c.at), intent.c.recovery == mine, intent.c.action == 'power-off'),
        'proof': one(most(proof.c.at), proof.c.recovery == mine, proof.c.void_at.is_(None)),
        'first_evacuate': one(least(attempt.c.at), attempt.c.recovery == mine),
        'last_item': one(most(item.c.ended_at), item.c.recovery == mine),
        'end': row['ended_at'],
    }


def _span(begin: float | None, end: float | None) -> float | None:
    return None if begin is None or end is None else round(end - begin, 3)
