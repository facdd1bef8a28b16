"""A recovery in a real database on virtual time, and workers that claim it."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from drivers.clock import SystemClock
from drivers.simulated.clock import VirtualClock
from flows.records import Item, ItemState
from recovery.claims.claim import Claim
from recovery.claims.ledger import Ledger
from recovery.db import recoveries, states, tables
from recovery.db.recoveries import Fresh
from recovery.db.store import Store
from recovery.db.upgrade import upgrade

LEASE = 30.0
HOST = 'compute-01'
FRESH = Fresh(
    id='', kind='host-down', subject=HOST, host=HOST, state=states.READY, reason='',
    requested_by='ann', arguments={}, created_at=0.0,
)  # fmt: skip


@functools.cache
def empty() -> bytes:
    """A migrated database; made once."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f'sqlite:///{folder}/empty.sqlite', SystemClock())
        upgrade(store)
        with store.engine.connect() as connection:
            connection.exec_driver_sql('PRAGMA wal_checkpoint(TRUNCATE)')
        store.close()
        return Path(folder, 'empty.sqlite').read_bytes()


@dataclass
class Scene:
    """What a test looks at and acts on."""

    clock: VirtualClock
    store: Store

    def recovery(self, host: str = HOST, **values: Any) -> str:
        """A recovery that is ready."""
        identifier = self.clock.new_id()
        fresh = replace(FRESH, id=identifier, subject=host, host=host, **values)
        fresh = replace(fresh, created_at=self.clock.now())
        with self.store.write() as connection:
            recoveries.create(connection, fresh)
        return identifier

    def win(self, recovery: str, worker: str = 'w1', lease: float = LEASE) -> Claim:
        claim = Claim.win(self.store, recovery, worker=worker, lease=lease)
        assert claim is not None
        return claim

    def claimed(self, host: str = HOST) -> Claim:
        """A claim on a fresh recovery."""
        return self.win(self.recovery(host))

    def ledger(self, host: str = HOST) -> Ledger:
        return Ledger(self.claimed(host))

    def row(self, recovery: str) -> Mapping[str, Any]:
        with self.store.read() as connection:
            row = recoveries.get(connection, recovery)
        assert row is not None
        return dict(row)

    def rows(self, table: sa.Table) -> list[Mapping[str, Any]]:
        with self.store.read() as connection:
            return [dict(row) for row in connection.execute(sa.select(table)).mappings()]

    def change(self, recovery: str, **values: Any) -> None:
        """What somebody else writes, past every claim."""
        mine = tables.recovery.c.id == recovery
        with self.store.write() as connection:
            connection.execute(sa.update(tables.recovery).where(mine).values(**values))

    def told(self) -> list[str]:
        return [row['what'] for row in self.rows(tables.event)]

    def pass_(self, seconds: float) -> None:
        self.clock.wait(None, seconds)


def instance(number: int, state: ItemState = ItemState.PENDING, **values: Any) -> Item:
    identifier = f'{number:08d}-0000-4000-8000-000000000000'
    return Item(identifier, f'vm-{number}', HOST, state, **values)


@contextmanager
def scene(folder: Path) -> Iterator[Scene]:
    path = folder / 'recovery.sqlite'
    path.write_bytes(empty())
    clock = VirtualClock()
    store = Store(f'sqlite:///{path}', clock, busy_seconds=0.2)
    try:
        yield Scene(clock, store)
    finally:
        clock.close()
        store.close()
