"""Fencing through IPMI 2.0 over LAN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from drivers.asking import AskingFencing
from drivers.contracts.fencing import PowerState


class IpmiFencing(AskingFencing):
    """One BMC that speaks IPMI 2.0, and the one machine that it belongs to.

    Each call is a process of its own, about 0.15 s of processor time: pyghmi hangs for ever on
    a BMC that goes mute in the middle of a session, and on text credentials the second time.

    IPMI runs over UDP: a lost packet is sent again with the same sequence number, by which a
    BMC knows it, until ``timeout``. Above that each request is made once.

    Anybody who can reach the BMC can ask for a hash of the password (IPMI 2.0 is so): keep
    BMCs on a network of their own.
    """

    CHILD = 'drivers.fencing.ipmi.bmc'
    POWER: ClassVar = {'on': PowerState.ON, 'off': PowerState.OFF}  # the rest: UNKNOWN
    PROTOCOL: ClassVar[str] = 'ipmi'
    SETTINGS_SCHEMA: ClassVar[Mapping[str, Any]] = {
        'type': 'object',
        'required': ['address', 'username', 'password'],
        'additionalProperties': False,
        'properties': {
            'address': {
                'type': 'string',
                'pattern': r'^[^\s/@]+$',
                'description': 'the host name or IP address of the BMC, without a port',
            },
            'port': {'type': 'integer', 'minimum': 1, 'maximum': 65535, 'default': 623},
            'username': {'type': 'string', 'maxLength': 16, 'credential': True},
            'password': {'type': 'string', 'maxLength': 20, 'secret': True},
            'kg': {'type': 'string', 'maxLength': 20, 'secret': True},
            'privilege': {'enum': ['operator', 'administrator'], 'default': 'administrator'},
        },
    }
