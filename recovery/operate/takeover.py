"""Taking over the segments and hosts of Masakari, again and again until a site has moved.

UUIDs stay, so that clients that know them go on. What is here already and differs is changed to
what Masakari says; what is only here stays as it is. So is maintenance: as long as Masakari says
that somebody has his hands on a host, each import says it here too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from recovery.db import guards, hosts, masakari, members, segments, spares
from recovery.db.masakari import Contents
from recovery.db.store import Store
from recovery.operate.change import tell
from recovery.operate.members import in_words
from recovery.operate.refusal import Refusal
from recovery.operate.segments import METHODS, refuse_busy

WHY = 'Masakari had it on maintenance'


@dataclass(frozen=True)
class Left:
    """A change of a segment that has a live recovery: not made before that has ended."""

    what: str
    why: str
    verb: str


@dataclass(frozen=True)
class Takeover:
    """What was, or would be, done."""

    done: tuple[str, ...]  #: sentences
    same: int  #: segments and hosts that are here already as they are there
    left: tuple[Left, ...] = ()


def plan(store: Store, contents: Contents) -> Takeover:
    """What :func:`take_over` would do; nothing is written. Raises Refusal as it does."""
    with store.read() as connection:
        return _plan(connection, contents)


def take_over(store: Store, contents: Contents, *, by: str, reason: str) -> Takeover:
    """Do it, all in one transaction. A recovery that is live keeps its segment as it is, and only
    maintenance is taken over there: hands on a host count at once.

    :raises Refusal: a name or UUID stands for something else here, or a word is not known.
    """

    def work(connection: sa.Connection) -> Takeover:
        found = _plan(connection, contents)
        now, busy = store.clock.now(), _busy(connection, contents)
        for segment in contents.segments:
            if segment.uuid not in busy:
                _put_segment(connection, segment, now)
        for host in contents.hosts:
            if host.segment not in busy:
                _put_host(connection, host, now)
            if members.get(connection, host.uuid) is not None:
                _maintain(connection, host, now, by)
        for sentence in found.done:
            tell(connection, None, now, by=by, what=sentence, why=reason)
        return found

    return store.transact(work)


def _plan(connection: sa.Connection, contents: Contents) -> Takeover:
    done, left = list[str](), list[Left]()
    same, busy = 0, _busy(connection, contents)
    known = {segment.uuid: segment for segment in contents.segments}
    _refuse_clashes(connection, contents, known)
    for segment in contents.segments:
        sentence = _segment(connection, segment)
        if sentence and segment.uuid in busy:
            left.append(_left(sentence, busy[segment.uuid]))
        elif sentence:
            done.append(sentence)
        same += not sentence
    for host in contents.hosts:
        fixed, name = busy.get(host.segment), known[host.segment].name
        sentence, rest = _host(connection, host, name, fixed=fixed is not None)
        done += [sentence] if sentence else []
        left += [_left(rest, fixed)] if fixed is not None and rest else []
        same += not (sentence or rest)
    return Takeover(tuple(done), same, tuple(left))


def _busy(connection: sa.Connection, contents: Contents) -> dict[str, Refusal]:
    """Segments that are here and have a live recovery, held ones included, by UUID."""
    found = {}
    for wanted in contents.segments:
        here = segments.get(connection, wanted.uuid)
        try:
            if here is not None:
                refuse_busy(connection, here)
        except Refusal as refusal:
            found[wanted.uuid] = refusal
    return found


def _left(sentence: str, refusal: Refusal) -> Left:
    return Left(sentence, refusal.sentence, refusal.verb)


def _refuse_clashes(
    connection: sa.Connection, contents: Contents, known: Mapping[str, masakari.Segment]
) -> None:
    """Raises Refusal, naming everything that stands in the way."""
    found = [
        *(clash for one in contents.segments for clash in _segment_clashes(connection, one)),
        *(clash for one in contents.hosts for clash in _host_clashes(connection, one, known)),
    ]
    if len(found) == 1:
        raise found[0]
    if found:
        lines = [f'{len(found)} things stand in the way:']
        for one in found:
            lines += [f'  {one.sentence}', *([f'    next: {one.verb}'] if one.verb else [])]
        raise Refusal('\n'.join(lines))


def _segment_clashes(connection: sa.Connection, wanted: masakari.Segment) -> Iterator[Refusal]:
    if wanted.recovery_method not in METHODS:
        known = ', '.join(METHODS)
        yield Refusal(
            f'segment {wanted.name} has recovery method {wanted.recovery_method!r}; there are: '
            f'{known}'
        )
    namesake = segments.named(connection, wanted.name)
    if namesake is not None and namesake.uuid != wanted.uuid:
        yield Refusal(
            f'another segment is called {wanted.name} here: {namesake.uuid}',
            f'openstack segment update {namesake.uuid} --name ANOTHER',
        )


def _host_clashes(
    connection: sa.Connection, wanted: masakari.Host, known: Mapping[str, masakari.Segment]
) -> Iterator[Refusal]:
    if wanted.segment not in known:
        yield Refusal(f'host {wanted.name} is of a segment that Masakari does not have')
    namesake = members.of_host(connection, wanted.name)
    old = members.get(connection, wanted.uuid)
    if namesake is not None and namesake.uuid != wanted.uuid:
        yield Refusal(
            f'host {wanted.name} is a member of a segment here already, as {namesake.uuid}',
            f'openstack segment host delete {namesake.segment} {namesake.uuid}',
        )
    elif old is not None and old.segment != wanted.segment:
        yield Refusal(
            f'host {wanted.name} is a member of another segment here',
            f'openstack segment host delete {old.segment} {old.uuid}',
        )


def _segment(connection: sa.Connection, wanted: masakari.Segment) -> str:
    old = segments.get(connection, wanted.uuid)
    if old is None:
        return f'make segment {wanted.name}, to be recovered by {wanted.recovery_method}'
    changed = _changed(old, _segment_fields(wanted))
    return f'change segment {old.name}: {changed}' if changed else ''


def _host(
    connection: sa.Connection, wanted: masakari.Host, segment: str, *, fixed: bool
) -> tuple[str, str]:
    """What is to be done, and what is not as long as its segment has to stay as it is."""
    old = members.get(connection, wanted.uuid)
    marks = ', reserved' if wanted.reserved else ''
    if wanted.on_maintenance:
        marks += ', in maintenance'
    if old is None:
        sentence = f'make host {wanted.name} a member of segment {segment}{marks}'
        return ('', sentence) if fixed else (sentence, '')
    changed = _changed(old, _fields_now(connection, wanted, old))
    hands = 'in maintenance' if wanted.on_maintenance and not old.maintenance else ''
    now, later = (hands, changed) if fixed else (', '.join(filter(None, [changed, hands])), '')
    what = f'change host {old.name} of segment {segment}: '
    return what + now if now else '', what + later if later else ''


def _changed(old: object, fields: dict[str, object]) -> str:
    return ', '.join(
        in_words(name, value) for name, value in fields.items() if getattr(old, name) != value
    )


def _segment_fields(wanted: masakari.Segment) -> dict[str, object]:
    names = ('name', 'recovery_method', 'service_type', 'enabled', 'description')
    return {name: getattr(wanted, name) for name in names}


def _host_fields(wanted: masakari.Host) -> dict[str, object]:
    return {
        name: getattr(wanted, name) for name in ('name', 'type', 'control_attributes', 'reserved')
    }


def _fields_now(
    connection: sa.Connection, wanted: masakari.Host, old: members.Member | None
) -> dict[str, object]:
    """As Masakari has them; a spare that a recovery took here is reserved no more (H15)."""
    fields = _host_fields(wanted)
    if old is not None and spares.taken(connection, old.name):
        fields['reserved'] = old.reserved
    return fields


def _put_segment(connection: sa.Connection, wanted: masakari.Segment, now: float) -> None:
    fields = _segment_fields(wanted)
    old = segments.get(connection, wanted.uuid)
    if old is None:
        segments.add(connection, wanted.uuid, now, **fields)
    elif _changed(old, fields):
        segments.change(connection, old, now, **fields)


def _put_host(connection: sa.Connection, wanted: masakari.Host, now: float) -> None:
    owner = segments.get(connection, wanted.segment)
    assert owner is not None
    old = members.get(connection, wanted.uuid)
    fields = _fields_now(connection, wanted, old)
    if old is None:
        own = {key: value for key, value in fields.items() if key != 'name'}
        members.add(connection, owner, wanted.uuid, wanted.name, now, **own)
    elif _changed(old, fields):
        members.change(connection, old, owner, now, **fields)


def _maintain(connection: sa.Connection, wanted: masakari.Host, now: float, by: str) -> None:
    if wanted.on_maintenance and not hosts.get(connection, wanted.name).maintenance:
        guards.maintain(connection, wanted.name, True, by=by, reason=WHY, now=now)
