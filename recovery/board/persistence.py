"""TaskFlow's books in our database, written only under the claim of their recovery."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from taskflow.persistence.backends import impl_sqlalchemy

from recovery.claims.claim import Claim
from recovery.db.store import Store, away


class GuardedEngine:
    """What TaskFlow uses of an SQLAlchemy engine; every write proves the claim first.

    TaskFlow's own rows carry no owner, so that a worker that lost its claim would overwrite what
    its successor writes (H9). It writes only through :meth:`begin`. A database that is away
    becomes StoreAway here, which TaskFlow lets pass, instead of a StorageFailure, which it
    answers by sleeping and by doing the step again.
    """

    def __init__(self, store: Store, claim: Claim) -> None:
        self._store = store
        self._claim = claim
        self.url = store.engine.url
        self.dialect = store.engine.dialect

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        with self._claim.write() as connection:
            yield connection

    @contextmanager
    def connect(self) -> Iterator[sa.Connection]:
        with away(), self._store.engine.connect() as connection:
            yield connection


class BookPersistence(impl_sqlalchemy.SQLAlchemyBackend):
    """TaskFlow's SQL persistence for one claim.

    TaskFlow builds new table objects for each connection it hands out, so that no statement is
    ever compiled once only: one kept connection costs a third of the CPU. It holds no database
    connection.
    """

    def __init__(self, store: Store, claim: Claim) -> None:
        super().__init__({}, engine=GuardedEngine(store, claim))
        self._kept: Any = None

    def get_connection(self) -> Any:
        if self._kept is None:
            self._kept = super().get_connection()
        return self._kept
