"""Alarms as JSON: the list of them, and one with every decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recovery.db.store import Store
from recovery.view import alarms
from recovery.view.times import stamp

Document = dict[str, Any]
_LISTED = ('id', 'source', 'key', 'kind', 'subject', 'repeats', 'recovery', 'reason')


def listing(
    store: Store,
    *,
    since: float | None = None,
    answer: str | None = None,
    limit: int | None = None,
    marker: str | None = None,
) -> list[Document]:
    """Alarms, newest first. Raises recovery.view.ids.Unknown for a marker that there is not."""
    found = alarms.alarms(store, since=since, answer=answer, limit=limit, marker=marker)
    return [
        {key: row[key] for key in _LISTED}
        | {
            'at': stamp(row['at']),
            'arrived_at': stamp(row['arrived_at']),
            'answer': row['answer'] or alarms.UNDECIDED,
        }
        for row in found
    ]


def one(store: Store, given: str) -> Document:
    """An alarm: what was said, and how each gate answered. Raises recovery.view.ids.Unknown."""
    row = alarms.alarm(store, given)
    decisions = alarms.decisions(store, alarm_id=row['id'])
    return dict(row) | {
        'at': stamp(row['at']),
        'arrived_at': stamp(row['arrived_at']),
        'answer': row['answer'] or alarms.UNDECIDED,
        'decisions': [_decision(each) for each in decisions],
    }


def _decision(row: Mapping[str, Any]) -> Document:
    return {key: row[key] for key in ('stage', 'answer', 'gate', 'reason', 'gates')} | {
        'at': stamp(row['at'])
    }
