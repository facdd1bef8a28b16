"""A recovery as Masakari's clients see it: the details of its workflow, and its moves."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from flows.records import ItemState
from recovery.db import events, pages
from recovery.db.store import Store
from recovery.db.tables import item, recovery
from recovery.view import recoveries, steps
from recovery.view.ids import Unknown

EVACUATE = 'evacuate'  #: the step whose progress is that of its items
SUCCESS, RUNNING, PENDING, FAILURE = 'SUCCESS', 'RUNNING', 'PENDING', 'FAILURE'

_STATES: Mapping[str, str] = {
    steps.TO_DO: PENDING,
    steps.DONE: SUCCESS,
    steps.SKIPPED: SUCCESS,
    steps.RUNNING: RUNNING,
    steps.WAITS: RUNNING,
    steps.INTERRUPTED: RUNNING,
    steps.TO_UNDO: RUNNING,
    steps.UNDOING: RUNNING,
}
#: The fields of a move by the states of an item. An unsettled one has not ended: a human looks.
MOVES: Mapping[str, str] = {
    ItemState.PENDING: 'pending',
    ItemState.STARTED: 'ongoing',
    ItemState.UNSETTLED: 'ongoing',
    ItemState.LEFT: 'ignored',
    ItemState.FAILED: 'failed',
    ItemState.MOVED: 'succeeded',
}
TYPE = 'evacuation'  #: of every move
_STATUS = sa.case(MOVES, value=item.c.state, else_='failed')
COLUMNS: pages.Columns = {
    'id': item.c.id,
    'uuid': item.c.instance,
    'instance_uuid': item.c.instance,
    'instance_name': item.c.name,
    'source_host': item.c.source,
    'dest_host': item.c.destination,
    'start_time': item.c.started_at,
    'end_time': item.c.ended_at,
    'status': _STATUS,
    'message': item.c.reason,
    'created_at': recovery.c.created_at,
    'updated_at': sa.func.coalesce(item.c.ended_at, item.c.started_at),
}


@dataclass(frozen=True)
class Detail:
    """One step, in the words of Masakari's workflow."""

    name: str
    state: str  #: 'SUCCESS', 'RUNNING', 'PENDING' or 'FAILURE'
    progress: float  #: 0 to 1
    told: tuple[tuple[float, float, str], ...]  #: (when, progress, message), the oldest first


@dataclass(frozen=True)
class Move:
    """One instance of a recovery."""

    id: int
    uuid: str
    instance: str
    name: str
    source: str
    destination: str | None
    status: str
    message: str | None
    started_at: float | None
    ended_at: float | None
    created_at: float
    updated_at: float | None


def details(store: Store, identifier: str) -> tuple[Detail, ...]:
    """The steps of a recovery, as they follow each other; none when it has been forgotten."""
    try:
        found = recoveries.recovery(store, identifier)
    except Unknown:
        return ()
    with store.read() as connection:
        story = [(row['at'], row['what']) for row in events.of_recovery(connection, found.id)]
    every = [step for phase in steps.tree(store, found) for step in phase.steps]
    return tuple(_detail(step, found, story) for step in every)


def _detail(
    step: steps.Step, found: recoveries.Recovery, story: Sequence[tuple[float, str]]
) -> Detail:
    state = _STATES.get(step.state, FAILURE)
    progress = 1.0 if state == SUCCESS else 0.0
    if step.name == EVACUATE and state != SUCCESS and found.items.total:
        open_ = sum(found.items.counts.get(one, 0) for one in ('pending', 'started', 'unsettled'))
        progress = 1.0 - open_ / found.items.total
    told: list[tuple[float, float, str]] = []
    if step.started_at is not None:
        told.append((step.started_at, 0.0, f'{step.name} has begun'))
        end = step.ended_at if step.ended_at is not None else float('inf')
        told += [(at, progress, what) for at, what in story if step.started_at < at <= end]
        if step.message and state != SUCCESS and step.message not in [what for _, _, what in told]:
            told.append((told[-1][0], progress, step.message))
        if step.ended_at is not None:
            told.append((step.ended_at, progress, f'{step.name} is {step.state}'))
    return Detail(step.name, state, round(progress, 4), tuple(told))


def moves(
    store: Store, identifier: str, page: pages.Page, status: str | None = None
) -> tuple[Move, ...]:
    """Instances of a recovery. Raises recovery.db.pages.NoMarker."""
    query = _query(identifier)
    if status is not None:
        query = query.where(_STATUS.in_([status]))
    with store.read() as connection:
        return tuple(map(_move, pages.fetch(connection, query, COLUMNS, page)))


def move(store: Store, identifier: str, wanted: str) -> Move | None:
    """The one with that UUID."""
    with store.read() as connection:
        rows = connection.execute(_query(identifier)).mappings().all()
    return next((one for one in map(_move, rows) if one.uuid == wanted.lower()), None)


def _query(identifier: str) -> sa.Select[Any]:
    return (
        sa.select(item, _STATUS.label('status'), COLUMNS['updated_at'].label('updated_at'))
        .add_columns(recovery.c.created_at)
        .select_from(item.join(recovery, recovery.c.id == item.c.recovery))
        .where(item.c.recovery == identifier)
    )


def _move(row: sa.RowMapping) -> Move:
    said = row['reason'] or None
    if row['state'] == ItemState.UNSETTLED:
        said = f'nobody can tell where it runs: {said}' if said else 'nobody can tell where it runs'
    return Move(
        id=row['id'],
        uuid=str(uuid.uuid5(uuid.NAMESPACE_OID, f'{row["recovery"]} {row["instance"]}')),
        instance=row['instance'],
        name=row['name'],
        source=row['source'],
        destination=row['destination'],
        status=row['status'],
        message=said,
        started_at=row['started_at'],
        ended_at=row['ended_at'],
        created_at=row['created_at'],
        updated_at=row['updated_at'],
    )
