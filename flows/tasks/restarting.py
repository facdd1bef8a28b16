"""Steps that have one instance stopped and started where it is."""

from __future__ import annotations

import abc
from collections.abc import Callable
from typing import Any

from drivers.contracts.clock import Clock
from drivers.contracts.compute import ComputeDriver, Instance
from drivers.contracts.errors import NotFound, Refused, Unreachable
from flows.asking import nova
from flows.evacuation.table import RUNNING
from flows.ports import Claim, Ledger
from flows.records import FAILED, Intent
from flows.restarts import Plan
from flows.stop import Waiting
from flows.tasks.examining import OnInstance, look

STALE_SECONDS = 120.0  # a guest that hung may have been restarted by its owner since
SENT_AT_MOST = 3  # requests of one kind in one round
AGAIN_SECONDS = 60.0
ABSENT_SECONDS = 60.0  # after its deadline a request may sit in a queue between us and Nova
CONFLICT = 409  # Nova: not in this state
STOP, START = 'stop-instance', 'start-instance'
ACCEPTED = 'accepted'


def in_doubt(request: Intent) -> bool:
    """Whether nobody knows if it arrived: it got no answer, or its worker died around it."""
    return request.outcome is None or request.outcome.startswith(FAILED)


class Switch(OnInstance, abc.ABC):
    """Ask Nova for another state, and look until it has it. Never undone.

    A request that got no answer, or was refused because Nova was faster, is read back; what Nova
    goes on refusing, or takes and does not carry out, makes a human look.
    """

    action = ''  #: of the intent
    verb = ''  #: for sentences
    late_harms = False  #: one that arrives after what follows would take that back

    def __init__(
        self, name: str, *, limit_seconds: float, write_seconds: float, **numbers: float
    ) -> None:
        super().__init__(name, **numbers)
        self._limit_seconds = limit_seconds
        self._write_seconds = write_seconds

    @abc.abstractmethod
    def reached(self, instance: Instance) -> bool:
        """Whether it is as it should be."""

    @abc.abstractmethod
    def request(self, compute: ComputeDriver) -> Callable[..., object]:
        """What is to be called."""

    def switch(
        self,
        claim: Claim,
        ledger: Ledger,
        compute: ComputeDriver,
        clock: Clock,
        may: Callable[[Instance, Plan], str],
    ) -> dict[str, Any]:
        """Bring it there. Returns whether to go on, and why not.

        :param may: '' when the request may be sent to an instance that is not busy, or why not.
        """
        end, refused = clock.elapsed() + self._limit_seconds, ''
        while True:
            claim.check()
            instance, plan = look(claim, compute, self._read_seconds)
            if instance is None or plan.action == 'leave':
                return {'act': False, 'why': plan.reason}
            if instance.task_state is None and self.reached(instance):
                return {'act': True, 'why': plan.reason}
            if plan.action == 'wait' and not self._ours(instance, ledger, claim):
                raise self.busy(plan, claim, ledger, clock)
            if plan.action != 'wait':
                if refused:
                    raise self.waiting(claim, 'refused', f'Nova refuses it: {refused}')
                if not_now := may(instance, plan):
                    return {'act': False, 'why': not_now}
                refused = self._send(instance, claim, ledger, compute, clock)
                if refused:
                    continue  # it may be there already
            if clock.elapsed() >= end:
                raise self.waiting(claim, 'late', f'not within {self._limit_seconds:g} s')
            clock.wait(None, self._poll_seconds)

    def _ours(self, instance: Instance, ledger: Ledger, claim: Claim) -> bool:
        task = 'powering-off' if self.action == STOP else 'powering-on'
        return instance.task_state == task and bool(self.sent(ledger, claim))

    def _under_way(self, ledger: Ledger, clock: Clock) -> bool:
        """Whether a request on record, of whichever owner or round, may yet arrive (ADR 12)."""
        since = clock.now() - self._write_seconds - ABSENT_SECONDS
        return any(one.at > since and in_doubt(one) for one in ledger.intents(self.action))

    def sent(self, ledger: Ledger, claim: Claim) -> int:
        """Requests in this round, those included that may not have arrived."""
        return sum(one.round == claim.round for one in ledger.intents(self.action))

    def _send(
        self,
        instance: Instance,
        claim: Claim,
        ledger: Ledger,
        compute: ComputeDriver,
        clock: Clock,
    ) -> str:
        """Send the request, unless an earlier one has to be waited for. Returns why Nova refused
        it, or ''."""
        if self.late_harms and self._under_way(ledger, clock):
            return ''
        if self.sent(ledger, claim) >= SENT_AT_MOST:
            what = f'asked {SENT_AT_MOST} times, it is {instance.vm_state} again'
            raise self.waiting(claim, 'again', what, human=True)
        observed = {
            'vm_state': instance.vm_state,
            'power_state': instance.power_state,
            'host': instance.host,
        }
        with nova():
            try:
                with claim.act(
                    self.action, claim.subject, observed=observed, within=self._write_seconds
                ) as act:
                    self.request(compute)(claim.subject, timeout=act.timeout)
                    act.read_back(ACCEPTED)
            except Unreachable as error:
                ledger.event(f'the request to {self.verb} it was not answered', str(error))
            except NotFound:
                pass  # the next look says so
            except Refused as error:
                if error.status != CONFLICT:
                    raise
                return str(error)
        return ''

    def waiting(self, claim: Claim, code: str, why: str, *, human: bool = False) -> Waiting:
        return Waiting(
            f'the instance does not {self.verb}: {why}',
            code=f'{self.verb}-{code}',
            verb=f'recovery rerun {claim.recovery_id}',
            again_in=None if human else AGAIN_SECONDS,
        )


