"""Fencing through MAAS, for machines whose BMCs only MAAS may reach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from drivers.asking import HttpFencing
from drivers.contracts.fencing import PowerState


class MaasFencing(HttpFencing):
    """One machine of one MAAS, by its ``system_id``.

    MAAS asks the machine's BMC for each reading, through a rack controller, which may take it
    up to a minute; a request to switch is only queued. Each call is a process of its own, as a
    time-out of HTTP leaves out name resolution and answers that drip.

    This is a controller in between: it must not stand on what it fences, and a rack controller
    that died with its rack reads nothing any more.
    """

    CHILD = 'drivers.fencing.maas.machine'
    POWER: ClassVar = {
        'on': PowerState.ON,
        'off': PowerState.OFF,
    }  # "unknown", "error" and the rest: UNKNOWN
    SETTINGS_SCHEMA: ClassVar[Mapping[str, Any]] = {
        'type': 'object',
        'required': ['address', 'system', 'api_key'],
        'additionalProperties': False,
        'properties': {
            'address': {
                'type': 'string',
                'pattern': r'^https?://[^\s/@?#]+(/[^\s@?#]*)?$',
                'description': 'where MAAS is: https://HOST:PORT/MAAS, without a user',
            },
            'system': {
                'type': 'string',
                'pattern': r'^[^\s/?#]+$',
                'description': "the machine's system_id, as in the address of its page",
            },
            'api_key': {
                'type': 'string',
                'pattern': r'^[^\s:]+:[^\s:]+:[^\s:]+$',
                'secret': True,
                'description': "CONSUMER:TOKEN:SECRET, from the user's preferences in MAAS",
            },
            'verify': {
                'type': ['boolean', 'string'],
                'default': True,
                'description': 'true: by the usual CAs; a path: by the CAs in that file; '
                'false: not at all',
            },
        },
    }

    def _answered(self, question: dict[str, Any], timeout: float) -> dict[str, Any]:
        # The signature is made here: a child has no clock but the system's, and needs no other.
        stamped = {'nonce': self._clock.new_token(), 'stamp': int(self._clock.now())}
        return super()._answered(question | stamped, timeout)
