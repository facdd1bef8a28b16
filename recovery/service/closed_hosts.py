"""Hosts that a service-down recovery of ours closed, and that have died since.

Their compute service was silent while they lived, so silence alone says nothing: it would have a
living host fenced, with its guests.
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from drivers.contracts.compute import Service
from flows.tasks.service import REPORTED, reason_of
from recovery.db import flags, hosts, recoveries
from recovery.intake.signs import NOVA, signs
from recovery.policy.inputs import Missing, OwnMarks, Sign
from recovery.policy.order import SERVICE_DOWN
from recovery.site import Site

AGAIN = 'it reported after we closed the host, and has fallen silent again'


class ClosedHosts:
    """What one process has seen of them."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._answered: dict[str, str] = {}  # by host: the channel that showed it alive

    def died(self, service: Service, services: Iterable[Service]) -> str:
        """Why a disabled host, whose service is silent, counts as one that died since; '' when
        nothing shows that it did, or when it was not a service-down recovery that disabled it.

        :raises flows.stop.StoreAway: the database does not answer.
        """
        with self._site.store.read() as connection:
            closed = _closed(connection, service)
            changed = flags.newest(connection, service.host)
        if closed is None:
            return ''
        reported = closed['notes'].get(REPORTED)  # by Nova's clock, like what it is compared with
        if reported is not None and (service.updated_at or 0.0) > reported:
            return AGAIN
        own = OwnMarks(disabled=True, changed_at=changed and changed.ended)
        said = signs(self._site, service.host, services, own)
        if isinstance(said, Missing):
            return ''
        return self._silent(service.host, [one for one in said if one.kind != NOVA])

    def _silent(self, host: str, said: list[Sign]) -> str:
        # Who is asked and does not answer says nothing, unless he did before. The gates ask again.
        answer = next((one.name for one in said if one.alive), None)
        if answer is not None:
            self._answered[host] = answer
            return ''
        for one in said:
            if one.alive is False or one.name == self._answered.get(host):
                return f'{one.name} says {one.said}'
        return ''


def _closed(connection: sa.Connection, service: Service) -> sa.RowMapping | None:
    """The recovery whose mark the service carries, if it closed the host for its service's sake."""
    said = service.disabled_reason or ''
    if not said.startswith(reason_of('')):
        return None
    row = recoveries.get(connection, said.removeprefix(reason_of('')))
    if row is None or (row['kind'], row['host']) != (SERVICE_DOWN, service.host):
        return None
    known = hosts.get(connection, service.host)
    return None if known.failed_by or known.maintenance else row
