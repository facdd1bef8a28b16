"""What fails together, and what goes down with a host: the sides of one decision (H14, S11)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set

import sqlalchemy as sa
from oslo_config import cfg

from drivers.contracts.compute import Aggregate, Service
from recovery.db import hosts, segments, storms
from recovery.policy.inputs import Domain, Segment, Storm
from recovery.site import Site

#: Share of a kind that the options do not name: who writes one limit does not lose the others.
USUAL: Mapping[str, float] = {'segment': 0.5, 'zone': 0.5}


def of_host(
    site: Site,
    host: str,
    services: Sequence[Service],
    ask: Callable[[], Sequence[Aggregate]],
) -> tuple[Domain, ...]:
    """The segment, the zone and the aggregates of a host that have a limit, with their hosts.

    :param ask: for Nova's aggregates; called only when one has a limit. Raises DriverError.
    """
    conf = site.conf
    found: list[Domain] = []
    zone = next((one.zone for one in services if one.host == host), None)
    if zone is not None:
        found += _domain(conf, 'zone', zone, {one.host for one in services if one.zone == zone})
    if wanted(conf, 'segment'):
        with site.store.read() as connection:
            labels = {one.name: one.segment for one in hosts.every(connection) if one.segment}
        mine = labels.get(host)
        if mine is not None:
            members = {name for name, segment in labels.items() if segment == mine}
            found += _domain(conf, 'segment', mine, members)
    every = frozenset(one.host for one in services)
    if wanted(conf, 'aggregate'):
        found += _aggregates(conf, host, ask(), every, {one.hosts for one in found})
    return tuple(one for one in found if not one.hosts >= every)  # the cloud has its own limit


def segment_of(connection: sa.Connection, host: str) -> Segment | None:
    """The described segment of a host, by its label, whoever gave it."""
    label = hosts.get(connection, host).segment
    found = segments.named(connection, label) if label else None
    return Segment(found.name, found.enabled) if found is not None else None


def _aggregates(
    conf: cfg.ConfigOpts,
    host: str,
    aggregates: Sequence[Aggregate],
    every: frozenset[str],
    counted: set[frozenset[str]],
) -> list[Domain]:
    """Those of the host. The same hosts are counted once: a zone is an aggregate, too."""
    found: list[Domain] = []
    for one in sorted(aggregates, key=lambda one: one.name):
        members = one.hosts & every
        if host in members and (members not in counted or named(conf, 'aggregate', one.name)):
            found += _domain(conf, 'aggregate', one.name, members)
            counted |= {each.hosts for each in found}
    return found


def _domain(conf: cfg.ConfigOpts, kind: str, name: str, members: Set[str]) -> list[Domain]:
    share, count = limit(conf, kind, name)
    if share is None and count is None:
        return []
    return [Domain(kind, name, frozenset(members), share, count)]


def limit(conf: cfg.ConfigOpts, kind: str, name: str) -> tuple[float | None, int | None]:
    """Share and count of one domain: its own, or else those of its kind."""
    shares, counts = conf.policy.domain_share, conf.policy.domain_count
    scope = f'{kind}/{name}'
    share, count = (
        shares.get(scope, shares.get(kind, USUAL.get(kind))),
        counts.get(scope, counts.get(kind)),
    )
    return None if share is None else float(share), None if count is None else int(count)


def named(conf: cfg.ConfigOpts, kind: str, name: str) -> bool:
    """Whether this very domain has a limit, and not just its kind."""
    return f'{kind}/{name}' in {*conf.policy.domain_share, *conf.policy.domain_count}


def wanted(conf: cfg.ConfigOpts, kind: str) -> bool:
    """Whether any domain of this kind has a limit."""
    keys = {*USUAL, *conf.policy.domain_share, *conf.policy.domain_count}
    return any(one.partition('/')[0] == kind for one in keys)


def carriers(connection: sa.Connection, host: str) -> Mapping[str, frozenset[str]]:
    """By label of what the host carries, every host that carries it."""
    labels = hosts.get(connection, host).carries
    if not labels:
        return {}
    every = hosts.every(connection)
    return {label: frozenset(one.name for one in every if label in one.carries) for label in labels}


def storms_on(connection: sa.Connection) -> tuple[Storm, ...]:
    """Storms that are not over."""
    return tuple(Storm(one.scope, one.began_at, one.seen_at) for one in storms.on(connection))
