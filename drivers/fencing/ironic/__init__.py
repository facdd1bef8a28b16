"""Fencing through Ironic, for hosts that Ironic manages as bare metal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from drivers import child
from drivers.clock import SystemClock
from drivers.contracts.clock import Clock
from drivers.contracts.fencing import FencingDriver, PowerState

if TYPE_CHECKING:
    import requests

POWER = {'power on': PowerState.ON, 'power off': PowerState.OFF}  # the rest: UNKNOWN


class IronicFencing(FencingDriver):
    """One node of one Ironic, the cloud named as in clouds.yaml.

    Ironic answers from its records: a conductor looks at a node's power when it is asked to
    switch it, and else each ``[conductor] sync_power_state_interval`` (60 s). So this driver is
    always asked to power off, also when it reads OFF, and an OFF counts only while nothing is
    under way, nothing failed and Ironic watches the node, see ``node.py``.

    Each call is a process of its own, as no time-out of HTTP covers name resolution; the token
    is kept for the next one.
    """

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

    def __init__(
        self,
        settings: Mapping[str, Any],
        *,
        mount: Callable[[requests.Session], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Contact nobody yet.

        :param mount: given the HTTP session of each call, mounts what answers in the cloud's
            place. There is then no child and no network, and the mounted adapter must keep to
            the time-outs that it is given.
        :param clock: what ``timeout`` is counted on when ``mount`` is given.
        """
        self._settings = dict(settings)
        self._mount = mount
        self._clock = clock or SystemClock()
        self._signed_in: str | None = None  # a token and its catalogue: as secret as a password

    @classmethod
    def build(cls, settings: Mapping[str, Any]) -> Self:
        """A driver from settings that SETTINGS_SCHEMA accepts."""
        return cls(settings)

    def __repr__(self) -> str:
        return f'IronicFencing({self._settings["address"]}, {self._settings["system"]})'

    def power_state(self, *, timeout: float) -> PowerState:
        return POWER.get(self._ask('power_state', timeout)['power'], PowerState.UNKNOWN)

    def power_off(self, *, timeout: float) -> None:
        self._ask('power_off', timeout)

    def power_on(self, *, timeout: float) -> None:
        self._ask('power_on', timeout)

    def identity(self, *, timeout: float) -> str | None:
        identity: str | None = self._ask('identity', timeout)['identity']
        return identity

    def _ask(self, operation: str, timeout: float) -> dict[str, Any]:
        question = {
            'operation': operation,
            'settings': self._settings,
            'signed_in': self._signed_in,
        }
        if self._mount is None:
            answer = child.ask('drivers.fencing.ironic.node', question, timeout=timeout)
        else:
            answer = self._ask_here(question, timeout)
        self._signed_in = answer['signed_in']
        return answer

    def _ask_here(self, question: dict[str, Any], timeout: float) -> dict[str, Any]:
        from drivers.fencing.ironic import node  # keeps openstacksdk out of a worker with a child

        until = self._clock.elapsed() + timeout
        return node.answer(question, lambda: until - self._clock.elapsed(), self._mount)
