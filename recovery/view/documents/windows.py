"""Maintenance windows as JSON."""

from __future__ import annotations

from typing import Any

from recovery.db import windows
from recovery.db.store import Store
from recovery.view.times import stamp

Document = dict[str, Any]


def one(window: windows.Window, now: float) -> Document:
    """A maintenance window."""
    return {
        'id': window.id,
        'scope': window.scope,
        'state': window.state(now),
        'begins_at': stamp(window.begins_at),
        'ends_at': stamp(window.ends_at if window.closed_at is None else window.closed_at),
        'by': window.by,
        'reason': window.reason,
        'closed_by': window.closed_by or '',
    }


def listing(store: Store, *, ended: bool = False) -> list[Document]:
    """Windows that are open or planned, by their beginning.

    :param ended: also those that have ended.
    """
    now = store.clock.now()
    with store.read() as connection:
        found = windows.every(connection, since=None if ended else now)
    return [one(each, now) for each in found]
