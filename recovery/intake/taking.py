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
    now = site.clock.now()
    if not recoveries.supersede(connection, old, recovery, now):
        raise Changed
    what = f'superseded by {recovery[:8]}'
    why = 'a recovery that takes precedence took over its host'
    events.add(connection, site.identity.name, what, why, at=now, recovery=old['id'])


def take_over(site: Site, connection: sa.Connection, kind: str, host: str, recovery: str) -> None:
    """A host that is about to be recovered takes its instances along: restarts that are under way
    there end here. One that begins at this very moment finds out when it acts.

    :raises Changed: one of them has changed meanwhile.
    """
    if kind == HOST_DOWN:
        for row in recoveries.below(connection, host):
            supersede(site, connection, row, recovery)
