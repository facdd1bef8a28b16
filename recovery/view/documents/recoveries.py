"""Recoveries as JSON: the list of them, the instances of one, its history."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from recovery.db.store import Store
from recovery.view import recoveries, story
from recovery.view.outlook import outlook
from recovery.view.recoveries import Filter, Row
from recovery.view.times import stamp

Document = dict[str, Any]
SORTS = ('alarm', 'decision', 'intent', 'attempt', 'proof', 'event')
_LISTED = ('id', 'kind', 'host', 'subject', 'state', 'phase', 'round', 'code', 'reason', 'worker')
_ITEM = ('instance', 'name', 'state', 'source', 'destination', 'attempts', 'migration', 'round',
         'priority', 'reason', 'vm_state', 'target', 'request_id')  # fmt: skip


def listing(
    store: Store, wanted: Filter, limit: int | None = None, marker: str | None = None
) -> list[Document]:
    """Recoveries, newest first, with what holds each.

    :param marker: the id of the last one that was seen.
    :raises recovery.view.ids.Unknown: there is no such marker.
    """
    return [listed(store, one) for one in recoveries.recoveries(store, wanted, limit, marker)]


def listed(store: Store, one: recoveries.Recovery) -> Document:
    """One line of the list."""
    row, seen = one.row, outlook(store, one)
    return {
        **{key: row[key] for key in _LISTED},
        'created_at': stamp(row['created_at']),
        'ended_at': stamp(row['ended_at']),
        'items': dict(one.items.counts),
        'held_by': seen.sentence,
        'next': seen.verb,
        'waits_for_human': seen.human,
    }


def items(store: Store, given: str, wanted: Collection[str] = ()) -> list[Document]:
    """The instances of a recovery, in the order of their evacuation. Raises Unknown."""
    one = recoveries.recovery(store, given)
    return [item(row) for row in recoveries.items(store, one.id, wanted)]


def item(row: Row) -> Document:
    """One instance."""
    return {key: row[key] for key in _ITEM} | {
        'started_at': stamp(row['started_at']),
        'ended_at': stamp(row['ended_at']),
    }


def history(store: Store, given: str, sorts: Collection[str] = ()) -> list[Document]:
    """Everything that was decided, done and said in a recovery, oldest first. Raises Unknown."""
    return [
        {'at': stamp(one.at), 'sort': one.sort, 'round': one.round, 'who': one.who,
         'what': one.what, 'why': one.why}
        for one in story.story(store, recoveries.recovery(store, given).row)
        if not sorts or one.sort in sorts
    ]  # fmt: skip
