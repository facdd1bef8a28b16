"""Steps on the power of the host."""

from __future__ import annotations

from typing import Any

from drivers.contracts.clock import Clock
from drivers.contracts.compute import ComputeDriver
from drivers.contracts.fencing import FencePath
from flows.fencing.levels import DELAY, Fencer, asked, fenced_level
from flows.fencing.readings import all_off, any_on, read_all, sentence
from flows.fencing.starter import Starter
from flows.ports import Claim, Gates, Ledger
from flows.records import Intent, Proof
from flows.stop import BackToFence, Waiting
from flows.tasks.returning import all_ended
from flows.tasks.step import Step

#: Times the usual pause: no longer is waited until fencing is tried again.
FENCE_AGAIN_MOST = 10
TRY_ENDED = 'fence-ended'  #: the note that keeps the last intent of the last try of all levels


class PowerOff(Step):
    """Request off, level by level, until all devices of one level read OFF.

    Never undone: a host that was told to die stays fenced. The line is crossed when the first
    intent is committed, which happens before the first request. When every level failed the
    recovery waits; a human's confirm-fenced takes the place of a level.
    """

    default_provides = 'fence'

    def __init__(
        self, name: str, *, poll_seconds: float, attempts: int, again_seconds: float
    ) -> None:
        super().__init__(name)
        self._poll_seconds = poll_seconds
        self._attempts = attempts
        self._again_seconds = again_seconds

    def execute(
        self,
        disabled: dict[str, Any],
        claim: Claim,
        ledger: Ledger,
        gates: Gates,
        fence_path: FencePath,
        clock: Clock,
    ) -> dict[str, Any]:
        self.begin(ledger)
        if ledger.confirmation() is not None:
            return {'level': 0, 'last_request_at': clock.now()}
        fencer = Fencer(
            fence_path,
            claim=claim,
            ledger=ledger,
            clock=clock,
            line=gates.line,
            poll_seconds=self._poll_seconds,
            past=self._interrupted(claim, ledger),
        )
        level = fencer.fence()
        if level is None and ledger.confirmation() is None:
            raise self._exhausted(claim, ledger, fencer)
        return {'level': level.number if level else 0, 'last_request_at': clock.now()}

    @staticmethod
    def _interrupted(claim: Claim, ledger: Ledger) -> list[Intent]:
        """What this round asked since its last try ended: that try goes on."""
        ended = int(ledger.notes().get(f'{TRY_ENDED}-{claim.round}', 0))
        return [
            one
            for one in ledger.intents('power-off')
            if one.round == claim.round and one.id > ended
        ]

    def _exhausted(self, claim: Claim, ledger: Ledger, fencer: Fencer) -> Waiting:
        asked = self._interrupted(claim, ledger)
        if asked:
            ledger.note(f'{TRY_ENDED}-{claim.round}', asked[-1].id)
        if ledger.notes().get(DELAY):
            ledger.note(DELAY, None)
        name = f'fence-tries-{claim.round}'
        tries = int(ledger.notes().get(name, 0)) + 1
        if fencer.reached:  # a device that is away is no attempt
            ledger.note(name, tries)
        again: float | None = min(2 ** (tries - 1), FENCE_AGAIN_MOST) * self._again_seconds
        if fencer.reached and tries >= self._attempts:
            again = None
        return Waiting(
            f'{claim.host} could not be fenced: {"; ".join(fencer.failures)}',
            code='fence-exhausted',
            verb=f'recovery confirm-fenced {claim.host}',
            again_in=again,
        )


