"""Fencing through MAAS, for machines whose BMCs only MAAS may reach."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from drivers import child
from drivers.clock import SystemClock
from drivers.contracts.clock import Clock
from drivers.contracts.fencing import FencingDriver, PowerState

if TYPE_CHECKING:
    import requests

POWER = {'on': PowerState.ON, 'off': PowerState.OFF}  # "unknown", "error" and the rest: UNKNOWN


class MaasFencing(FencingDriver):
    """One machine of one MAAS, by its ``system_id``.

    MAAS asks the machine's BMC for each reading, through a rack controller, which may take it
    up to a minute; a request to switch is only queued. Each call is a process of its own, as a
    time-out of HTTP leaves out name resolution and answers that drip.

    This is a controller in between: it must not stand on what it fences, and a rack controller
    that died with its rack reads nothing any more.
    """

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

    def __init__(
        self,
        settings: Mapping[str, Any],
        *,
        mount: Callable[[requests.Session], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Contact nobody yet.

        :param mount: given the HTTP session of each call, mounts what answers in MAAS's place.
            There is then no child and no network, and the mounted adapter must keep to the
            time-outs that it is given.
        :param clock: what ``timeout`` is counted on when ``mount`` is given.
        """
        self._settings = dict(settings)
        self._mount = mount
        self._clock = clock or SystemClock()

    @classmethod
    def build(cls, settings: Mapping[str, Any]) -> Self:
        """A driver from settings that SETTINGS_SCHEMA accepts."""
        return cls(settings)

    def __repr__(self) -> str:
        return f'MaasFencing({self._settings["address"]}, {self._settings["system"]})'

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
        # The signature is made here: a child has no clock but the system's, and needs no other.
        question = {
            'operation': operation,
            'settings': self._settings,
            'nonce': self._clock.new_token(),
            'stamp': int(self._clock.now()),
        }
        if self._mount is None:
            return child.ask('drivers.fencing.maas.machine', question, timeout=timeout)
        return self._ask_here(question, timeout)

    def _ask_here(self, question: dict[str, Any], timeout: float) -> dict[str, Any]:
        from drivers.fencing.maas import machine  # keeps requests out of a worker with a child

        until = self._clock.elapsed() + timeout
        return machine.answer(question, lambda: until - self._clock.elapsed(), self._mount)
