"""Hosts of segments: made members, changed and taken out by an operator, by Masakari's rules.

``on_maintenance`` is two things here (H24): set, it is the operator's maintenance; cleared, it
clears that, and our own mark that the host failed, unless a recovery is still at it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from recovery.db import guards, hosts, members, segments
from recovery.db.members import Member
from recovery.db.segments import Segment
from recovery.db.tables import recovery
from recovery.intake.looks import looks
from recovery.operate.change import tell
from recovery.operate.refusal import Nothing, Refusal
from recovery.operate.segments import refuse_busy, the
from recovery.site import Site
from recovery.view.ids import short

ON = 'on_maintenance'
NO_SPARE = 'no-spare'  #: the code of a recovery that waits until a reserved host is registered
MINE = 'the Instance HA API'  #: who set a maintenance without a reason of its own


class NoService(Refusal):
    """Nova has not exactly one compute service of that name."""


def create(
    site: Site, segment: str, fields: Mapping[str, Any], *, by: str, reason: str = ''
) -> Member:
    """Make a host a member of the segment with that UUID.

    :param fields: name, type, control_attributes; maybe reserved and on_maintenance.
    :raises Nothing: there is no such segment.
    :raises NoService: no such compute service.
    :raises Refusal: the host is a member of some segment already.
    :raises drivers.contracts.errors.DriverError: Nova could not be asked.
    """
    with site.store.read() as connection:
        the(connection, segment)  # before Nova is asked for nothing
    name = str(fields['name'])
    demand_service(site, name)

    def work(connection: sa.Connection) -> Member:
        now, owner = site.clock.now(), the(connection, segment)
        uuid, own = site.clock.new_id(), {k: v for k, v in fields.items() if k not in (ON, 'name')}
        members.add(connection, owner, uuid, name, now, **own)
        what = f'made host {name} a member of segment {owner.name}'
        if own.get('reserved'):
            what += ', reserved'
        tell(connection, None, now, by=by, what=what, why=reason)
        _maintain(site, connection, name, fields.get(ON), by, reason)
        return _member(connection, owner, uuid)

    return _run(site, work, name)


def change(
    site: Site, segment: str, uuid: str, fields: Mapping[str, Any], *, by: str, reason: str = ''
) -> Member:
    """Change fields of a member; raises as :func:`create` does.

    :raises Refusal: also when a host of the segment is under recovery.
    """
    with site.store.read() as connection:
        before = _member(connection, the(connection, segment), uuid)
    name = str(fields.get('name', before.name))
    if name != before.name:
        demand_service(site, name)

    def work(connection: sa.Connection) -> Member:
        now, owner = site.clock.now(), the(connection, segment)
        old = _member(connection, owner, uuid)
        if fields.get(ON) is False:
            _unmark(site, connection, old, by, reason)
        if not _lends(connection, owner, old, fields):
            refuse_busy(connection, owner)
        own = {key: value for key, value in fields.items() if key != ON}
        members.change(connection, old, owner, now, **own)
        if own:
            said = ', '.join(in_words(key, value) for key, value in own.items())
            what = f'changed host {old.name} of segment {owner.name}: {said}'
            tell(connection, None, now, by=by, what=what, why=reason)
        _maintain(site, connection, name, fields.get(ON), by, reason)
        return _member(connection, owner, uuid)

    return _run(site, work, name)


def _lends(
    connection: sa.Connection, owner: Segment, old: Member, fields: Mapping[str, Any]
) -> bool:
    """Whether it registers a reserved host that a recovery of the segment waits for: what one asks
    for is not refused for its sake."""
    if dict(fields) != {'reserved': True}:
        return False
    return segments.lacking(connection, owner.uuid, old.name, NO_SPARE)


def in_words(field: str, value: object) -> str:
    """A field for the story. What Masakari calls control_attributes may hold a secret."""
    return f'{field} changed' if field == 'control_attributes' else f'{field} is {value}'


def remove(site: Site, segment: str, uuid: str, *, by: str, reason: str = '') -> None:
    """Take a host out of its segment; its maintenance stays.

    :raises Nothing: there is no such segment or member.
    :raises Refusal: a host of the segment is under recovery.
    """

    def work(connection: sa.Connection) -> None:
        owner = the(connection, segment)
        old = _member(connection, owner, uuid)
        refuse_busy(connection, owner)
        members.remove(connection, old, owner)
        what = f'took host {old.name} out of segment {owner.name}'
        tell(connection, None, site.clock.now(), by=by, what=what, why=reason)

    site.store.transact(work)


def show(connection: sa.Connection, segment: str, uuid: str) -> tuple[Segment, Member]:
    """A member and its segment. Raises Nothing, also when it is a member of another one."""
    owner = the(connection, segment)
    return owner, _member(connection, owner, uuid)


def demand_service(site: Site, name: str) -> None:
    """Return when Nova has exactly one compute service of that name.

    :raises NoService: a definite answer.
    :raises drivers.contracts.errors.DriverError: it could not be asked.
    """
    services = looks(site).services(site.conf.compute.read_seconds)
    found = [one for one in services if one.host == name]
    if not found:
        raise NoService(f'Compute service with name {name} could not be found.')
    if len(found) > 1:
        raise NoService(
            f'Nova has {len(found)} compute services with name {name}: delete the one that is no '
            'longer used.'
        )


def _run(site: Site, work: Any, name: str) -> Member:
    try:
        found: Member = site.store.transact(work)
    except sa.exc.IntegrityError as error:
        raise Refusal(f'A host with the name {name} exists already.') from error
    return found


def _member(connection: sa.Connection, owner: Segment, uuid: str) -> Member:
    found = members.get(connection, uuid)
    if found is None or found.segment != owner.uuid:
        raise Nothing(f'No host with id {uuid} in segment {owner.uuid}.')
    return found


def _maintain(
    site: Site, connection: sa.Connection, name: str, on: bool | None, by: str, reason: str
) -> None:
    """Set or end the operator's maintenance where that changes anything."""
    if on is None or hosts.get(connection, name).maintenance == on:
        return
    why = reason or f'set through {MINE}'
    guards.maintain(connection, name, on, by=by, reason=why, now=site.clock.now())


def _unmark(site: Site, connection: sa.Connection, old: Member, by: str, reason: str) -> None:
    """Take our mark off a host that nobody recovers any more: it counts as healthy from now on."""
    if old.failed_by is None:
        return
    live = connection.execute(
        sa.select(recovery.c.id, recovery.c.kind, recovery.c.state).where(
            recovery.c.host == old.name, recovery.c.open_key.is_not(None)
        )
    ).first()
    if live is not None:
        name = short(live.id)
        raise Refusal(
            f'Host {old.name} stays on maintenance: recovery {name} ({live.kind}) of it is '
            f'{live.state}.',
            f'recovery show {name}',
        )
    hosts.put(connection, old.name, failed_by=None)
    what = f'took the mark of recovery {short(old.failed_by)} off host {old.name}'
    tell(connection, None, site.clock.now(), by=by, what=what, why=reason)