class ConfirmOff(Step):
    """Make the fencing proof: OFF twice, some seconds apart, after the last request.

    Nothing to undo: it only looks. A human's confirm-fenced is accepted unless a device reads ON.
    """

    default_provides = 'proof_id'

    def __init__(self, name: str, *, confirm_seconds: float, again_seconds: float) -> None:
        super().__init__(name)
        self._confirm_seconds = confirm_seconds
        self._again_seconds = again_seconds

    def execute(
        self,
        fence: dict[str, Any],
        claim: Claim,
        ledger: Ledger,
        fence_path: FencePath,
        clock: Clock,
    ) -> int:
        self.begin(ledger)
        if fence['level'] == 0:
            return self._by_human(claim, ledger, fence_path, clock).id
        level = fenced_level(fence_path, fence['level'], claim=claim, ledger=ledger)
        seen = []
        for look in range(2):
            if look:
                clock.wait(None, self._confirm_seconds)
            claim.check()
            readings = read_all(level.devices, clock)
            seen += [
                reading.as_json() | asked(ledger, claim, reading.device) for reading in readings
            ]
            if any_on(readings):
                raise BackToFence(f'{claim.host} is on again: {sentence(readings)}')
            if not all_off(readings):
                if ledger.confirmation() is not None:
                    return self._by_human(claim, ledger, fence_path, clock).id
                raise Waiting(
                    f'{claim.host} read off, and now it cannot be confirmed: {sentence(readings)}',
                    code='confirm-unknown',
                    verb=f'recovery confirm-fenced {claim.host}',
                    again_in=self._again_seconds,
                )
        proof = ledger.record_proof(level=level.number, observations=seen)
        ledger.event(f'{claim.host} is proven off', f'proof {proof.id}, level {proof.level}')
        return proof.id

    def _by_human(self, claim: Claim, ledger: Ledger, fence_path: FencePath, clock: Clock) -> Proof:
        proof = ledger.confirmation()
        if proof is None:
            raise BackToFence('the confirmation that the host is off expired unused')
        readings = read_all(fence_path.devices, clock)
        if any_on(readings):
            ledger.void_proof(proof.id, sentence(readings))
            raise BackToFence(f'confirmed as off by {proof.by}, but {sentence(readings)}')
        ledger.event(f'{claim.host} is off by the word of {proof.by}', proof.statement)
        return proof


class PowerOn(Step):
    """Switch the host on, all devices of every level that do not read ON.

    Never undone: a booting host is left to boot. Only asked when no evacuation is open (S19), and
    of no other machine (H4): both are looked at here once more, because this step may have waited
    for hours, or its worker have died.
    """

    default_provides = 'powered'

    def __init__(self, name: str, *, again_seconds: float, read_seconds: float) -> None:
        super().__init__(name)
        self._again_seconds = again_seconds
        self._read_seconds = read_seconds

    def execute(
        self,
        settled: dict[str, Any],
        claim: Claim,
        ledger: Ledger,
        gates: Gates,
        compute: ComputeDriver,
        fence_path: FencePath,
        clock: Clock,
    ) -> dict[str, Any]:
        self.begin(ledger)
        self._whose(gates)
        all_ended(compute, ledger, claim.host, self._read_seconds)
        starter = Starter(
            fence_path, whose=lambda: self._whose(gates), claim=claim, ledger=ledger, clock=clock
        )
        starter.start()
        unseen = not starter.by_hand and not starter.troubles  # the agent will tell
        if starter.asked or starter.on or unseen:
            return {'asked': starter.asked, 'at': clock.now()}
        if starter.by_hand:
            raise Waiting(
                f'{claim.host} is off, and a human has to switch it on: '
                f'{starter.by_hand}; we go on when it reads on',
                code='power-on-by-hand',
                verb=f'recovery host return {claim.host}',
                again_in=self._again_seconds,
            )
        raise Waiting(
            f'{claim.host} could not be switched on: {"; ".join(starter.troubles)}',
            code='power-on-failed',
            verb=f'recovery host return {claim.host}',
            again_in=self._again_seconds,
        )

    @staticmethod
    def _whose(gates: Gates) -> None:
        verdict = gates.device()
        if verdict.answer != 'admit':
            raise Waiting(verdict.reason, code='held', verb=verdict.verb, again_in=15.0)
