"""The history of one recovery: everything that was decided, intended, done and said, in time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from recovery.db import decisions, tables
from recovery.db.store import Store
from recovery.view.times import moment


@dataclass(frozen=True)
class Entry:
    """One line of it."""

    at: float
    sort: str  #: alarm, decision, intent, attempt, proof or event
    who: str
    what: str
    why: str
    round: int | None = None


def story(store: Store, row: Mapping[str, Any]) -> list[Entry]:
    """All entries of a recovery, oldest first."""
    with store.read() as connection:
        found = [
            *_alarm(connection, row),
            *_decisions(connection, row),
            *_intents(connection, row),
            *_attempts(connection, row),
            *_proofs(connection, row),
            *_events(connection, row),
        ]
    return sorted(found, key=lambda entry: entry.at)


def _rows(connection: sa.Connection, table: sa.Table, key: str) -> list[Mapping[str, Any]]:
    query = sa.select(table).where(table.c.recovery == key).order_by(table.c.id)
    return [dict(one) for one in connection.execute(query).mappings()]


def _alarm(connection: sa.Connection, row: Mapping[str, Any]) -> Iterator[Entry]:
    table = tables.alarm
    query = sa.select(table).where(table.c.id == row['alarm'])
    for one in connection.execute(query).mappings():
        who = one['requested_by'] or one['source']
        evidence = ', '.join(f'{key}: {value}' for key, value in one['evidence'].items())
        what = f'{one["source"]} said: {one["kind"]} {one["subject"]}'
        yield Entry(one['arrived_at'], 'alarm', who, what, evidence)


def _decisions(connection: sa.Connection, row: Mapping[str, Any]) -> Iterator[Entry]:
    for one in decisions.of_recovery(connection, row['id'], row['alarm']):
        gate = f' by the gate "{one["gate"]}"' if one['gate'] else ''
        what = f'{one["stage"]}: {one["answer"]}{gate}'
        yield Entry(one['at'], 'decision', 'policy', what, one['reason'])


def _intents(connection: sa.Connection, row: Mapping[str, Any]) -> Iterator[Entry]:
    for one in _rows(connection, tables.intent, row['id']):
        if one['action'] == 'evacuate':
            continue  # its attempt says more
        outcome = one['outcome'] or 'outcome unknown'
        if one['ended_at'] is not None:
            outcome += f' ({one["ended_at"] - one["at"]:.1f} s)'
        seen = ', '.join(filter(None, (_seen(*found) for found in one['observed'].items())))
        what = f'{one["action"]} {one["target"]}: {outcome}'
        why = f'seen before: {seen}' if seen else ''
        yield Entry(one['at'], 'intent', f'claim {one["epoch"]}', what, why, one['round'])


def _seen(key: str, value: Any) -> str:
    """One thing that was seen before an intent, as people say it; '' for nothing."""
    if key == 'updated_at':
        return f'last changed {moment(value)}' if value is not None else ''
    if key == 'enabled':
        return 'enabled' if value else 'disabled'
    if key == 'not_forced':
        return 'not forced down' if value else 'forced down'
    return '' if value is None else f'{key}: {value}'


def _attempts(connection: sa.Connection, row: Mapping[str, Any]) -> Iterator[Entry]:
    item = tables.item
    query = sa.select(item.c.instance, item.c.name).where(item.c.recovery == row['id'])
    names = {one.instance: one.name for one in connection.execute(query)}
    for one in _rows(connection, tables.attempt, row['id']):
        named = names.get(one['instance'], one['instance'])
        goal = one['destination'] or one['target']
        what = f'evacuate {named}' + (f' to {goal}' if goal else '') + f': {one["state"]}'
        if one['ended_at'] is not None:
            what += f' ({one["ended_at"] - one["at"]:.1f} s)'
        who = f'claim {one["epoch"]}'
        yield Entry(one['at'], 'attempt', who, what, one['reason'], one['round'])


def _proofs(connection: sa.Connection, row: Mapping[str, Any]) -> Iterator[Entry]:
    for one in _rows(connection, tables.proof, row['id']):
        if one['kind'] == 'human':
            what, why = f'proof {one["id"]}: by the word of {one["by"]}', one['statement']
        else:
            what = f'proof {one["id"]}: level {one["level"]} reads off'
            why = ', '.join(
                f'{seen.get("device")} {seen.get("power")}' for seen in one['observations']
            )
        who = one['by'] or f'claim {one["epoch"]}'
        yield Entry(one['at'], 'proof', who, what, why, one['round'])
        if one['void_at'] is not None:
            void = f'proof {one["id"]} is void'
            yield Entry(one['void_at'], 'proof', '', void, one['void_reason'] or '', one['round'])


def _events(connection: sa.Connection, row: Mapping[str, Any]) -> Iterator[Entry]:
    for one in _rows(connection, tables.event, row['id']):
        yield Entry(one['at'], 'event', one['who'], one['what'], one['why'])
