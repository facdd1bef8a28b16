"""Fencing through Ironic, for hosts that Ironic manages as bare metal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from drivers.asking import HttpFencing
from drivers.contracts.fencing import PowerState


class IronicFencing(HttpFencing):
    """One node of one Ironic, the cloud named as in clouds.yaml.

    Ironic answers from its records: a conductor looks at a node's power when it is asked to
    switch it, and else each ``[conductor] sync_power_state_interval`` (60 s). So this driver is
    always asked to power off, also when it reads OFF, and an OFF counts only while nothing is
    under way, nothing failed and Ironic watches the node, see ``node.py``.

    Each call is a process of its own, as no time-out of HTTP covers name resolution; the token
    is kept for the next one.
    """

    CHILD = 'drivers.fencing.ironic.node'
    POWER: ClassVar = {'power on': PowerState.ON, 'power off': PowerState.OFF}  # the rest: UNKNOWN
    FROM_RECORD: ClassVar[bool] = True
    SETTINGS_SCHEMA: ClassVar[Mapping[str, Any]] = {
        'type': 'object',
        'required': ['address', 'system'],
        'additionalProperties': False,
        'properties': {
            'address': {
                'type': 'string',
                'pattern': r'^[^\s/@]+$',
                'description': 'the name of a cloud in clouds.yaml; its user must be allowed to '
                'read and to switch nodes',
            },
            'system': {
                'type': 'string',
                'pattern': r'^[^\s/?#]+$',
                'description': "the node's UUID, or its name; one spelling for one node",
            },
            'clouds_file': {
                'type': 'string',
                'minLength': 1,
                'description': 'the clouds.yaml; left out: where OpenStack clients look for it',
            },
            'region': {'type': 'string', 'minLength': 1},
            'interface': {'enum': ['public', 'internal', 'admin']},
        },
    }

    _signed_in: str | None = None  # a token and its catalogue: as secret as a password

    def _answered(self, question: dict[str, Any], timeout: float) -> dict[str, Any]:
        answer = super()._answered(question | {'signed_in': self._signed_in}, timeout)
        self._signed_in = answer['signed_in']
        return answer
