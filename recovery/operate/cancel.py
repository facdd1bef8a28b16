"""Ending a recovery: with everything given back, or leaving things as they are."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from recovery.db import intents, spares, states
from recovery.db.recoveries import OVER
from recovery.db.store import Store
from recovery.operate.change import ENDING, put, take, tell
from recovery.operate.refusal import Refusal
from recovery.policy import order
from recovery.view.ids import short


class How(enum.StrEnum):
    """What becomes of what was done so far."""

    UNDO = 'undo'  #: given back; only above the line
    LEAVE = 'leave'  #: left as it is


class Outcome(enum.StrEnum):
    """What the call did."""

    ENDED = 'ended'  #: it is cancelled
    UNDOING = 'undoing'  #: a worker will undo, and end it
    ASKED = 'asked'  #: its owner will see the wish at its next step


def cancel(
    store: Store, identifier: str, how: How, *, by: str, reason: str, code: str = 'cancelled'
) -> Outcome:
    """End a recovery, see :func:`cancel_in`, in a transaction of its own."""
    return store.transact(
        lambda connection: cancel_in(
            connection, store, identifier, how, by=by, reason=reason, code=code
        )
    )


def cancel_in(
    connection: sa.Connection,
    store: Store,
    identifier: str,
    how: How,
    *,
    by: str,
    reason: str,
    code: str,
) -> Outcome:
    """End a recovery.

    :param code: 'over' when it is a source that says so: alarms from before are not answered by it.
    :raises Refusal: it has ended already, or it is to be undone below the line.
    """
    row = take(connection, identifier)
    _refuse_ended(row)
    if how is How.UNDO:
        _refuse_done_for_good(connection, row)
    if row['state'] == states.RUNNING or _holds_spares(connection, row):
        outcome = _ask_owner(connection, store, row, how, by, reason, code)
    elif how is How.UNDO and _has_acted(connection, identifier):
        outcome = _let_undo(connection, store, row, by, reason, code)
    else:
        outcome = _end(connection, store, row, by, reason, code)
    what = f'cancel, {how.value}: {outcome.value}'
    tell(connection, identifier, store.clock.now(), by=by, what=what, why=reason)
    if outcome is Outcome.ENDED:
        _leave_spares(connection, store, identifier, by)
    return outcome


def _refuse_ended(row: Mapping[str, Any]) -> None:
    if row['state'] in states.ENDED:
        name = short(row['id'])
        raise Refusal(
            f'recovery {name} has ended already ({row["state"]})', f'recovery show {name}'
        )


def _refuse_done_for_good(connection: sa.Connection, row: Mapping[str, Any]) -> None:
    host, name = row['host'], short(row['id'])
    if row['kind'] == order.HOST_RETURN and intents.acted_for_good(connection, row['id']):
        raise Refusal(
            f'the return of {host} has begun: that is not undone. To stop here and leave things '
            'as they are, cancel it with --leave',
            f'recovery cancel {name} --leave',
        )
    if row['kind'] == order.INSTANCE_DOWN and intents.acted_for_good(connection, row['id']):
        raise Refusal(
            'the instance was told to stop, or to start: that is not undone. To stop here and '
            'leave things as they are, cancel it with --leave',
            f'recovery cancel {name} --leave',
        )
    if intents.acted_for_good(connection, row['id']):
        raise Refusal(
            f'{host} was told to power off: that is not undone. To stop here and leave things as '
            f'they are, cancel it with --leave; then recovery host return {host} brings it back',
            f'recovery cancel {name} --leave',
        )


def _has_acted(connection: sa.Connection, identifier: str) -> bool:
    return bool(intents.of_recovery(connection, identifier))


def _ask_owner(
    connection: sa.Connection,
    store: Store,
    row: Mapping[str, Any],
    how: How,
    by: str,
    reason: str,
    code: str,
) -> Outcome:
    # Only its owner may end what it runs; one that is free goes to a worker for its end.
    state = states.RUNNING if row['state'] == states.RUNNING else states.READY
    free: dict[str, Any] = {} if state == states.RUNNING else {'next_check': None}
    put(
        connection, row, state, store.clock.now(),
        wish=how.value, wish_by=by, wish_reason=reason, **free, **_marked(row, code),
    )  # fmt: skip
    return Outcome.ASKED


def _holds_spares(connection: sa.Connection, row: Mapping[str, Any]) -> bool:
    """Whether a worker has to give reserved hosts back first. Not asked a second time: Nova may
    be away for long."""
    return row['wish'] is None and spares.in_hand(connection, row['id'])


def _leave_spares(connection: sa.Connection, store: Store, identifier: str, by: str) -> None:
    why = 'the recovery was ended before a worker could see whether it is empty'
    for host in spares.leave(connection, identifier):
        what = f'{host} stays in service, and is no reserved host any more'
        tell(connection, identifier, store.clock.now(), by=by, what=what, why=why)


def _let_undo(
    connection: sa.Connection, store: Store, row: Mapping[str, Any], by: str, reason: str, code: str
) -> Outcome:
    # A free recovery that waits or is held becomes ready; the worker that wins it undoes.
    values = {'undoing': True, 'next_check': None, 'expires_at': None, 'code': code}
    values |= {'reason': f'cancelled by {by}: {reason}', 'verb': None, **_marked(row, code)}
    put(connection, row, states.READY, store.clock.now(), **values)
    return Outcome.UNDOING


def _marked(row: Mapping[str, Any], code: str) -> dict[str, Any]:
    """That it was over, which an undo that waits must not forget: then it has another code."""
    if code != OVER:
        return {}
    return {'code': code, 'notes': {**row['notes'], code: row['round']}}


def _end(
    connection: sa.Connection, store: Store, row: Mapping[str, Any], by: str, reason: str, code: str
) -> Outcome:
    now, said = store.clock.now(), f'cancelled by {by}: {reason}'
    put(
        connection, row, states.CANCELLED, now,
        **ENDING, ended_at=now, code=code, reason=said, verb=None,
    )  # fmt: skip
    return Outcome.ENDED
