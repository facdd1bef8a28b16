"""What is to be decided about: an alarm that has arrived, or a recovery that has begun."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from drivers.contracts.alarms import Alarm
from recovery.db import alarms
from recovery.site import Site

NOBODY = alarms.Joined(0, None)


@dataclass(frozen=True)
class Ask:
    """What is to be decided about."""

    kind: str
    subject: str
    alarm: Alarm | None = None
    arrived_at: float | None = None
    row: sa.RowMapping | None = None  #: the recovery, once there is one
    joined: alarms.Joined = NOBODY


def ask_of(site: Site, row: sa.RowMapping) -> Ask:
    """The question about a recovery, with the alarm that began it."""
    with site.store.read() as connection:
        alarm = alarms.get(connection, row['alarm']) if row['alarm'] else None
        joined = alarms.joined(connection, row['id'])
    if alarm is None:
        return Ask(row['kind'], row['subject'], row=row, joined=joined)
    said, arrived = alarms.of_row(alarm), alarm['arrived_at']
    return Ask(row['kind'], row['subject'], said, arrived, row, joined)
