"""The reserved hosts of one recovery, as its tasks see them: fresh reads and guarded writes."""

from __future__ import annotations

from collections.abc import Sequence

from flows.records import Spare
from recovery.claims.claim import Claim
from recovery.db import spares


class ClaimedSpares:
    """See :class:`flows.ports.Spares`."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._store = claim.store

    def mine(self) -> tuple[Spare, ...]:
        with self._store.read() as connection:
            return spares.of_recovery(connection, self._claim.recovery_id)

    def reserved(self) -> tuple[str, ...]:
        with self._store.read() as connection:
            return spares.reserved_for(connection, self._claim.host)

    def unfit(self, host: str) -> str:
        now = self._store.clock.now()
        with self._store.read() as connection:
            return spares.unfit(connection, host, self._claim.recovery_id, now)

    def failed(self, host: str) -> str:
        with self._store.read() as connection:
            return spares.failed(connection, host)

    def take(self, host: str) -> str:
        return self._claim.transact(lambda connection: spares.take(connection, self._claim, host))

    def remember(self, host: str, aggregates: Sequence[str]) -> None:
        self._claim.transact(
            lambda connection: spares.remember(connection, self._claim, host, aggregates)
        )

    def keep(self, host: str) -> None:
        self._claim.transact(lambda connection: spares.keep(connection, self._claim, host))

    def give_back(self, host: str, *, reserved: bool) -> None:
        self._claim.transact(
            lambda connection: spares.give_back(connection, self._claim, host, reserved=reserved)
        )
