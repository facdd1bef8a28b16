"""The proof bundle of a recovery: everything on record about it, to be kept outside and checked.

Documented in doc/guide/bundle.md; its JSON schema is bundle.schema.json beside this file.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib import metadata
from typing import Any

import sqlalchemy as sa

from recovery.db import decisions, hosts, revision, tables
from recovery.db.store import Store
from recovery.policy import recorded
from recovery.policy.reading import BadRecord
from recovery.view import alarms, bundle_rounds, bundle_timings, recoveries
from recovery.view.times import precise

Row = Mapping[str, Any]
Section = Any  #: a list of records, or one record

#: Who may write as the owner, and how the ownership is kept: nobody's business afterwards.
_OWNERSHIP = ('token', 'beats', 'lease', 'open_key', 'epoch', 'wish', 'wish_by', 'wish_reason')


def body(store: Store, given: str) -> dict[str, Section]:
    """Everything on record about the recovery whose id begins with ``given``.

    Reads only. Raises recovery.view.ids.Unknown and StoreAway.
    """
    one = recoveries.recovery(store, given)
    found = _sections(store, one.row) | {'recovery': _recovery(one.row)}
    return _tamed(found | {'rounds': bundle_rounds.rounds(store, one)})


def body_of_alarm(store: Store, given: str) -> dict[str, Section]:
    """The same of the alarm whose id begins with ``given``: of its recovery, or, when it led to
    none, of what was decided about it.
    """
    alarm = alarms.alarm(store, given)
    if alarm['recovery'] is not None:
        return body(store, alarm['recovery'])
    none = {'id': '', 'alarm': alarm['id'], 'host': alarm['subject'], 'worker': None}
    return _tamed(_sections(store, none | {'ended_at': None}) | {'recovery': None, 'rounds': []})


def _sections(store: Store, row: Row) -> dict[str, Section]:
    with store.read() as connection:
        return {
            'made': {'at': precise(store.clock.now()), 'versions': _versions(connection)},
            'host': _host(connection, row['host']),
            'alarms': _alarms(connection, row),
            'decisions': [_decision(each) for each in _decided(connection, row)],
            'intents': _of(connection, tables.intent, row),
            'proofs': [_proof(each) for each in _of(connection, tables.proof, row)],
            'items': _of(connection, tables.item, row),
            'attempts': _of(connection, tables.attempt, row),
            'events': _of(connection, tables.event, row),
            'workers': _workers(connection, row),
            'timings': bundle_timings.timings(connection, row),
        }


def _tamed(sections: dict[str, Section]) -> dict[str, Section]:
    found: dict[str, Section] = recorded.tame(sections)
    return found


def record(table: sa.Table, row: Row, but: tuple[str, ...] = ()) -> dict[str, Any]:
    """A row with its times as text."""
    found = {}
    for column in table.columns:
        if column.name in but or column.name not in row:
            continue
        value = row[column.name]
        is_time = column.type is tables.TIME and value is not None
        found[column.name] = precise(value) if is_time else value
    return found


def _of(connection: sa.Connection, table: sa.Table, row: Row) -> list[dict[str, Any]]:
    """The rows of a recovery, in the order in which they were written."""
    query = sa.select(table).where(table.c.recovery == row['id']).order_by(table.c.id)
    found = connection.execute(query).mappings()
    return [record(table, dict(each), ('recovery',)) for each in found]


def _recovery(row: Row) -> dict[str, Any]:
    found = record(tables.recovery, row, (*_OWNERSHIP, 'notes'))
    notes = {key: value for key, value in (row['notes'] or {}).items() if key != 'steps'}
    return found | {'notes': notes}


def _host(connection: sa.Connection, name: str) -> dict[str, Any]:
    found = hosts.get(connection, name)
    return {
        'name': name,
        'identities': dict(found.identities),
        'carries': list(found.carries),
        'segment': found.segment,
    }


def _alarms(connection: sa.Connection, row: Row) -> list[dict[str, Any]]:
    """The one that began it, and those that were answered with it."""
    table = tables.alarm
    mine = (table.c.recovery == row['id']) | (table.c.id == row['alarm'])
    query = sa.select(table).where(mine).order_by(table.c.arrived_at, table.c.id)
    return [record(table, dict(each)) for each in connection.execute(query).mappings()]


def _decided(connection: sa.Connection, row: Row) -> list[Row]:
    found = decisions.of_recovery(connection, row['id'], row['alarm'], inputs=True)
    return [dict(each) for each in found]


def _decision(row: Row) -> dict[str, Any]:
    found = record(tables.decision, row, ('recovery', 'inputs'))
    return found | {'replay': _replay(row['inputs'])}


def _replay(blob: bytes | None) -> Any:
    """What the gates looked at; None when it was not kept, or is damaged."""
    try:
        return None if blob is None else recorded.raw(blob)
    except BadRecord:
        return None


def _proof(found: dict[str, Any]) -> dict[str, Any]:
    seen = [
        each | ({'at': precise(each['at'])} if isinstance(each.get('at'), float | int) else {})
        for each in found['observations']
    ]
    return found | {'observations': seen}


def _workers(connection: sa.Connection, row: Row) -> list[dict[str, Any]]:
    """The processes that had a part in it, by name, with their versions."""
    event, worker = tables.event, tables.worker
    spoke = sa.select(event.c.who).where(event.c.recovery == row['id'])
    wanted = worker.c.name.in_(spoke) | (worker.c.name == row['worker'])
    query = sa.select(worker).where(wanted).order_by(worker.c.name)
    but = ('seen_at', 'draining_at', 'draining_by')  # of now, not of then
    return [record(worker, dict(each), but) for each in connection.execute(query).mappings()]


def _versions(connection: sa.Connection) -> dict[str, str | None]:
    return {
        'recovery': _version('openstack-recovery'),
        'schema': revision.stored(connection),
        'taskflow': _version('taskflow'),
        'python': platform.python_version(),
    }


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
