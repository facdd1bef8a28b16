"""The processes of the service as JSON."""

from __future__ import annotations

from typing import Any

from recovery.db.store import Store
from recovery.view.times import stamp
from recovery.view.workers import workers


def listing(store: Store) -> list[dict[str, Any]]:
    """The processes of the service, the living first."""
    return [
        {
            'name': one.name,
            'kind': one.kind,
            'host': one.host,
            'pid': one.pid,
            'version': one.version,
            'alive': one.alive,
            'draining_at': stamp(one.draining_at),
            'draining_by': one.draining_by or '',
            'started_at': stamp(one.started_at),
            'seen_at': stamp(one.seen_at),
            'recoveries': list(one.recoveries),
        }
        for one in workers(store)
    ]
