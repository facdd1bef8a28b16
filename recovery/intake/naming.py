"""The host of an alarm, from the sender's spelling to Nova's."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

import sqlalchemy as sa

from drivers.contracts.compute import Service
from recovery.db import alarms, events, recoveries, states
from recovery.intake.sources import BadSources, Sources
from recovery.policy import spelling
from recovery.policy.inputs import Missing
from recovery.site import Site

LOG = logging.getLogger(__name__)

#: Kinds whose subject is an instance, by its UUID.
OF_INSTANCES = frozenset({'instance-down', 'instance-failover'})
SPELLED = 'spelled by the sender'  #: in the evidence of an alarm that was renamed
RENAMED = 'renamed'  #: the code of a held recovery that ended because its host has another name


class _Moved(Exception):
    """The recovery is no longer held."""


def candidates(site: Site, source: str, name: str, services: Iterable[Service]) -> tuple[str, ...]:
    """The hosts that a source may mean."""
    hosts = (one.host for one in services)
    return spelling.fits(name, hosts, _aliases(site, source), site.conf.sources.domains)


def rename(site: Site, row: sa.RowMapping, services: Iterable[Service] | Missing) -> bool:
    """Put a stored alarm under the name of exactly one compute service, where there is one.

    False: it stays as it is. The gate "service" refuses what is unknown or ambiguous, with the
    names that may be meant, and holds while Nova cannot be asked. Raises StoreAway.
    """
    host = _other_name(site, row['kind'], row['source'], row['subject'], services)
    if host is None:
        return False
    return site.store.transact(
        lambda connection: alarms.rename(connection, row['id'], host, _evidence(row))
    )


def rename_held(
    site: Site, row: sa.RowMapping, services: Iterable[Service] | Missing
) -> str | None:
    """End what is held under a name that Nova, once it answers, spells otherwise.

    Returns the alarm, which is now to be decided about under its right name; None: the recovery
    has the right name, or nobody can tell. Raises StoreAway.
    """
    with site.store.read() as connection:
        alarm = alarms.get(connection, row['alarm']) if row['alarm'] else None
    if alarm is None or alarm['subject'] != row['subject']:
        return None
    host = _other_name(site, alarm['kind'], alarm['source'], alarm['subject'], services)
    if host is None:
        return None

    def work(connection: sa.Connection) -> str | None:
        now, reason = site.clock.now(), f'Nova calls {row["subject"]} {host}: it goes on as that'
        ended = {'code': RENAMED, 'reason': reason, 'verb': None}
        if not alarms.reopen(connection, alarm['id'], alarm['answer']):
            return None
        if not recoveries.move(connection, row['id'], states.HELD, states.CANCELLED, now, **ended):
            raise _Moved
        alarms.rename(connection, alarm['id'], host, _evidence(alarm))
        who = site.identity.name
        events.add(connection, who, 'ended', reason, at=now, recovery=row['id'])
        return str(alarm['id'])

    try:
        return site.store.transact(work)
    except _Moved:  # by an operator, say: then it is his
        return None


def _other_name(
    site: Site, kind: str, source: str, name: str, services: Iterable[Service] | Missing
) -> str | None:
    if kind in OF_INSTANCES or isinstance(services, Missing):
        return None
    found = candidates(site, source, name, services)
    return found[0] if len(found) == 1 and found[0] != name else None


def _aliases(site: Site, source: str) -> Mapping[str, str]:
    try:
        sources = Sources.of(site)
    except BadSources as error:  # no reason to lose an alarm that needs none
        LOG.error('names of hosts are read without aliases: %s', error)
        return {}
    found = sources.get(source)
    return sources.aliases if found is None else found.aliases


def _evidence(row: sa.RowMapping) -> dict[str, object]:
    return {**(row['evidence'] or {}), SPELLED: row['subject']}
