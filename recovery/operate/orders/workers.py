"""Orders about workers: drain and undrain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from recovery.db.store import Store
from recovery.operate import drain


def give(store: Store, name: str | None, order: Mapping[str, Any], *, by: str) -> dict[str, Any]:
    """Let a worker, or with None every one that lives, take no new recoveries, or take them again.

    :param order: ``action``, 'drain' or 'undrain'; ``reason``; maybe ``force``, ``now``.
    :raises recovery.operate.refusal.Refusal: there is none, or it would be the last.
    """
    reason = order.get('reason', '')
    if order['action'] == 'undrain':
        names = drain.undo(store, name, by=by, reason=reason)
        said, verb = [f'{one} takes recoveries again' for one in names], ''
    else:
        now = order.get('now', False)
        names = drain.drain(
            store, name, by=by, reason=reason, force=order.get('force', False), at_once=now
        )
        does = 'drains, and lets go of what it runs' if now else 'drains'
        said, verb = [f'{one} {does}' for one in names], 'recovery worker list'
    return {'action': order['action'], 'said': said, 'next': verb, 'workers': list(names)}
