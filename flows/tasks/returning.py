"""Steps that bring a recovered host back, none of which trusts what an earlier one saw."""

from __future__ import annotations

from functools import partial
from typing import Any

from drivers.contracts.clock import Clock
from drivers.contracts.compute import ComputeDriver, Migration, Service
from flows.asking import nova
from flows.evacuation.lost import still_open
from flows.ports import Claim, Ledger
from flows.stop import Waiting
from flows.tasks.instances import listing_of
from flows.tasks.service import OnService, enable, flags, reason_of, service_of
from flows.tasks.step import Step

DISABLED_TRAIT = 'COMPUTE_STATUS_DISABLED'
TRAIT_SECONDS = 90.0  # Nova's periodic task puts the trait right within a minute


def evacuations(compute: ComputeDriver, host: str, timeout: float) -> list[Migration]:
    """Evacuation records with this host as source. Raises Waiting.

    A cell that hangs lists none (H2): it must answer before, which the caller has seen, and after.
    """
    with nova():
        records = compute.migrations(host=host, timeout=timeout)
    service_of(compute, host, timeout)
    return [one for one in records if one.type == 'evacuation' and one.source == host]


def all_ended(compute: ComputeDriver, ledger: Ledger, host: str, timeout: float) -> list[Migration]:
    """Evacuation records of the host, none of which is open. Raises Waiting when one is (S19)."""
    service_of(compute, host, timeout)
    records = evacuations(compute, host, timeout)
    open_ = still_open(records, partial(_proven, ledger))
    if open_:
        raise Waiting(
            f'{len(open_)} evacuation(s) from {host} have not ended, that of '
            f'{open_[0].instance} is {open_[0].status}',
            code='evacuations-open',
            again_in=15.0,
        )
    return records


def _proven(ledger: Ledger, record: Migration, since: float) -> bool:
    host = record.destination
    return host is not None and ledger.proof_of_host(host, since) is not None


class CheckSettled(Step):
    """No evacuation of this host may be open: a booting agent destroys those guests (H13).

    Nothing to undo: it only reads.
    """

    default_provides = 'settled'

    def __init__(self, name: str, *, accept_leftovers: bool, read_seconds: float) -> None:
        super().__init__(name)
        self._accept_leftovers = accept_leftovers
        self._read_seconds = read_seconds

    def execute(
        self, verified: dict[str, Any], claim: Claim, ledger: Ledger, compute: ComputeDriver
    ) -> dict[str, Any]:
        self.begin(ledger)
        claim.check()
        records = all_ended(compute, ledger, claim.host, self._read_seconds)
        leftovers = ledger.leftovers()
        seen = ledger.accepted_leftovers() if self._accept_leftovers else frozenset()
        new = [one for one in leftovers if one.instance not in seen]
        if new:
            raise Waiting(
                f'{len(new)} instance(s) of {claim.host} were not evacuated, '
                f'{new[0].name} for one: {new[0].reason}',
                code='leftovers',
                verb=f'recovery host return {claim.host} --accept-leftovers',
            )
        return {'evacuations': len(records), 'leftovers': len(leftovers)}


class ClearForceDown(OnService):
    """Take back our force-down, and only ours. Nothing to undo: the service is still disabled."""

    default_provides = 'cleared'

    def execute(
        self, agent: dict[str, Any], claim: Claim, ledger: Ledger, compute: ComputeDriver,
        clock: Clock,
    ) -> dict[str, Any]:  # fmt: skip
        self.begin(ledger)
        service = service_of(compute, claim.host, self._read_seconds)
        if not service.forced_down:
            return {'at': clock.now()}
        if not ledger.owned_force_down():
            raise Waiting(
                f'{claim.host} was forced down by somebody else, who has to take it back',
                code='foreign-force-down',
                verb=f'recovery host return {claim.host}',
                again_in=60.0,
            )
        with (
            nova(again_in=5.0),
            claim.act(
                'clear-force-down',
                claim.host,
                observed=flags(service),
                within=self._write_seconds,
            ) as act,
        ):
            compute.set_service(service.id, forced_down=False, timeout=act.timeout)
        return {'at': clock.now()}


class CheckLeftovers(Step):
    """No instance may be on the host that nothing explains (S20). Nothing to undo."""

    default_provides = 'explained'

    def __init__(self, name: str, *, accept_leftovers: bool, read_seconds: float) -> None:
        super().__init__(name)
        self._accept_leftovers = accept_leftovers
        self._read_seconds = read_seconds

    def execute(
        self, up: dict[str, Any], claim: Claim, ledger: Ledger, compute: ComputeDriver
    ) -> dict[str, Any]:
        self.begin(ledger)
        left = {item.instance for item in ledger.left()}
        known = left | {item.instance for item in ledger.leftovers()}
        listing = listing_of(
            compute, claim.host, known=frozenset(known), timeout=self._read_seconds
        )
        seen = ledger.accepted_leftovers() if self._accept_leftovers else frozenset()
        strange = [one for one in listing.instances if one.id not in left | seen]
        if strange and ledger.marked_failed():
            raise Waiting(
                f'{len(strange)} instance(s) on {claim.host} are explained by nothing, '
                f'{strange[0].name} for one',
                code='leftovers',
                verb=f'recovery host return {claim.host} --accept-leftovers',
            )
        return {'left': len(left), 'provider': listing.hypervisor.id}


class EnableService(OnService):
    """Open the host to the scheduler, if it was us who closed it. Nothing to undo."""

    default_provides = 'enabled'

    def execute(
        self, explained: dict[str, Any], claim: Claim, ledger: Ledger, compute: ComputeDriver
    ) -> dict[str, Any]:
        self.begin(ledger)
        service = service_of(compute, claim.host, self._read_seconds)
        if service.enabled:
            return {'enabled': True}
        if not (self._our_reason(service) and ledger.owned_disable()):
            ledger.event(f'{claim.host} stays disabled', f'disabled: {service.disabled_reason}')
            return {'enabled': False}
        enable(service, claim, compute, within=self._write_seconds)
        return {'enabled': True}

    @staticmethod
    def _our_reason(service: Service) -> bool:
        return (service.disabled_reason or '').startswith(reason_of(''))


class ConfirmOpen(Step):
    """Read back that the scheduler may use the host: flag and trait. Takes our mark off."""

    default_provides = 'opened'

    def __init__(self, name: str, *, poll_seconds: float, read_seconds: float) -> None:
        super().__init__(name)
        self._poll_seconds = poll_seconds
        self._read_seconds = read_seconds

    def execute(
        self,
        explained: dict[str, Any],
        enabled: dict[str, Any],
        claim: Claim,
        ledger: Ledger,
        compute: ComputeDriver,
        clock: Clock,
    ) -> dict[str, Any]:
        self.begin(ledger)
        end = clock.elapsed() + TRAIT_SECONDS
        while enabled['enabled']:
            service = service_of(compute, claim.host, self._read_seconds)
            with nova():
                traits = compute.traits(explained['provider'], timeout=self._read_seconds)
            if service.enabled and DISABLED_TRAIT not in traits:
                break
            claim.check()
            if clock.elapsed() >= end:
                raise Waiting(
                    f'{claim.host} is enabled, but Placement still keeps instances away from it',
                    code='trait-stays',
                    verb=f'recovery host return {claim.host}',
                    again_in=60.0,
                )
            clock.wait(None, self._poll_seconds)
        ledger.mark_failed(False)
        return {'enabled': bool(enabled['enabled']), 'at': clock.now()}
