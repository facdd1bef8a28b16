"""The peer of the driver external: the command that we ship as a sample, ipmitool, ipmi_sim."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from drivers.fencing.external import ExternalFencing
from tests.contract.agent_peers import FarmedPeer
from tests.contract.fencing_peer import Fault

SAMPLE = Path(__file__).resolve().parents[2] / 'etc' / 'recovery' / 'external-fence.sample'


class ExternalPeer(FarmedPeer):
    """A site's own command."""

    name = 'external'
    farm_kind = 'ipmi'
    switching = 'set '
    faults = frozenset({Fault.DEAD, Fault.HANG, Fault.REFUSE, Fault.STUCK, Fault.SLOW, Fault.LIE})

    def __init__(self) -> None:
        if not shutil.which('ipmitool'):
            pytest.skip('ipmitool is missing: tools/peers install ipmi, as root')
        super().__init__()

    def driver(self, host: str, *, password: str | None = None) -> ExternalFencing:
        ours: dict[str, Any] = self.farm.settings(host)
        settings = {'command': [str(SAMPLE)], 'plug': host, **ours}
        return ExternalFencing.build(settings | {'password': password or self.password})
