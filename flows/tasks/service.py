"""Steps on the nova-compute service of the host."""

from __future__ import annotations

from typing import Any

from drivers.contracts.clock import Clock
from drivers.contracts.compute import ComputeDriver, Service
from drivers.contracts.errors import DriverError
from drivers.contracts.fencing import FencePath
from flows.asking import nova
from flows.evacuation.assembly import FORCED_REPORT
from flows.evacuation.listing import Untrusted, find_service
from flows.ports import Claim, Ledger
from flows.records import PUT_SECONDS, REFUSED
from flows.stop import InHands, Waiting
from flows.tasks.instances import load_proof, still_off
from flows.tasks.step import Step

SEEN_SECONDS = 3.0
LOOK_SECONDS = 10.0  # Nova's agents report as often: an older look may have missed one
LOOKS = 2
POLL_SECONDS = 0.25
REPORTED = 'reported-at'  #: the note that holds when the service's record moved before the fence
REPORT_SECONDS = 15.0  # Nova's agents report every 10 s unless told otherwise


def reason_of(recovery_id: str) -> str:
    """What we write into disabled_reason, so that the mark can be told from others'."""
    return f'recovery {recovery_id}'


def service_of(compute: ComputeDriver, host: str, timeout: float) -> Service:
    """The service of the host. Raises Waiting when Nova, or its cell, does not answer."""
    try:
        with nova():
            return find_service(compute, host, timeout=timeout)
    except Untrusted as error:
        raise Waiting(str(error), code='nova-away', again_in=15.0) from error


def flags(service: Service) -> dict[str, Any]:
    """What an intent keeps of a service: what was clear before we set it is ours (H10), and when it
    had last reported, which nobody can see any more once we have set it (H3)."""
    return {
        'updated_at': service.updated_at,
        'enabled': service.enabled,
        'not_forced': not service.forced_down,
        'reason': service.disabled_reason,
    }


def enable(
    service: Service, claim: Claim, compute: ComputeDriver, *, within: float, again_in: float = 5.0
) -> None:
    """Let the scheduler use the host again. Raises Waiting when Nova is away, or says no."""
    with (
        nova(again_in),
        claim.act('enable-service', claim.host, observed=flags(service), within=within) as act,
    ):
        compute.set_service(service.id, enabled=True, timeout=act.timeout)


def _moved(service: Service, since: float | None) -> bool:
    return since is not None and service.updated_at is not None and service.updated_at > since


def _marks(service: Service) -> tuple[bool, bool, str | None]:
    return service.enabled, service.forced_down, service.disabled_reason


class OnService(Step):
    """What steps share that look at the service and change it: how long either may take."""

    def __init__(self, name: str, *, read_seconds: float, write_seconds: float) -> None:
        super().__init__(name)
        self._read_seconds = read_seconds
        self._write_seconds = write_seconds


class DisableService(Step):
    """Ask Nova to send no new instance to the host, and observe for a moment; never wait for it.

    Undone while the line is not crossed: enabled again if an intent of ours disabled it, once
    nobody has the host in hand any more.
    """

    default_provides = 'disabled'
    fences = True  #: a line comes after it, at which it counts when the host last reported

    def __init__(self, name: str, *, read_seconds: float) -> None:
        super().__init__(name)
        self._read_seconds = read_seconds

    def execute(
        self,
        verified: dict[str, Any],
        claim: Claim,
        ledger: Ledger,
        compute: ComputeDriver,
        clock: Clock,
    ) -> dict[str, Any]:
        self.begin(ledger)
        for _ in range(LOOKS):
            looked = clock.elapsed()
            service = service_of(compute, claim.host, self._read_seconds)
            if not service.enabled:
                ledger.note(REPORTED, service.updated_at)
                return {'service': service.id}
            if self._disable(service, looked, claim, ledger, compute, clock):
                ledger.note(REPORTED, self._seen(compute, claim.host, clock))
                return {'service': service.id}
        why = f'Nova takes longer than {LOOK_SECONDS:g} s to show the service'
        ledger.event(f'{claim.host} is not disabled; going on', why)
        ledger.note(REPORTED, service.updated_at)
        return {'service': service.id}

    def _disable(
        self,
        service: Service,
        looked: float,
        claim: Claim,
        ledger: Ledger,
        compute: ComputeDriver,
        clock: Clock,
    ) -> bool:
        """Ask for it. False: the look was too old, and nothing was sent.

        The request hides when the host last reported: only the look before it can have seen that.
        """
        try:
            with claim.act(
                'disable-service', claim.host, observed=flags(service), within=PUT_SECONDS
            ) as act:
                if self.fences and clock.elapsed() - looked > LOOK_SECONDS:
                    act.read_back(f'{REFUSED}not sent: the look before it was too old')
                    return False
                compute.set_service(
                    service.id,
                    enabled=False,
                    disabled_reason=reason_of(claim.recovery_id),
                    timeout=act.timeout,
                )
                act.read_back('accepted')
        except DriverError as error:
            ledger.event('disabling was not answered; going on', str(error))
        return True

    def _seen(self, compute: ComputeDriver, host: str, clock: Clock) -> float | None:
        """When the service's record moved last, once it shows our flag; None: it was not seen."""
        end = clock.elapsed() + SEEN_SECONDS
        while True:
            try:
                service = find_service(compute, host, timeout=PUT_SECONDS)
            except (DriverError, Untrusted):
                return None
            if not service.enabled:
                return service.updated_at
            if clock.elapsed() >= end:
                return None
            clock.wait(None, POLL_SECONDS)

    def revert(self, claim: Claim, ledger: Ledger, compute: ComputeDriver, **_kwargs: Any) -> None:
        service = service_of(compute, claim.host, self._read_seconds)
        said = service.disabled_reason
        ours = said == reason_of(claim.recovery_id)
        # What this recovery has taken over had closed the host because its service was down.
        taken = said in [reason_of(one) for one in ledger.superseded()]
        if service.forced_down or ledger.marked_failed():
            return  # it has failed since: its return opens it
        if service.enabled or not (ours or taken) or not ledger.owned_disable():
            return
        if taken and service.state != 'up':
            ledger.event(
                f'{claim.host} stays closed to the scheduler',
                f'its service is down; recovery host return {claim.host} opens it',
            )
            return
        try:
            enable(service, claim, compute, within=2 * PUT_SECONDS, again_in=10.0)
        except InHands as hands:
            ledger.event(f'{claim.host} stays closed to the scheduler for now', hands.reason)
            raise
        ledger.event(f'{claim.host} is enabled again', 'the recovery ended above the line')


