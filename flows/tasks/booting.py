"""Steps that wait for a host to come back, none of which trusts what an earlier one saw."""

from __future__ import annotations

from typing import Any

from drivers.contracts.clock import Clock
from drivers.contracts.compute import ComputeDriver
from flows.ports import Claim, Ledger
from flows.stop import Waiting
from flows.tasks.returning import evacuations
from flows.tasks.service import service_of
from flows.tasks.step import Step


class WaitAgent(Step):
    """Wait until the agent has started anew and has cleaned up what was evacuated from it.

    Nothing to undo. A host that answers again without a reboot still runs its guests: only a
    proven power-off, completed records or a human's word let it pass.
    """

    default_provides = 'agent'

    def __init__(
        self,
        name: str,
        *,
        boot_seconds: float,
        poll_seconds: float,
        read_seconds: float,
        rebooted: bool,
    ) -> None:
        super().__init__(name)
        self._boot_seconds = boot_seconds
        self._poll_seconds = poll_seconds
        self._read_seconds = read_seconds
        self._rebooted = rebooted

    def execute(
        self,
        powered: dict[str, Any],
        claim: Claim,
        ledger: Ledger,
        compute: ComputeDriver,
        clock: Clock,
    ) -> dict[str, Any]:
        self.begin(ledger)
        first = service_of(compute, claim.host, self._read_seconds).updated_at
        end = clock.elapsed() + self._boot_seconds
        while True:
            service = service_of(compute, claim.host, self._read_seconds)
            reports = service.updated_at is not None and service.updated_at != first
            done = [
                one
                for one in evacuations(compute, claim.host, self._read_seconds)
                if one.status == 'done'
            ]
            if (reports or service.state == 'up') and not done:
                break
            claim.check()
            if clock.elapsed() >= end:
                raise self._overdue(claim, len(done))
            clock.wait(None, self._poll_seconds)
        if not (self._rebooted or self._rebooted_since(claim, ledger, compute)):
            raise Waiting(
                f'{claim.host} answers, but nothing shows that it was rebooted since it failed: '
                'its old guests may still run; power-cycle it',
                code='not-rebooted',
                verb=f'recovery host return {claim.host} --rebooted',
            )
        return {'at': clock.now()}

    def _rebooted_since(self, claim: Claim, ledger: Ledger, compute: ComputeDriver) -> bool:
        proof = ledger.last_proof()
        if proof is not None and proof.kind == 'power':  # it read off, now it answers
            return True
        # A human's word shows no reboot, and what was seen before it is of an earlier outage.
        since = proof.at if proof is not None else 0.0
        # So did a device before we switched it on, in whichever round, whoever owned it then.
        switched = (one for one in ledger.intents('power-on') if one.at > since)
        if any(one.observed.get('power') == 'off' for one in switched):
            return True
        if not ledger.marked_failed():  # nothing was taken from it: what runs there belongs there
            return True
        records = evacuations(compute, claim.host, self._read_seconds)
        # Its agent completes them when it starts: minutes after the word, however the clocks differ
        # by less than that.
        return any(one.status == 'completed' and (one.updated_at or 0.0) > since for one in records)

    def _overdue(self, claim: Claim, done: int) -> Waiting:
        what = (
            f'{done} evacuation record(s) are not completed, which its agent does when it starts'
            if done
            else 'its agent is silent'
        )
        return Waiting(
            f'{claim.host} has not come back within {self._boot_seconds:g} s: {what}',
            code='no-boot',
            verb=f'recovery host return {claim.host}',
            again_in=60.0,
        )


class WaitUp(Step):
    """Wait until the service is up and has gone on reporting for a while. Nothing to undo.

    Up alone says little: Nova calls a host that has just died up for another minute.
    """

    default_provides = 'up'

    def __init__(
        self,
        name: str,
        *,
        boot_seconds: float,
        healthy_seconds: float,
        poll_seconds: float,
        read_seconds: float,
    ) -> None:
        super().__init__(name)
        self._boot_seconds = boot_seconds
        self._healthy_seconds = healthy_seconds
        self._poll_seconds = poll_seconds
        self._read_seconds = read_seconds

    def execute(
        self, cleared: dict[str, Any], claim: Claim, ledger: Ledger, compute: ComputeDriver,
        clock: Clock,
    ) -> dict[str, Any]:  # fmt: skip
        self.begin(ledger)
        end = clock.elapsed() + self._boot_seconds + self._healthy_seconds
        up_since: float | None = None
        reported, reported_at = None, 0.0
        while True:
            service = service_of(compute, claim.host, self._read_seconds)
            now = clock.elapsed()
            if service.state != 'up':
                up_since = None
            elif up_since is None:
                up_since = now
            if service.updated_at != reported:
                reported, reported_at = service.updated_at, now
            if up_since is not None and reported_at - up_since >= self._healthy_seconds:
                return {'at': clock.now()}
            claim.check()
            if now >= end:
                raise Waiting(
                    f'{claim.host} does not stay up for {self._healthy_seconds:g} s',
                    code='not-healthy',
                    verb=f'recovery host return {claim.host}',
                    again_in=60.0,
                )
            clock.wait(None, self._poll_seconds)