class StopInstance(Switch):
    """Have the guest stopped, unless it is. One that runs again is left alone. Never undone.

    A stop that arrives late stops what was started since, so none is sent beside one that may.
    """

    action, verb = STOP, 'stop'
    late_harms = True
    default_provides = 'stopped'

    def __init__(self, name: str, *, hung: bool, **numbers: float) -> None:
        super().__init__(name, **numbers)
        self._hung = hung

    def execute(
        self,
        found: dict[str, Any],
        claim: Claim,
        ledger: Ledger,
        compute: ComputeDriver,
        clock: Clock,
    ) -> dict[str, Any]:
        self.begin(ledger)
        if not found['act']:
            return {'act': False, 'why': found['why']}

        def may(_instance: Instance, plan: Plan) -> str:
            if plan.action == 'runs' and not self._hung:
                return 'it runs again'
            if self._hung and clock.now() - found['at'] > STALE_SECONDS:
                raise self.waiting(claim, 'stale', 'it was looked at too long ago', human=True)
            if plan.action == 'runs' and self._taken(ledger, claim):
                what = 'Nova took the request, and it runs: its owner may have started it'
                raise self.waiting(claim, 'again', what, human=True)
            return ''

        return self.switch(claim, ledger, compute, clock, may)

    def _taken(self, ledger: Ledger, claim: Claim) -> bool:
        past = ledger.intents(self.action)
        return any(one.round == claim.round and one.outcome == ACCEPTED for one in past)

    def reached(self, instance: Instance) -> bool:
        return instance.vm_state == 'stopped'

    def request(self, compute: ComputeDriver) -> Callable[..., object]:
        return compute.stop_instance


class StartInstance(Switch):
    """Have the guest started where it was, and see it run. Never undone."""

    action, verb = START, 'start'
    default_provides = 'started'

    def execute(
        self,
        stopped: dict[str, Any],
        claim: Claim,
        ledger: Ledger,
        compute: ComputeDriver,
        clock: Clock,
    ) -> dict[str, Any]:
        self.begin(ledger)
        if not stopped['act']:
            return {'act': False, 'why': stopped['why']}

        def may(instance: Instance, plan: Plan) -> str:
            if plan.action != 'start':
                what = f'it is {instance.vm_state}, and its guest does not run'
                raise self.waiting(claim, 'failed', what, human=True)
            return ''

        return self.switch(claim, ledger, compute, clock, may)

    def reached(self, instance: Instance) -> bool:
        return instance.vm_state == 'active' and instance.power_state == RUNNING

    def request(self, compute: ComputeDriver) -> Callable[..., object]:
        return compute.start_instance
