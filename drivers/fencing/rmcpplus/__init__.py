"""Fencing through IPMI 2.0 over LAN, by python-ipmi."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, ClassVar

from drivers.asking import AskingFencing
from drivers.contracts.fencing import PowerState

# Optional libraries of the child: without them this is no driver, and an inventory that names it
# is told so at once, not when a host has to be fenced.
for _library in ('pyipmi', 'cryptography'):
    if find_spec(_library) is None:
        raise ModuleNotFoundError(
            f'no module named {_library!r}: pip install "openstack-recovery[rmcpplus]"',
            name=_library,
        )


class RmcpPlusFencing(AskingFencing):
    """One BMC that speaks IPMI 2.0, and the one machine that it belongs to.

    The same as the driver ``ipmi``, with another library: quicker, and it answers within its own
    time-outs where pyghmi hangs, but it has met fewer BMCs. Each call is a process of its own
    all the same: a BMC's name may take longer to look up than the call may last. Sessions are
    authenticated and encrypted always (cipher suites 17 and 3). IPv4 only.

    IPMI runs over UDP: a lost packet is sent again with the same sequence number, by which a
    BMC knows it, until ``timeout``. Above that each request is made once.

    Anybody who can reach the BMC can ask for a hash of the password (IPMI 2.0 is so): keep
    BMCs on a network of their own.
    """

    CHILD = 'drivers.fencing.rmcpplus.bmc'
    POWER: ClassVar = {'on': PowerState.ON, 'off': PowerState.OFF}  # the rest: UNKNOWN
    PROTOCOL: ClassVar[str] = 'ipmi'
    SETTINGS_SCHEMA: ClassVar[Mapping[str, Any]] = {
        'type': 'object',
        'required': ['address', 'username', 'password'],
        'additionalProperties': False,
        'properties': {
            'address': {
                'type': 'string',
                'pattern': r'^[^\s/@:]+$',
                'description': 'the host name or IPv4 address of the BMC, without a port',
            },
            'port': {'type': 'integer', 'minimum': 1, 'maximum': 65535, 'default': 623},
            'username': {'type': 'string', 'maxLength': 16, 'credential': True},
            'password': {'type': 'string', 'maxLength': 20, 'secret': True},
            'kg': {'type': 'string', 'maxLength': 20, 'secret': True},
            'privilege': {'enum': ['operator', 'administrator'], 'default': 'administrator'},
            'cipher_suite': {
                'enum': [3, 17],
                'description': '3 or 17; left out: 17, and 3 where the BMC does not know it',
            },
        },
    }
