"""What TaskFlow stored of one round: read with plain queries, so that looking loads no engine."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

_FLOW = sa.table(
    'flowdetails',
    *(sa.column(name) for name in ('uuid', 'parent_uuid', 'meta')),
    sa.column('created_at', sa.DateTime),
)
_ATOM = sa.table(
    'atomdetails',
    *(sa.column(name) for name in ('parent_uuid', 'name', 'state', 'intention', 'failure')),
    *(sa.column(name) for name in ('revert_failure', 'meta')),
    sa.column('updated_at', sa.DateTime),
)


@dataclass(frozen=True)
class Atom:
    """One step as TaskFlow keeps it."""

    state: str
    intention: str
    changed_at: float | None
    failure: str


@dataclass(frozen=True)
class Book:
    """One round as TaskFlow keeps it."""

    factory: Mapping[str, Any] | None
    created_at: float | None
    atoms: Mapping[str, Atom]


def read(connection: sa.Connection, book: str | None) -> Book:
    """The book of that id; an empty one when it is not there."""
    empty = Book(None, None, {})
    if book is None or not sa.inspect(connection).has_table('atomdetails'):
        return empty
    query = sa.select(_FLOW).where(_FLOW.c.parent_uuid == book)
    flow = connection.execute(query).mappings().first()
    if flow is None:
        return empty
    atoms = connection.execute(sa.select(_ATOM).where(_ATOM.c.parent_uuid == flow['uuid']))
    return Book(
        factory=_loads(flow['meta']).get('factory'),
        created_at=_seconds(flow['created_at']),
        atoms={row['name']: _atom(dict(row)) for row in atoms.mappings()},
    )


def _atom(row: Mapping[str, Any]) -> Atom:
    failure = _loads(row['revert_failure']) or _loads(row['failure'])
    return Atom(
        state=row['state'] or 'PENDING',
        intention=row['intention'] or 'EXECUTE',
        changed_at=_seconds(row['updated_at']),
        failure=str(failure.get('exception_str', '')).partition('\n')[0],
    )


def _loads(value: Any) -> dict[str, Any]:
    """JSON as TaskFlow stores it: text, or an object where the database has a type for it."""
    found = json.loads(value) if isinstance(value, str | bytes) else value
    return found if isinstance(found, dict) else {}


def _seconds(value: datetime.datetime | None) -> float | None:
    """TaskFlow's times are UTC and say nothing of it."""
    return None if value is None else value.replace(tzinfo=datetime.UTC).timestamp()
