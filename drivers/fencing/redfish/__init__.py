"""Fencing through Redfish."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from drivers.asking import HttpFencing
from drivers.contracts.fencing import PowerState


class RedfishFencing(HttpFencing):
    """One system of one Redfish service.

    Each call is a process of its own: time-outs of sushy count from byte to byte and leave out
    name resolution, so only an end to the process is a deadline. Where a service has several
    systems, ``system`` is required: the first one would be somebody else's machine.
    """

    CHILD = 'drivers.fencing.redfish.service'
    POWER: ClassVar = {'On': PowerState.ON, 'Off': PowerState.OFF}  # the rest: UNKNOWN
    SETTINGS_SCHEMA: ClassVar[Mapping[str, Any]] = {
        'type': 'object',
        'required': ['address', 'username', 'password'],
        'additionalProperties': False,
        'properties': {
            'address': {
                'type': 'string',
                'pattern': r'^https?://[^\s/@]+/?$',
                'description': 'https://HOST or https://HOST:PORT, without user or path',
            },
            'system': {
                'type': 'string',
                'minLength': 1,
                'description': "the system's Id, or its path; only a service with one system "
                'can do without',
            },
            'username': {'type': 'string', 'credential': True},
            'password': {'type': 'string', 'secret': True},
            'verify': {
                'type': ['boolean', 'string'],
                'default': True,
                'description': 'true: by the CAs of this machine; a path: by the CAs in that '
                'file; false: not at all',
            },
        },
    }

    _path: str | None = None  # of the system, once it was found

    def _answered(self, question: dict[str, Any], timeout: float) -> dict[str, Any]:
        answer = super()._answered(question | {'path': self._path}, timeout)
        self._path = answer['path']
        return answer
