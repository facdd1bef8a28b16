"""The memory of one recovery, as its tasks see it: fresh reads and guarded writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from flows.records import Attempt, Intent, Item, Proof
from recovery.claims.claim import Claim
from recovery.db import events, flags, hosts, intents, items, proofs, recoveries, spares
from recovery.db.tables import host as host_table
from recovery.db.tables import recovery as table
from recovery.policy.gates.back import LEFTOVERS

STEPS = 'steps'  #: the note that holds when each step of a round began first


class Ledger:
    """See :class:`flows.ports.Ledger`."""

    def __init__(self, claim: Claim) -> None:
        self._claim = claim
        self._store = claim.store

    # --- intents, items, attempts -------------------------------------------------------------

    def intents(self, action: str | None = None) -> tuple[Intent, ...]:
        with self._store.read() as connection:
            return intents.of_recovery(connection, self._claim.recovery_id, action)

    def items(self) -> tuple[Item, ...]:
        with self._store.read() as connection:
            return items.of_recovery(connection, self._claim.recovery_id)

    def attempts(self) -> tuple[Attempt, ...]:
        with self._store.read() as connection:
            return items.attempts_of_recovery(connection, self._claim.recovery_id)

    def doubtful_attempts(self) -> tuple[Attempt, ...]:
        with self._store.read() as connection:
            return items.doubtful(connection, self._claim)

    def add_items(self, items_: Sequence[Item]) -> tuple[str, ...]:
        return self._claim.transact(lambda connection: items.add(connection, self._claim, items_))

    def settle(
        self,
        items_: Mapping[str, Mapping[str, Any]],
        attempts: Mapping[int, Mapping[str, Any]],
    ) -> None:
        if items_ or attempts:
            self._claim.transact(
                lambda connection: items.settle(connection, self._claim, items_, attempts)
            )

    # --- proofs -------------------------------------------------------------------------------

    def record_proof(self, *, level: int, observations: Sequence[Mapping[str, Any]]) -> Proof:
        def work(connection: sa.Connection) -> Proof:
            proof = proofs.add_power(connection, self._claim, level, observations)
            hosts.put(connection, self._claim.host, proven_off_at=proof.at)
            return proof

        return self._claim.transact(work)

    def proof(self, proof_id: int) -> Proof | None:
        with self._store.read() as connection:
            return proofs.get(connection, proof_id)

    def void_proof(self, proof_id: int, reason: str) -> None:
        now = self._store.clock.now()
        self._claim.transact(lambda connection: proofs.void(connection, proof_id, reason, now))

    def confirmation(self) -> Proof | None:
        claim, now = self._claim, self._store.clock.now()
        with self._store.read() as connection:
            return proofs.standing_confirmation(connection, claim.recovery_id, claim.round, now)

    def extend_confirmation(self, proof_id: int) -> None:
        self._claim.transact(lambda connection: proofs.extend(connection, proof_id))

    def proof_of_host(self, host: str, since: float = 0.0, *, after: int = 0) -> Proof | None:
        with self._store.read() as connection:
            return proofs.newest_of_host(connection, host, since=since, after=after)

    def last_proof(self) -> Proof | None:
        with self._store.read() as connection:
            return proofs.newest_of_host(connection, self._claim.host)

    # --- hosts --------------------------------------------------------------------------------

    def hosts_under_recovery(self) -> frozenset[str]:
        with self._store.read() as connection:
            # An instance that is restarted says nothing about its host.
            live = sa.select(table.c.host).where(recoveries.of_hosts())
            failed = sa.select(host_table.c.name).where(host_table.c.failed_by.is_not(None))
            found = frozenset(connection.execute(live.union(failed)).scalars())
            others = spares.kept_from_others(connection, self._claim.recovery_id)
            return found | others | {self._claim.host}

    def superseded(self) -> frozenset[str]:
        with self._store.read() as connection:
            query = sa.select(table.c.id).where(table.c.superseded_by == self._claim.recovery_id)
            return frozenset(connection.execute(query).scalars())

    def device_identities(self) -> Mapping[str, str]:
        with self._store.read() as connection:
            return hosts.get(connection, self._claim.host).identities

    def owned_disable(self) -> bool:
        with self._store.read() as connection:
            return flags.disabled(connection, self._claim.host)

    def owned_force_down(self) -> bool:
        with self._store.read() as connection:
            return flags.forced_down(connection, self._claim.host)

    def leftovers(self) -> tuple[Item, ...]:
        return self._newest(frozenset({'failed', 'unsettled', 'pending', 'started'}))

    def left(self) -> tuple[Item, ...]:
        return self._newest(frozenset({'left'}))

    def accepted_leftovers(self) -> frozenset[str]:
        with self._store.read() as connection:
            mine = table.c.id == self._claim.recovery_id
            entries = connection.execute(sa.select(table.c.approved_gates).where(mine)).scalar()
        # A bare name is an earlier release's: it says of no instance that it was seen.
        found = [one for one in entries or () if not isinstance(one, str)]
        return frozenset(
            each for one in found if one['gate'] == LEFTOVERS.name for each in one['extent']
        )

    def _newest(self, which: frozenset[str]) -> tuple[Item, ...]:
        with self._store.read() as connection:
            return items.newest_of_host(connection, self._claim.host, which)

    def marked_failed(self) -> bool:
        with self._store.read() as connection:
            query = sa.select(host_table.c.failed_by).where(host_table.c.name == self._claim.host)
            return connection.execute(query).scalar() is not None

    def mark_failed(self, failed: bool) -> None:
        claim, now = self._claim, self._store.clock.now()
        values: dict[str, Any] = {'failed_by': claim.recovery_id if failed else None}
        if not failed:
            values['returned_at'] = now
        claim.transact(lambda connection: hosts.put(connection, claim.host, **values))

    # --- the story ----------------------------------------------------------------------------

    def begin(self, phase: str, step: str) -> None:
        now = self._store.clock.now()

        def work(connection: sa.Connection) -> None:
            times = self._notes(connection).get(STEPS, {})
            mine = times.get(str(self._claim.round), {})
            mine.setdefault(step, now)  # TaskFlow's own times move with every change of the flow
            self._write_note(connection, STEPS, times | {str(self._claim.round): mine})

        self._claim.transact(work, phase=phase, updated_at=now)

    def event(self, what: str, why: str = '') -> None:
        claim, now = self._claim, self._store.clock.now()
        mine = table.c.id == claim.recovery_id

        def work(connection: sa.Connection) -> None:
            waited = connection.execute(sa.select(table.c.code).where(mine)).scalar_one()
            if waited is None or not events.told_in_wait(connection, claim.recovery_id, what, why):
                events.add(connection, claim.worker, what, why, at=now, recovery=claim.recovery_id)

        claim.transact(work)

    def note(self, name: str, value: Any) -> None:
        self._claim.transact(lambda connection: self._write_note(connection, name, value))

    def notes(self) -> Mapping[str, Any]:
        with self._store.read() as connection:
            return self._notes(connection)

    def _notes(self, connection: sa.Connection) -> dict[str, Any]:
        mine = table.c.id == self._claim.recovery_id
        return dict(connection.execute(sa.select(table.c.notes).where(mine)).scalar_one())

    def _write_note(self, connection: sa.Connection, name: str, value: Any) -> None:
        mine = table.c.id == self._claim.recovery_id
        notes = self._notes(connection) | {name: value}
        connection.execute(sa.update(table).where(mine).values(notes=notes))
