"""A human's word on where an instance is, when no record of Nova can say it (H1)."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from flows.records import OPEN_ATTEMPTS
from recovery.db import states
from recovery.db.items import BY_HAND
from recovery.db.store import Store
from recovery.db.tables import attempt, item
from recovery.operate.change import put, take, tell
from recovery.operate.refusal import Refusal
from recovery.view.ids import short

BLOCKED_CODE = 'migration-open'  #: the wait for a migration that nobody may ever end


class Seen(enum.StrEnum):
    """What the human saw."""

    MOVED = 'moved'  #: it runs elsewhere, once
    FAILED = 'failed'  #: it runs nowhere; a rerun may try again where H1 allows it
    LEFT = 'left'  #: it is somebody's own business now


def settle(
    store: Store, identifier: str, instance: str, seen: Seen, *, by: str, reason: str
) -> str:
    """End an item of a waiting recovery that is unsettled, or that a migration blocks, and let
    the recovery go on. Returns the name of the instance.

    :param instance: its UUID, the beginning of it, or its name.
    :raises Refusal: the recovery does not wait, or that instance is not unsettled.
    """

    def work(connection: sa.Connection) -> str:
        now, row = store.clock.now(), take(connection, identifier)
        if row['state'] != states.WAITING:
            raise Refusal(
                f'recovery {short(identifier)} is {row["state"]}: only while it waits can a human '
                'settle an instance',
                f'recovery show {short(identifier)}',
            )
        found = _find(connection, row, instance)
        states.check_item(found['state'], seen.value)
        said = f'{BY_HAND}{by}: {reason}'
        _end(connection, found, seen, said, now)
        what = f'{found["name"]} ({found["instance"]}) is {seen.value}'
        tell(connection, identifier, now, by=by, what=what, why=reason)
        put(connection, row, states.READY, now, code=None, reason=None, verb=None, next_check=None)
        return str(found['name'])

    return store.transact(work)


def _find(connection: sa.Connection, row: Mapping[str, Any], given: str) -> Mapping[str, Any]:
    identifier, wanted = row['id'], ['unsettled']
    if row['code'] == BLOCKED_CODE:
        wanted.append('pending')
    query = sa.select(item).where(item.c.recovery == identifier, item.c.state.in_(wanted))
    unsettled = [dict(one) for one in connection.execute(query).mappings()]
    found = [one for one in unsettled if one['instance'].startswith(given) or one['name'] == given]
    if len(found) != 1:
        names = ', '.join(f'{one["name"]} ({one["instance"]})' for one in unsettled) or 'none'
        many = 'more than one' if found else 'no'
        raise Refusal(
            f'{given!r} names {many} unsettled instance; unsettled are: {names}',
            f'recovery items {short(identifier)} ' + ' '.join(f'--state {one}' for one in wanted),
        )
    return found[0]


def _end(
    connection: sa.Connection, found: Mapping[str, Any], seen: Seen, said: str, now: float
) -> None:
    connection.execute(
        sa.update(item)
        .where(item.c.id == found['id'])
        .values(state=seen.value, reason=said, ended_at=now)
    )
    # Whether the destination was sure stays as it was seen: a word does not make it so.
    ended = 'moved' if seen is Seen.MOVED else 'failed'
    connection.execute(
        sa.update(attempt)
        .where(attempt.c.recovery == found['recovery'], attempt.c.instance == found['instance'])
        .where(attempt.c.state.in_([state.value for state in OPEN_ATTEMPTS]))
        .values(state=ended, ended_at=now, reason=said)
    )
