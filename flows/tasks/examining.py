"""Steps that look at one instance whose host lives, and one that reports."""

from __future__ import annotations

from typing import Any

from drivers.contracts.clock import Clock
from drivers.contracts.compute import ComputeDriver, Instance
from drivers.contracts.errors import NotFound
from flows.asking import nova
from flows.ports import Claim, Gates, Ledger
from flows.restarts import Plan, classify
from flows.stop import NotNeeded, Waiting
from flows.tasks.step import Step
from flows.tasks.verification import Verify

GONE = Plan('leave', 'Nova does not know it any more')


class VerifyInstance(Verify):
    """Ask every gate again. An instance that was stopped or started before is over, not undone."""

    def execute(self, claim: Claim, ledger: Ledger, gates: Gates, clock: Clock) -> dict[str, Any]:
        try:
            return super().execute(claim, ledger, gates, clock)
        except NotNeeded as over:
            if not ledger.intents():
                raise
            return {'at': clock.now(), 'over': str(over)}


def look(claim: Claim, compute: ComputeDriver, timeout: float) -> tuple[Instance | None, Plan]:
    """The instance and what the table says of it. Raises Waiting when Nova does not answer."""
    with nova():
        try:
            instance = compute.instance(claim.subject, timeout=timeout)
        except NotFound:
            return None, GONE
        migrations = compute.migrations(instance=claim.subject, timeout=timeout)
    if instance.host not in (None, claim.host):
        return instance, Plan('leave', f'it is on {instance.host} by now, moved by somebody else')
    return instance, classify(instance, migrations)


class OnInstance(Step):
    """What the steps share: looking again and again, and waiting while others have it in hand."""

    def __init__(
        self, name: str, *, poll_seconds: float, read_seconds: float, busy_seconds: float
    ) -> None:
        super().__init__(name)
        self._poll_seconds = poll_seconds
        self._read_seconds = read_seconds
        self._busy_seconds = busy_seconds

    def busy(self, plan: Plan, claim: Claim, ledger: Ledger, clock: Clock) -> Waiting:
        """Somebody else has it in hand: wait for him, but not for ever."""
        key = f'busy-since-{claim.round}'
        since = ledger.notes().get(key)
        if since is None:
            ledger.note(key, since := clock.now())
        if clock.now() - since < self._busy_seconds:
            return Waiting(plan.reason, code='instance-busy', again_in=15.0)
        return Waiting(
            f'{plan.reason}, and has been busy for {self._busy_seconds:g} s; once it has ended, or '
            'its state is reset, rerun',
            code='instance-stuck',
            verb=f'recovery rerun {claim.recovery_id}',
        )


class LookAtInstance(OnInstance):
    """Watch the instance for a short while: one that runs again is left alone. Nothing to undo.

    Nova shows the death of a guest late: its libvirt driver keeps the event back for 15 s.
    """

    default_provides = 'found'

    def __init__(self, name: str, *, hung: bool, look_seconds: float, **numbers: float) -> None:
        super().__init__(name, **numbers)
        self._hung = hung
        self._look_seconds = look_seconds

    def execute(
        self,
        verified: dict[str, Any],
        claim: Claim,
        ledger: Ledger,
        compute: ComputeDriver,
        clock: Clock,
    ) -> dict[str, Any]:
        self.begin(ledger)
        if 'over' in verified:
            return {'act': False, 'why': verified['over']}
        end = clock.elapsed() + self._look_seconds
        while True:
            claim.check()
            _instance, plan = look(claim, compute, self._read_seconds)
            if plan.action == 'wait':
                raise self.busy(plan, claim, ledger, clock)
            if plan.action in ('stop', 'start') or (plan.action == 'runs' and self._hung):
                return {'act': True, 'why': plan.reason, 'at': clock.now()}
            if plan.action == 'leave' or clock.elapsed() >= end:
                return {'act': False, 'why': plan.reason}
            clock.wait(None, self._poll_seconds)


class ReportInstance(Step):
    """Say whether the instance was restarted, or why not. Nothing to undo."""

    default_provides = 'outcome'

    def execute(self, started: dict[str, Any], claim: Claim, ledger: Ledger) -> dict[str, Any]:
        self.begin(ledger)
        outcome = {'restarted': int(started['act'])}
        ledger.note('outcome', outcome)
        if started['act']:
            ledger.event(f'{claim.subject} runs again on {claim.host}')
        else:
            ledger.event('there was nothing to be done', started['why'])
        return outcome
