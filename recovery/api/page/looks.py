"""What the pages show, read at one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from recovery.db import fence_paths, hosts, members, segments, states, tables
from recovery.db.fence_paths import FencePathRow
from recovery.db.members import Member
from recovery.site import Site
from recovery.view import doctor_policy, page, recoveries, story, workers
from recovery.view import graph as graphs
from recovery.view.finding import Finding, Level
from recovery.view.ids import Unknown
from recovery.view.outlook import Outlook, outlook
from recovery.view.recoveries import Filter, Recovery
from recovery.view.workers import Worker

DAY = 86400.0
SHOWN = 200  #: rows of one table; what is more is counted
NEEDED = ('worker', 'watcher')  #: kinds of processes without which nothing goes on
WORDS = 1000  #: entries of a story


@dataclass(frozen=True)
class Listed:
    """One recovery in a table."""

    recovery: Recovery
    outlook: Outlook


@dataclass(frozen=True)
class Place:
    """One host in a table, as we remember it."""

    host: hosts.Host
    path: FencePathRow | None
    live: Mapping[str, Any] | None
    member: Member | None = None

    @property
    def marks(self) -> str:
        """Maintenance and our mark."""
        found = []
        if self.host.maintenance:
            found.append(f'maintenance by {self.host.maintenance_by}')
        if self.host.failed_by:
            found.append('failed')
        if self.member is not None and self.member.reserved:
            found.append('reserved')
        return ', '.join(found)


@dataclass(frozen=True)
class Overview:
    """The first page."""

    running: Sequence[Listed]
    people: Sequence[Listed]  #: held or waiting until a human moves them
    held: Sequence[Listed]
    ended: Sequence[Listed]
    more: int  #: live ones that are not shown
    idle: str  #: why nothing goes on, whatever is held or not; '' when it does
    switches: Sequence[Finding]
    workers: Sequence[Worker]
    places: Sequence[Place]


@dataclass(frozen=True)
class HostLook:
    """The page of one host."""

    place: Place
    segment: segments.Segment | None
    recoveries: Sequence[Listed]


@dataclass(frozen=True)
class RecoveryLook:
    """The page of one recovery."""

    page: page.Page
    items: Sequence[Mapping[str, Any]]
    story: Sequence[story.Entry]
    more: int  #: entries of the story that are not shown, the oldest


def overview(site: Site) -> Overview:
    """The first page."""
    store = site.store
    live = recoveries.recoveries(store, Filter(states=tuple(states.LIVE)))
    listed = [Listed(one, outlook(store, one)) for one in live[:SHOWN]]
    parted = {one.recovery.id: _part(one) for one in listed}
    since = store.clock.now() - DAY
    ended = recoveries.recoveries(store, Filter(states=tuple(states.ENDED), since=since), SHOWN)
    processes = [one for one in workers.workers(store) if one.alive or one.recoveries]
    return Overview(
        running=[one for one in listed if parted[one.recovery.id] == 'running'],
        people=[one for one in listed if parted[one.recovery.id] == 'people'],
        held=[one for one in listed if parted[one.recovery.id] == 'held'],
        ended=[Listed(one, outlook(store, one)) for one in ended],
        more=len(live) - len(listed),
        switches=[one for one in doctor_policy.switches(site) if one.level is not Level.OK],
        idle=_idle(processes),
        workers=processes,
        places=_places(site),
    )


def host(site: Site, name: str) -> HostLook:
    """The page of a host. Raises Unknown when nothing is remembered of it."""
    store = site.store
    found = [one for one in _places(site, name) if one.host.name == name]
    past = recoveries.recoveries(store, Filter(host=name), SHOWN)
    if not found and not past:
        raise Unknown(f'nothing is remembered of a host {name!r}')
    with store.read() as connection:
        member = members.of_host(connection, name)
        segment = segments.get(connection, member.segment) if member else None
    place = found[0] if found else Place(hosts.Host(name), None, None, member)
    return HostLook(place, segment, [Listed(one, outlook(store, one)) for one in past])


def recovery(site: Site, given: str) -> RecoveryLook:
    """The page of a recovery. Raises Unknown."""
    store = site.store
    found = page.read(store, given)
    told = story.story(store, found.recovery.row)
    return RecoveryLook(
        page=found,
        items=recoveries.items(store, found.recovery.id),
        story=told[-WORDS:],
        more=max(0, len(told) - WORDS),
    )


def graph(site: Site, given: str) -> list[str]:
    """The graph of a recovery as the lines of an SVG. Raises Unknown."""
    return graphs.of_recovery(site.store, given).lines('svg')


def _part(one: Listed) -> str:
    if one.outlook.human:
        return 'people'
    waits = one.recovery.state in (states.HELD, states.WAITING)
    return 'held' if waits else 'running'


def _idle(processes: Sequence[Worker]) -> str:
    living = {one.kind for one in processes if one.alive}
    missing = [kind for kind in NEEDED if not living & {kind, 'standalone'}]
    start = ' and '.join(f'recovery-{kind}' for kind in missing)
    return f'No {" and no ".join(missing)} lives: start {start}.' if missing else ''


def _places(site: Site, only: str | None = None) -> list[Place]:
    live = sa.select(tables.recovery).where(tables.recovery.c.open_key.startswith('host:'))
    with site.store.read() as connection:
        known = {one.name: one for one in hosts.every(connection)}
        paths = fence_paths.every(connection)
        rows = {row['host']: dict(row) for row in connection.execute(live).mappings()}
        names = sorted(
            {*known, *paths, *rows} if only is None else {*known, *paths, *rows} & {only}
        )
        joined = members.by_host(connection)
    return [
        Place(
            known.get(name) or hosts.Host(name), paths.get(name), rows.get(name), joined.get(name)
        )
        for name in names
    ]
