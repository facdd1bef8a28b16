"""Segments: made, changed and removed by an operator, by Masakari's rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from recovery.db import segments
from recovery.db.segments import Segment
from recovery.db.store import Store
from recovery.operate.change import tell
from recovery.operate.refusal import Nothing, Refusal
from recovery.view.ids import short

#: As Masakari's clients name them.
METHODS = ('auto', 'reserved_host', 'auto_priority', 'rh_priority')


def create(store: Store, fields: Mapping[str, Any], *, by: str, reason: str = '') -> Segment:
    """Make a segment.

    :param fields: name, recovery_method, service_type; maybe description and enabled.
    :raises Refusal: another one has that name.
    """

    def work(connection: sa.Connection) -> Segment:
        now = store.clock.now()
        made = segments.add(connection, store.clock.new_id(), now, **fields)
        what = f'made segment {made.name}, to be recovered by {made.recovery_method}'
        tell(connection, None, now, by=by, what=what, why=reason)
        return made

    try:
        return store.transact(work)
    except sa.exc.IntegrityError as error:
        raise taken(str(fields['name'])) from error


def change(
    store: Store, uuid: str, fields: Mapping[str, Any], *, by: str, reason: str = ''
) -> Segment:
    """Change fields of a segment; its hosts, windows and switches follow a new name.

    :raises Nothing: there is no such segment.
    :raises Refusal: one of its hosts is under recovery, or another segment has that name.
    """

    def work(connection: sa.Connection) -> Segment:
        now, old = store.clock.now(), the(connection, uuid)
        refuse_busy(connection, old)
        segments.change(connection, old, now, **fields)
        said = ', '.join(f'{name} is {_word(value)}' for name, value in fields.items())
        what = f'changed segment {old.name}: {said}'
        tell(connection, None, now, by=by, what=what, why=reason)
        return the(connection, uuid)

    try:
        return store.transact(work)
    except sa.exc.IntegrityError as error:
        raise taken(str(fields.get('name'))) from error


def remove(store: Store, uuid: str, *, by: str, reason: str = '') -> None:
    """Forget a segment; its hosts are in no segment from then on.

    :raises Nothing: there is no such segment.
    :raises Refusal: one of its hosts is under recovery.
    """

    def work(connection: sa.Connection) -> None:
        old = the(connection, uuid)
        refuse_busy(connection, old)
        segments.remove(connection, old)
        what = f'removed segment {old.name}'
        tell(connection, None, store.clock.now(), by=by, what=what, why=reason)

    store.transact(work)


def the(connection: sa.Connection, uuid: str) -> Segment:
    """The segment with that UUID. Raises Nothing."""
    found = segments.get(connection, uuid)
    if found is None:
        raise Nothing(f'No segment with id {uuid}.')
    return found


def refuse_busy(connection: sa.Connection, segment: Segment) -> None:
    """Raises Refusal while a host of the segment is under recovery, held ones included."""
    live = segments.busy(connection, segment.uuid)
    if live is not None:
        name = short(live['id'])
        raise Refusal(
            f'Segment {segment.name} is in use: recovery {name} ({live["kind"]}) of '
            f'{live["host"]} is {live["state"]}.',
            f'recovery show {name}',
        )


def taken(name: str) -> Refusal:
    """The answer to a name that another segment has."""
    return Refusal(f'A segment with the name {name} exists already.')


def _word(value: Any) -> str:
    return {True: 'on', False: 'off', None: 'empty'}.get(value, str(value))
