"""Fencing through Redfish."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from drivers import child
from drivers.clock import SystemClock
from drivers.contracts.clock import Clock
from drivers.contracts.fencing import FencingDriver, PowerState

if TYPE_CHECKING:
    import requests

POWER = {'On': PowerState.ON, 'Off': PowerState.OFF}  # the rest: UNKNOWN


class RedfishFencing(FencingDriver):
    """One system of one Redfish service.

    Each call is a process of its own: time-outs of sushy count from byte to byte and leave out
    name resolution, so only an end to the process is a deadline. Where a service has several
    systems, ``system`` is required: the first one would be somebody else's machine.
    """

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

    def __init__(
        self,
        settings: Mapping[str, Any],
        *,
        mount: Callable[[requests.Session], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Contact nobody yet.

        :param mount: given the HTTP session of each call, mounts what answers in the service's
            place. There is then no child and no network, and the mounted adapter must keep to
            the time-outs that it is given.
        :param clock: what ``timeout`` is counted on when ``mount`` is given.
        """
        self._settings = dict(settings)
        self._mount = mount
        self._clock = clock or SystemClock()
        self._path: str | None = None  # of the system, once it was found

    @classmethod
    def build(cls, settings: Mapping[str, Any]) -> Self:
        """A driver from settings that SETTINGS_SCHEMA accepts."""
        return cls(settings)

    def __repr__(self) -> str:
        return f'RedfishFencing({self._settings["address"]}, {self._settings.get("system")})'

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
        question = {'operation': operation, 'settings': self._settings, 'path': self._path}
        if self._mount is None:
            answer = child.ask('drivers.fencing.redfish.service', question, timeout=timeout)
        else:
            answer = self._ask_here(question, timeout)
        self._path = answer['path']
        return answer

    def _ask_here(self, question: dict[str, Any], timeout: float) -> dict[str, Any]:
        from drivers.fencing.redfish import service  # keeps sushy out of a worker that has a child

        until = self._clock.elapsed() + timeout
        return service.answer(question, lambda: until - self._clock.elapsed(), self._mount)
