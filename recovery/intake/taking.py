"""A recovery takes over from others: in one transaction with its own beginning (H12)."""

from __future__ import annotations

import sqlalchemy as sa

from recovery.db import events, recoveries
from recovery.policy.order import HOST_DOWN
from recovery.site import Site


class Changed(Exception):
    """Something else was recorded since the inputs were gathered."""


def supersede(site: Site, connection: sa.Connection, old: sa.RowMapping, recovery: str) -> None:
    """End a live recovery for the sake of another one. Raises Changed: look again."""
    _end(connection, old, recovery, by=site.identity.name, now=site.clock.now())


def take_over(
    connection: sa.Connection, kind: str, host: str, recovery: str, *, by: str, now: float
) -> None:
    """A host that is about to be recovered takes its instances along: restarts that are under way
    there end here. One that begins at this very moment finds out when it acts.

    :param by: who lets the recovery of the host go on: a process of ours, or a human.
    :raises Changed: one of them has changed meanwhile.
    """
    if kind == HOST_DOWN:
        for row in recoveries.below(connection, host):
            _end(connection, row, recovery, by=by, now=now)


def _end(
    connection: sa.Connection, old: sa.RowMapping, recovery: str, *, by: str, now: float
) -> None:
    if not recoveries.supersede(connection, old, recovery, now):
        raise Changed
    what = f'superseded by {recovery[:8]}'
    why = 'a recovery that takes precedence took over its host'
    events.add(connection, by, what, why, at=now, recovery=old['id'])
