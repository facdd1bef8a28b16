"""What our own tables say of a host: its marks, and the maintenance windows that cover it."""

from __future__ import annotations

import sqlalchemy as sa

from recovery.db import hosts, windows
from recovery.policy.inputs import HostRecord, Window


def record_of(connection: sa.Connection, host: str) -> HostRecord:
    """What our own tables say of a host, as gates take it."""
    row = hosts.get(connection, host)
    return HostRecord(**{name: getattr(row, name) for name in HostRecord.__dataclass_fields__})


def windows_of(connection: sa.Connection, host: str, now: float) -> tuple[Window, ...]:
    """The maintenance windows that cover a host now, as gates take them."""
    found = windows.open_for(connection, host, now)
    return tuple(Window(one.id, one.scope, one.ends_at, one.by, one.reason) for one in found)
