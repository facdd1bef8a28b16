"""Steps on a host whose nova-compute failed: closed to the scheduler, watched, opened again."""

from __future__ import annotations

from typing import Any

from drivers.contracts.clock import Clock
from drivers.contracts.compute import ComputeDriver, Service
from flows.ports import Claim, Ledger
from flows.stop import Waiting
from flows.tasks.service import DisableService, OnService, enable, reason_of, service_of
from flows.tasks.step import Step

AGAIN_SECONDS = 15.0
WATCH_SECONDS = 120.0  # beyond the time in which a service that reports would have passed


def ours(service: Service, ledger: Ledger) -> bool:
    """Whether it was us who closed the host, and nobody else has put his own reason there."""
    said = service.disabled_reason or ''
    return not service.enabled and said.startswith(reason_of('')) and ledger.owned_disable()


class CloseHost(DisableService):
    """Ask Nova to send no new instance to the host, and see that it does not.

    Undone like its base. A host that somebody else has closed stays his.
    """

    default_provides = 'closed'
    fences = False

    def execute(
        self,
        verified: dict[str, Any],
        claim: Claim,
        ledger: Ledger,
        compute: ComputeDriver,
        clock: Clock,
    ) -> dict[str, Any]:
        super().execute(verified, claim, ledger, compute, clock)
        service = service_of(compute, claim.host, self._read_seconds)
        if service.enabled:
            raise Waiting(
                f'{claim.host} was to be disabled, and Nova shows it enabled',
                code='not-disabled',
                again_in=AGAIN_SECONDS,
            )
        own = ours(service, ledger)
        who = 'its compute service failed' if own else f'by others: {service.disabled_reason}'
        ledger.event(f'{claim.host} is closed to the scheduler', who)
        return {'ours': own}


class WatchService(Step):
    """Wait until the service has gone on reporting for a while. Nothing to undo.

    Waits without a worker while it is silent. Up alone says nothing: Nova calls a service that has
    just died up for another minute.
    """

    default_provides = 'back'

    def __init__(
        self,
        name: str,
        *,
        reopen: bool,
        healthy_seconds: float,
        poll_seconds: float,
        read_seconds: float,
    ) -> None:
        super().__init__(name)
        self._reopen = reopen
        self._healthy_seconds = healthy_seconds
        self._poll_seconds = poll_seconds
        self._read_seconds = read_seconds

    def execute(
        self,
        closed: dict[str, Any],
        claim: Claim,
        ledger: Ledger,
        compute: ComputeDriver,
        clock: Clock,
    ) -> dict[str, Any]:
        self.begin(ledger)
        if not closed['ours'] or not self._reopen:
            return {'back': False}
        first: Service | None = None
        began = clock.elapsed()
        reported: float | None = None
        while True:
            claim.check()
            service = service_of(compute, claim.host, self._read_seconds)
            if not ours(service, ledger):
                return {'back': False}  # somebody else has taken it in hand
            now = clock.elapsed()
            if first is None:
                first, reported = service, service.updated_at
            elif service.updated_at != reported:
                reported = service.updated_at
                if service.state == 'up' and now - began >= self._healthy_seconds:
                    return {'back': True}
            if service.state != 'up' or now - began >= self._healthy_seconds + WATCH_SECONDS:
                raise self._silent(claim)
            clock.wait(None, self._poll_seconds)

    def _silent(self, claim: Claim) -> Waiting:
        return Waiting(
            f'{claim.host} is closed to the scheduler until its service has reported for '
            f'{self._healthy_seconds:g} s',
            code='service-down',
            verb=f'recovery host return {claim.host}',
            again_in=AGAIN_SECONDS,
        )


class OpenHost(OnService):
    """Open the host to the scheduler, if it was us who closed it. Nothing to undo."""

    default_provides = 'opened'

    def execute(
        self, back: dict[str, Any], claim: Claim, ledger: Ledger, compute: ComputeDriver
    ) -> dict[str, Any]:
        self.begin(ledger)
        service = service_of(compute, claim.host, self._read_seconds)
        if not back['back'] or not ours(service, ledger):
            return {'enabled': service.enabled}
        enable(service, claim, compute, within=self._write_seconds)
        if not service_of(compute, claim.host, self._read_seconds).enabled:
            raise Waiting(
                f'{claim.host} was to be enabled, and Nova shows it disabled',
                code='not-enabled',
                again_in=AGAIN_SECONDS,
            )
        return {'enabled': True}


class ReportService(Step):
    """Say whether the host is open to the scheduler. Nothing to undo."""

    default_provides = 'outcome'

    def execute(self, opened: dict[str, Any], claim: Claim, ledger: Ledger) -> dict[str, Any]:
        self.begin(ledger)
        ledger.note('outcome', dict(opened))
        if opened['enabled']:
            ledger.event(f'{claim.host} is open to the scheduler again')
        else:
            ledger.event(
                f'{claim.host} stays closed to the scheduler',
                f'recovery host return {claim.host}, or enabling its service, opens it',
            )
        return dict(opened)
