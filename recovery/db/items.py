"""Items and attempts: one row per instance, one per evacuate request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from flows.records import OPEN_ATTEMPTS, Attempt, AttemptState, Item, ItemState
from recovery.db import hosts, proofs, states
from recovery.db.intents import Author
from recovery.db.rows import insert
from recovery.db.tables import attempt, item
from recovery.db.tables import host as host_table
from recovery.db.tables import recovery as recovery_table

BY_HAND = 'settled by '  #: how the reason of an item begins that a human has ended
AT_ONCE = 500  # instances named in one query: SQLite bounds the number of parameters

ITEM_FIELDS = ('instance', 'name', 'source', 'reason', 'vm_state', 'keep_stopped', 'priority',
               'round', 'destination')  # fmt: skip
NOW_FIELDS = ('name', 'reason', 'vm_state', 'keep_stopped', 'priority')
ATTEMPT_FIELDS = ('id', 'instance', 'round', 'target', 'at', 'deadline_at', 'destination',
                  'migration', 'request_id', 'destination_seen_at', 'destination_sure',
                  'ended_at', 'reason', 'after_proof', 'after_record')  # fmt: skip


def of_recovery(connection: sa.Connection, recovery: str) -> tuple[Item, ...]:
    """Items in the order in which they are evacuated: highest priority first, then by name."""
    query = (
        sa.select(item)
        .where(item.c.recovery == recovery)
        .order_by(item.c.priority.desc(), item.c.name, item.c.instance)
    )
    return tuple(_item(row) for row in connection.execute(query).mappings())


def attempts_of_recovery(connection: sa.Connection, recovery: str) -> tuple[Attempt, ...]:
    """Attempts of all rounds, oldest first."""
    query = sa.select(attempt).where(attempt.c.recovery == recovery).order_by(attempt.c.id)
    return tuple(_attempt(row) for row in connection.execute(query).mappings())


def doubtful(connection: sa.Connection, author: Author) -> tuple[Attempt, ...]:
    """Attempts of other recoveries of the same host that may have left a guest somewhere: not
    ended when their recovery was, or failed on a destination that was not seen up all the time.
    """
    open_ = attempt.c.state.in_([state.value for state in OPEN_ATTEMPTS])
    unsure = (attempt.c.state == AttemptState.FAILED.value) & attempt.c.destination_sure.is_(False)
    query = (
        sa.select(attempt)
        .join(recovery_table, recovery_table.c.id == attempt.c.recovery)
        .where(recovery_table.c.host == author.host, attempt.c.recovery != author.recovery_id)
        .where(open_ | (unsure & attempt.c.destination.is_not(None)))
        .order_by(attempt.c.id)
    )
    return tuple(_attempt(row) for row in connection.execute(query).mappings())


def add(connection: sa.Connection, author: Author, items: Sequence[Item]) -> tuple[str, ...]:
    """Add instances that are not items of this recovery yet, and begin anew those that ended in an
    earlier round and are on the host again. Returns the names of the latter."""
    query = sa.select(item).where(item.c.recovery == author.recovery_id)
    known = {row['instance']: dict(row) for row in connection.execute(query).mappings()}
    rows = [
        {
            **{key: getattr(one, key) for key in ITEM_FIELDS},
            'recovery': author.recovery_id,
            'round': author.round,
            'state': one.state.value,
            'ended_at': author.clock.now() if one.state.value in states.ITEM_ENDED else None,
        }
        for one in items
        if one.instance not in known
    ]
    if rows:
        connection.execute(sa.insert(item), rows)
    returned = hosts.get(connection, author.host).returned_at
    seen = [
        (known[one.instance], one)
        for one in items
        if one.instance in known and known[one.instance]['round'] < author.round
    ]
    # A rerun may have opened it already, and that decides; but it is what it is now.
    opened = [pair for pair in seen if pair[0]['state'] == 'pending' and pair[0]['destination']]
    back = [pair for pair in seen if _is_back(pair[0], returned)]
    pending = [(row, replace(one, state=ItemState.PENDING, reason='')) for row, one in opened]
    _anew(connection, author, pending)
    _anew(connection, author, back)
    return tuple(one.name for _, one in back)


def _is_back(row: Mapping[str, Any], returned: float | None) -> bool:
    """Whether an item of an earlier round that is listed on the failed host has come back to it.

    What a human has said of it stands until a human has it looked at again (H1).

    :param returned: when the host was last returned to service.
    """
    if row['reason'].startswith(BY_HAND):
        return False
    if row['state'] == ItemState.LEFT.value:  # of an outage that is over, and not of this one
        return returned is not None and (row['ended_at'] or returned) < returned
    return bool(row['state'] == ItemState.MOVED.value)  # and it was seen elsewhere


def _anew(
    connection: sa.Connection,
    author: Author,
    pairs: Sequence[tuple[dict[str, Any], Item]],
) -> None:
    """Write what an instance is now over what it was when it became an item."""
    rows = {}
    for before, one in pairs:
        states.check_item(before['state'], ItemState.PENDING.value)
        states.check_item(ItemState.PENDING.value, one.state.value)
        ended = author.clock.now() if one.state.value in states.ITEM_ENDED else None
        rows[one.instance] = {
            **{key: getattr(one, key) for key in NOW_FIELDS},
            'state': one.state.value,
            'round': author.round,
            'destination': None,
            'started_at': None,
            'ended_at': ended,
        }
    _update(connection, (item.c.recovery, author.recovery_id), item.c.instance, rows)


def add_attempt(
    connection: sa.Connection,
    author: Author,
    instance: str,
    target: str | None,
    after_record: int | None,
    within: float,
) -> int:
    """Record an evacuate request before it is sent; the item becomes started. Returns the id.

    :param target: the host that is named to Nova; None: Nova chooses.
    :param after_record: the newest migration record of the instance that was seen before it, by
        Nova's id: what has no greater one is not ours.
    :param within: seconds after which it should have been answered for.
    """
    now = author.clock.now()
    mine = (attempt.c.recovery == author.recovery_id) & (attempt.c.instance == instance)
    open_ = attempt.c.state.in_([state.value for state in OPEN_ATTEMPTS])
    if connection.execute(sa.select(attempt.c.id).where(mine, open_).limit(1)).first():
        raise states.IllegalTransition(f'an evacuation of {instance} is open already (S22)')
    started = {'state': ItemState.STARTED, 'started_at': now}
    _change(connection, author, {instance: started})
    return insert(
        connection,
        attempt,
        recovery=author.recovery_id,
        instance=instance,
        round=author.round,
        epoch=author.epoch,
        state=AttemptState.INTENDED.value,
        target=target,
        at=now,
        deadline_at=now + within,
        destination_seen_at=now,
        destination_sure=True,
        reason='',
        after_proof=proofs.newest_id(connection),
        after_record=after_record,
    )


def settle(
    connection: sa.Connection,
    author: Author,
    items: Mapping[str, Mapping[str, Any]],
    attempts: Mapping[int, Mapping[str, Any]],
) -> None:
    """Change items (by instance) and attempts (by id).

    :raises recovery.db.states.IllegalTransition: not in the table of states.
    """
    _change(connection, author, items)
    _update(
        connection,
        (attempt.c.recovery, author.recovery_id),
        attempt.c.id,
        {identifier: _plain(values) for identifier, values in attempts.items()},
    )


def reopen(
    connection: sa.Connection, recovery: str, which: frozenset[str], *, by_hand: bool | None = None
) -> int:
    """Make items of these states pending for a new round. Returns how many.

    :param by_hand: only those that a human has settled, or only the others; None: either.
    """
    mine = (item.c.recovery == recovery) & item.c.state.in_(which)
    if by_hand is not None:
        settled = item.c.reason.startswith(BY_HAND)
        mine &= settled if by_hand else ~settled
    for state in which:
        states.check_item(state, ItemState.PENDING.value)
    values = {'state': ItemState.PENDING.value, 'ended_at': None, 'reason': ''}
    return connection.execute(sa.update(item).where(mine).values(**values)).rowcount


def newest_of_host(connection: sa.Connection, host: str, which: frozenset[str]) -> tuple[Item, ...]:
    """Items of these states in the host-down recovery that marked a host failed last, or else in
    the newest one: an older one may have been begun anew since."""
    marked = sa.select(host_table.c.failed_by).where(host_table.c.name == host).scalar_subquery()
    newest = (
        sa.select(recovery_table.c.id)
        .where(recovery_table.c.host == host, recovery_table.c.kind == 'host-down')
        .where(recovery_table.c.id.in_(sa.select(item.c.recovery)))  # not one that never began
        .order_by(
            sa.case((recovery_table.c.id == marked, 0), else_=1),
            recovery_table.c.created_at.desc(),
        )
        .limit(1)
    )
    recovery = connection.execute(newest).scalar()
    if recovery is None:
        return ()
    return tuple(one for one in of_recovery(connection, recovery) if one.state.value in which)


def _change(
    connection: sa.Connection, author: Author, items: Mapping[str, Mapping[str, Any]]
) -> None:
    moving = [instance for instance, values in items.items() if 'state' in values]
    before = _states(connection, author, moving)
    rows: dict[str, dict[str, Any]] = {}
    for instance, values in items.items():
        rows[instance] = changed = _plain(values)
        if 'state' in changed:
            states.check_item(before[instance], changed['state'])
            ended = changed['state'] in states.ITEM_ENDED
            changed |= {'round': author.round, 'ended_at': author.clock.now() if ended else None}
    _update(connection, (item.c.recovery, author.recovery_id), item.c.instance, rows)


def _states(connection: sa.Connection, author: Author, instances: Sequence[str]) -> dict[str, str]:
    """States by instance. Raises NoResultFound for one that is no item."""
    found: dict[str, str] = {}
    for start in range(0, len(instances), AT_ONCE):
        some = item.c.instance.in_(instances[start : start + AT_ONCE])
        query = sa.select(item.c.instance, item.c.state).where(
            item.c.recovery == author.recovery_id, some
        )
        found |= {row.instance: row.state for row in connection.execute(query)}
    strange = set(instances) - found.keys()
    if strange:
        raise sa.exc.NoResultFound(f'{min(strange)} is no item of {author.recovery_id}')
    return found


def _update(
    connection: sa.Connection,
    owner: tuple[sa.Column[Any], str],
    key: sa.Column[Any],
    rows: Mapping[Any, Mapping[str, Any]],
) -> None:
    """Change many rows of one recovery: one statement for all that change in the same fields."""
    alike: dict[frozenset[str], list[dict[str, Any]]] = {}
    for identifier, values in rows.items():
        if values:
            mine = {'the_key': identifier, 'the_owner': owner[1]}
            alike.setdefault(frozenset(values), []).append({**values, **mine})
    for fields, some in alike.items():
        update = (
            sa.update(key.table)
            .where(owner[0] == sa.bindparam('the_owner'), key == sa.bindparam('the_key'))
            .values({name: sa.bindparam(name) for name in sorted(fields)})
        )
        connection.execute(update, some)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: getattr(value, 'value', value) for key, value in values.items()}


def _item(row: sa.RowMapping) -> Item:
    return Item(**{key: row[key] for key in ITEM_FIELDS}, state=ItemState(row['state']))


def _attempt(row: sa.RowMapping) -> Attempt:
    return Attempt(**{key: row[key] for key in ATTEMPT_FIELDS}, state=AttemptState(row['state']))
