"""What is done to the reserved hosts of a recovery outside: each call an act, read back by whoever
made it.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from drivers.contracts.clock import Clock
from drivers.contracts.compute import Aggregate, ComputeDriver, Service
from drivers.contracts.errors import AccessDenied, DriverError, Refused
from flows.asking import nova
from flows.evacuation.listing import Untrusted, find_service
from flows.ports import Act, Claim, Ledger, Spares
from flows.records import DISABLE_SPARE, ENABLE_SPARE, TAKEN_AFTER, Intent, Spare
from flows.stop import Waiting


@dataclass(frozen=True)
class Tools:
    """What it takes."""

    claim: Claim
    ledger: Ledger
    spares: Spares
    compute: ComputeDriver
    clock: Clock
    read_seconds: float
    write_seconds: float


class SpareCalls:
    """The calls, and what the intents say of earlier ones."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    def _changes(self, spare: Spare) -> list[Intent]:
        """Intents about its service since it was taken, oldest first.

        By their order: who took it may have had another clock. One that was taken by a release
        that kept no order is told by its time.
        """
        after = self._tools.ledger.notes().get(TAKEN_AFTER, {}).get(spare.host)
        return [
            one
            for one in self._tools.ledger.intents()
            if one.action in (ENABLE_SPARE, DISABLE_SPARE)
            and one.target == spare.host
            and (one.at >= spare.at if after is None else one.id > after)
        ]

    def _service(self, host: str) -> Service:
        try:
            with nova():
                return find_service(self._tools.compute, host, timeout=self._tools.read_seconds)
        except Untrusted as error:
            raise Waiting(str(error), code='nova-away', again_in=15.0) from error

    def _change(self, action: str, host: str, one: Aggregate, ask: Callable[..., None]) -> str:
        """Change an aggregate. Returns Nova's words when it refuses; '' when it is done."""
        try:
            with self._act(action, host, {'aggregate': one.name}) as act:
                ask(one.id, host, timeout=act.timeout)
        except DriverError as error:
            if isinstance(error, Refused) and not isinstance(error, AccessDenied):
                return str(error)
            with nova():
                raise
        return ''

    def _set(self, service: Service, action: str, **flags: Any) -> None:
        observed = {'enabled': service.enabled, 'reason': service.disabled_reason}
        with nova(again_in=5.0), self._act(action, service.host, observed) as act:
            self._tools.compute.set_service(service.id, **flags, timeout=act.timeout)
            act.read_back('accepted')

    def _act(self, action: str, host: str, observed: dict[str, Any]) -> AbstractContextManager[Act]:
        within = self._tools.write_seconds
        return self._tools.claim.act(action, host, observed=observed, within=within)
