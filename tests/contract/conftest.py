"""Which contract tests may run side by side: one worker of xdist owns one kind of peer."""

from __future__ import annotations

import re
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

#: Drivers that speak to the same farm would meet each other's faults.
FARMS = {
    'ipmi-rmcpplus': 'ipmi',
    'fence_ipmilan': 'ipmi',
    'external': 'ipmi',
    'fence_redfish': 'redfish',
    'fence_apc_snmp': 'pdu',
}
PEER = re.compile(r'\[(?:\w+-)?(ipmi-rmcpplus|fence_\w+|ipmi|redfish|ironic|maas|external)\b')


def scope(nodeid: str) -> str:
    """The group of a test: its file, or in the fencing contract the farm of its peer."""
    file, _colons, _name = nodeid.partition('::')
    found = PEER.search(nodeid) if file.endswith('test_fencing.py') else None
    if 'test_compute' in file:  # there is one real cloud
        return 'test_compute'
    return f'{file}/{FARMS.get(found[1], found[1])}' if found else file


class ByPeer(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return ByPeer(config, log)
