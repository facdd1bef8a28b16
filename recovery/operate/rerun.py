"""A new round of a recovery that has ended, or waits."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

from recovery.db import items, recoveries, states
from recovery.db.store import Store
from recovery.db.tables import recovery as table
from recovery.operate.change import FREE, put, take, take_over, tell
from recovery.operate.refusal import Refusal
from recovery.policy.order import HOST_RETURN
from recovery.view.ids import short


class Which(enum.StrEnum):
    """Which instances are looked at again."""

    FAILED = 'failed'
    ALL = 'all'  #: but what a human has settled as moved or left
    SETTLED = 'settled'  #: what a human has settled as moved or left, and nothing else


ENDED_WELL = frozenset({'left', 'moved'})


def rerun(store: Store, identifier: str, which: Which, *, by: str, reason: str) -> int:
    """Begin a new round: a new book from verify on, all gates asked anew, no proof and no
    approval of an earlier round counts. Returns the number of the round.

    :raises Refusal: it is under way, or another recovery blocks the host.
    """

    def work(connection: sa.Connection) -> int:
        now, row = store.clock.now(), take(connection, identifier)
        _refuse(row)
        key = recoveries.open_key(row['kind'], row['subject'])
        _refuse_blocked(connection, row, key)
        number = int(row['round']) + 1
        try:
            put(connection, row, states.READY, now, **_anew(row, number, key))
        except exc.IntegrityError as error:
            raise _blocked(row) from error
        take_over(connection, row, now, by=by)
        # Unsettled ones stay: whether they may be sent again is decided by what is seen (H1).
        _reopen(connection, identifier, which)
        what = f'rerun: round {number}, {which.value} instances'
        tell(connection, identifier, now, by=by, what=what, why=reason)
        return number

    return store.transact(work)


def _reopen(connection: sa.Connection, identifier: str, which: Which) -> None:
    """A human's word that an instance runs elsewhere stands until a human takes it back: where Nova
    shows it on the failed host still, it would run twice (H1)."""
    if which is not Which.SETTLED:
        items.reopen(connection, identifier, frozenset({'failed'}))
    if which is not Which.FAILED:
        items.reopen(connection, identifier, ENDED_WELL, by_hand=which is Which.SETTLED)


def _anew(row: Mapping[str, Any], number: int, key: str) -> dict[str, Any]:
    cleared = ('book', 'phase', 'code', 'reason', 'verb', 'next_check', 'expires_at', 'ended_at',
               'approved_by', 'approved_reason', 'approved_gates')  # fmt: skip
    return {
        **FREE,
        **dict.fromkeys(cleared),
        'round': number,
        'open_key': key,
        'undoing': False,
        'claims': 0,
        'arguments': _arguments(row),
    }


def _arguments(row: Mapping[str, Any]) -> dict[str, Any]:
    """As they are; but that a host was rebooted was said of the outage that a return ended, and
    nothing of one that came later."""
    given = dict(row['arguments'])
    if row['kind'] == HOST_RETURN and row['state'] != states.WAITING:
        given['rebooted'] = False
    return given


def _refuse(row: Mapping[str, Any]) -> None:
    name, state = short(row['id']), row['state']
    if state == states.RUNNING:
        raise Refusal(
            f'recovery {name} is running on {row["worker"]}; a rerun needs it ended or waiting',
            f'recovery watch {name}',
        )
    if state == states.HELD:
        raise Refusal(
            f'recovery {name} is held and has not begun: {row["reason"]}',
            row['verb'] or f'recovery approve {name}',
        )
    if state == states.READY:
        raise Refusal(f'recovery {name} is about to run', f'recovery watch {name}')
    if state == states.SUPERSEDED:
        later = row['superseded_by']
        raise Refusal(
            f'recovery {name} gave way to another one, which has its host now',
            f'recovery show {short(later)}' if later else '',
        )


def _refuse_blocked(connection: sa.Connection, row: Mapping[str, Any], key: str) -> None:
    query = sa.select(table.c.id, table.c.kind, table.c.state)
    other = connection.execute(
        query.where(table.c.open_key == key, table.c.id != row['id'])
    ).first()
    if other is not None:
        raise Refusal(
            f'{row["host"]} is already under recovery: {other.kind} {short(other.id)} is '
            f'{other.state}',
            f'recovery show {short(other.id)}',
        )


def _blocked(row: Mapping[str, Any]) -> Refusal:
    return Refusal(
        f'another recovery of {row["host"]} began at this very moment',
        f'recovery list --host {row["host"]}',
    )
