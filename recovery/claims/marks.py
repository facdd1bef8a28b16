"""What our own tables say of a host: its marks, which ones in Nova are ours, and the maintenance
windows that cover it."""

from __future__ import annotations

import sqlalchemy as sa

from recovery.db import flags, hosts, recoveries, windows
from recovery.policy import stamps
from recovery.policy.inputs import HostRecord, OwnMarks, Span, Window


def record_of(connection: sa.Connection, host: str) -> HostRecord:
    """What our own tables say of a host, as gates take it."""
    row = hosts.get(connection, host)
    return HostRecord(**{name: getattr(row, name) for name in HostRecord.__dataclass_fields__})


def windows_of(connection: sa.Connection, host: str, now: float) -> tuple[Window, ...]:
    """The maintenance windows that cover a host now, as gates take them."""
    found = windows.open_for(connection, host, now)
    return tuple(Window(one.id, one.scope, one.ends_at, one.by, one.reason) for one in found)


def own_of(connection: sa.Connection, host: str) -> OwnMarks:
    """Which marks in Nova are ours, by our intents (H10)."""
    changes = flags.changes(connection, host)
    return OwnMarks(
        disabled=flags.disabled(connection, host),
        forced_down=flags.forced_down(connection, host),
        recoveries=recoveries.ids_of_host(connection, host),
        changed_from=changes[0].began if changes else None,
        changed_at=changes[0].ended if changes else None,
        reported_at=stamps.reported_before([(one.began, one.ended, one.before) for one in changes]),
        late=tuple(Span(one.began, one.latest) for one in changes),
    )
