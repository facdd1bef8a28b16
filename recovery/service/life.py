"""Recovered hosts that come back, by themselves or because they are to: their return begins."""

from __future__ import annotations

import logging

import sqlalchemy as sa

from drivers.contracts.errors import DriverError
from drivers.contracts.fencing import PowerState
from drivers.contracts.inventory import InventoryError
from recovery.db import recoveries, states
from recovery.db.tables import host as host_table
from recovery.db.tables import recovery as table
from recovery.intake.returning import request_return
from recovery.site import Site

LOG = logging.getLogger(__name__)


class Life:
    """Looks after hosts that carry our mark and have no live recovery."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._said: dict[str, str] = {}

    def sweep(self) -> None:
        """Look once. Raises StoreAway."""
        policy = self._site.conf.restore.policy
        if policy == 'never':
            return
        for host in self._done() if policy == 'power-on' else self._marked():
            why = self._sign(host) if policy == 'when-back' else '[restore] policy = power-on'
            if why:
                self._return(host, why)

    def _return(self, host: str, why: str) -> None:
        outcome = request_return(self._site, host, by=self._site.identity.name, reason=why)
        if outcome.answer == 'admit':
            self._said.pop(host, None)
        elif self._said.get(host) != outcome.reason:
            self._said[host] = outcome.reason
            LOG.warning('%s stays out (%s): %s', host, why, outcome.reason)

    def _marked(self) -> list[str]:
        """Marked, but for those whose return a human has cancelled: asked for again by hand."""
        ended, later = table.alias('ended'), table.alias('later')
        newer = sa.exists().where(later.c.host == ended.c.host, later.c.id != ended.c.id,
                                  later.c.created_at >= ended.c.created_at)  # fmt: skip
        cancelled = sa.select(ended.c.host).where(
            ended.c.kind == 'host-return', ended.c.state == states.CANCELLED, sa.not_(newer)
        )
        return self._hosts(host_table.c.failed_by.is_not(None), host_table.c.name.not_in(cancelled))

    def _done(self) -> list[str]:
        """Marked by a recovery that moved everything; nobody has begun, or ended, a return."""
        down, later = table.alias('down'), table.alias('later')
        returned = sa.exists().where(
            later.c.host == down.c.host,
            later.c.kind == 'host-return',
            later.c.created_at >= down.c.created_at,
        )
        moved = sa.select(down.c.id).where(down.c.state == states.DONE, sa.not_(returned))
        return self._hosts(host_table.c.failed_by.in_(moved))

    def _hosts(self, *which: sa.ColumnElement[bool]) -> list[str]:
        # An instance that waits to be restarted waits for its host, not the other way round.
        live = sa.select(table.c.host).where(recoveries.of_hosts())
        query = (
            sa.select(host_table.c.name)
            .where(*which, host_table.c.maintenance.is_(False))
            .where(host_table.c.name.not_in(live))
            .order_by(host_table.c.name)
        )
        with self._site.store.read() as connection:
            return list(connection.execute(query).scalars())

    def _sign(self, host: str) -> str:
        """How it shows life; '' when it does not, or nobody can tell."""
        try:
            path = self._site.inventory.path(host)
        except (KeyError, InventoryError):
            return ''
        for level in path.levels:
            for device in level.devices:
                try:
                    state = device.driver.power_state(timeout=device.request_timeout)
                except DriverError:
                    continue
                if state is PowerState.ON:
                    return f'it is back: {device.name} reads on'
        return ''
