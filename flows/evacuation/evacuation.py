"""Evacuating all items of one recovery: send side by side, look at all of them together, settle.

Whatever an earlier owner of the recovery started is settled first, from Nova's records.
"""

from __future__ import annotations

from collections.abc import Iterable

from drivers.contracts.clock import Clock
from drivers.contracts.compute import Capacity, ComputeDriver
from drivers.contracts.errors import DriverError, Unreachable
from flows.asking import nova
from flows.evacuation.aim import Aim
from flows.evacuation.judge import Judge
from flows.evacuation.look import Look
from flows.evacuation.roll import Roll
from flows.evacuation.sender import Sender
from flows.evacuation.settings import EvacuationSettings
from flows.evacuation.targets import Only, Targets
from flows.fencing.watch import PowerWatch
from flows.ports import Claim, Ledger
from flows.records import Item, ItemState
from flows.stop import BackToFence, Waiting

PATIENCE_SECONDS = 30.0  # Nova may be away for so long before the recovery waits instead
QUICK_SECONDS = 0.1
CAPACITY_SECONDS = 10.0


class Evacuation:
    """One run of the evacuate step."""

    def __init__(
        self,
        *,
        claim: Claim,
        ledger: Ledger,
        compute: ComputeDriver,
        watch: PowerWatch,
        look: Look,
        judge: Judge,
        sender: Sender,
        roll: Roll,
        clock: Clock,
        settings: EvacuationSettings,
        aim: Aim,
    ) -> None:
        self._claim = claim
        self._ledger = ledger
        self._compute = compute
        self._watch = watch
        self._look = look
        self._judge = judge
        self._sender = sender
        self._roll = roll
        self._clock = clock
        self._settings = settings
        self._aim = aim
        self._away_since: float | None = None
        self._capacity_at = float('-inf')

    def run(self) -> dict[str, int]:
        """Until no item can be sent and none is under way. Returns how many are in each state;
        pending ones are left to a later pass.

        :raises Waiting: items are left that only a human, or a later look, can settle.
        """
        self._step()
        self._stops()  # before anything is sent: the host may have shown life since the last pass
        # Whatever is blocked or under way now may come to be sent, too.
        count = min(self._settings.senders, self._roll.unended())
        senders = [
            self._clock.spawn(f'{self._claim.actor}/sender{number}', self._sender.run)
            for number in range(count)
        ]
        try:
            self._loop()
        finally:
            self._sender.ended.set()
            self._roll.wake_senders.set()
            for sender in senders:
                self._clock.wait(sender)
            self._roll.flush(self._ledger.settle)
        return self._counts()

    def _loop(self) -> None:
        gap = QUICK_SECONDS
        while not self._roll.over():
            self._clock.wait(self._roll.wake_loop, self._settings.poll_seconds)
            self._roll.wake_loop.clear()
            self._stops()
            self._clock.wait(self._sender.ended, gap)  # a full window must not make us ask at once
            self._stops()
            gap = QUICK_SECONDS if self._step() else min(2 * gap, self._settings.poll_seconds)
            self._stops()  # a sign of life that was just seen

    def _stops(self) -> None:
        if self._sender.trouble is not None:
            raise self._sender.trouble
        self._claim.check()
        if self._watch.on:
            raise BackToFence(f'the host is on again: {self._watch.on}')
        if self._watch.lost():
            raise BackToFence(f'the host cannot be read as off any more: {self._watch.last}')
        if self._look.life:
            raise Waiting(
                f'{self._look.life}, although {self._watch.last}: wrong device?',
                code='sign-of-life',
                verb=f'recovery rerun {self._claim.recovery_id}',
            )

    def _step(self) -> bool:
        """Look once and write what changed. Whether any item changed its state."""
        try:
            seen = self._look.take()
        except Unreachable as error:
            self._patience(error)
            return False
        except DriverError as error:
            with nova():
                raise error
        self._away_since = None
        self._sender.look(seen, self._closed())  # before any item may be sent by what was seen
        changed = self._judge.all(seen)
        self._refresh_targets()
        self._roll.flush(self._ledger.settle)
        return changed

    def _patience(self, error: DriverError) -> None:
        now = self._clock.elapsed()
        self._away_since = now if self._away_since is None else self._away_since
        if now - self._away_since > PATIENCE_SECONDS:
            with nova():
                raise error

    def _refresh_targets(self) -> None:
        now = self._clock.elapsed()
        late = now - self._capacity_at >= CAPACITY_SECONDS
        named = self._settings.spread == 'capacity' or self._aim.spare is not None
        if not named or not late or not self._roll.sendable():
            return
        self._capacity_at = now
        bad = {*self._ledger.hosts_under_recovery(), *self._closed()}
        capacities: Iterable[Capacity] | None = None
        try:
            capacities = self._compute.capacities(timeout=self._settings.read_seconds)
        except DriverError as error:
            if self._aim.spare is None:
                self._ledger.event('targets are left to the scheduler', str(error))
        if self._aim.spare is not None:
            self._sender.aim(Only(self._aim.spare, capacities, bad))
        else:
            self._sender.aim(Targets(capacities or (), bad))

    def _closed(self) -> set[str]:
        return {one.host for one in self._look.services() if one.state != 'up' or not one.enabled}

    def _counts(self) -> dict[str, int]:
        if self._roll.passed and not self._aim.nobody:
            return self._roll.counts()  # a later pass looks at all of them again
        unsettled = self._roll.in_state(ItemState.UNSETTLED)
        if unsettled:
            raise Waiting(
                f'nobody can tell where {len(unsettled)} instance(s) run: {unsettled[0].name}: '
                f'{unsettled[0].reason}',
                code='unsettled',
                verb=self._settling(unsettled[0]),
                again_in=min(60.0, self._settings.unsettled_seconds),
            )
        blocked = self._roll.in_state(ItemState.PENDING)
        blocked = tuple(one for one in blocked if one.instance not in self._roll.passed)
        if blocked:
            raise Waiting(
                f'{len(blocked)} instance(s) cannot be touched yet: {blocked[0].name}: '
                f'{self._roll.blocked.get(blocked[0].instance, blocked[0].reason)}',
                code='migration-open',
                verb=self._settling(blocked[0]),
                again_in=30.0,
            )
        return self._roll.counts()

    def _settling(self, item: Item) -> str:
        return f'recovery settle {self._claim.recovery_id[:8]} {item.instance[:8]} --as STATE'
