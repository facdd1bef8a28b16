"""Statements that are compiled once for all databases of a test process.

SQLAlchemy keeps what it has compiled for each engine and by its dialect. A stage has an engine for
each of its processes, and a test process has many stages: a fifth of their time went there.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.util import LRUCache

from recovery.db.store import Store

_DIALECTS: dict[str, sa.Dialect] = {}
#: Bounded: TaskFlow makes new tables, and with them new statements, for each claim.
_COMPILED: LRUCache[Any, Any] = LRUCache(1000)


def compiled_once(store: Store) -> Store:
    """The store, sharing what others of its kind have compiled."""
    with store.engine.connect():
        pass  # with its first connection a dialect learns what the database is
    for engine in (store.engine, store.writer):
        engine.dialect = _DIALECTS.setdefault(engine.dialect.name, engine.dialect)
        engine.update_execution_options(compiled_cache=_COMPILED)
    return store
