"""What becomes of one item after a look at Nova."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from drivers.contracts.compute import Instance, Migration
from drivers.contracts.errors import DriverError, NotFound
from flows.evacuation import lost, retry_rule, table
from flows.evacuation.aim import ANYWHERE, Aim
from flows.evacuation.look import Look
from flows.evacuation.memory import Memory
from flows.evacuation.roll import Roll
from flows.evacuation.settle import FAILED, Outcome, Seen, new_records, newest_record, settle
from flows.ports import Claim, Ledger
from flows.records import OPEN_ATTEMPTS, Attempt, AttemptState, Item, ItemState

HERE = lost.SUCCEEDED | {'confirmed'}  # of a record, once the instance is where it went
ARRIVED = 'done'  # Nova's record of an evacuation whose source has not started since


class Judge:
    """Settles items one by one, and says which may be sent again.

    :param baseline: see :func:`flows.evacuation.settle.new_records`.
    :param attempts: evacuate requests for one instance in one round.
    :param absent_seconds: for how long a request without a trace may still be under way, since
        this process came to know of it, which is after it was sent or its sender lost the claim.
    :param doubtful: attempts of earlier recoveries after which a guest may run somewhere.
    """

    def __init__(
        self,
        *,
        claim: Claim,
        ledger: Ledger,
        look: Look,
        roll: Roll,
        storage: table.Storage,
        baseline: int,
        attempts: int,
        unsettled_seconds: float,
        absent_seconds: float,
        doubtful: Iterable[Attempt] = (),
        memory: Memory,
        aim: Aim = ANYWHERE,
    ) -> None:
        self._claim = claim
        self._ledger = ledger
        self._look = look
        self._roll = roll
        self._storage = storage
        self._baseline = baseline
        self._attempts = attempts
        self._unsettled_seconds = unsettled_seconds
        self._absent_seconds = absent_seconds
        self._memory = memory
        self._aim = aim
        self._old = self._aged = frozenset[int]()
        self._after_proofs: dict[int, int | None] = {}
        self._doubtful: dict[str, list[Attempt]] = {}
        for attempt in doubtful:
            # Its recovery has ended: nobody follows it any more, so it counts as failed, unseen.
            ended = replace(attempt, state=AttemptState.FAILED, destination_sure=False)
            self._doubtful.setdefault(attempt.instance, []).append(ended)

    def all(self, seen: Seen) -> bool:
        """Settle every open item. Whether any of them changed its state."""
        changed = False
        seen = self._with_ages(seen)
        for item in self._roll.open_items():
            outcome = self._one(item, seen)
            if outcome.item.get('state') == item.state:
                outcome = replace(outcome, item={})
            self._roll.change(item.instance, outcome.item, outcome.attempts)
            changed = changed or bool(outcome.item)
        return changed

    def _with_ages(self, seen: Seen) -> Seen:
        """What was seen, with what is only to be told by a clock that nobody sets."""
        self._old = frozenset(
            one.id
            for item in self._roll.open_items()
            for one in self._roll.attempts(item.instance)
            if one.state is AttemptState.INTENDED
            and one.migration is None
            and seen.asked_at - self._known_since(one) > self._absent_seconds
        )
        self._aged = self._old if seen.whole else self._old & self._aged
        return replace(seen, aged=self._aged)

    def _known_since(self, attempt: Attempt) -> float:
        return self._memory.since(self._claim.recovery_id, attempt.id)

    def _one(self, item: Item, seen: Seen) -> Outcome:
        seen = self._with_lost(item, seen)
        attempts = self._roll.attempts(item.instance)
        if item.state is ItemState.PENDING:
            settled = self._pending(item, attempts, seen)
            if settled is not None:
                return settled
        outcome = settle(
            item,
            attempts,
            seen,
            baseline=self._baseline,
            unsettled_seconds=self._unsettled_seconds,
        )
        if not seen.whole and any(self._without_trace(one, seen) for one in attempts):
            self._look.whole_next()
        if not outcome.ended:
            return outcome
        after = [replace(one, **outcome.attempts.get(one.id, {})) for one in attempts]
        return replace(outcome, item=self._ended(item, after, seen))

    def _pending(self, item: Item, attempts: Sequence[Attempt], seen: Seen) -> Outcome | None:
        """Whether it may be sent. None: it is elsewhere, so it is settled like a started one."""
        instance = seen.instances.get(item.instance)
        if instance is None:
            try:
                instance = self._look.fetch(item.instance)
            except NotFound:
                return Outcome({'state': ItemState.LEFT, 'reason': table.LEAVE['deleted']})
            except DriverError as error:
                self._roll.block(item.instance, f'Nova does not show it: {error}')
                return Outcome()
        if instance.host not in (None, item.source):
            self._roll.block(item.instance, f'it is on {instance.host} already')
            return None
        if why := self._forbidden(item, attempts, seen):
            return Outcome({'state': ItemState.UNSETTLED, 'reason': why})
        why, plan = self._arrived(item, seen), self._plan(item, instance)
        if not why and plan.action == 'leave':  # changed since it was listed, or by a rerun
            return Outcome({'state': ItemState.LEFT, 'reason': plan.reason})
        if why or plan.action == 'wait':
            self._roll.block(item.instance, why or plan.reason)
        elif self._passed_on(attempts):
            self._roll.pass_on(item.instance)
        else:
            self._roll.allow(item.instance, newest_record(seen, item.instance))
        return Outcome()

    def _passed_on(self, attempts: Sequence[Attempt]) -> bool:
        """Whether another pass has to place it."""
        spent = self._aim.spent(attempts, self._claim.round, self._attempts)
        return bool(self._aim.nobody) or (spent and not self._aim.last)

    def _arrived(self, item: Item, seen: Seen) -> str:
        back = self._brought_back(item)
        records = new_records(seen, item.instance, max(self._baseline, back))
        if any(one.status == ARRIVED for one in records):
            return 'Nova says that it was evacuated, but not yet where it is'
        return ''

    def _brought_back(self, item: Item) -> int:
        """Id of the newest record that moved it to the failed host, while that was alive; 0: there
        is none. What was evacuated before that came back, and says nothing of now."""
        moved = (
            one.id
            for one in self._look.migrations_of(item.instance)
            if one.destination == item.source and one.status in HERE
        )
        return max(moved, default=0)

    def _plan(self, item: Item, instance: Instance) -> table.Plan:
        return table.classify(
            instance,
            [self._told(one) for one in self._look.migrations_of(item.instance)],
            host=item.source,
            storage=self._storage,
        )

    def _without_trace(self, attempt: Attempt, seen: Seen) -> bool:
        return attempt.id in self._old and attempt.id not in seen.aged

    def _with_lost(self, item: Item, seen: Seen) -> Seen:
        """What was seen, with the records of evacuations that died with their destination."""
        records = seen.records.get(item.instance, ())
        sure = all(one.destination_sure for one in self._roll.attempts(item.instance))
        up = all(one.destination in seen.up for one in records)
        if not records or (sure and up and item.state is ItemState.STARTED):
            return seen
        told = tuple(self._told(one) for one in records)
        return replace(seen, records={item.instance: told})  # nobody asks for others' now

    def _ended(self, item: Item, attempts: list[Attempt], seen: Seen) -> Mapping[str, Any]:
        """No request for it is open, and no record says that it arrived: once more, or not."""
        instance = seen.instances.get(item.instance)
        if instance is not None and instance.host not in (None, item.source):
            return {} if instance.task_state else _landed(instance.host, instance.vm_state)
        why = attempts[-1].reason if attempts else 'an evacuation by somebody else ended'
        forbidden = self._forbidden(item, attempts, seen)
        if forbidden:
            return {'state': ItemState.UNSETTLED, 'reason': forbidden}
        failed = self._aim.failures(attempts, self._claim.round)
        failed = [one for one in failed if one.state is AttemptState.FAILED]
        if len(failed) < self._attempts:
            return {'state': ItemState.PENDING, 'reason': why}
        why = f'{len(failed)} evacuations failed: {why}'
        return {'state': ItemState.FAILED if self._aim.last else ItemState.PENDING, 'reason': why}

    def _forbidden(self, item: Item, attempts: Sequence[Attempt], seen: Seen) -> str:
        earlier = self._doubtful.get(item.instance, [])
        others = self._others(item, attempts, seen)
        return retry_rule.forbids([*earlier, *others, *attempts], self._proven_off_since)

    def _others(self, item: Item, attempts: Sequence[Attempt], seen: Seen) -> list[Attempt]:
        """Evacuations by somebody else that failed: nobody watched their destinations."""
        mine = {one.migration for one in attempts}
        return [
            Attempt(
                id=0,
                instance=item.instance,
                round=0,
                state=AttemptState.FAILED,
                target=None,
                at=record.created_at,
                deadline_at=record.created_at,
                destination=record.destination,
                migration=record.id,
                destination_sure=record.destination is None,
            )
            for record in new_records(seen, item.instance, self._baseline)
            if record.id not in mine and record.status in FAILED
        ]

    def _told(self, record: Migration) -> Migration:
        return lost.told(record, self._record_proven)

    def _record_proven(self, record: Migration, since: float) -> bool:
        """Whether its destination was fenced after it began there, which only times tell: what sits
        in the queue of a host that is fenced begins when that host is back."""
        known = [*self._doubtful.get(record.instance, ()), *self._roll.attempts(record.instance)]
        ours = [one for one in known if one.migration == record.id] or [
            one for one in known if one.migration is None and one.state in OPEN_ATTEMPTS
        ]
        after = max((self._after_proof(one) or 0 for one in ours), default=0)
        host = record.destination
        return host is not None and self._ledger.proof_of_host(host, since, after=after) is not None

    def _proven_off_since(self, attempt: Attempt) -> bool:
        """Whether its destination was fenced after it. Clocks can be set, and differ: where it is
        known which proofs there were, only greater ids count."""
        if attempt.destination is None:
            return False
        after = self._after_proof(attempt)
        since = attempt.at if after is None else 0.0
        for record in self._look.migrations_of(attempt.instance):
            if record.id == attempt.migration and record.status in FAILED:
                # Whoever wrote that was alive: maybe the destination, back from being fenced, which
                # takes far longer than what clocks may differ.
                since = max(since, record.updated_at or record.created_at)
        return self._ledger.proof_of_host(attempt.destination, since, after=after or 0) is not None

    def _after_proof(self, attempt: Attempt) -> int | None:
        if attempt.after_proof is not None or not attempt.id:
            return attempt.after_proof
        if attempt.id not in self._after_proofs:  # it was sent in this pass
            self._after_proofs |= {one.id: one.after_proof for one in self._ledger.attempts()}
        return self._after_proofs.setdefault(attempt.id, None)  # of another recovery


def _landed(host: str | None, vm_state: str) -> Mapping[str, Any]:
    if vm_state == 'error':
        return {
            'state': ItemState.FAILED,
            'reason': f'it is in error on {host}',
            'destination': host,
        }
    return {'state': ItemState.MOVED, 'reason': '', 'destination': host}
