"""The processes of the service: who lives, and what each runs."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from recovery.db import tables
from recovery.db.store import Store
from recovery.db.workers import ALIVE_SECONDS


@dataclass(frozen=True)
class Worker:
    """One process."""

    name: str
    kind: str
    host: str
    pid: int
    version: str
    started_at: float
    seen_at: float
    draining_at: float | None
    draining_by: str | None
    alive: bool
    recoveries: tuple[str, ...]


def workers(store: Store) -> list[Worker]:
    """All that were ever seen and not forgotten, the living first."""
    worker, recovery = tables.worker, tables.recovery
    now = store.clock.now()
    with store.read() as connection:
        running: dict[str, list[str]] = {}
        query = sa.select(recovery.c.worker, recovery.c.id).where(recovery.c.worker.is_not(None))
        for name, identifier in connection.execute(query):
            running.setdefault(name, []).append(identifier)
        rows = connection.execute(sa.select(worker)).mappings().all()
    found = [
        Worker(
            **dict(row),
            alive=now - row['seen_at'] < ALIVE_SECONDS,
            recoveries=tuple(running.get(row['name'], ())),
        )
        for row in rows
    ]
    return sorted(found, key=lambda each: (not each.alive, each.kind, each.name))