class ForceDown(OnService):
    """Tell Nova that the host is down, and disable it, in one request; read both back.

    Never undone by this flow: evacuated instances must not meet a host that Nova believes in.
    Checks the proof first: force-down is no substitute for fencing (S8). An owner that did not
    make it looks at the devices: Nova may have been away for hours, and the host be back. A
    service that reported since it was disabled must fall silent first: one that reports while its
    device reads off is fenced through somebody else's device (H3, H4).
    """

    default_provides = 'forced_down'

    def execute(
        self,
        proof_id: int,
        claim: Claim,
        ledger: Ledger,
        compute: ComputeDriver,
        fence_path: FencePath,
        clock: Clock,
    ) -> dict[str, Any]:
        self.begin(ledger)
        proof = load_proof(proof_id, claim, ledger, clock)
        if proof.kind == 'power' and proof.epoch != claim.epoch:
            still_off(proof, fence_path, claim, ledger, clock)
        ledger.mark_failed(True)
        service = service_of(compute, claim.host, self._read_seconds)
        reported = ledger.notes().get(REPORTED)  # None: nobody could see it
        ours = service.forced_down and ledger.owned_force_down()
        if not ours and (reported is None or _moved(service, reported)):
            service = self._silent(service, claim, compute, clock)
        if service.enabled or not service.forced_down:
            self._put(service, claim, compute)
            service = service_of(compute, claim.host, self._read_seconds)
        if not service.forced_down or service.state == 'up':
            raise Waiting(
                f'Nova still believes {claim.host} is up',
                code='not-forced-down',
                again_in=2.0,
            )
        forced = f'{FORCED_REPORT}-{claim.round}'
        if forced not in ledger.notes():
            ledger.note(forced, service.updated_at)
        return {'service': service.id, 'at': clock.now()}

    def _silent(
        self, before: Service, claim: Claim, compute: ComputeDriver, clock: Clock
    ) -> Service:
        """Wait for longer than an agent is ever silent. Raises Waiting when it reports again.

        A flag that changed meanwhile, by a request of ours that Nova did late, moves it as well.
        """
        while True:
            clock.wait(None, REPORT_SECONDS)
            claim.check()
            service = service_of(compute, claim.host, self._read_seconds)
            if not _moved(service, before.updated_at):
                return service
            if _marks(service) == _marks(before):
                break
            before = service
        raise Waiting(
            f'the service of {claim.host} goes on reporting although its device reads off: '
            'is it the device of another host?',
            code='sign-of-life',
            verb=f'recovery host check {claim.host}',
            again_in=60.0,
        )

    def _put(self, service: Service, claim: Claim, compute: ComputeDriver) -> None:
        # A reason that somebody else gave stays theirs.
        ours = service.enabled or service.disabled_reason == reason_of(claim.recovery_id)
        with (
            nova(again_in=2.0),
            claim.act(
                'force-down', claim.host, observed=flags(service), within=self._write_seconds
            ) as act,
        ):
            compute.set_service(
                service.id,
                enabled=False if ours else None,
                disabled_reason=reason_of(claim.recovery_id) if ours else None,
                forced_down=True,
                timeout=act.timeout,
            )
            act.read_back('accepted')
