"""Fencing by question and answer: each call asks a child that holds the library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Self

from drivers import child
from drivers.clock import SystemClock
from drivers.contracts.clock import Clock
from drivers.contracts.fencing import FencingDriver, PowerState

if TYPE_CHECKING:
    import requests


class AskingFencing(FencingDriver):
    """A driver whose library runs in a process of its own, one a call.

    The module ``CHILD`` has ``answer``; it is told the operation and the settings, and answers
    with ``power`` or ``identity``.
    """

    CHILD: ClassVar[str]  #: the module that holds the library
    POWER: ClassVar[Mapping[str, PowerState]]  #: its words; every other one is UNKNOWN

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Contact nobody yet."""
        self._settings = dict(settings)

    @classmethod
    def build(cls, settings: Mapping[str, Any]) -> Self:
        """A driver from settings that SETTINGS_SCHEMA accepts."""
        return cls(settings)

    def __repr__(self) -> str:
        named = [self._settings[key] for key in ('address', 'system') if key in self._settings]
        return f'{type(self).__name__}({", ".join(named)})'

    def power_state(self, *, timeout: float) -> PowerState:
        return self.POWER.get(self._ask('power_state', timeout)['power'], PowerState.UNKNOWN)

    def power_off(self, *, timeout: float) -> None:
        self._ask('power_off', timeout)

    def power_on(self, *, timeout: float) -> None:
        self._ask('power_on', timeout)

    def identity(self, *, timeout: float) -> str | None:
        identity: str | None = self._ask('identity', timeout)['identity']
        return identity

    def _ask(self, operation: str, timeout: float) -> dict[str, Any]:
        return self._answered({'operation': operation, 'settings': self._settings}, timeout)

    def _answered(self, question: dict[str, Any], timeout: float) -> dict[str, Any]:
        return child.ask(self.CHILD, question, timeout=timeout)


class HttpFencing(AskingFencing):
    """One that asks over HTTP, and can be asked in this process instead.

    :param mount: given the HTTP session of each call, mounts what answers in the peer's place.
        There is then no child and no network, and the mounted adapter must keep to the time-outs
        that it is given.
    :param clock: what ``timeout`` is counted on when ``mount`` is given.
    """

    def __init__(
        self,
        settings: Mapping[str, Any],
        *,
        mount: Callable[[requests.Session], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(settings)
        self._mount = mount
        self._clock = clock or SystemClock()

    def _answered(self, question: dict[str, Any], timeout: float) -> dict[str, Any]:
        if self._mount is None:
            return super()._answered(question, timeout)
        here = import_module(self.CHILD)  # a worker that has a child never loads the library
        until = self._clock.elapsed() + timeout
        answer: dict[str, Any] = here.answer(
            question, lambda: until - self._clock.elapsed(), self._mount
        )
        return answer
