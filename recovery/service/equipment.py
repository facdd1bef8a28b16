"""What the steps of a claimed recovery are given: drivers and ports, made afresh for each claim."""

from __future__ import annotations

from typing import Any

from drivers.contracts.errors import DriverError
from drivers.contracts.fencing import FencePath
from drivers.contracts.inventory import InventoryError
from flows.asking import nova
from flows.evacuation.slots import Slots
from flows.stop import Waiting
from recovery.claims.claim import Claim
from recovery.claims.ledger import Ledger
from recovery.claims.spares import ClaimedSpares
from recovery.intake.gates_port import PolicyGates
from recovery.service.tally import Tally
from recovery.site import Site

AGAIN_SECONDS = 30.0
FENCING = frozenset({'host-down', 'host-return'})  #: kinds that switch the power of hosts


class Equipment:
    """One per worker process: the slots are shared by all its recoveries."""

    def __init__(self, site: Site, tally: Tally) -> None:
        self._site = site
        self._tally = tally
        self._slots = Slots(site.clock, site.conf.evacuation.senders_of_process)

    def __call__(self, claim: Claim) -> dict[str, Any]:
        """By the names that the steps use.

        :raises Waiting: the cloud or the inventory cannot be used as configured.
        """
        self._tally.won()
        with nova():
            compute = self._site.compute
        path = self._path(claim)
        return {
            'claim': claim,
            'ledger': Ledger(claim),
            'gates': PolicyGates(self._site, claim, path),
            'compute': compute,
            'fence_path': path,
            'clock': self._site.clock,
            'slots': self._slots,
            'spares': ClaimedSpares(claim),
        }

    def _path(self, claim: Claim) -> FencePath:
        host = claim.host
        if claim.kind not in FENCING:
            return FencePath(host, ())
        try:
            return self._tally.counted(self._site.inventory.path(host))
        except KeyError:
            why = f'the fencing inventory has no entry for {host}'
        except (InventoryError, DriverError) as error:
            why = f'the fencing inventory cannot be used: {error}'
        raise Waiting(
            why, code='inventory', verb=f'recovery host check {host}', again_in=AGAIN_SECONDS
        )
